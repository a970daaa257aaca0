"""`responder drill`: an incident from the theft to the report, in a pretend account."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from responder_cli.drill.accounts import Account
from responder_cli.drill.screen import Screen


class Scenario(StrEnum):
    """What can be rehearsed."""

    STOLEN_KEY = "stolen-key"


def drill(
    scenario: Annotated[
        Scenario, typer.Option(help="What happens: a stolen key exfiltrates customer exports.")
    ] = Scenario.STOLEN_KEY,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("build/drill"),
    plain: Annotated[bool, typer.Option(help="Lines of text, without colours or a bar.")] = False,
    duplicate: Annotated[bool, typer.Option(help="Deliver every event twice.")] = False,
    shuffle: Annotated[
        int | None, typer.Option(help="Deliver the events out of order, by this seed.")
    ] = None,
    account: Annotated[
        Account,
        typer.Option(help="new: made today. old: had Incident Manager; with a case and a chat."),
    ] = Account.NEW,
) -> None:
    """Rehearse an incident without an AWS account. Ends with 1 unless every check holds."""
    # Here, because the emulator takes a second to import and other commands do without it.
    from responder_cli.drill.scenario import run_drill

    assert scenario is Scenario.STOLEN_KEY
    screen = Screen(plain=plain)
    result = run_drill(out, screen, duplicate=duplicate, shuffle=shuffle, account=account)
    screen.summary(result)
    raise typer.Exit(0 if result.holds else 1)
