import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.domain.clock import ClockState
from responder_cli.drill.result import Check, DrillResult
from responder_cli.drill.screen import Screen
from tests.builders import INCIDENT_ID, NOON, a_clock
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.reports import after, an_item


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def a_result(**given: Any) -> DrillResult:
    plain: dict[str, Any] = {
        "checks": (Check("The key is refused", holds=True, seen="AccessDenied"),),
        "incident_ids": (INCIDENT_ID,),
        "found_at": NOON,
        "contained_at": (after(seconds=35), after(minutes=20)),
        "evidence": (an_item(), an_item("cloudtrail/x"), an_item("manifest")),
        "manifest_sha256": ("ab" * 32,),
        "clocks": (a_clock(), a_clock("waits", due_at=None, state=ClockState.WAITING)),
        "undo": {"iam.deny_user on a-user": "aws lambda invoke --function-name release"},
        "report": Path("build/drill/report.html"),
        "faked": ("ssm:StartAutomationExecution",),
        "set_aside": {"nothing is deleted here": 3},
        "effects": (),
        "now": NOON,
        "took": timedelta(seconds=12.3),
    }
    return DrillResult(**(plain | given))


def shown(stream: io.StringIO, result: DrillResult) -> str:
    screen = Screen(out=stream)
    with screen.acts(2):
        screen.act("The theft")
        screen.count_from(NOON)
        screen.happened(after(seconds=3), "attacker", f"read {HOSTILE}", kind="attacker")
        screen.check(Check("The key works", holds=True, seen=HOSTILE))
        screen.check(Check("One incident", holds=False, seen="two"))
    screen.summary(result)
    return stream.getvalue()


def test_without_a_terminal_there_are_only_plain_lines() -> None:
    text = shown(io.StringIO(), a_result())
    assert "\x1b" not in text
    assert "2026-11-23 12:00:03Z      +3 s  attacker: read" in text
    assert "✗ One incident: two" in text


def test_no_string_reaches_a_terminal_as_a_command() -> None:
    for stream in (io.StringIO(), Terminal()):
        text = shown(stream, a_result())
        assert "\x1b[31m\r" not in text
        assert "\u202e" not in text
        assert "⟦U+001B⟧" in text


def test_the_summary_tells_every_fact_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for stream in (io.StringIO(), Terminal()):
        text = shown(stream, a_result())
        for fact in (
            INCIDENT_ID,
            "3 properties: nothing is deleted here",
            "2 orders, verified 35 seconds after the finding, the last of them 20 min",
            "ab" * 8,
            "Cal. Civ. Code § 1798.82(a)",
            "2026-12-23",
            "no date: waiting",
            "aws lambda invoke",
            "build/drill/report.html",
            "ssm:StartAutomationExecution",
            "1 of 1 hold",
        ):
            assert fact in text, fact


def test_a_drill_holds_only_if_it_checked_something_and_all_of_it_held() -> None:
    assert a_result().holds
    assert not a_result(checks=()).holds
    assert not a_result(checks=(Check("x", holds=True, seen=""), Check("y", False, ""))).holds


def test_what_was_not_verified_is_not_called_contained() -> None:
    text = shown(io.StringIO(), a_result(contained_at=()))
    assert "contained  not verified" in text
