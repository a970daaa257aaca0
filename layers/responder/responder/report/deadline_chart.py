"""The deadlines on a time axis: where each mark goes. The template draws it.

Places are percentages of the width and pixels of the height, so the picture takes any width without
its letters shrinking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.domain.clock import Clock, ClockKind, ClockState, Standing
from responder.report.deadline_lines import urgency
from responder.report.summary import name_of
from responder.report.wording import day, in_utc, plain, until

LANE, HEAD, FOOT = 64, 26, 24  # pixels
_FIRST, _LAST = 0.5, 96.0  # percent of the width that time is spread over
_STEPS = [timedelta(hours=h) for h in (1, 3, 6, 12)] + [
    timedelta(days=d) for d in (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)
]
_MOST_TICKS = 7
_MOST_LANES = 40  # a picture that nobody sees at once shows nothing
_LONGEST_NAME = 34  # letters that have room in 320 pixels; the table has the whole name


@dataclass(frozen=True)
class Tick:
    """A date on the axis. Every second one may be left out where there is little room."""

    x: float
    label: str
    minor: bool


@dataclass(frozen=True)
class Lane:
    """One clock: from where it is counted to where it runs out, or was ended."""

    y: int
    name: str
    start_x: float
    due_x: float
    passed_x: float  # how far its time has passed: to now, to its end, or to its date
    act_by_x: float | None
    mark_x: float  # at its date; at its end, where that was recorded
    label: str
    aside: str  # the same goes on, where there is room
    label_left: bool  # there is no room for the date to the right of its mark
    mark: str  # law, policy, missed or ended
    confirmed: bool


@dataclass(frozen=True)
class Chart:
    """A picture, and the same in words."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now_x: float
    height: int
    says: str
    beside: str  # where every date stands
    left_out: int  # dates that are less urgent than those drawn, if there were too many


def draw(
    clocks: Sequence[Clock],
    *,
    now: datetime,
    most: int = _MOST_LANES,
    named: Callable[[Clock], str] = name_of,
    beside: str = "the table below",
) -> Chart | None:
    """The picture of the clocks that have a date, the `most` urgent; None when none has one.

    `beside` is where every date stands.
    """
    found = sorted(clocks, key=urgency)
    every = [
        (clock.due_at, clock)
        for clock in found
        if clock.due_at is not None and clock.state is not ClockState.NOT_OWED
    ]
    dated = sorted(every[:most], key=lambda pair: (pair[0], pair[1].clock_id))
    if not dated:
        return None
    begin = min([now, *(_counted_from(clock) for _, clock in dated)])
    end = max([now, *(due for due, _ in dated)])
    axis = _Axis(begin, max(end, begin + timedelta(hours=1)))
    lanes = tuple(
        _lane(number, clock, due, axis, now, named(clock))
        for number, (due, clock) in enumerate(dated)
    )
    return Chart(
        lanes=lanes,
        ticks=tuple(axis.ticks()),
        now_x=axis.x(now),
        height=HEAD + LANE * len(lanes) + FOOT,
        says=_says(dated, now, named, beside),
        beside=beside,
        left_out=len(every) - len(dated),
    )


@dataclass(frozen=True)
class _Axis:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return round(_FIRST + (_LAST - _FIRST) * min(max(share, 0.0), 1.0), 2)

    def ticks(self) -> list[Tick]:
        length = self.end - self.begin
        step = next((s for s in _STEPS if length / s <= _MOST_TICKS), length)
        shape = "%H:%M" if step < timedelta(days=1) else "%d %b"
        midnight = self.begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        ticks: list[Tick] = []
        at = midnight
        while at <= self.end:
            if at >= self.begin:
                ticks.append(Tick(self.x(at), at.strftime(shape), len(ticks) % 2 == 1))
            at += step
        return ticks


def _lane(number: int, clock: Clock, due: datetime, axis: _Axis, now: datetime, name: str) -> Lane:
    act_by = None
    if clock.act_by is not None:
        noon = datetime(clock.act_by.year, clock.act_by.month, clock.act_by.day, 12, tzinfo=UTC)
        on_the_day = clock.act_by.isoformat() == day(due, clock.time_zone)
        if not on_the_day and axis.begin <= noon <= axis.end:
            act_by = axis.x(noon)
    ended = clock.state in (ClockState.FULFILLED, ClockState.WAIVED)
    ended_at = clock.ended_at if ended else None
    mark_x = axis.x(ended_at or due)
    label, aside = _label(clock, due, now)
    return Lane(
        y=HEAD + LANE * number,
        name=_short(name),
        start_x=axis.x(_counted_from(clock)),
        due_x=axis.x(due),
        passed_x=axis.x(min(now, due, ended_at or due)),
        act_by_x=act_by,
        mark_x=mark_x,
        label=label,
        aside=aside,
        label_left=mark_x > 50,
        mark=mark_of(clock),
        confirmed=clock.standing is Standing.CONFIRMED,
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def mark_of(clock: Clock) -> str:
    """Which mark stands for it: each has a shape of its own, and a colour beside."""
    if clock.state is ClockState.MISSED:
        return "missed"
    if clock.state is ClockState.FULFILLED:
        return "ended"
    if clock.state is ClockState.NOT_OWED:
        return "not-owed"
    return "policy" if clock.kind is ClockKind.POLICY else "law"


def _label(clock: Clock, due: datetime, now: datetime) -> tuple[str, str]:
    """What is written at the mark, as short as it may be, and the rest."""
    last = day(due, clock.time_zone)
    if clock.state is ClockState.FULFILLED and clock.ended_at is not None:
        return f"fulfilled {day(clock.ended_at, clock.time_zone)}", f"due {last}"
    running = clock.state is ClockState.RUNNING
    state = until(due, now=now) if running else plain(clock.state.value)
    earlier = clock.act_by is not None and clock.act_by.isoformat() != last
    return f"{last}, {state}", f"act by {clock.act_by}" if running and earlier else ""


def _counted_from(clock: Clock) -> datetime:
    return clock.anchor.at or clock.started_at


def _says(
    dated: Sequence[tuple[datetime, Clock]],
    now: datetime,
    named: Callable[[Clock], str],
    beside: str,
) -> str:
    (first_due, first), (last_due, last) = dated[0], dated[-1]
    return (
        f"{len(dated)} dates. The earliest is {day(first_due, first.time_zone)}, for"
        f" {named(first)}; the latest is {day(last_due, last.time_zone)}, for {named(last)}."
        f" Now is {in_utc(now)}. {beside[:1].upper()}{beside[1:]} gives every date."
    )
