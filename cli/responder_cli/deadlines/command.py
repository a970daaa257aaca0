"""`responder deadlines`: facts of a breach in, every legal clock out. Touches nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from responder.domain.clock import Clock, ClockState
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.statement import Statement
from responder.regimes import REGIMES
from responder.report.deadline_page import render
from responder.report.wording import counted
from responder_cli.deadlines.calendar import calendar, left_out
from responder_cli.deadlines.table import table
from responder_cli.deadlines.told import (
    EXAMPLE,
    both,
    by_file,
    by_options,
    clocks_of,
    contracts,
    elsewhere,
    incident_of,
    listed,
    since,
    statement_of,
    time_of,
)

_TIME, _PLACE, _COUNTS = "TIME", "US-CA,…", "US-CA=1200,…"


def deadlines(
    facts: Annotated[
        Path | None,
        typer.Option(help="The facts as the Record function takes them, JSON or YAML."),
    ] = None,
    discovered: Annotated[str | None, typer.Option(metavar=_TIME, help=EXAMPLE)] = None,
    determined: Annotated[str | None, typer.Option(metavar=_TIME)] = None,
    notices_sent: Annotated[
        str | None, typer.Option(metavar=_TIME, help="When the first letter went out.")
    ] = None,
    residents: Annotated[
        list[str] | None, typer.Option(metavar=_COUNTS, help="How many people live where.")
    ] = None,
    elements: Annotated[
        list[str] | None, typer.Option(metavar="ssn,name,…", help="What data it was.")
    ] = None,
    jurisdiction: Annotated[
        list[str] | None,
        typer.Option(
            metavar=_PLACE,
            help="Where customers live, counted or not; without any place, every state.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also every state where nobody counted yet.")
    ] = False,
    own: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A contract of your own, as it would be deployed."),
    ] = None,
    incident: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Whose dates they are: a calendar is updated by it."),
    ] = None,
    now: Annotated[str | None, typer.Option(metavar=_TIME, help="Count as of then.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs.")] = False,
    as_ics: Annotated[bool, typer.Option("--ics", help="A calendar to import.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="One page, to read or print.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where JSON, calendar or page goes.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="One line for each clock.")] = False,
    why: Annotated[bool, typer.Option("--why", help="How each date was counted.")] = False,
) -> None:
    """Show whom the law has us tell, and by when. Not legal advice: counsel decides.

    Exits with 1 if a deadline has been missed, and with 2 if the facts could not be read.
    """
    try:
        shape = _shape(out, json=as_json, ics=as_ics, html=as_html)
        at = time_of("--now", now) if now else datetime.now(UTC)
        told, named = by_file(facts) if facts else ({}, None)
        if incident is not None:
            named = incident_of(f"--incident {incident}", incident)
        told = both(
            told,
            by_options(
                discovered=discovered,
                determined=determined,
                notices_sent=notices_sent,
                residents=residents or (),
                elements=elements or (),
            ),
        )
        said = statement_of(told)
        places = listed(jurisdiction or ())
        clocks = clocks_of(
            said,
            places,
            regimes=(*REGIMES, *contracts(own or ())),
            every=every,
            incident_id=named,
            now=at,
        )
        left = elsewhere(said, places, every=every)
        if shape is None:
            text = table(clocks, now=at, short=short, why=why, elsewhere=left)
            Console().print(text, crop=False)
        else:
            _write(_bytes(shape, clocks, left, said, named, at), out)
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    if any(clock.state is ClockState.MISSED for clock in clocks):
        raise typer.Exit(1)


def _shape(out: Path | None, **wanted: bool) -> str | None:
    names = [name for name, asked in wanted.items() if asked]
    if len(names) > 1:
        raise Refused(f"--{names[1]}: not together with --{names[0]}")
    if out is not None and not names:
        raise Refused(f"--out {out}: say what is written, with --json, --ics or --html")
    return names[0] if names else None


def _bytes(
    shape: str,
    clocks: Sequence[Clock],
    left: str | None,
    said: Statement,
    named: str | None,
    now: datetime,
) -> bytes:
    if shape == "json":
        return _json(clocks)
    if shape == "ics":
        if left is not None:
            _note(f"{left} --jurisdiction adds some, --all all.")
        return _ics(clocks, said, named, now)
    return render(clocks, said, elsewhere=left, incident_id=named, now=now)


# What only a clock in the ledger has.
_UNSTORED = {
    "incident_id",
    "started_at",
    "milestones_sent",
    "milestones_skipped",
    "told_missed_at",
    "later_at",
    "heard",
    "moves",
    "history",
    "history_left_out",
}


def _json(clocks: Sequence[Clock]) -> bytes:
    shown = [clock.model_dump(mode="json", exclude=_UNSTORED) for clock in clocks]
    return (json.dumps(shown, indent=2, ensure_ascii=True) + "\n").encode()


def _ics(clocks: Sequence[Clock], said: Statement, named: str | None, now: datetime) -> bytes:
    if named is None:
        _note(
            "without --incident, or incident_id in the file, a later calendar updates this one"
            " only while the discovery stays as it is"
        )
    undated = left_out(clocks)
    if undated:
        _note(f"{counted(len(undated), 'clock has', 'clocks have')} no date, and no event:")
        for line in undated:
            _note(f"  {line}")
    return calendar(clocks, of=named or _by_facts(said), now=now)


def _by_facts(said: Statement) -> str:
    """Stands in for an incident: two breaches must not overwrite each other's dates."""
    return f"counted-from-{since(said).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _write(data: bytes, out: Path | None) -> None:
    if out is None:
        typer.echo(data, nl=False)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Broken(f"--out {out}: {error.strerror}") from None
    _note(f"wrote {out}")


def _note(text: str) -> None:
    typer.echo(one_line(text, 500), err=True)
