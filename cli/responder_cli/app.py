"""The `responder` command: what people run. Each command is a module of its own."""

import typer

from responder_cli.deadlines import deadlines
from responder_cli.drill import drill
from responder_cli.plan import plan
from responder_cli.verify_custody import verify_custody

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
for command in (drill, plan, deadlines, verify_custody):
    app.command()(command)


def main() -> None:
    """Entry point of the installed command."""
    app()
