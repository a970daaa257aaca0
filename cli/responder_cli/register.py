"""`responder register`: every breach on record, also those that nobody had to be told of."""

import csv
import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import csv_cell, one_line
from responder.report.register_row import Row
from responder_cli import deployed
from responder_cli.deployed import AsJson, RegionName, StackName


def register(
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV for a spreadsheet.")] = False,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Show the register of breaches: GDPR Art. 33(5), PIPEDA s. 10.3, determinations of no harm.

    Exits with 2 if it could not be read whole. A register with a gap is never shown.
    """
    if as_csv and as_json:
        raise typer.BadParameter("--csv or --json, not both")
    rows = _rows(stack, region)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif as_csv:
        _write_csv(rows)
    else:
        Console().print(_shown(rows))


def _rows(stack: str, region: str | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        answer = deployed.ask("RegisterFunctionName", {"after": after}, stack=stack, region=region)
        rows += answer["rows"]
        after = answer.get("after")
        if after is None:
            return rows


def _write_csv(rows: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    names = list(Row.model_fields)
    writer.writerow(names)
    for one in rows:
        writer.writerow([csv_cell(_flat(one[name])) for name in names])


def _flat(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key} {_flat(number)}" for key, number in value.items())
    if isinstance(value, list):
        return "; ".join(value)
    return str(value)


def _shown(rows: list[dict[str, Any]]) -> Group:
    table = Table(title="Register of breaches", show_lines=True)
    names = ("Incident", "Discovered, determined", "What", "People", "Told", "Not told", "Open")
    for name in names:
        table.add_column(name, overflow="fold")
    for one in rows:
        drill = ", practice" if one["drill"] else ""
        over = ""
        if one["closed_at"]:
            over = f" Closed {one['closed_at']} by {one['closed_by']}: {one['closed_because']}."
        decided = ", ".join(one["decided_by"]) or "nobody yet"
        cells = (
            f"{one['incident_id']}, {one['status']}{drill}.{over} Keep until {one['keep_until']}.",
            f"{one['discovered_at']}; {_flat(one['determined_at'])}. Decided by: {decided}",
            f"{_flat(one['what'])}. {one['effects']}",
            _flat(one["people"]),
            _flat(one["notified"]),
            _flat(one["not_notified"]),
            _flat(one["still_open"]),
        )
        table.add_row(*(Text(one_line(cell, 2000)) for cell in cells))
    told = "Nothing is on record." if not rows else "--json and --csv hold every field."
    return Group(table, Text(f"Not legal advice: counsel decides. {told}"))
