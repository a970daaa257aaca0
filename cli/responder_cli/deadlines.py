"""`responder deadlines`: facts of a breach in, every legal clock out. Touches nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from holidays import list_supported_countries
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.clock import Clock, ClockKind, ClockState
from responder.domain.disposition import disposed
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.facts import Fact, Facts, standing, untrue
from responder.domain.statement import EVERYWHERE, Statement
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.assess import assess
from responder.report.summary import name_of
from responder.report.wording import day, plain, until
from responder.steps.record import read_statement

_MOST_BYTES = 65_536
_UNOPENED = "inc-00000000-0000000000"  # these facts belong to no incident on record
_COLOURS = {
    ClockState.RUNNING: "",
    ClockState.WAITING: "yellow",
    ClockState.FULFILLED: "green",
    ClockState.NOT_OWED: "dim",
    ClockState.WAIVED: "dim",
    ClockState.MISSED: "bold red",
}


def deadlines(
    facts: Annotated[
        Path | None,
        typer.Option(help="The facts as the Record function takes them, JSON or YAML."),
    ] = None,
    discovered: Annotated[
        str | None, typer.Option(metavar="TIME", help="2026-11-23T09:00:00-08:00")
    ] = None,
    determined: Annotated[str | None, typer.Option(metavar="TIME")] = None,
    notices_sent: Annotated[
        str | None, typer.Option(metavar="TIME", help="When the first letter went out.")
    ] = None,
    residents: Annotated[
        list[str] | None, typer.Option(metavar="US-CA=1200", help="One for each place.")
    ] = None,
    jurisdiction: Annotated[
        list[str] | None,
        typer.Option(
            metavar="US-CA",
            help="Where customers live, counted or not; without it, every place we hold.",
        ),
    ] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="Count as of then.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs.")] = False,
) -> None:
    """Show whom the law has us tell, and by when. Not legal advice: counsel decides.

    Exits with 1 if a deadline has been missed, and with 2 if the facts could not be read.
    """
    try:
        at = _time("--now", now) if now else datetime.now(UTC)
        told = _both(_told(facts), _given(discovered, determined, notices_sent, residents))
        clocks = _clocks(told, jurisdiction or [], at)
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        shown = [clock.model_dump(mode="json", exclude=_UNSTORED) for clock in clocks]
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=True))
    else:
        Console().print(_table(clocks, at))
    if any(clock.state is ClockState.MISSED for clock in clocks):
        raise typer.Exit(1)


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


def _clocks(told: dict[str, Any], places: Sequence[str], now: datetime) -> list[Clock]:
    if not told:
        raise Refused("field discovered_at: nothing can be counted without a fact")
    try:
        said = read_statement(told)
    except Refused as error:
        raise Refused(str(error).removeprefix("nothing was recorded: ")) from None
    for field in ("residents", "notices_sent_at"):
        for place in getattr(said, field):
            _check_place(f"{field}.{place}", place)
    earliest = said.discovered_at or said.determined_at
    if earliest is None:
        raise Refused("field discovered_at: without it, or determined_at, nothing can be counted")
    facts = Facts(
        incident_id=_UNOPENED,
        earliest_at=earliest,
        jurisdictions=_places(places) or tuple(BY_JURISDICTION),
    )
    return _counted(facts, said, now)


def _counted(facts: Facts, said: Statement, now: datetime) -> list[Clock]:
    wrong = untrue(said, facts, now=now)
    if wrong is not None:
        raise Refused(f"field {wrong[0]}: {wrong[1]}")
    fact = Fact(incident_id=facts.incident_id, by="you", at=now, said=said)
    told = standing(facts, [fact])
    clocks = [disposed(clock, told) for clock in assess(told, REGIMES, now=now)]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(clocks, key=lambda clock: (clock.due_at or never, clock.clock_id))


def _places(given: Sequence[str]) -> tuple[str, ...]:
    for place in given:
        if place not in BY_JURISDICTION:
            known = ", ".join(BY_JURISDICTION)
            raise Refused(f"--jurisdiction {place}: the law of {known} is in this release")
    return tuple(given)


def _check_place(field: str, place: str) -> None:
    """A slip must not become a place of its own. A place whose law we lack is counted as such."""
    countries = list_supported_countries()
    states = countries["US"]
    if place in states:  # CA is Canada, and nearly always meant to be California
        raise Refused(f"field {field}: write US-{place} for the state")
    country, _, part = place.partition("-")
    if place == EVERYWHERE or place in BY_JURISDICTION:
        return
    if country not in countries or (part and part not in countries[country]):
        known = ", ".join(BY_JURISDICTION)
        raise Refused(f"field {field}: there is no such place; it is written like {known}")


def _both(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """An option comes before the file; a count of one place leaves the others as they are."""
    counts = told.get("residents")
    if isinstance(counts, dict) and "residents" in given:
        given = given | {"residents": counts | given["residents"]}
    return told | given


def _given(
    discovered: str | None,
    determined: str | None,
    notices_sent: str | None,
    residents: list[str] | None,
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "discovered_at": discovered,
        "determined_at": determined,
        "notices_sent_at": notices_sent,
    }
    counts: dict[str, int] = {}
    for one in residents or []:
        place, _, number = one.partition("=")
        if not number.isascii() or not number.isdigit():
            raise Refused(f"--residents {one}: a place and a number are wanted, like US-CA=1200")
        counts[place] = int(number)
    return {name: value for name, value in given.items() if value} | (
        {"residents": counts} if counts else {}
    )


def _told(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Broken(f"{path}: larger than {_MOST_BYTES} bytes")
        data: Any = yaml.safe_load(path.read_text("utf-8"))  # reads JSON too
    except OSError as error:
        raise Broken(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Broken(f"{path}: not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(f"{path}: {one_line(str(error), 200)}") from None
    if not isinstance(data, dict):
        raise Broken(f"{path}: not an object with facts")
    return {str(name): value for name, value in data.items() if name not in ("incident_id", "by")}


def _time(option: str, given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused(f"{option} {given}: a time with its offset is wanted, like {_EXAMPLE}")
    return at.astimezone(UTC)


_EXAMPLE = "2026-11-23T09:00:00-08:00"


def _table(clocks: Sequence[Clock], now: datetime) -> Group:
    table = Table(title="Whom the law has us tell, and by when", show_lines=True)
    for name in ("Who is told", "Due", "Act by", "Stands", "Rule"):
        table.add_column(name, overflow="fold")
    for clock in clocks:
        table.add_row(
            _cell(name_of(clock)),
            _cell(_due(clock, now)),
            _cell(clock.act_by.isoformat() if clock.act_by else "–"),
            Text(_stands(clock), style=_COLOURS[clock.state]),
            _cell(f"{clock.rule}\n{clock.citation}"),
        )
    notes = [Text("Not legal advice: counsel decides. --json shows how each date was counted.")]
    read = [clock.verified_on for clock in clocks if clock.verified_on is not None]
    if read:
        notes.append(Text(f"The rules were last read on {min(read)}."))
    late = sum(clock.state is ClockState.MISSED for clock in clocks)
    if late:
        notes.append(Text(f"{late} missed, and still owed.", style="bold red"))
    return Group(table, *notes)


def _due(clock: Clock, now: datetime) -> str:
    if clock.due_at is None:
        return f"no date before {plain(clock.anchor.name)}"
    if clock.state in (ClockState.RUNNING, ClockState.MISSED):
        return f"{day(clock.due_at, clock.time_zone)} ({until(clock.due_at, now=now)})"
    return day(clock.due_at, clock.time_zone)


def _stands(clock: Clock) -> str:
    own = "" if clock.kind is ClockKind.LAW else ", own target"
    how = f"\n{one_line(clock.ended_how, 300)}" if clock.ended_how else ""
    return f"{plain(clock.state.value)}, {clock.standing.value}{own}{how}"


def _cell(text: str) -> Text:
    """No markup, whatever it holds; lines are ours."""
    return Text("\n".join(one_line(line, 600) for line in text.split("\n")))
