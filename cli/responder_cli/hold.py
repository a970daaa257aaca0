"""`responder hold`: keep everything of an incident for counsel, or end that."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName

_FUNCTION = "HoldFunctionName"


def hold(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    reason: Annotated[
        str,
        typer.Option(prompt="Why", help="Stands in the custody log, with your ARN."),
    ] = "",
    lift: Annotated[
        bool,
        typer.Option("--lift", help="End it. Your role must be one of the vault's CounselArns."),
    ] = False,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Hold what the vault has of an incident, whatever its lock or age, until counsel lifts it.

    The responder sets the hold, and each hour holds what was put since. Lifting it is done with
    your credentials: the responder cannot. Exits with 2 if it could not be done; what is held by
    then stays held, and the same command goes on from there.
    """
    if lift:
        answer = _lift(incident, reason, stack, region, quiet=as_json)
    else:
        answer = _hold(incident, reason, stack, region, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        Console().print(_shown(answer))


def _hold(
    incident: str, reason: str, stack: str, region: str | None, *, quiet: bool
) -> dict[str, Any]:
    asked = {"incident_id": incident, "reason": reason}
    answer = _one(deployed.ask(_FUNCTION, asked, stack=stack, region=region))
    with Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("Holding", total=answer["objects"])
        while answer["left"]:
            bar.update(task, completed=answer["objects"] - answer["left"])
            on = {"incident_id": incident}
            answer = _one(deployed.ask(_FUNCTION, on, stack=stack, region=region, named=False))
    return answer


def _lift(
    incident: str, reason: str, stack: str, region: str | None, *, quiet: bool
) -> dict[str, Any]:
    asked = {"incident_id": incident, "reason": reason, "lift": True}
    s3 = deployed.s3(region)
    with Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("Lifting", total=None)
        while True:
            answer = _one(deployed.ask(_FUNCTION, asked, stack=stack, region=region))
            bar.update(task, total=answer["objects"])
            if not answer["still_held"] and not answer["left"]:
                return answer
            for one in answer["still_held"]:
                with deployed.stopping():
                    s3.put_object_legal_hold(
                        Bucket=one["bucket"],
                        Key=one["key"],
                        VersionId=one["version_id"],
                        LegalHold={"Status": "OFF"},
                    )
                bar.advance(task)


def _one(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["incidents"][0]
    return found


def _shown(answer: dict[str, Any]) -> Table:
    table = Table(title="Legal hold")
    for name in ("Incident", "Now", "Objects"):
        table.add_column(name, overflow="fold")
    now = "held" if answer["in_force"] else "not held"
    words = (answer["incident_id"], now, str(answer["objects"]))
    table.add_row(*(Text(one_line(word, 200)) for word in words))
    return table
