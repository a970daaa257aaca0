"""The table of what is cut, and what is seen then, as `pytest -s` prints it."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

SAME = "byte for byte what stood before"


@dataclass(frozen=True)
class Row:
    """One case: what was done about it, and what was then seen."""

    case: str
    cut: str
    seen: str
    still_works: str = ""
    undo: str = ""


def show(rows: Iterable[Row], *, seen: str) -> None:
    """Print the rows; `seen` heads the column of what was looked at."""
    table = Table(title="What is cut, and what is seen then", show_lines=True)
    for name in ("Case", "Cut, or why not", seen, "What still works", "Undo"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row.case, row.cut, row.seen, row.still_works, row.undo)
    Console(width=200).print(table)
