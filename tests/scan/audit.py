"""`make audit`: pip-audit over every pinned package, against the OSV database.

Needs the network, so it is no part of the tests. Without it, it says that nothing was audited, and
fails: 1 for a package with a known vulnerability, 2 for an audit that did not happen.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.template.templates import ROOT

LOCKS = (
    "layers/dependencies/requirements.txt",  # what runs in the account
    "layers/scan/requirements.txt",  # the same, of what reads logs
    "requirements/bench.txt",
    "requirements/dev.txt",
    "requirements/scan.txt",
)
# Not PyPI's own service: for a package that an index does not know, pip-audit calls that a success.
_ASK = (
    "--vulnerability-service",
    "osv",
    "--format",
    "json",
    "--progress-spinner",
    "off",
    "--require-hashes",
)
_AT_MOST_SECONDS = 600.0


class NotAudited(Exception):
    """Nothing can be said of these packages."""


def pinned(lock: str) -> set[str]:
    """The packages of a lock, but those that only other machines install."""
    lines = re.findall(r"^([a-z0-9._-]+)\S*==([^\n\\]+)", lock, re.M)
    return {name for name, rest in lines if ";" not in rest}


def vulnerable(lock: str, report: Mapping[str, Any]) -> list[str]:
    """One line for each known vulnerability. Raises `NotAudited` if a package was left out."""
    asked = {one["name"]: one for one in report["dependencies"] if "skip_reason" not in one}
    if left_out := sorted(pinned(lock) - set(asked)):
        raise NotAudited(f"nothing was said of {', '.join(left_out)}")
    return [
        f"{name} {one['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no version'}"
        for name, one in sorted(asked.items())
        for vulnerability in one["vulns"]
    ]


def _report(pip_audit: Path, path: str) -> dict[str, Any]:
    ran = subprocess.run(
        [pip_audit, *_ASK, "--disable-pip", "--requirement", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_AT_MOST_SECONDS,
    )
    try:
        report: dict[str, Any] = json.loads(ran.stdout)
    except ValueError as error:
        said = ran.stderr.strip().splitlines() or ["nothing"]
        raise NotAudited(f"pip-audit said: {said[-1][:300]}") from error
    return report


def main(pip_audit: str) -> int:
    """0 if no package has a known vulnerability, 1 if one has, 2 if that is not known."""
    worst = 0
    for path in LOCKS:
        lock = (ROOT / path).read_text()
        try:
            found = vulnerable(lock, _report(Path(pip_audit).absolute(), path))
        except NotAudited as error:
            sys.stdout.write(f"{path}: NOT AUDITED, this needs api.osv.dev. {error}\n")
            worst = 2
            continue
        sys.stdout.writelines(f"{path}: {line}\n" for line in found)
        sys.stdout.write(f"{path}: {len(pinned(lock))} packages, {len(found)} vulnerabilities\n")
        worst = max(worst, 1 if found else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
