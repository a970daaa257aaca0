"""`responder board`: the incident board of a pretend account, in a browser or as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from responder_cli.board.pages import Pages


def board(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="On 127.0.0.1. 0 for any that is free.")
    ] = 8765,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write every page there, and end.")
    ] = None,
) -> None:
    """Look at the incident board without an AWS account, and click through it.

    Deploys the shipped stacks into a pretend account, lets a key be stolen there, and shows what
    the function of the dashboard's widgets answers. Serves this machine only. Ends with Ctrl-C.
    """
    # Here, because the emulator takes a second to import and other commands do without it.
    from responder_cli.board.pages import Pages
    from responder_cli.board.server import BoardServer
    from responder_cli.board.stage import set_up

    typer.echo("A key is stolen in a pretend account; the shipped responder answers …", err=True)
    with set_up() as stage:
        pages = Pages(stage)
        if out is not None:
            typer.echo(f"{write(pages, out)} pages in {out}: open {out / 'index.html'}")
            return
        with BoardServer(pages, port) as server:
            typer.echo(f"The board: {server.address}  (Ctrl-C ends it)")
            try:
                server.work()
            except KeyboardInterrupt:
                typer.echo("")


def write(pages: "Pages", out: Path) -> int:
    """Every page there is now, as a file; how many. They lead to each other."""
    out.mkdir(parents=True, exist_ok=True)
    names = pages.names()
    for name in names:
        (out / name).write_text(pages.page(name) or "", encoding="utf-8")
    return len(names)
