"""The `responder` command: what people run. Each command is a module of its own."""

import typer

from responder_cli import verify_custody
from responder_cli.acknowledge import acknowledge
from responder_cli.board.command import board
from responder_cli.close import close
from responder_cli.cut import cut
from responder_cli.deadlines.command import deadlines
from responder_cli.dossier.command import report
from responder_cli.drill.command import drill
from responder_cli.evidence import evidence
from responder_cli.flows.command import flows
from responder_cli.hold import hold
from responder_cli.laws import laws
from responder_cli.noise import noise
from responder_cli.on_call import on_call_command
from responder_cli.on_call_stack import on_call_stack
from responder_cli.plan import plan
from responder_cli.register import register
from responder_cli.release import release
from responder_cli.scope.command import scope
from responder_cli.snooze import known, snooze

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
for command in (
    *(drill, board, plan, deadlines, laws, scope, flows, register, report),
    *(acknowledge, cut, release, close, evidence, hold, snooze, known, noise),
):
    app.command()(command)
app.command("on-call")(on_call_command)
app.command("on-call-stack")(on_call_stack)


@app.command(
    "verify-custody",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def _verify_custody(context: typer.Context) -> None:
    """Check downloaded evidence offline: every hash, every link of custody, every signature.

    The same as the script verify_custody.py, which needs nothing of us; its --help says more.
    """
    raise typer.Exit(verify_custody.main(context.args))


def main() -> None:
    """Entry point of the installed command."""
    app()
