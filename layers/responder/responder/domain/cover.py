"""Who is on call at an instant, until when, and whether a rota leaves a gap.

Turns hand over, begin and end at times of day on a clock on the wall. A time that a clock skips in
spring is counted as if it had not been set forward, and of one that comes twice in autumn the first
is meant (RFC 5545, section 3.3.5): so no instant is without its turn. None has two, unless hours
begin or end within a skipped hour and others at its end: that is told as two turns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from responder.domain.rota import Absence, Hours, Level, Rota, Turn

AHEAD = timedelta(days=400)  # that is looked at for who is next
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shift:
    """One person at one level, from an instant until another. Nobody: a gap."""

    level: str
    person: str | None
    begins_at: datetime
    ends_at: datetime
    because: str = ""  # why it is not whose turn it is


def cover(rota: Rota, level: Level, since: datetime, until: datetime) -> list[Shift]:
    """Who has this level from `since` until `until`: one shift after the other, without a hole."""
    edges = {one for one in _edges(rota, level, since, until) if since < one < until}
    shifts = list[Shift]()
    instants = [since, *sorted(edges), until]
    for begins_at, ends_at in pairwise(instants):
        person, because = _who(rota, level, begins_at)
        last = shifts[-1] if shifts else None
        if last is not None and (last.person, last.because) == (person, because):
            shifts[-1] = Shift(level.name, person, last.begins_at, ends_at, because)
        else:
            shifts.append(Shift(level.name, person, begins_at, ends_at, because))
    return shifts


def at_instant(rota: Rota, level: Level, at: datetime) -> str | None:
    """Who has this level at an instant: the id of a person, or None for nobody."""
    return _who(rota, level, at)[0]


def on_call(rota: Rota, at: datetime) -> list[Shift]:
    """Who has each level now and who next, in the order they are called: two shifts of each level.

    One, where nobody else has it in the time `AHEAD`. A shift that goes on longer ends there.
    """
    found = list[Shift]()
    for level in rota.levels:
        now, *later = cover(rota, level, at, at + AHEAD)
        found += [now, *[one for one in later if one.person != now.person][:1]]
    return found


def problems(rota: Rota, since: datetime, until: datetime) -> Iterator[str]:
    """What is wrong with a rota in this time: gaps, two turns at once, one person at two levels,
    and an override by somebody who is absent, who is called all the same.
    """
    shifts = {level.name: cover(rota, level, since, until) for level in rota.levels}
    for name, own in shifts.items():
        for gap in (one for one in own if one.person is None):
            yield f"{name}: nobody {_span(gap.begins_at, gap.ends_at)}"
    for level in rota.levels:
        yield from _doubles(rota, level, since, until)
    yield from _absent(rota, since, until)
    names = list(shifts)
    for number, name in enumerate(names):
        for other in names[number + 1 :]:
            for begins_at, ends_at, person in _both(shifts[name], shifts[other]):
                yield f"{person} has {name} and {other} {_span(begins_at, ends_at)}"


def _span(begins_at: datetime, ends_at: datetime) -> str:
    return f"from {begins_at:%Y-%m-%d %H:%M} to {ends_at:%Y-%m-%d %H:%M} UTC"


def _both(one: list[Shift], other: list[Shift]) -> Iterator[tuple[datetime, datetime, str]]:
    for a in one:
        for b in other:
            begins_at, ends_at = max(a.begins_at, b.begins_at), min(a.ends_at, b.ends_at)
            if a.person is not None and a.person == b.person and begins_at < ends_at:
                yield begins_at, ends_at, a.person


def _doubles(rota: Rota, level: Level, since: datetime, until: datetime) -> Iterator[str]:
    """Where the hours of two turns overlap: the second of them is never called then."""
    edges = sorted(one for one in _edges(rota, level, since, until) if since < one < until)
    instants = [since, *edges, until]
    began_at: datetime | None = None
    for instant in instants:
        is_double = instant < until and sum(_is_in(turn, instant) for turn in level.turns) > 1
        if is_double and began_at is None:
            began_at = instant
        elif not is_double and began_at is not None:
            yield f"{level.name}: two turns {_span(began_at, instant)}"
            began_at = None


def _absent(rota: Rota, since: datetime, until: datetime) -> Iterator[str]:
    """On the clock of the override: it has no turn."""
    for override in rota.overrides:
        zone = ZoneInfo(override.time_zone)
        for one in (each for each in rota.absences if each.person == override.person):
            begins_at = max(_on(one.first_day, time(), zone), _instant(override.begins, zone))
            ends_at = min(_on(one.last_day + _DAY, time(), zone), _instant(override.ends, zone))
            if max(begins_at, since) < min(ends_at, until):
                said = _span(max(begins_at, since), min(ends_at, until))
                yield f"{override.level}: an override by {one.person}, who is absent, {said}"


def _who(rota: Rota, level: Level, at: datetime) -> tuple[str | None, str]:
    for override in reversed(rota.overrides):
        zone = ZoneInfo(override.time_zone)
        if override.level == level.name and (
            _instant(override.begins, zone) <= at < _instant(override.ends, zone)
        ):
            return override.person, override.because
    for turn in level.turns:
        if not _is_in(turn, at):
            continue
        place = _number(turn, at) % len(turn.people)
        in_order = turn.people[place:] + turn.people[:place]
        for person in in_order:
            if not any(_is_absent(one, person, turn, at) for one in rota.absences):
                why = "" if person == in_order[0] else f"for {in_order[0]}, who is absent"
                return person, why
    return None, ""


def _number(turn: Turn, at: datetime) -> int:
    """How many times it was handed over since its first day; less than none before that."""
    number = (at.astimezone(turn.zone).date() - turn.first_day).days // turn.days
    return number if _handed_over(turn, number) <= at else number - 1


def _handed_over(turn: Turn, number: int) -> datetime:
    day = turn.first_day + number * turn.days * _DAY
    return _on(day, turn.hand_over, turn.zone)


def _is_in(turn: Turn, at: datetime) -> bool:
    """Whether its hours hold this instant: those of the day, or those that began the day before."""
    if turn.hours is None:
        return True
    day = at.astimezone(turn.zone).date()
    return any(
        begins_at <= at < ends_at
        for begins_at, ends_at in (_on_day(turn.hours, one, turn.zone) for one in (day - _DAY, day))
    )


def _on_day(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if hours.ends > hours.begins else day + _DAY
    return _on(day, hours.begins, zone), _on(last, hours.ends, zone)


def _is_absent(absence: Absence, person: str, turn: Turn, at: datetime) -> bool:
    begins_at = _on(absence.first_day, time(), turn.zone)
    return absence.person == person and begins_at <= at < _on(
        absence.last_day + _DAY, time(), turn.zone
    )


def _edges(rota: Rota, level: Level, since: datetime, until: datetime) -> Iterator[datetime]:
    """Every instant at which somebody else can have this level, in this time and a little more."""
    for override in rota.overrides:
        zone = ZoneInfo(override.time_zone)
        yield from (_instant(override.begins, zone), _instant(override.ends, zone))
    for turn in level.turns:
        for absence in rota.absences:
            yield _on(absence.first_day, time(), turn.zone)
            yield _on(absence.last_day + _DAY, time(), turn.zone)
        number = _number(turn, since)
        while (at := _handed_over(turn, number)) <= until:
            yield at
            number += 1
        day = since.astimezone(turn.zone).date() - _DAY
        while turn.hours is not None and _on(day, time(), turn.zone) <= until:
            yield from _on_day(turn.hours, day, turn.zone)
            day += _DAY


def _on(day: date, at: time, zone: ZoneInfo) -> datetime:
    return _instant(datetime.combine(day, at), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)
