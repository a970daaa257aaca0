"""What the audit makes of pip-audit's report: never better than it is."""

from typing import Any

import pytest

from tests.scan.audit import LOCKS, NotAudited, pinned, vulnerable
from tests.template.templates import ROOT
from tests.template.test_project import LOCKS as PINNED

LOCK = """\
jinja2==3.1.6 \\
    --hash=sha256:00
moto[all]==5.2.5 \\
    --hash=sha256:00
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""
CLEAN: list[dict[str, Any]] = [
    {"name": name, "version": "1", "vulns": []} for name in ("jinja2", "moto")
]


def test_every_lock_is_audited() -> None:
    assert sorted(LOCKS) == PINNED
    for path in LOCKS:
        assert len(pinned((ROOT / path).read_text())) >= 4


def test_a_package_of_another_system_is_not_asked_about() -> None:
    assert pinned(LOCK) == {"jinja2", "moto"}


def test_a_report_without_vulnerabilities_tells_of_none() -> None:
    assert vulnerable(LOCK, {"dependencies": CLEAN}) == []


def test_a_vulnerability_is_told_with_the_version_that_mends_it() -> None:
    known = {"id": "PYSEC-2026-1", "fix_versions": ["3.1.7"]}
    bad = {"name": "jinja2", "version": "3.1.6", "vulns": [known, known | {"fix_versions": []}]}
    assert vulnerable(LOCK, {"dependencies": [bad, CLEAN[1]]}) == [
        "jinja2 3.1.6: PYSEC-2026-1, mended in 3.1.7",
        "jinja2 3.1.6: PYSEC-2026-1, mended in no version",
    ]


@pytest.mark.parametrize("second", [[], [{"name": "moto", "skip_reason": "not found"}]])
def test_a_package_that_nothing_is_said_of_is_no_clean_one(second: list[dict[str, str]]) -> None:
    with pytest.raises(NotAudited, match="nothing was said of moto"):
        vulnerable(LOCK, {"dependencies": [CLEAN[0], *second]})
