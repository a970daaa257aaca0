"""`responder acknowledge`: say that you have an incident in hand, so that nobody else is called."""

import json
from typing import Annotated

import typer

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def acknowledge(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    note: Annotated[
        str | None, typer.Option(help="What the others should know. Stands on the timeline.")
    ] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Say that you have an incident in hand. Nobody else is called about it from then on.

    It decides nothing: no cut is approved by it, and no clock stops. Exits with 2 if it could not
    be said.
    """
    answer = deployed.ask(
        "AcknowledgeFunctionName",
        {"incident_id": incident, "note": note},
        stack=stack,
        region=region,
    )
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        who, at = one_line(answer["by"], 300), one_line(answer["at"], 40)
        typer.echo(f"{answer['incident_id']}: {who} has it in hand since {at}.")
