"""Where nobody looked: hours and regions without a log, objects that could not be read.

CloudTrail delivers a log about every five minutes, and none for a time without calls. So an hour
without one is a gap where a region is busy, and cannot be told from a quiet one where it is not.
AWS: CloudTrail User Guide, "How CloudTrail works".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from responder.scan.log_names import LogName

_HOUR = timedelta(hours=1)
_BUSY = 0.5  # of the hours between its first and last log, from which on a region counts as busy
_MOST_SPANS = 100


@dataclass
class Coverage:
    """Which hours of which place the logs are of."""

    hours: dict[tuple[str, str], set[datetime]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)  # by name, why
    unnamed: int = 0
    records: int = 0
    strange: int = 0  # that hold a text which was looked for, and are no objects
    data_events: bool = False

    def add(self, name: LogName | None) -> None:
        """One object that was read."""
        if name is None:
            self.unnamed += 1
            return
        hour = name.delivered_at.replace(minute=0)
        self.hours.setdefault((name.account, name.region), set()).add(hour)

    def join(self, other: "Coverage") -> None:
        """Add what another part covers."""
        for place, hours in other.hours.items():
            self.hours.setdefault(place, set()).update(hours)
        self.unreadable |= other.unreadable
        self.unnamed += other.unnamed
        self.records += other.records
        self.strange += other.strange
        self.data_events |= other.data_events

    def is_whole(self, since: datetime | None, until: datetime | None) -> bool:
        """Whether each log could be read, and no place fell silent. A quiet one is not whole."""
        if self.unreadable or not self.hours:
            return False
        every = [hour for hours in self.hours.values() for hour in (min(hours), max(hours))]
        first, last = _hour(since or min(every)), _hour(until or max(every))
        return not any(
            said for hours in self.hours.values() for said in _silent("", hours, first, last)
        )

    def gaps(self, since: datetime | None, until: datetime | None) -> list[str]:
        """Everything that these logs cannot tell, each in a sentence."""
        found = [
            f"{name} could not be read: {why}" for name, why in sorted(self.unreadable.items())
        ]
        if not self.hours and not self.unnamed:
            found.append("there is no log at all")
        every = [hour for hours in self.hours.values() for hour in (min(hours), max(hours))]
        for (account, region), hours in sorted(self.hours.items()):
            place = f"account {account}, region {region}"
            # One that falls silent is held to the others: its own last log is not the end.
            first, last = _hour(since or min(every)), _hour(until or max(every))
            if last < first:
                found.append(f"{place}: no log from {_shown(first)} on, or none until then")
                continue
            found += _silent(place, hours, first, last)
        if self.hours:
            regions = ", ".join(sorted({region for _, region in self.hours}))
            found.append(f"these logs are of {regions}: whatever was done elsewhere is in none")
        if self.strange:
            found.append(
                f"{self.strange} records name one of them and are no objects; none is counted"
            )
        if self.data_events:
            found.append(
                "data events are in some of the logs, and only of what a trail's selectors name: "
                "no read of anything else is counted"
            )
        else:
            found.append(
                "no log has a data event: what was read of S3 objects, DynamoDB items or functions "
                "stands in none of them, whether it was read or not"
            )
        return found


def _silent(place: str, hours: set[datetime], first: datetime, last: datetime) -> Iterator[str]:
    every = int((last - first) / _HOUR) + 1
    missing = [at for at in (first + n * _HOUR for n in range(every)) if at not in hours]
    if not missing:
        return
    if every - len(missing) < _BUSY * every:
        yield f"{place}: {len(missing)} of {every} hours have no log, and were quiet or are missing"
        return
    spans = list(_spans(missing))
    for begins, ends in spans[:_MOST_SPANS]:
        yield f"{place}: no log from {_shown(begins)} to {_shown(ends + _HOUR)}"
    if len(spans) > _MOST_SPANS:
        yield f"{place}: {len(spans) - _MOST_SPANS} more times without a log"


def _spans(hours: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """First and last of those that follow each other."""
    begins = ends = None
    for at in hours:
        if ends is not None and begins is not None and at - ends > _HOUR:
            yield begins, ends
            begins = at
        begins, ends = begins or at, at
    if begins is not None and ends is not None:
        yield begins, ends


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
