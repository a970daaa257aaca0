"""The golden table: run with `-s` to see it."""

from rich.console import Console
from rich.table import Table

from tests.unit.regimes.golden import rows

EVERY = tuple(f"G{number:02}" for number in range(1, 16))


def test_every_golden_case_is_exact() -> None:
    table = Table("case", "what", "wanted", "found", "")
    found = rows()
    for row in found:
        same = row.wanted == row.found
        table.add_row(row.case, row.what, row.wanted, row.found, "" if same else "DIFFERS")
    differ = {row.case for row in found if row.wanted != row.found}
    exact = [name for name in EVERY if name in {row.case for row in found} - differ]
    console = Console(width=110)
    console.print(table)
    console.print(f"{len(exact)} of {len(EVERY)} cases exact, {len(found)} dates and answers.")
    assert {row.case for row in found} == set(EVERY)
    assert not differ
