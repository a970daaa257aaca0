"""`responder close`: end an incident, through the stack's close function."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def close(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    because: Annotated[
        str,
        typer.Option(prompt="Why is it over", help="Stands on the timeline, with your ARN."),
    ] = "",
    left: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORDER=WHAT",
            help="What became of an order that was left to a person. Once for each.",
        ),
    ] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Close an incident here and wherever it is open for people. Undoes no cut.

    Exits with 2 if anything of it is not over: all of that is said, and nothing is changed.
    """
    answer = deployed.ask(
        "CloseFunctionName",
        {"incident_id": incident, "because": because, "left": _of_each(left or [])},
        stack=stack,
        region=region,
    )
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        Console().print(_shown(answer))


def _of_each(left: list[str]) -> dict[str, str]:
    found = dict[str, str]()
    for one in left:
        order_id, equals, what = one.partition("=")
        if not equals or not what.strip() or order_id in found:
            raise typer.BadParameter(
                f"--left {one}: once for each order, as ord-…=what became of it"
            )
        found[order_id] = what.strip()
    return found


def _shown(answer: dict[str, Any]) -> Group:
    who, at = one_line(answer["by"], 300), one_line(answer["at"], 40)
    said = Text(f"{answer['incident_id']}: closed by {who} at {at}: {one_line(answer['why'], 600)}")
    if not answer["still_cut"]:
        return Group(said, Text("Nothing of it is cut."))
    table = Table(title="What stays cut, and is watched, until: responder release", show_lines=True)
    for name in ("Order", "What", "Resource", "Since"):
        table.add_column(name, overflow="fold")
    for one in answer["still_cut"]:
        words = (one["order_id"], one["action_id"], one["resource"], one["since"])
        table.add_row(*(Text(one_line(word, 600)) for word in words))
    return Group(said, table)
