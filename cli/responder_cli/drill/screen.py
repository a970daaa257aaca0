"""Shows a drill as it happens: on a terminal with colours and a bar, elsewhere as plain lines.

What is shown may hold strings that an attacker chose, so nothing is read as markup and no control
character reaches the terminal.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from responder.domain.clock import Clock, ClockKind, ClockState
from responder.report.summary import name_of
from responder.report.visible_text import visible
from responder.report.wording import counted, day, plain, span, until
from responder_cli.drill.result import Check, DrillResult

_STYLES = {"attacker": "bold red", "GuardDuty": "magenta", "the drill": "dim", "person": "cyan"}


class Screen:
    """A place to tell what happens. `live` moves and has colours; the other is lines of text."""

    def __init__(self, *, plain: bool = False, out: TextIO | None = None) -> None:
        stream = out or sys.stdout
        self.live = not plain and stream.isatty()
        self.console = Console(
            file=stream,
            highlight=False,
            markup=False,
            emoji=False,
            no_color=not self.live,
            color_system="auto" if self.live else None,
            soft_wrap=not self.live,
        )
        self._began = time.perf_counter()
        self._progress: Progress | None = None
        self._counted_from: datetime | None = None

    @contextmanager
    def acts(self, number: int) -> Iterator[None]:
        """While this is open, `act` moves a bar of that many acts."""
        self._began = time.perf_counter()
        if not self.live:
            yield
            return
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        ) as self._progress:
            self._progress.add_task("", total=number)
            yield
        self._progress = None

    def act(self, name: str) -> None:
        """A part of the scenario begins."""
        if self._progress is not None:
            [task] = self._progress.tasks
            self._progress.update(
                task.id, description=name, completed=task.completed + (task.description != "")
            )
        if self.live:
            self.console.print()
            self.console.print(Rule(Text(name, style="bold"), align="left", style="dim"))
        else:
            self.console.print(f"\n== {name}")

    def count_from(self, at: datetime) -> None:
        """From here on, each line also says how long after `at` it happened."""
        self._counted_from = at

    def happened(self, at: datetime, who: str, what: str, *, kind: str = "step") -> None:
        """One thing that happened: elapsed seconds, the virtual instant, who did what."""
        elapsed = f"{time.perf_counter() - self._began:5.1f}s"
        when = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        after = self._after(at)
        who, what = visible(who), visible(what)
        if not self.live:
            self.console.print(f"{elapsed}  {when}Z {after:>9}  {who}: {what}")
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(style="dim", no_wrap=True)
        row.add_column(no_wrap=True)
        row.add_column(style="dim", no_wrap=True, justify="right", min_width=8)
        row.add_column(no_wrap=True, min_width=10, max_width=26, overflow="ellipsis")
        row.add_column(overflow="fold")
        style = _STYLES.get(kind, "green")
        row.add_row(elapsed, when, after, Text(who, style=style), Text(what))
        self.console.print(row)

    def check(self, check: Check) -> None:
        """One rule, and whether it held."""
        mark, style = ("✓", "bold green") if check.holds else ("✗", "bold red")
        if not self.live:
            self.console.print(f"{mark} {visible(check.rule)}: {visible(check.seen)}")
            return
        text = Text.assemble((f"{mark} ", style), (visible(check.rule), "bold"))
        self.console.print(text)
        if check.seen:
            self.console.print(Padding(Text(visible(check.seen), style="dim"), (0, 0, 0, 2)))

    def summary(self, result: DrillResult) -> None:
        """What a reader who looks up only now has to know."""
        held = sum(check.holds for check in result.checks)
        self._evidence(result)
        self.act("Summary")
        facts = [
            ("incident", ", ".join(result.incident_ids) or "none was opened"),
            ("contained", _contained(result)),
            ("evidence", f"{counted(len(result.evidence), 'item')}, locked"),
            *[("manifest", f"SHA-256 {each}") for each in result.manifest_sha256],
        ]
        for name, value in facts:
            self._fact(name, value)
        self._clocks(result)
        for what, command in result.undo.items():
            self._fact("undo", f"{what}: {command}")
        self._fact("report", str(result.report) if result.report else "none was made")
        if result.report:
            case = result.report.with_name("case.zip")
            self._fact("case", f"{case}; responder verify-custody {case}")
        self._fact("faked", ", ".join(result.faked) or "nothing")
        for why, number in result.set_aside.items():
            self._fact("set aside", f"{counted(number, 'property', 'properties')}: {why}")
        self._fact("checks", f"{held} of {len(result.checks)} hold")
        self._fact("time", f"{result.took.total_seconds():.1f} seconds on a real clock")
        for check in result.checks:
            if not check.holds:
                self.check(check)

    def _evidence(self, result: DrillResult) -> None:
        self.act("Evidence, the most volatile first")
        for place, one in enumerate(result.evidence, start=1):
            self._fact(f"{place:>8}", f"{one.name} {one.size_bytes:,} bytes, SHA-256 {one.sha256}")

    def _after(self, at: datetime) -> str:
        if self._counted_from is None or at < self._counted_from:
            return ""
        return "+" + span(at - self._counted_from).replace("seconds", "s").replace("second", "s")

    def _fact(self, name: str, value: str) -> None:
        if not self.live:
            self.console.print(f"{name:<10} {visible(value)}")
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(style="dim", no_wrap=True, min_width=9)
        row.add_column(overflow="fold")
        row.add_row(name, Text(visible(value)))
        self.console.print(row)

    def _clocks(self, result: DrillResult) -> None:
        if not self.live:
            for clock in result.clocks:
                due, stands = _due(clock, result.now)
                line = f"{name_of(clock)}: {due}; {stands}; {clock.citation}"
                self.console.print(f"{'deadline':<10} {visible(line)}")
            return
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title=None)
        for column in ("deadline", "due", "standing", "citation"):
            table.add_column(column, overflow="fold")
        for clock in result.clocks:
            due, stands = _due(clock, result.now)
            table.add_row(
                *(Text(visible(s)) for s in (name_of(clock), due, stands, clock.citation))
            )
        self.console.print(table)


def _contained(result: DrillResult) -> str:
    if not result.contained_at or result.found_at is None:
        return "not verified"
    first, last = (at - result.found_at for at in (result.contained_at[0], result.contained_at[-1]))
    orders = counted(len(result.contained_at), "order")
    said = f"{orders}, verified {span(first)} after the finding"
    return said if first == last else f"{said}, the last of them {span(last)}"


def _due(clock: Clock, now: datetime) -> tuple[str, str]:
    stands = clock.standing.value + (", own target" if clock.kind is ClockKind.POLICY else "")
    if clock.due_at is None:
        return f"no date: {plain(clock.state.value)}", stands
    if clock.state is not ClockState.RUNNING:
        return f"{day(clock.due_at, clock.time_zone)}, {plain(clock.state.value)}", stands
    act_by = f", act by {clock.act_by.isoformat()}" if clock.act_by else ""
    return f"{day(clock.due_at, clock.time_zone)} ({until(clock.due_at, now=now)}){act_by}", stands
