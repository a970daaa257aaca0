"""`responder on-call`: who is called now and next, by a rota in a file, and what is wrong in it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from responder.domain.cover import AHEAD, Shift, cover, on_call, problems
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.rota import Rota, is_in_reach, is_zone
from responder.sources.rotas import read_rota
from responder_cli.deadlines.told import time_of
from responder_cli.deployed import RegionName, StackName
from responder_cli.files import text_of
from responder_cli.on_call_written import Change, Deployment

_CHECKED_DAYS = 366


def on_call_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rota, as JSON or YAML.")],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As of then, and not now.")] = None,
    days: Annotated[
        int, typer.Option(min=0, max=366, help="Also every shift of so many days.")
    ] = 0,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="On whose clock times are shown.")
    ] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs, in UTC.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also what --write would change. Changes nothing.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Make it the rota of the deployed responder.")
    ] = False,
    despite: Annotated[
        bool, typer.Option("--despite-what-is-wrong", help="Write it also with what is wrong.")
    ] = False,
    stack: StackName = "breach-responder",
    region: RegionName = None,
) -> None:
    """Show who is on call now and next, and what is wrong in the year that follows.

    Exits with 1 if something is: a time at which nobody is called, two turns at once, one person at
    two levels, or an override by somebody who is absent; and with 2 if the file cannot be read, or
    AWS refuses. Changes nothing but with --write.
    """
    try:
        rota = read_rota(text_of(file), str(file))
        now = time_of("--at", at) if at else datetime.now(UTC)
        if not is_in_reach(now.year):
            raise Refused(f"--at {at}: no rota goes on until then, or back to it")
        clock = _clock(zone)
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    wrong = list(problems(rota, now, now + timedelta(days=_CHECKED_DAYS)))
    shifts = on_call(rota, now)
    until = now + timedelta(days=days)
    levels = rota.levels if days else ()
    listed = [one for level in levels for one in cover(rota, level, now, until)]
    writes = write and (despite or not wrong)
    changes = None
    if compare or write:
        deployment = Deployment(stack, region)
        changes = deployment.changes(rota)
        for change in changes if writes else ():
            deployment.make(change, rota)
    if as_json:
        data = summary(rota, shifts, listed, wrong, now=now)
        if changes is not None:
            data["written"], data["changes"] = writes, [[one.what, one.about] for one in changes]
        typer.echo(json.dumps(data, indent=2, ensure_ascii=True))
    else:
        _print(rota, shifts, listed, wrong, clock=clock, now=now)
        if changes is not None:
            _print_changes(changes, writes=writes)
    if wrong:
        raise typer.Exit(1)


def summary(
    rota: Rota,
    shifts: Sequence[Shift],
    listed: Sequence[Shift],
    wrong: Sequence[str],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Who is called, in order, and what is wrong."""
    return {
        "as_of": now.isoformat(),
        "levels": [
            {
                "name": level.name,
                "answer_within_minutes": level.answer_within_minutes,
                "shifts": [_shown(rota, one) for one in shifts if one.level == level.name],
            }
            for level in rota.levels
        ],
        "listed": [_shown(rota, one) for one in listed],
        "wrong": list(wrong),
    }


def _shown(rota: Rota, shift: Shift) -> dict[str, Any]:
    return {
        "level": shift.level,
        "person": shift.person,
        "name": None if shift.person is None else rota.people[shift.person].name,
        "begins_at": shift.begins_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "because": shift.because,
    }


def _print(
    rota: Rota,
    shifts: Sequence[Shift],
    listed: Sequence[Shift],
    wrong: Sequence[str],
    *,
    clock: ZoneInfo,
    now: datetime,
) -> None:
    console = Console()
    console.print(_table("On call", rota, shifts, clock, now))
    if listed:
        console.print(_table("Every shift", rota, listed, clock, now))
    for line in wrong:
        console.print(Text(f"wrong: {line}", style="red"), soft_wrap=True)
    if not wrong:
        console.print(f"Nothing is wrong in the {_CHECKED_DAYS} days that follow.")


def _print_changes(changes: Sequence[Change], *, writes: bool) -> None:
    console, verb = Console(), "Done" if writes else "Would be done"
    if not changes:
        console.print("The deployed responder has this rota already.")
    for one in changes:
        console.print(Text(f"{verb}: {one.what}, {one_line(one.about, 300)}"), soft_wrap=True)


def _table(
    title: str, rota: Rota, shifts: Sequence[Shift], clock: ZoneInfo, now: datetime
) -> Table:
    table = Table(title=f"{title} ({clock.key})")
    for name in ("level", "who", "from", "until", "why"):
        table.add_column(name, overflow="fold")
    for one in shifts:
        who = "NOBODY" if one.person is None else rota.people[one.person].name
        begins = "now" if one.begins_at == now else _time(one.begins_at, clock)
        ends = "later" if one.ends_at == now + AHEAD else _time(one.ends_at, clock)
        cells = (one.level, who, begins, ends, one.because)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _time(at: datetime, clock: ZoneInfo) -> str:
    return f"{at.astimezone(clock):%a %Y-%m-%d %H:%M}"


def _clock(name: str) -> ZoneInfo:
    if not is_zone(name):
        raise Refused(f"--zone {name}: no time zone of the IANA database")
    return ZoneInfo(name)
