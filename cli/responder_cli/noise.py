"""`responder noise`: what woke people, what was told quietly, and what led to nothing."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def noise(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back.")] = 7,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Count pages, what was quiet, and findings by type. The same comes to the quiet topic weekly.

    Exits with 2 if nothing could be asked.
    """
    answer = deployed.ask(
        "TallyFunctionName", {"days": days}, stack=stack, region=region, named=False
    )
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        Console().print(_shown(answer))


def _shown(answer: dict[str, Any]) -> Group:
    pages = [(times, kind) for kind, times in answer["pages"].items()]
    people = [(times, who) for who, times in answer["people"].items()]
    types = [(o["paged"], o["quiet"], o["recorded"], o["type"]) for o in answer["types"]]
    why = [(times, reason) for reason, times in answer["recorded"].items()]
    quiet = [(o["incidents"], o["about"], o["text"]) for o in answer["silences"]]
    return Group(
        _table(
            f"{answer['incidents']} opened, {answer['closed']} closed",
            ("Times", "Told of, and to whom"),
            pages,
        ),
        _table("Woken", ("Times", "Whom a page was for"), people),
        _table("Findings", ("Paged", "Quiet", "Recorded", "Type"), types),
        _table("Recorded only", ("Times", "Because"), why),
        _table("Snoozed and known", ("Incidents", "About", "Why"), quiet),
    )


def _table(title: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(one_line(str(cell), 300)) for cell in row))
    return table
