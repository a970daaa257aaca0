from datetime import UTC, date, datetime, timedelta

from responder.domain.clock import Anchor, ClockState
from responder.report.deadline_lines import (
    Urgency,
    act_on,
    by_urgency,
    ends,
    ends_with_a_day,
    explain,
    urgency,
    waits_for,
)
from tests.builders import NOON, a_clock
from tests.deadlines import BY_URGENCY, every_kind


def test_missed_comes_first_then_the_next_day_to_act_then_what_waits_then_what_ended() -> None:
    found = [clock.clock_id for clock in sorted(every_kind(), key=urgency)]
    assert found == list(BY_URGENCY)


def test_every_clock_is_in_one_group_and_an_empty_group_is_none() -> None:
    groups = by_urgency(every_kind())
    assert list(groups) == list(Urgency)
    assert [one.clock_id for found in groups.values() for one in found] == list(BY_URGENCY)
    assert list(by_urgency([a_clock()])) == [Urgency.OPEN]


def test_of_every_state_somebody_said_how_urgent_it_is() -> None:
    for state in ClockState:
        assert len(by_urgency([a_clock(state=state)])) == 1


def test_a_line_says_whom_what_by_when_and_where_it_is_written() -> None:
    line = explain(a_clock())
    for part in ("California residents", "30 calendar days", "2026-12-23", "§ 1798.82(a)"):
        assert part in line
    assert "\n" not in line


def test_the_day_to_act_on_is_the_last_business_day_or_else_that_of_the_limit_there() -> None:
    assert act_on(a_clock(act_by=date(2026, 12, 22))) == date(2026, 12, 22)
    assert act_on(a_clock(act_by=None)) == date(2026, 12, 23)  # the 24th in UTC
    assert act_on(a_clock(act_by=None, due_at=None)) is None


def test_a_span_of_hours_ends_at_an_instant_and_one_of_days_with_its_day() -> None:
    hours = a_clock(due_at=NOON + timedelta(hours=72), time_zone="Europe/Berlin")
    assert not ends_with_a_day(hours)
    assert ends(hours) == "Thu 2026-11-26 13:00:00 CET (2026-11-26 12:00:00 UTC)"
    assert ends_with_a_day(a_clock())
    assert ends(a_clock()) == "2026-12-23, end of day"
    utc = a_clock(due_at=datetime(2026, 12, 1, 8, tzinfo=UTC), time_zone="UTC")
    assert ends(utc) == "2026-12-01 08:00:00 UTC"
    assert not ends_with_a_day(a_clock(due_at=None))


def test_what_a_clock_waits_for_is_said_also_where_nobody_wrote_the_words() -> None:
    sent = a_clock(anchor=Anchor(name="individual_notice_sent"))
    assert waits_for(sent) == "the first notice to individuals"
    assert waits_for(a_clock(anchor=Anchor(name="some_event"))) == "some event"


def test_a_zone_that_nobody_knows_is_counted_in_utc() -> None:
    assert act_on(a_clock(act_by=None, time_zone="Mars/Olympus")) == date(2026, 12, 24)
