"""One turn of asking about logs: takes what readers have left, and says what is read next.

First the hours are listed, and cut into units. Then each round looks for what the round before
found, in every unit; at last those that hold something are counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from responder.aws.log_bucket import LogBucket
from responder.aws.log_places import log_places
from responder.aws.results import Results
from responder.domain.errors import Broken
from responder.domain.lineage import Edge, Node
from responder.scan.following import SESSION, Following, Scope, begun
from responder.scan.hours import hours
from responder.scan.pursuit import needles_of
from responder.scan.relay import (
    PREFIXES,
    Kind,
    Open,
    Part,
    Question,
    Source,
    Stand,
    Task,
    Unit,
    mark,
    part_key,
    units_of,
)
from responder.scan.saved import (
    following_of,
    following_told,
    ids_told,
    packed,
    sought_of,
    tally_of,
    tally_told,
    unpacked,
)
from responder.scan.tally import Tally
from responder.steps.patience import ENDED, give_up, listed

_GAPS = 200
MOST_OBJECT_BYTES = 512 * 1024**2  # of one object, unpacked
MOST_UNITS = 40_000
MOST_OBJECTS = 2_000_000  # beyond them a person starts it: each is asked of S3 in every round
# What is held at once of a breach, in 3 GB: ids of records, and calls that may make something.
MOST_IDS, MOST_EVENTS = 3_000_000, 200_000
_TO_PUT = timedelta(seconds=60)  # to put down where it stands


@dataclass
class Asking:
    """One turn of one run."""

    incident_id: str
    run: str
    number: int
    now: datetime
    results: Results
    logs: LogBucket
    prefix: str  # of the trail
    most_bytes: int | None  # None for as many as there are
    remaining: Callable[[], timedelta]

    @property
    def folder(self) -> str:
        """Everything of this run."""
        return f"{self.incident_id}/{self.run}"

    def stand(self, turn: int) -> Stand | None:
        """Where it stood before a turn."""
        body = self.results.get(f"{self.folder}/turns/{turn:04d}")
        return None if body is None else unpacked(body, Stand)

    def put_down(self, stand: Stand) -> Stand:
        """Say where it stands now. What another said of the same turn stays."""
        turn = self.number + 1
        if self.results.put(f"{self.folder}/turns/{turn:04d}", packed(stand)):
            return stand
        theirs = self.stand(turn)
        if theirs is None:
            raise Broken(f"turn {turn} of {self.run} is there and cannot be read")
        return theirs

    def begun(
        self, seeds: list[Node], edges: tuple[Edge, ...], accounts: list[str], since: datetime
    ) -> Stand:
        """Before the first turn."""
        following = begun(seeds, since=since, until=self.now)
        following.lineage = following.lineage.model_copy(update={"edges": edges})
        following.again.most, following.most_events = MOST_IDS, MOST_EVENTS
        stand = Stand(Kind.LIST, "", following_told(following))
        if not seeds:
            stand.gaps.append("no finding names anybody who could be looked for")
        self._list(stand, accounts)
        return stand

    def turn(self, stand: Stand) -> Scope | None:
        """Take what is there, and say what is read next. The whole, once there is nothing."""
        following = following_of(stand.following)
        tally = None if stand.tally is None else tally_of(stand.tally)
        stand.items_key = ""
        came_further = self._take(stand, following, tally)
        stand.following = following_told(following)
        stand.tally = None if tally is None else tally_told(tally)
        if came_further is None:
            return None  # another turn takes the rest
        give_up(stand, came_further, self.results)
        while not stand.opened:
            if stand.kind is Kind.LIST:
                self._cut(stand)
                self._seek(stand, following)
            elif stand.kind is Kind.SEEK:
                self._grow(stand, following)
            else:
                stand.is_done = True
                counted = following.tally() if tally is None else tally
                return self._whole(stand, following, counted)
            stand.following = following_told(following)
        self._items(stand)
        return None

    def _take(self, stand: Stand, following: Following, tally: Tally | None) -> set[str] | None:
        """The units that came further. None where time ended before all was taken."""
        there = self.results.keys(f"{stand.question}/") if stand.question else set()
        further = set[str]()
        for unit in sorted(stand.opened):
            here = stand.opened[unit]
            while (key := part_key(stand.question, unit, here.at)) in there:
                if further and self.remaining() < _TO_PUT:
                    return None
                body = self.results.get(key)
                if body is None:
                    raise Broken(f"{key} was listed and is not there")
                part = unpacked(body, Part)
                self._join(stand, following, tally, unit, key, part)
                further.add(unit)
                if part.next is None:
                    del stand.opened[unit]
                    if unit in stand.fresh:
                        stand.fresh.remove(unit)
                    break
                here.at, here.tries = part.next, 0
        return further

    def _join(
        self,
        stand: Stand,
        following: Following,
        tally: Tally | None,
        unit: str,
        key: str,
        part: Part,
    ) -> None:
        if part.listed:
            stand.listings.append(key)
        for prefix, why in part.refused.items():
            stand.gaps.append(f"{prefix} could not be listed: {why}")
        if part.sought is not None:
            following.take(unit, sought_of(part.sought), covers=unit in stand.fresh)
        if part.tally is not None and tally is not None:
            tally.join(tally_of(part.tally))

    def _list(self, stand: Stand, accounts: list[str]) -> bool:
        """Have the logs of these accounts listed, by the hour. Whether there are any."""
        following = stand.following
        since = following.since or self.now
        until = following.until or self.now
        found = log_places(self.logs, self.prefix, accounts)
        for account in accounts:
            stand.accounts.append(account)
            if not any(one.account == account for one in found):
                stand.gaps.append(f"{self.logs.name} has no log of the account {account}")
        for one in found:
            prefixes = list(hours(one.folder, one.account, one.region, since - SESSION, until))
            for at in range(0, len(prefixes), PREFIXES):
                name = f"l{len(stand.listing):06d}"
                sources = [Source(prefix) for prefix in prefixes[at : at + PREFIXES]]
                stand.listing[name] = Unit(sources)
                stand.opened[name] = Open()
        if found or not stand.question:
            self._ask(stand, Question(Kind.LIST, self.logs.name, MOST_OBJECT_BYTES))
        return bool(found)

    def _ask(self, stand: Stand, question: Question) -> None:
        body = packed(question)
        stand.kind = question.kind
        stand.question = f"{self.folder}/{question.kind.value}-{mark(body)}"
        self.results.put(stand.question, body)

    def _cut(self, stand: Stand) -> None:
        """What was listed, in units. What is too much is not read, and that is told."""
        known = {source.key for unit in stand.units.values() for source in unit.sources}
        fresh = [key for key in stand.listings if key not in known]
        for unit in units_of((key, listed(self.results, key)) for key in sorted(fresh)):
            name = f"u{len(stand.units):06d}"
            stand.units[name] = unit
            stand.fresh.append(name)
        objects = sum(unit.objects for unit in stand.units.values())
        size_bytes = sum(unit.size_bytes for unit in stand.units.values())
        most = self.most_bytes is not None and (
            size_bytes > self.most_bytes or objects > MOST_OBJECTS
        )
        if most or len(stand.units) > MOST_UNITS:
            stand.gaps.append(
                f"the logs of this time are {objects} objects of {size_bytes} bytes, and that is"
                " more than is read without a person: of what was listed last nothing was read."
                f" `responder scope --start {self.incident_id}` reads them"
            )
            for name in stand.fresh:
                del stand.units[name]
            stand.fresh = []

    def _seek(self, stand: Stand, following: Following) -> None:
        """Begin a round, where there is anything to look for and to look at."""
        wanted = sorted(following.wanted)
        stand.kind = Kind.SEEK
        if not wanted or not stand.units:
            return
        question = Question(
            Kind.SEEK,
            self.logs.name,
            MOST_OBJECT_BYTES,
            wanted,
            following.since,
            following.until,
        )
        self._ask(stand, question)
        stand.opened = {name: Open() for name in stand.units}

    def _grow(self, stand: Stand, following: Following) -> None:
        """End a round. The next one looks for what is new; without any, all of it is counted."""
        stand.fresh = []
        if not stand.units:
            self._count(stand, following)
            return
        if following.wanted:
            following.grow()
        new = sorted({one.account for one in following.lineage.nodes} - set(stand.accounts))
        if self._list(stand, new):
            # Their logs were in no round yet: what is known by now is looked for in all.
            following.searched = frozenset()
        elif following.wanted:
            self._seek(stand, following)
        else:
            self._count(stand, following)

    def _count(self, stand: Stand, following: Following) -> None:
        stand.kind, stand.tally = Kind.COUNT, tally_told(following.tally())
        holding = sorted(following.holding)
        if not holding:
            return
        lineage = following.lineage
        question = Question(
            Kind.COUNT,
            self.logs.name,
            MOST_OBJECT_BYTES,
            sorted(needles_of(lineage)),
            following.since,
            following.until,
            lineage.model_dump(mode="json"),
        )
        self._ask(stand, question)
        for unit in holding:
            stand.opened[unit] = Open()
            if elsewhere := following.again.of(unit):
                self.results.put(_elsewhere(stand.question, unit), packed(ids_told(elsewhere)))

    def _items(self, stand: Stand) -> None:
        """What is to be read now, for the distributed map."""
        units = stand.listing if stand.kind is Kind.LIST else stand.units
        others = set(stand.following.others) if stand.kind is Kind.COUNT else set()
        items = [
            {
                "incident_id": self.incident_id,
                "question": stand.question,
                "task": msgspec.to_builtins(
                    Task(
                        unit,
                        units[unit].sources,
                        here.at,
                        here.careful,
                        _elsewhere(stand.question, unit) if unit in others else "",
                        stand.left.get(unit, []),
                    )
                ),
            }
            for unit, here in sorted(stand.opened.items())
        ]
        body = msgspec.json.encode(items)
        stand.items_key, stand.was_read = f"{self.folder}/items/{mark(body)}.json", True
        self.results.put(stand.items_key, body)

    def _whole(self, stand: Stand, following: Following, tally: Tally) -> Scope:
        left = [name for names in stand.left.values() for name in names]
        following.coverage.unreadable |= dict.fromkeys(left, ENDED)
        found = following.scope(tally)
        gaps = [*found.gaps, *_few(stand.gaps)]
        listed = sum(unit.objects for unit in stand.units.values())
        told = following.objects + stand.unread
        if told != listed:
            gaps.append(f"{listed} objects were listed, and {told} of them read or named")
        return Scope(
            found.lineage, found.tally, found.coverage, found.objects, found.rounds, tuple(gaps)
        )


def _elsewhere(question: str, unit: str) -> str:
    """Where it says which records of a unit others count. Not among the parts of the unit."""
    return f"{question}-elsewhere/{unit}"


def _few(gaps: list[str]) -> list[str]:
    more = len(gaps) - _GAPS
    return [*gaps[:_GAPS], f"and {more} more like these"] if more > 0 else gaps
