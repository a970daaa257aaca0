"""Counts what the principals of a lineage did: can be made in parts, in any order, and added up.

Bounded, since an attacker chooses names, and may choose another for each call. Of too many those
stay whose digests are the smallest: they are the same ones however the parts were cut, and of what
stays no call is missing. The rest is counted together.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from responder.domain.escaping import one_line
from responder.domain.lineage_growth import Callers
from responder.domain.trail_event import TrailEvent, event_of
from responder.scan.meanings import Meaning, Sense, sense_of
from responder.scan.reach import Reach

MOST_NAMES = 10_000  # of addresses and agents of one node, of buckets, and of what calls were about
MOST_ACTORS = 50_000  # beside those of the lineage
MOST_OBJECTS = 2_000_000  # of all buckets, told apart
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

    def join(self, other: "Objects") -> None:
        """Add what another part counted."""
        self.reads += other.reads
        self.sent_bytes += other.sent_bytes
        self.keys |= other.keys


@dataclass
class Acts:
    """What one node of the lineage did."""

    span: Span = field(default_factory=Span)
    denied: int = 0
    calls: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # allowed, denied
    addresses: dict[str, Span] = field(default_factory=dict)
    agents: dict[str, Span] = field(default_factory=dict)

    def join(self, other: "Acts") -> None:
        """Add what another part counted."""
        self.span.join(other.span)
        self.denied += other.denied
        for call, counted in other.calls.items():
            self.calls.setdefault(call, Counter()).update(counted)
        for mine, theirs in ((self.addresses, other.addresses), (self.agents, other.agents)):
            for name, span in theirs.items():
                mine.setdefault(name, Span()).join(span)
        self.bound(MOST_NAMES * 2)

    def bound(self, most: int) -> None:
        """Count together what is too much. Changes nothing until there are `most` of something."""
        for spans in (self.addresses, self.agents):
            if len(spans) > most:
                _bound(spans, MOST_NAMES, lambda _: _REST, Span)


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
    cut: bool = False  # more objects were read than are told apart
    named: frozenset[str] = frozenset()  # nodes of the lineage, each of which is told of

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
        self._bound(2)

    def join(self, other: "Tally") -> None:
        """Add what another part counted."""
        for node, acts in other.acts.items():
            self.acts.setdefault(node, Acts()).join(acts)
        for bucket, objects in other.buckets.items():
            self.buckets.setdefault(bucket, Objects()).join(objects)
        for noted, span in other.noted.items():
            self.noted.setdefault(noted, Span()).join(span)
        self.disbelieved += other.disbelieved
        self.reach.join(other.reach)
        self.cut |= other.cut
        self._bound(2)

    def settled(self) -> "Tally":
        """With no more of anything than is to be told."""
        for acts in self.acts.values():
            acts.bound(MOST_NAMES)
        self._bound(1)
        return self

    def _bound(self, slack: int) -> None:
        if len(self.acts) > (len(self.named) + MOST_ACTORS) * slack:
            _bound(self.acts, MOST_ACTORS, lambda _: _REST, Acts, keep=self.named)
        if len(self.noted) > MOST_NAMES * slack:
            _bound(self.noted, MOST_NAMES, lambda one: replace(one, about=_REST), Span)
        if len(self.buckets) > MOST_NAMES * slack:
            _bound(self.buckets, MOST_NAMES, lambda _: _REST, Objects)
        if sum(len(one.keys) for one in self.buckets.values()) > MOST_OBJECTS * slack:
            self.cut = True
            smallest = sorted(key for one in self.buckets.values() for key in one.keys)
            least = smallest[MOST_OBJECTS]
            for one in self.buckets.values():
                one.keys = {key for key in one.keys if key < least}

    def _count(self, node: str, event: TrailEvent, record: dict[str, Any]) -> None:
        acts, denied = self.acts.setdefault(node, Acts()), event.error is not None
        service = event.source.partition(".")[0]
        acts.bound(MOST_NAMES * 2)
        acts.span.add(event.at)
        acts.denied += denied
        outcome = "denied" if denied else "allowed"
        acts.calls.setdefault((service, event.call), Counter())[outcome] += 1
        address, agent = record.get("sourceIPAddress"), record.get("userAgent")
        acts.addresses.setdefault(_shown(address, 100), Span()).add(event.at)
        acts.agents.setdefault(_shown(agent, 200), Span()).add(event.at)
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
            self.noted.setdefault(noted, Span()).add(event.at)

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


def _bound[Key, Part: (Span, Objects, Acts)](
    found: dict[Key, Part],
    most: int,
    rest: Callable[[Key], Key],
    none: Callable[[], Part],
    *,
    keep: frozenset[Key] = frozenset(),
) -> None:
    """Leave `most` of them, and the rest together."""
    single = [one for one in found if one not in keep and rest(one) != one]
    single.sort(key=lambda one: blake2b(repr(one).encode("utf-8", "surrogatepass")).digest())
    for one in single[most:]:
        found.setdefault(rest(one), none()).join(found.pop(one))


def _shown(value: object, most: int) -> str:
    return one_line(value, most) if isinstance(value, str) and value else "not told"
