"""`responder evidence`: take evidence out of the vault, with a purpose, and check it on the way."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from responder.domain.escaping import one_line
from responder_cli import deployed, verify_custody
from responder_cli.deployed import AsJson, RegionName, StackName

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FUNCTION = "DiscloseFunctionName"
_BLOCK = 1 << 20
_NOT_IT = ".not-as-recorded"  # what came in the place of evidence is kept, under no name of it


@dataclass
class Fetched:
    """What is in the folder now, and what could not be had, with why."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    size_bytes: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def evidence(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="inc-20261123-0a1b2c3d4e")],
    out: Annotated[Path, typer.Option(help="A folder; the incident gets one of its own in it.")],
    purpose: Annotated[
        str, typer.Option(prompt="What for", help="Stands in the custody log, with your ARN.")
    ] = "",
    item: Annotated[
        list[str] | None, typer.Option(help="One item by its name; may be given several times.")
    ] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    as_json: AsJson = False,
) -> None:
    """Download evidence by your own credentials, each version as it was sealed, and check it.

    The vault must know your role as one of its InvestigatorArns. What is in the folder already is
    not downloaded again. Exits with 1 if something is not as recorded or could not be had, with 2
    if nothing could be asked.
    """
    got = fetch(incident, purpose, out, items=item, stack=stack, region=region, quiet=as_json)
    if as_json:
        failed = [{"name": name, "why": why} for name, why in got.failed]
        told = {"folder": str(got.folder), "files": len(got.files), "failed": failed}
        typer.echo(json.dumps({**told, "size_bytes": got.size_bytes}, indent=2))
    else:
        console = Console()
        for name, why in got.failed:
            console.print(Text(one_line(f"{name}: {why}", 600), style="red"))
        where = f"{len(got.files)} files, {got.size_bytes} bytes, are in {got.folder}. Check them:"
        console.print(Text(where))
        console.print(Text(f"python3 {out / 'verify_custody.py'} {got.folder}"))
    if got.failed:
        raise typer.Exit(1)


def fetch(
    incident_id: str,
    purpose: str,
    folder: Path,
    *,
    items: Sequence[str] | None = None,
    stack: str = "breach-responder",
    region: str | None = None,
    quiet: bool = False,
) -> Fetched:
    """Put evidence of an incident into `folder`, and verify_custody.py beside it.

    Each version goes to `folder`/its key, where verify_custody.py looks for it. May run again:
    what is there and as recorded stays. Raises `typer.Exit` with 2 if nothing could be asked.
    """
    account, pointers = _pointers(incident_id, purpose, items, stack, region)
    root = folder / incident_id
    root.mkdir(parents=True, exist_ok=True)
    total = sum(one["size_bytes"] for one in pointers)
    if total > shutil.disk_usage(root).free:
        deployed.stop(f"{total} bytes do not fit into {root}")
    shutil.copyfile(verify_custody.__file__, folder / "verify_custody.py")
    got, s3 = Fetched(root), deployed.s3(region)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True, disable=quiet) as bar:
        task = bar.add_task("Reading", total=total)
        for one in pointers:
            path = (folder / one["key"]).resolve()
            if root.resolve() not in path.parents:
                got.failed.append((one["name"], "its key points out of the folder"))
                continue
            why = _fetch(s3, account, one, path, bar, task)
            if why is None:
                got.files.append(path)
                got.size_bytes += one["size_bytes"]
            else:
                got.failed.append((one["name"], why))
    return got


def _pointers(
    incident_id: str,
    purpose: str,
    items: Sequence[str] | None,
    stack: str,
    region: str | None,
) -> tuple[str, list[dict[str, Any]]]:
    asked: dict[str, Any] = {
        "incident_id": incident_id,
        "purpose": purpose,
        "asked": str(uuid.uuid4()),
        "items": list(items) if items else None,
    }
    found: list[dict[str, Any]] = []
    while True:
        answer = deployed.ask(_FUNCTION, asked, stack=stack, region=region)
        found += answer["pointers"]
        if answer["after"] is None:
            return answer["account"], found
        asked["after"] = answer["after"]


def _fetch(
    s3: "S3Client",
    account: str,
    one: dict[str, Any],
    path: Path,
    bar: Progress,
    task: TaskID,
) -> str | None:
    """Why one version could not be had; None when it lies under `path` as it was recorded."""
    if path.is_file() and _is(path, one):
        bar.advance(task, one["size_bytes"])
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    digest, size = hashlib.sha256(), 0
    try:
        body = s3.get_object(
            Bucket=one["bucket"],
            Key=one["key"],
            VersionId=one["version_id"],
            ExpectedBucketOwner=account,
        )["Body"]
        with part.open("wb") as file:
            for block in body.iter_chunks(_BLOCK):
                file.write(block)
                digest.update(block)
                size += len(block)
                bar.advance(task, len(block))
    except (BotoCoreError, ClientError) as error:
        part.unlink(missing_ok=True)
        return one_line(str(error), 400)
    if (digest.hexdigest(), size) != (one["sha256"], one["size_bytes"]):
        part.replace(path.with_name(path.name + _NOT_IT))
        return f"is not as recorded: its SHA-256 is {digest.hexdigest()}, and it has {size} bytes"
    part.replace(path)
    return None


def _is(path: Path, one: dict[str, Any]) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == str(one["sha256"])
