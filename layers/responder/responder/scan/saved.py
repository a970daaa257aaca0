"""What was found so far as JSON, and back: so that one function can go on where another ended.

The same thing is always written the same. What is read is held to its form; anything else is
refused, since half a result that reads as a whole one would be a short answer.
"""

import base64
import gzip
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from responder.domain.data_map import Kind
from responder.domain.errors import Broken
from responder.domain.lineage import Lineage
from responder.domain.trail_event import TrailEvent
from responder.scan.coverage import Coverage
from responder.scan.following import Again, Following
from responder.scan.meanings import Meaning, Sense
from responder.scan.reach import How, Proof, Reach, Reached
from responder.scan.seeking import Sought
from responder.scan.tally import Acts, Noted, Objects, Span, Tally

FORM = 1  # of what is written here; what another wrote is not read
_ID, _NAME = 8, 16  # bytes of the digest of a record's id, and of an object's name
_FIELDS = (  # of a record, all that is ever looked at
    *("eventID", "eventSource", "eventName", "eventTime", "awsRegion", "recipientAccountId"),
    *("errorCode", "userIdentity", "sourceIPAddress", "userAgent"),
    *("requestParameters", "responseElements"),
)


class _Coverage(msgspec.Struct, forbid_unknown_fields=True):
    hours: list[tuple[str, str, list[datetime]]]
    unreadable: dict[str, str]
    unnamed: int
    records: int
    data_events: bool


class SoughtForm(msgspec.Struct, forbid_unknown_fields=True):
    """What some objects had."""

    coverage: _Coverage
    objects: int
    held: int
    ids: str
    strange: dict[str, int]
    records: list[dict[str, Any]]


type _Span = tuple[int, datetime | None, datetime | None]


class _Acts(msgspec.Struct, forbid_unknown_fields=True):
    span: _Span
    denied: int
    calls: list[tuple[str, str, dict[str, int]]]
    addresses: dict[str, _Span]
    agents: dict[str, _Span]


class _Noted(msgspec.Struct, forbid_unknown_fields=True):
    service: str
    call: str
    meaning: Meaning
    technique: str
    by: str
    about: str
    denied: bool
    span: _Span


class _Reached(msgspec.Struct, forbid_unknown_fields=True):
    kind: Kind | None
    name: str
    how: list[How]
    proofs: list[tuple[How, datetime, str, str, str]]
    items: str
    folders: str


class _Reach(msgspec.Struct, forbid_unknown_fields=True):
    things: list[_Reached]
    same: list[tuple[Kind, str, list[str]]]
    cut: bool


class TallyForm(msgspec.Struct, forbid_unknown_fields=True):
    """What was counted."""

    since: datetime | None
    until: datetime | None
    acts: dict[str, _Acts]
    buckets: dict[str, tuple[int, int, str]]
    noted: list[_Noted]
    disbelieved: dict[str, int]
    reach: _Reach
    cut: bool


class FollowingForm(msgspec.Struct, forbid_unknown_fields=True):
    """How far following is."""

    lineage: dict[str, Any]
    since: datetime | None
    until: datetime | None
    unowned: list[str]
    searched: list[str]
    rounds: int
    objects: int
    coverage: _Coverage
    strange: dict[str, int]
    holding: list[str]
    first: dict[str, str]
    others: dict[str, str]
    most_ids: int
    ids_full: bool
    events: list[dict[str, Any]]
    most_events: int
    events_full: bool


def packed(told: object) -> bytes:
    """JSON, as small as it gets, and the same bytes for the same thing."""
    document = {"form": FORM, "told": msgspec.to_builtins(told)}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode("ascii"), compresslevel=1, mtime=0)


def unpacked[Told](body: bytes, kind: type[Told]) -> Told:
    """What `packed` was given. Raises `Broken` for anything else."""
    try:
        document = json.loads(gzip.decompress(body))
        if document["form"] != FORM:
            raise Broken(f"a result of the form {document['form']!r} was left by another version")
        return msgspec.convert(document["told"], kind)
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Broken(f"a result that was left is no {kind.__name__}") from error


def sought_told(sought: Sought) -> SoughtForm:
    """What some objects had, to be written."""
    return SoughtForm(
        _coverage(sought.coverage),
        sought.objects,
        sought.held,
        ids_told(sought.ids),
        sought.strange,
        [{name: one[name] for name in _FIELDS if name in one} for one in sought.records],
    )


def sought_of(told: SoughtForm) -> Sought:
    """The same, as it was read."""
    return Sought(
        _uncovered(told.coverage),
        told.objects,
        told.held,
        ids_of(told.ids),
        told.strange,
        told.records,
    )


def tally_told(tally: Tally) -> TallyForm:
    """What was counted, to be written."""
    noted = [
        _Noted(
            one.service,
            one.call,
            one.sense.meaning,
            one.sense.technique,
            one.by,
            one.about,
            one.denied,
            _span(span),
        )
        for one, span in sorted(tally.noted.items(), key=repr)
    ]
    return TallyForm(
        tally.since,
        tally.until,
        {name: _acts(acts) for name, acts in tally.acts.items()},
        {
            name: (one.reads, one.sent_bytes, _joined(one.keys))
            for name, one in tally.buckets.items()
        },
        noted,
        dict(tally.disbelieved),
        _reach(tally.reach),
        tally.cut,
    )


def tally_of(told: TallyForm) -> Tally:
    """The same, as it was read."""
    tally = Tally(told.since, told.until, reach=_reach_of(told.reach), cut=told.cut)
    for name, acts in told.acts.items():
        tally.acts[name] = Acts(
            Span(*acts.span),
            acts.denied,
            {(service, call): Counter(times) for service, call, times in acts.calls},
            {one: Span(*span) for one, span in acts.addresses.items()},
            {one: Span(*span) for one, span in acts.agents.items()},
        )
    for name, (reads, sent_bytes, keys) in told.buckets.items():
        tally.buckets[name] = Objects(reads, sent_bytes, _parted(keys, _NAME))
    for one in told.noted:
        sense = Sense(one.meaning, one.technique)
        noted = Noted(one.service, one.call, sense, one.by, one.about, one.denied)
        tally.noted[noted] = Span(*one.span)
    tally.disbelieved = Counter(told.disbelieved)
    return tally


def following_told(following: Following) -> FollowingForm:
    """How far following is, to be written."""
    firsts = dict[str, set[bytes]]()
    for one, unit in following.again.first.items():
        firsts.setdefault(unit, set()).add(one)
    return FollowingForm(
        following.lineage.model_dump(mode="json"),
        following.since,
        following.until,
        sorted(following.unowned),
        sorted(following.searched),
        following.rounds,
        following.objects,
        _coverage(following.coverage),
        following.strange,
        sorted(following.holding),
        {unit: _joined(ids) for unit, ids in firsts.items()},
        {unit: _joined(ids) for unit, ids in following.again.others.items()},
        following.again.most,
        following.again.is_full,
        [_event(one) for _, one in sorted(following.events.items())],
        following.most_events,
        following.is_full,
    )


def following_of(told: FollowingForm) -> Following:
    """The same, as it was read."""
    firsts = {one: unit for unit, ids in told.first.items() for one in _parted(ids, _ID)}
    others = {unit: _parted(ids, _ID) for unit, ids in told.others.items()}
    events = [TrailEvent.model_validate(one) for one in told.events]
    return Following(
        Lineage.model_validate(told.lineage),
        told.since,
        told.until,
        frozenset(told.unowned),
        frozenset(told.searched),
        told.rounds,
        told.objects,
        _uncovered(told.coverage),
        told.strange,
        set(told.holding),
        Again(told.most_ids, firsts, others, told.ids_full),
        told.most_events,
        {(one.account, one.event_id): one for one in events},
        told.events_full,
    )


def ids_told(ids: Iterable[bytes]) -> str:
    """Digests of the ids of records, to be written."""
    return _joined(ids)


def ids_of(told: str) -> set[bytes]:
    """The same, as they were read."""
    return _parted(told, _ID)


def _coverage(coverage: Coverage) -> _Coverage:
    hours = [(*place, sorted(found)) for place, found in sorted(coverage.hours.items())]
    return _Coverage(
        hours,
        coverage.unreadable,
        coverage.unnamed,
        coverage.records,
        coverage.data_events,
    )


def _uncovered(told: _Coverage) -> Coverage:
    return Coverage(
        hours={(account, region): set(hours) for account, region, hours in told.hours},
        unreadable=told.unreadable,
        unnamed=told.unnamed,
        records=told.records,
        data_events=told.data_events,
    )


def _acts(acts: Acts) -> _Acts:
    return _Acts(
        _span(acts.span),
        acts.denied,
        [(*call, dict(times)) for call, times in sorted(acts.calls.items())],
        {name: _span(span) for name, span in acts.addresses.items()},
        {name: _span(span) for name, span in acts.agents.items()},
    )


def _reach(reach: Reach) -> _Reach:
    things = [
        _Reached(
            kind,
            name,
            sorted(one.how),
            [
                (how, proof.at, proof.event_id, proof.service, proof.call)
                for how, proofs in sorted(one.proofs.items())
                for proof in proofs
            ],
            _joined(one.items),
            _joined(one.folders),
        )
        for (kind, name), one in sorted(reach.things.items(), key=repr)
    ]
    same = [(*thing, sorted(names)) for thing, names in sorted(reach.same.items())]
    return _Reach(things, same, reach.cut)


def _reach_of(told: _Reach) -> Reach:
    reach = Reach(cut=told.cut)
    for one in told.things:
        reached = Reached(
            set(one.how), items=_parted(one.items, _NAME), folders=_parted(one.folders, _NAME)
        )
        for how, at, event_id, service, call in one.proofs:
            reached.proofs.setdefault(how, []).append(Proof(at, event_id, service, call))
        reach.things[one.kind, one.name] = reached
    reach.same = {(kind, name): set(names) for kind, name, names in told.same}
    return reach


def _span(span: Span) -> _Span:
    return span.times, span.first_at, span.last_at


def _event(event: TrailEvent) -> dict[str, Any]:
    # Not by Pydantic: a text that an attacker chose may hold half a surrogate pair.
    return vars(event) | {"at": event.at.isoformat(), "actor": vars(event.actor)}


def _joined(digests: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(digests))).decode("ascii")


def _parted(text: str, size: int) -> set[bytes]:
    whole = base64.b64decode(text, validate=True)
    if len(whole) % size:
        raise Broken("a result that was left holds half a digest")
    return {whole[at : at + size] for at in range(0, len(whole), size)}
