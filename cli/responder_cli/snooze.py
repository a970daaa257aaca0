"""`responder snooze` and `responder known`: ask for quiet about something, until an instant."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName

_FUNCTION = "SilenceFunctionName"
_SPAN = re.compile(r"(?P<number>[1-9][0-9]{0,3})(?P<unit>[mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FOR = typer.Option("--for", metavar="SPAN", help="How long: 30m, 4h, 2d.")
_WHY = typer.Option(help="Stands on the timeline and in what is told, with your ARN.")
_END = typer.Option("--end", metavar="SILENCE", help="End this one now: sil-…")
_ACCOUNT = typer.Option("--account", help="Account that it is about; may be repeated.")
_PRINCIPAL = typer.Option("--principal", help="ARN pattern of a user or role; may be repeated.")
_FROM = typer.Option("--from", metavar="NETWORK", help="192.0.2.0/24; may be repeated.")
_TYPE = typer.Option("--type", help="Finding type, with * for any run; may be repeated.")


def snooze(
    incident: Annotated[
        str | None, typer.Argument(metavar="[INCIDENT]", help="Without it, a pattern; or a list.")
    ] = None,
    span: Annotated[str, _FOR] = "",
    reason: Annotated[str, _WHY] = "",
    account: Annotated[list[str] | None, _ACCOUNT] = None,
    principal: Annotated[list[str] | None, _PRINCIPAL] = None,
    network: Annotated[list[str] | None, _FROM] = None,
    type_: Annotated[list[str] | None, _TYPE] = None,
    end: Annotated[str | None, _END] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Keep pages about one incident, or a pattern, quiet for a while: 24 hours at most.

    Nothing else changes: cuts, questions, clocks, and pages about deadlines that are near. Without
    anything it lists what is quiet. Exits with 2 if nothing could be asked.
    """
    pattern = _pattern(account, principal, network, type_)
    asked = _asked("snooze", incident, pattern, span, reason, end)
    _ask(asked, stack, region, as_json=as_json)


def known(
    span: Annotated[str, _FOR] = "",
    reason: Annotated[str, _WHY] = "",
    account: Annotated[list[str] | None, _ACCOUNT] = None,
    principal: Annotated[list[str] | None, _PRINCIPAL] = None,
    network: Annotated[list[str] | None, _FROM] = None,
    type_: Annotated[list[str] | None, _TYPE] = None,
    end: Annotated[str | None, _END] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Say what is ours, such as a penetration test, for 14 days at most: it is told quietly.

    An incident is known only if all that each of its findings names fits. The on-call is paged
    that you said so. Without anything it lists what is quiet.
    """
    pattern = _pattern(account, principal, network, type_)
    _ask(_asked("known", None, pattern, span, reason, end), stack, region, as_json=as_json)


def until(span: str, *, now: datetime) -> datetime:
    """The instant so long from now, to the minute."""
    found = _SPAN.fullmatch(span)
    if found is None:
        deployed.stop("say for how long: --for 30m, --for 4h, --for 2d")
    at = now + timedelta(**{_UNITS[found["unit"]]: int(found["number"])})
    return at.replace(second=0, microsecond=0)


def _pattern(
    accounts: list[str] | None,
    principals: list[str] | None,
    networks: list[str] | None,
    types: list[str] | None,
) -> dict[str, list[str]] | None:
    told = {"accounts": accounts, "principals": principals, "networks": networks, "types": types}
    stated = {name: values for name, values in told.items() if values}
    return stated or None


def _asked(
    kind: str,
    incident: str | None,
    pattern: dict[str, list[str]] | None,
    span: str,
    reason: str,
    end: str | None,
) -> dict[str, Any] | None:
    """What to ask the function; None to list."""
    if end is None and incident is None and pattern is None:
        return None
    why = reason or typer.prompt("Why")
    if end is not None:
        return {"kind": kind, "end": end, "reason": why}
    ends_at = until(span, now=datetime.now(UTC)).isoformat()
    what = {"incident_id": incident, "pattern": pattern}
    return {"kind": kind, **what, "until": ends_at, "reason": why}


def _ask(asked: dict[str, Any] | None, stack: str, region: str | None, *, as_json: bool) -> None:
    answer = deployed.ask(
        _FUNCTION, asked or {}, stack=stack, region=region, named=asked is not None
    )
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        Console().print(_shown(answer))


def _shown(answer: dict[str, Any]) -> Table:
    table = Table(title="Quiet")
    for name in ("Silence", "What", "About", "Until", "By", "Why"):
        table.add_column(name, overflow="fold")
    for one in answer["silences"]:
        now = one["kind"] if one["in_force"] else f"{one['kind']}, over"
        words = (one["silence_id"], now, one["about"], one["over_at"], one["by"], one["reason"])
        table.add_row(*(Text(one_line(word, 300)) for word in words))
    return table
