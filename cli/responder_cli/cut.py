"""`responder cut`: ask for a cut by name. The approvers are asked before anything is cut."""

import json
from typing import Annotated

import typer

from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def cut(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    action: Annotated[
        str, typer.Argument(metavar="ACTION", help="How, for example iam.deny_role: docs/catalog.")
    ],
    resource: Annotated[str, typer.Argument(metavar="ARN", help="What is cut.")],
    key: Annotated[
        str | None, typer.Option(help="Which access key, for iam.deactivate_key.")
    ] = None,
    reason: Annotated[
        str, typer.Option(prompt="Why is it cut", help="The approvers read it, with your ARN.")
    ] = "",
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a wider cut than findings ask for, or of something that no finding names.

    The responder cuts it once the approvers say yes in the console. Exits with 2 if nothing could
    be asked.
    """
    answer = deployed.ask(
        "CutFunctionName",
        {
            "incident_id": incident,
            "action_id": action,
            "resource": resource,
            "access_key_id": key,
            "reason": reason,
        },
        stack=stack,
        region=region,
    )
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo(
        f"{answer['order_id']}: {answer['action_id']} on {answer['resource']}\n"
        "The approvers are being asked: Systems Manager console, Automation. Nothing is cut before."
    )
