"""The drill holds, and does the same whatever the order and number of its events.

In `make test` it is the schedules of a night that hold the second (tests/proof). In an account that
has every place to open an incident at, `make prove` runs the drill.
"""

import io
from pathlib import Path
from typing import Any

import pytest

from responder_cli.drill.result import DrillResult
from responder_cli.drill.scenario import run_drill
from responder_cli.drill.screen import Screen
from tests.builders import NOON


def _run(folder: Path, **how: Any) -> DrillResult:
    result = run_drill(folder, Screen(plain=True, out=io.StringIO()), starts_at=NOON, **how)
    broken = [f"{check.rule}: {check.seen}" for check in result.checks if not check.holds]
    assert broken == []
    assert result.holds
    return result


def test_the_drill_holds(tmp_path: Path) -> None:
    result = _run(tmp_path)
    assert len(result.incident_ids) == 1
    assert "orders-export" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.prove
def test_the_drill_twice_in_one_process_with_events_twice_and_out_of_order(tmp_path: Path) -> None:
    plain = _run(tmp_path / "plain")
    again = _run(tmp_path / "again", duplicate=True, shuffle=7)
    assert len(plain.incident_ids) == len(again.incident_ids) == 1
    assert again.effects == plain.effects
