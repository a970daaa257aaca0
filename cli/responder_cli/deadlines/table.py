"""The deadlines on a terminal, 80 columns wide and wider: the most urgent first, each explained.

What a row is shows in its mark and in its words; colour only repeats it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from responder.domain.clock import Clock, ClockKind, ClockState, Standing
from responder.domain.escaping import one_line
from responder.report.deadline_lines import (
    Urgency,
    act_on,
    by_urgency,
    due_on,
    ends,
    ends_with_a_day,
    explain,
    group,
    origin,
    waits_for,
    weekday,
)
from responder.report.summary import name_of, owed
from responder.report.wording import in_utc, plain, span

_MOST = 600  # characters of one line of text
_COLOURS = {
    ClockState.RUNNING: "",
    ClockState.WAITING: "yellow",
    ClockState.FULFILLED: "green",
    ClockState.NOT_OWED: "dim",
    ClockState.WAIVED: "dim",
    ClockState.MISSED: "bold red",
}
_LEGEND = "◆ law or contract  ● own target, where there is no number; hollow ◇ ○: provisional"


def table(
    clocks: Sequence[Clock],
    *,
    now: datetime,
    short: bool = False,
    why: bool = False,
    elsewhere: str | None = None,
) -> Group:
    """`short` leaves out what explains a row, `why` adds how each date was counted.

    `elsewhere` is said of the clocks that are not among these.
    """
    parts: list[RenderableType] = [*_head(clocks, now)]
    parts += [Text(), _header()]
    for name, found in by_urgency(clocks).items():
        style = "bold red" if name is Urgency.MISSED else "bold"
        parts += [Text(f"\n{name.value} ({len(found)})", style=style)]
        for clock in found:
            parts += [_row(clock, now)]
            parts += [] if short else _below(clock)
            parts += _reasons(clock) if why else []
    if elsewhere is not None:
        parts += [
            Text(
                f"\n{one_line(elsewhere, _MOST)} --jurisdiction adds some, --all all.",
                style="yellow",
            )
        ]
    return Group(*parts, *_foot(clocks))


def _head(clocks: Sequence[Clock], now: datetime) -> Iterator[Text]:
    yield Text("Whom the law has us tell, and by when", style="bold")
    yield Text(f"As of {in_utc(now)}. {_next(clocks)}")
    late = [clock for clock in clocks if clock.state is ClockState.MISSED]
    if late:
        sure = all(clock.standing is Standing.CONFIRMED for clock in late)
        stands = "and still owed" if sure else "and owed until counsel says otherwise"
        yield Text(f"{len(late)} missed, {stands}.", style="bold red")


def _next(clocks: Sequence[Clock]) -> str:
    first = next((c for c in by_urgency(clocks).get(Urgency.OPEN, [])), None)
    at = None if first is None else act_on(first)
    if first is None or at is None:
        return "Nothing that runs has a date."
    return f"Next: act by {weekday(at)}: {one_line(name_of(first), _MOST)}."


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in (1, 14, 14, 11):
        grid.add_column(width=width)
    grid.add_column(overflow="fold")
    return grid


def _header() -> Table:
    grid = _grid()
    names = ("", "Act by", "Due", "Left", "Who is told")
    grid.add_row(*(Text(name, style="dim") for name in names))
    return grid


def _row(clock: Clock, now: datetime) -> Table:
    grid = _grid()
    style = _COLOURS[clock.state]
    cells = (_mark(clock), *_dates(clock), _left(clock, now), name_of(clock))
    grid.add_row(*(Text(one_line(cell, _MOST), style=style) for cell in cells))
    return grid


def _dates(clock: Clock) -> tuple[str, str]:
    at, due = act_on(clock), due_on(clock)
    if at is None or due is None:
        return "no date", "no date"
    return weekday(at), weekday(due)


def _left(clock: Clock, now: datetime) -> str:
    if clock.due_at is None or group(clock) is Urgency.ENDED:
        return plain(clock.state.value)
    length = span(clock.due_at - now)
    return f"{length} ago" if clock.state is ClockState.MISSED else length


def _below(clock: Clock) -> Iterator[Padding]:
    tags = f"{origin(clock)}, {clock.standing.value}"
    if clock.state is ClockState.MISSED:
        tags += f", missed: {owed(clock)}"
    elif clock.state is ClockState.WAITING:
        tags += f", waits for: {waits_for(clock)}"
    elif clock.ended_at is not None:
        at = f" {in_utc(clock.ended_at)}" if clock.state is ClockState.FULFILLED else ""
        by = f", by {clock.ended_by}" if clock.ended_by else ""
        tags += f", {plain(clock.state.value)}{at}{by}"
        tags += f": {clock.ended_how}" if clock.ended_how else ""
    if clock.due_at is not None and not ends_with_a_day(clock):
        tags += f", due {ends(clock)}"
    yield _indented(tags, "" if clock.kind is ClockKind.POLICY else "bold")
    yield _indented(explain(clock))


def _reasons(clock: Clock) -> Iterator[Padding | Text]:
    for number, sentence in enumerate(clock.why, 1):
        yield _indented(f"{number}. {sentence}", "dim")
    read = f"read on {clock.verified_on}" if clock.verified_on else "read in no source by us"
    yield _indented(f"Confidence in the rule: {clock.confidence}, {read}.", "dim")
    for source in clock.sources:
        address = f"   {one_line(source, _MOST)}"
        yield Text(address, style="dim", no_wrap=True, overflow="ignore")  # in one piece


def _indented(text: str, style: str = "") -> Padding:
    """No markup, whatever it holds."""
    return Padding(Text(one_line(text, _MOST), style=style), (0, 0, 0, 3), expand=False)


def _mark(clock: Clock) -> str:
    if clock.state is ClockState.MISSED:
        return "✗"
    if group(clock) is Urgency.ENDED:
        return "✓" if clock.state is ClockState.FULFILLED else "–"
    sure = clock.standing is Standing.CONFIRMED
    if clock.kind is not ClockKind.POLICY:
        return "◆" if sure else "◇"
    return "●" if sure else "○"


def _foot(clocks: Sequence[Clock]) -> Iterator[Text]:
    yield Text(f"\n{_LEGEND}", style="dim")
    read = [clock.verified_on for clock in clocks if clock.verified_on is not None]
    last = f" The rules were last read on {min(read)}." if read else ""
    yield Text(f"Not legal advice: counsel decides.{last} --why shows each count.")
