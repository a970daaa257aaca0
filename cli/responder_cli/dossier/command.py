"""`responder report`: the dossier of an incident, as it stands now, as page and PDF."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from responder.domain.escaping import one_line
from responder_cli import deployed
from responder_cli.deployed import RegionName, StackName
from responder_cli.dossier.case import pack
from responder_cli.dossier.pdf import pdf
from responder_cli.evidence import fetch

_AsHtml = Annotated[Path | None, typer.Option("--html", help="Write the page to this file.")]
_AsZip = Annotated[
    Path | None, typer.Option("--zip", help="Write the whole case to this file, with its check.")
]
_Purpose = Annotated[
    str,
    typer.Option(help="What the case is taken out for: stands in the custody log, with your ARN."),
]
_AsPdf = Annotated[Path | None, typer.Option("--pdf", help="Write the tagged PDF to this file.")]


def report(
    incident: Annotated[str, typer.Argument(help="inc-20261123-0a1b2c3d4e")],
    html: _AsHtml = None,
    as_pdf: _AsPdf = None,
    as_zip: _AsZip = None,
    purpose: _Purpose = "",
    stack: StackName = "breach-responder",
    region: RegionName = None,
) -> None:
    """Make the dossier of an incident anew, keep it in the vault, and write it here.

    Page and PDF say the same, and bear one SHA-256 over their content. The case is both, with the
    evidence, its papers, and a script that checks them. You need to be an investigator of the
    vault. Exits with 1 if evidence is not as recorded, with 2 if nothing could be made or read.
    """
    if html is None and as_pdf is None and as_zip is None:
        raise typer.BadParameter("say where it goes: --html FILE, --pdf FILE, --zip FILE")
    if as_zip is not None and not purpose.strip():
        raise typer.BadParameter("--zip takes evidence out: say what for, with --purpose")
    where = deployed.ask(
        "ReportFunctionName", {"incident_id": incident}, stack=stack, region=region
    )
    page = _page(where, region)
    for path, body in ((html, page), (as_pdf, None if as_pdf is None else pdf(page))):
        if path is not None and body is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            _tell(path)
    Console().print(f"In the vault: s3://{where['bucket']}/{where['key']}", soft_wrap=True)
    if as_zip is not None:
        _case(incident, purpose, page, as_zip, stack, region)


def _case(
    incident: str, purpose: str, page: bytes, to: Path, stack: str, region: str | None
) -> None:
    with TemporaryDirectory(prefix="case-") as folder:
        got = fetch(incident, purpose, Path(folder), stack=stack, region=region)
        _tell(pack(got.folder, page, to))
    for name, why in got.failed:
        typer.echo(one_line(f"not in the case: {name}: {why}", 600), err=True)
    if got.failed:
        raise typer.Exit(1)


def _tell(path: Path) -> None:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    Console().print(f"{path}: {path.stat().st_size:,} bytes, SHA-256 {sha256}", soft_wrap=True)


def _page(where: dict[str, Any], region: str | None) -> bytes:
    """The page, whose key ends in the hash of what it must be."""
    body = deployed.read(where["bucket"], where["key"], where["version_id"], region=region)
    if hashlib.sha256(body).hexdigest() not in where["key"]:
        deployed.stop(f"what the vault gave for {where['key']} is not what was put there")
    return body
