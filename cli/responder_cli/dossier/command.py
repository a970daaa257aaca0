"""`responder report`: the dossier of an incident, as it stands now, as page, PDF or whole case."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from responder_cli import deployed
from responder_cli.deployed import RegionName, StackName
from responder_cli.dossier.pdf import pdf

_AsHtml = Annotated[Path | None, typer.Option("--html", help="Write the page to this file.")]
_AsPdf = Annotated[Path | None, typer.Option("--pdf", help="Write the tagged PDF to this file.")]


def report(
    incident: Annotated[str, typer.Argument(help="inc-20261123-0a1b2c3d4e")],
    html: _AsHtml = None,
    as_pdf: _AsPdf = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
) -> None:
    """Make the dossier of an incident anew, keep it in the vault, and write it here.

    Both forms say the same, and bear one SHA-256 over their content. You need to be an
    investigator of the vault. Exits with 2 if it could not be made or read.
    """
    if html is None and as_pdf is None:
        raise typer.BadParameter("say where it goes: --html FILE, --pdf FILE or both")
    where = deployed.ask(
        "ReportFunctionName", {"incident_id": incident}, stack=stack, region=region
    )
    page = _page(where, region)
    for path, body in ((html, page), (as_pdf, None if as_pdf is None else pdf(page))):
        if path is not None and body is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            Console().print(
                f"{path}: {len(body):,} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}"
            )
    Console().print(f"In the vault: s3://{where['bucket']}/{where['key']}", soft_wrap=True)


def _page(where: dict[str, Any], region: str | None) -> bytes:
    """The page, whose key ends in the hash of what it must be."""
    body = deployed.read(where["bucket"], where["key"], where["version_id"], region=region)
    if hashlib.sha256(body).hexdigest() not in where["key"]:
        deployed.stop(f"what the vault gave for {where['key']} is not what was put there")
    return body
