"""What a person tells of a breach, by options and in a file, and the clocks that come of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from holidays import list_supported_countries
from pydantic import TypeAdapter, ValidationError

from responder.domain.clock import Clock
from responder.domain.disposition import disposed
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.facts import Fact, Facts, standing, untrue
from responder.domain.identifiers import IncidentId
from responder.domain.statement import Statement
from responder.regimes import REGIMES
from responder.regimes.assess import assess
from responder.regimes.places import problem, unknown
from responder.regimes.regime import Kind, Regime, own
from responder.report.deadline_lines import urgency
from responder.steps.record import read_statement
from responder_cli.files import text_of

_UNOPENED = "inc-00000000-0000000000"  # these facts belong to no incident on record
EXAMPLE = "2026-11-23T09:00:00-08:00"
_BESIDE = ("incident_id", "by")  # what the Record function takes, and is no fact
_INCIDENT = TypeAdapter[str](IncidentId)


def statement_of(told: dict[str, Any]) -> Statement:
    """The facts, checked. Raises `Refused` naming the field."""
    if not told:
        raise Refused("field discovered_at: nothing can be counted without a fact")
    try:
        said = read_statement(told)
    except Refused as error:
        raise Refused(str(error).removeprefix("nothing was recorded: ")) from None
    for field in ("residents", "notices_sent_at", "notices_planned_at"):
        for place in getattr(said, field):
            _check_place(f"{field}.{place}", place)
    return said


def clocks_of(
    said: Statement,
    places: Sequence[str],
    *,
    regimes: Sequence[Regime] = REGIMES,
    every: bool = False,
    incident_id: str | None,
    now: datetime,
) -> list[Clock]:
    """Every clock, the most urgent first. Raises `Refused` naming the field that is not true.

    Of the places that were counted and those named; of every state, if there is none, or `every`.
    """
    for place in places:
        why = problem(place, regimes)
        if why is not None:
            raise Refused(f"--jurisdiction {place}: {why}")
    states = tuple(one.jurisdiction for one in regimes if one.kind is Kind.STATE)
    none = not places and not said.residents
    facts = Facts(
        incident_id=incident_id or _UNOPENED,
        earliest_at=since(said),
        jurisdictions=(*places, *(states if every or none else ())),
    )
    wrong = unknown(said, regimes) or untrue(said, facts, now=now)
    if wrong is not None:
        raise Refused(f"field {wrong[0]}: {wrong[1]}")
    told = standing(facts, [Fact(incident_id=facts.incident_id, by="you", at=now, said=said)])
    return sorted((disposed(clock, told) for clock in assess(told, regimes, now=now)), key=urgency)


def elsewhere(said: Statement, places: Sequence[str], *, every: bool) -> str | None:
    """That people may live elsewhere as well, where only some places are counted."""
    if every or places or not said.residents:
        return None
    return (
        "Only the places where people were counted. If customers live elsewhere too, there may be"
        " more to do."
    )


def contracts(files: Sequence[Path]) -> tuple[Regime, ...]:
    """Contracts of the shop's own, beside the laws. Raises `Broken` naming file and field."""
    return tuple(own(text_of(file), str(file)) for file in files)


def since(said: Statement) -> datetime:
    """The instant everything is counted from at the earliest."""
    earliest = said.discovered_at or said.determined_at
    if earliest is None:
        raise Refused("field discovered_at: without it, or determined_at, nothing can be counted")
    return earliest


def _check_place(field: str, place: str) -> None:
    """CA is Canada, and nearly always meant to be California."""
    if place in list_supported_countries()["US"]:
        raise Refused(f"field {field}: write US-{place} for the state")


def both(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """An option comes before the file; a count of one place leaves the others as they are."""
    counts = told.get("residents")
    if isinstance(counts, dict) and "residents" in given:
        given = given | {"residents": counts | given["residents"]}
    return told | given


def by_options(
    *,
    discovered: str | None,
    determined: str | None,
    notices_sent: str | None,
    residents: Sequence[str],
    elements: Sequence[str],
) -> dict[str, Any]:
    """The facts that options gave. Those which take several also take them with commas."""
    given: dict[str, Any] = {
        "discovered_at": discovered,
        "determined_at": determined,
        "notices_sent_at": notices_sent,
        "residents": _counts(listed(residents)),
        "elements": listed(elements),
    }
    return {name: value for name, value in given.items() if value}


def listed(given: Sequence[str]) -> list[str]:
    """Each of what was given one by one, or with commas."""
    return [part.strip() for one in given for part in one.split(",")]


def _counts(given: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in given:
        place, _, number = one.partition("=")
        if not number.isascii() or not number.isdigit():
            raise Refused(f"--residents {one}: a place and a number are wanted, like US-CA=1200")
        if place in counts:
            raise Refused(f"--residents {one}: {place} is counted twice")
        counts[place] = int(number)
    return counts


def by_file(path: Path) -> tuple[dict[str, Any], str | None]:
    """The facts in a file, and the incident they are of. Raises `Broken` if it cannot be read."""
    try:
        data: Any = yaml.safe_load(text_of(path))  # reads JSON too
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(f"{path}: {one_line(str(error), 200)}") from None
    if not isinstance(data, dict):
        raise Broken(f"{path}: not an object with facts")
    facts = {str(name): value for name, value in data.items() if name not in _BESIDE}
    named = data.get("incident_id")
    return facts, None if named is None else incident_of("field incident_id", named)


def incident_of(field: str, given: object) -> str:
    """The id of an incident. Raises `Refused` naming the field."""
    try:
        return _INCIDENT.validate_python(given)
    except ValidationError:
        raise Refused(f"{field}: an id like inc-20261123-0a1b2c3d4e is wanted") from None


def time_of(option: str, given: str) -> datetime:
    """An instant, in UTC. Raises `Refused` naming the option: a time without offset is none."""
    try:
        at = datetime.fromisoformat(given)
        in_utc = None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):  # of the first and the last day there are, with an offset
        in_utc = None
    if in_utc is None:
        raise Refused(f"{option} {given}: a time with its offset is wanted, like {EXAMPLE}")
    return in_utc
