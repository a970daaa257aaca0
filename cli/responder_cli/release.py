"""`responder release`: put back what an incident cut, through the stack's release function."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def release(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    order: Annotated[
        str | None,
        typer.Argument(metavar="[ORDER]", help="One order; without it, each that cut something."),
    ] = None,
    reason: Annotated[
        str,
        typer.Option(prompt="Why is it put back", help="Stands on the timeline, with your ARN."),
    ] = "",
    key_was_never_out: Annotated[
        bool,
        typer.Option(help="Switch access keys on again; without it a reported key stays off."),
    ] = False,
    despite_changes: Annotated[
        bool, typer.Option(help="Also where it is not as the cut left it any more.")
    ] = False,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Put back what stood before a cut. The responder does it; your credentials only ask for it.

    Exits with 1 if an order stays as it is, with 2 if nothing could be asked.
    """
    answer = deployed.ask(
        "ReleaseFunctionName",
        {
            "incident_id": incident,
            "order_id": order,
            "reason": reason,
            "key_was_never_out": key_was_never_out,
            "despite_changes": despite_changes,
        },
        stack=stack,
        region=region,
    )
    released = answer.get("released", [answer])
    left = answer.get("left", [])
    if as_json:
        typer.echo(json.dumps({"released": released, "left": left}, indent=2))
    else:
        Console().print(_shown(released, left))
    if left:
        raise typer.Exit(1)


def _shown(released: list[dict[str, Any]], left: list[dict[str, Any]]) -> Group:
    table = Table(title="What was put back, and what stays cut", show_lines=True)
    for name in ("Order", "Resource", "Now", "Why"):
        table.add_column(name, overflow="fold")
    for one in released:
        words = (one["order_id"], one["resource"], one["status"], one.get("note") or "")
        table.add_row(*(Text(one_line(word, 600)) for word in words))
    for one in left:
        words = (one["order_id"], one["resource"], "stays cut", one["why"])
        table.add_row(*(Text(one_line(word, 600), style="yellow") for word in words))
    return Group(table)
