"""`make scan`: checkov over the templates as CloudFormation gets them, after SAM's translation.

Only so does it see the roles that SAM makes for the functions. Fails on a weakness that nobody
accepted, and on an exception that no longer excepts anything.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.scan.accepted import Scanned, Weakness, differences, scanned
from tests.template.templates import TEMPLATES

_AT_MOST_SECONDS = 300.0


def main(checkov: str) -> int:
    """0 if what is found is what is accepted, 1 if not."""
    every = [scanned(path) for path in TEMPLATES]
    found, passed = _found(Path(checkov).absolute(), every)
    accepted = {one for each in every for one in each.accepted}
    for line in differences(found, accepted):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"checkov: {passed} checks passed, {len(found)} failed\n")
    sys.stdout.write(f"{len(accepted)} failures are accepted, each with a defence\n")
    return 0 if found == accepted else 1


def _found(checkov: Path, every: list[Scanned]) -> tuple[set[Weakness], int]:
    with TemporaryDirectory() as folder:
        names = dict[str, str]()
        for one in every:
            file = Path(folder, one.path.replace("/", "-")).with_suffix(".json")
            file.write_text(json.dumps(one.template, indent=1))
            names[f"/{file.name}"] = one.path
        # In that folder, our settings are not read, and nothing is left out.
        ran = subprocess.run(
            [checkov, "-d", ".", "--framework", "cloudformation", "-o", "json", "--skip-download"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_AT_MOST_SECONDS,
        )
    try:
        report = json.loads(ran.stdout)
        summary, failed = report["summary"], report["results"]["failed_checks"]
    except (ValueError, TypeError, KeyError) as error:
        raise RuntimeError(f"checkov gave no report: {ran.stdout[-500:]}{ran.stderr}") from error
    resources = sum(len(one.template["Resources"]) for one in every)
    if summary["parsing_errors"] or summary["resource_count"] < resources:
        raise RuntimeError(f"checkov did not read all {resources} resources: {summary}")
    found = {
        Weakness(names[one["file_path"]], one["resource"].rpartition(".")[2], one["check_id"])
        for one in failed
    }
    return found, summary["passed"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
