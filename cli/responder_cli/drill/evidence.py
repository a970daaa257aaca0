"""What a drill takes out of the vault, as an investigator would: the evidence, and the report."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from localcloud.cloud import Cloud
from responder_cli import verify_custody
from responder_cli.dossier.case import pack
from responder_cli.dossier.pdf import pdf
from responder_cli.drill.world import HOME


def custody_holds(cloud: Cloud, bucket: str, incident_id: str) -> tuple[bool, str]:
    """Whether the shipped offline check finds everything in order, and how much it looked at."""
    with TemporaryDirectory() as folder:
        downloaded = _download(cloud, bucket, incident_id, Path(folder))
        checks = verify_custody.check(Path(folder) / incident_id)
    found = Counter(one.state for one in checks)
    broken = [f"{c.subject}: {c.text}" for c in checks if c.state == verify_custody.BROKEN]
    seen = f"{downloaded} objects: " + ", ".join(f"{n} {state}" for state, n in found.items())
    return verify_custody.exit_code(checks) == verify_custody.HOLDS, "; ".join([seen, *broken[:3]])


def save_report(cloud: Cloud, out: Path, answer: dict[str, Any], incident_id: str) -> Path:
    """Write the page that the report function put into the vault to `out`, and the case with it."""
    s3 = cloud.client("s3", account=HOME)
    page = s3.get_object(
        Bucket=answer["bucket"], Key=answer["key"], VersionId=answer["version_id"]
    )["Body"].read()
    out.mkdir(parents=True, exist_ok=True)
    path = out / "report.html"
    path.write_bytes(page)
    (out / "dossier.pdf").write_bytes(pdf(page))
    with TemporaryDirectory() as folder:
        _download(cloud, answer["bucket"], incident_id, Path(folder))
        pack(Path(folder) / incident_id, page, out / "case.zip")
    return path


def _download(cloud: Cloud, bucket: str, incident_id: str, folder: Path) -> int:
    s3, number = cloud.client("s3", account=HOME), 0
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{incident_id}/")
    for page in pages:
        for one in page.get("Contents", []):
            path = folder / one["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read())
            number += 1
    return number
