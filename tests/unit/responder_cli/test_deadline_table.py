"""The table of deadlines on a terminal of 80 columns, and on one without colour."""

from datetime import datetime

import pytest
from rich.console import Console

from responder.domain.clock import Clock, ClockState
from responder.report.deadline_lines import Urgency, explain
from responder_cli.deadlines.table import table
from tests.builders import a_clock
from tests.deadlines import NOW, every_kind


def shown(
    clocks: list[Clock],
    *,
    columns: int = 80,
    short: bool = False,
    why: bool = False,
    now: datetime = NOW,
) -> str:
    console = Console(width=columns, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(table(clocks, now=now, short=short, why=why), crop=False)
    return captured.get()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(columns: int) -> None:
    assert max(map(len, shown(every_kind(), columns=columns).splitlines())) <= columns


def test_groups_stand_in_the_order_of_urgency() -> None:
    text = shown(every_kind())
    places = [text.index(f"\n{one.value} (") for one in Urgency]
    assert places == sorted(places)
    assert text.index("New York, State Police") < text.index("\nTo do (4)")


def test_what_a_row_is_needs_no_colour() -> None:
    lines = shown(every_kind()).splitlines()
    marks = {line[:1] for line in lines if line[1:3] == "  " and line[:1] not in (" ", "")}
    assert marks == {"✗", "◇", "○", "◆", "✓", "–"}
    text = words("\n".join(lines))
    for said in (
        "law, confirmed, missed: still owed",
        "law, provisional",
        "own target, provisional",
        "law, provisional, waits for: the first notice to individuals",
        "law, provisional, fulfilled 2026-12-18 17:00:00 UTC, by counsel@example.com",
        "own target, provisional, not owed, by count",
        "due Sun 2026-12-27 18:30:00 CET (2026-12-27 17:30:00 UTC)",
    ):
        assert said in text


def test_each_clock_has_the_line_that_explains_it_unless_the_table_is_short() -> None:
    text, short = words(shown(every_kind())), words(shown(every_kind(), short=True))
    for clock in every_kind():
        assert words(explain(clock)) in text
        assert words(explain(clock)) not in short
    assert len(short) < len(text) / 2


def test_the_reasoning_is_shown_when_it_is_asked_for() -> None:
    reason = "30 calendar days after 2026-11-23 is 2026-12-23."
    assert reason not in words(shown(every_kind()))
    text = words(shown(every_kind(), why=True))
    assert text.count(reason) == len(every_kind())
    assert "Confidence in the rule: high, read on 2026-11-23." in text
    assert "https://leginfo.example.com/1798.82" in text


def test_the_next_day_to_act_is_said_first_and_what_is_no_advice_once() -> None:
    text = words(shown(every_kind()))
    assert "Next: act by Wed 2026-12-23: California, individuals." in text
    assert text.count("egal advice") == 1
    assert "1 missed, and still owed." in text


def test_what_was_missed_is_said_at_the_top_and_no_more_surely_than_it_is_known() -> None:
    unsure = a_clock("b", state=ClockState.MISSED)
    top = shown([*every_kind(), unsure]).partition("Act by")[0]
    assert "2 missed, and owed until counsel says otherwise." in top
    assert "1 missed, and still owed." in shown(every_kind()).partition("Act by")[0]


def test_where_nothing_runs_nothing_is_next() -> None:
    text = words(shown([a_clock(due_at=None, act_by=None)]))
    assert "Nothing that runs has a date." in text
    assert "missed" not in text


def test_text_of_others_changes_neither_the_terminal_nor_the_table() -> None:
    hostile = "\x1b[2J[red]x[/red]\n✗  Fri 2020-01-01\x07\u202e"
    clock = a_clock(rule=hostile, citation=hostile, recipient_name=hostile, why=(hostile,))
    text = shown([clock], why=True)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[red]x[/red]" in text
    assert not [line for line in text.splitlines() if line.startswith("✗")]
