"""Counts what the principals of a lineage did: can be made in parts, in any order, and added up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from responder.domain.escaping import one_line
from responder.domain.lineage_growth import Callers
from responder.domain.trail_event import TrailEvent, event_of
from responder.scan.meanings import Meaning, Sense, sense_of
from responder.scan.reach import Reach

MOST_NAMES = 10_000  # of addresses, agents, and of things that one call was about; the rest is told
_REST = "others, which are not listed one by one"


@dataclass
class Span:
    """How often, and from when to when."""

    times: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, at: datetime, times: int = 1) -> None:
        """One more at this instant, or none: then only the ends move."""
        self.times += times
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.last_at = at if self.last_at is None else max(self.last_at, at)

    def join(self, other: "Span") -> None:
        """Add what another part counted."""
        for at in (other.first_at, other.last_at):
            if at is not None:
                self.add(at, 0)
        self.times += other.times


@dataclass
class Objects:
    """What was read of one bucket. An object read twice is one object."""

    reads: int = 0
    sent_bytes: int = 0  # as S3 counted them
    keys: set[bytes] = field(default_factory=set)  # digests of their names: 16 bytes each


@dataclass
class Acts:
    """What one node of the lineage did."""

    span: Span = field(default_factory=Span)
    denied: int = 0
    calls: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # allowed, denied
    addresses: dict[str, Span] = field(default_factory=dict)
    agents: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Noted:
    """A kind of call that an investigator looks at first: which, by whom, about what."""

    service: str
    call: str
    sense: Sense
    by: str  # the id of a node
    about: str
    denied: bool


@dataclass
class Tally:
    """Everything counted so far, of calls from `since` until `until`."""

    since: datetime | None = None
    until: datetime | None = None
    acts: dict[str, Acts] = field(default_factory=dict)
    buckets: dict[str, Objects] = field(default_factory=dict)
    noted: dict[Noted, Span] = field(default_factory=dict)
    disbelieved: Counter[str] = field(default_factory=Counter)  # by why
    reach: Reach = field(default_factory=Reach)

    def take(self, records: Iterable[dict[str, Any]], callers: Callers) -> None:
        """Count those records whose caller is of the lineage."""
        for record in records:
            try:
                event = event_of(record)
            except ValueError:
                self.disbelieved["a record is not written as CloudTrail writes it"] += 1
                continue
            if self.since is not None and event.at < self.since:
                continue
            if self.until is not None and event.at >= self.until:
                continue
            node = callers.of(event)
            if node is not None:
                self._count(node.id, event, record)

    def join(self, other: "Tally") -> None:
        """Add what another part counted."""
        for node, acts in other.acts.items():
            own = self.acts.setdefault(node, Acts())
            own.span.join(acts.span)
            own.denied += acts.denied
            for call, counted in acts.calls.items():
                own.calls.setdefault(call, Counter()).update(counted)
            for mine, theirs in ((own.addresses, acts.addresses), (own.agents, acts.agents)):
                for name, span in theirs.items():
                    _of(mine, name).join(span)
        for bucket, objects in other.buckets.items():
            whole = self.buckets.setdefault(bucket, Objects())
            whole.reads += objects.reads
            whole.sent_bytes += objects.sent_bytes
            whole.keys |= objects.keys
        for noted, span in other.noted.items():
            self._note(noted).join(span)
        self.disbelieved += other.disbelieved
        self.reach.join(other.reach)

    def _count(self, node: str, event: TrailEvent, record: dict[str, Any]) -> None:
        acts, denied = self.acts.setdefault(node, Acts()), event.error is not None
        service = event.source.partition(".")[0]
        acts.span.add(event.at)
        acts.denied += denied
        outcome = "denied" if denied else "allowed"
        acts.calls.setdefault((service, event.call), Counter())[outcome] += 1
        _of(acts.addresses, _shown(record.get("sourceIPAddress"), 100)).add(event.at)
        _of(acts.agents, _shown(record.get("userAgent"), 200)).add(event.at)
        self.reach.take(event, record)
        sense = sense_of(service, event.call)
        if sense is None:
            return
        if (service, sense.meaning) == ("s3", Meaning.READING):
            if not denied:
                self._read(event, record)
        else:
            about, by = _about(event), node
            noted = Noted(service, event.call, sense, by, about, denied)
            self._note(noted).add(event.at)

    def _note(self, noted: Noted) -> Span:
        """Bounded: what a call was about is chosen by whoever calls."""
        if noted not in self.noted and len(self.noted) >= MOST_NAMES:
            noted = replace(noted, about=_REST)
        return self.noted.setdefault(noted, Span())

    def _read(self, event: TrailEvent, record: dict[str, Any]) -> None:
        bucket = _shown(event.at_path("request.bucketName"), 63)
        objects = self.buckets.setdefault(bucket, Objects())
        objects.reads += 1
        more = record.get("additionalEventData")
        sent = more.get("bytesTransferredOut") if isinstance(more, dict) else None
        if isinstance(sent, int | float) and 0 <= sent < 2**63:
            objects.sent_bytes += int(sent)
        key = event.at_path("request.key")
        name = key if isinstance(key, str) else ""
        objects.keys.add(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest())


_NAMES = (
    *("secretId", "name", "keyId", "trailName", "bucketName", "userName", "roleName", "groupName"),
    *("policyArn", "functionName", "detectorId", "logGroupName", "snapshotId", "imageId"),
    *("dBSnapshotIdentifier", "dBInstanceIdentifier", "tableName", "rule", "instanceId"),
)


def _about(event: TrailEvent) -> str:
    """What a call was about, by the first of its parameters that names a thing."""
    for name in _NAMES:
        found = event.at_path(f"request.{name}")
        if isinstance(found, str) and found:
            return _shown(found, 300)
    return ""


def _of(spans: dict[str, Span], name: str) -> Span:
    """Bounded: an attacker chooses the agent, and may choose another for each call."""
    if name not in spans and len(spans) >= MOST_NAMES:
        name = _REST
    return spans.setdefault(name, Span())


def _shown(value: object, most: int) -> str:
    return one_line(value, most) if isinstance(value, str) and value else "not told"
