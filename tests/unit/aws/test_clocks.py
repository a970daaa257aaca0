"""The deadline ledger: what is due is found, and no clock is ever lost."""

from datetime import UTC, date, datetime, timedelta

import pytest

from responder.aws.clocks import Clocks
from responder.aws.ledger import Ledger
from responder.domain import milestone
from responder.domain.clock import ClockState
from responder.domain.errors import Unavailable
from responder.domain.milestone import Audience, Milestone, mark, points, unsent
from tests.builders import INCIDENT_ID, NOON, a_clock

DUE = datetime(2026, 12, 24, 7, 59, 59, tzinfo=UTC)


@pytest.fixture
def clocks(ledger: Ledger) -> Clocks:
    return Clocks(ledger)


def test_a_clock_is_started_once(clocks: Clocks) -> None:
    assert clocks.add(a_clock())
    assert not clocks.add(a_clock(confidence="low"))
    assert clocks.all(INCIDENT_ID) == [a_clock()]


def test_the_earliest_deadline_comes_first_and_those_without_a_date_last(clocks: Clocks) -> None:
    clocks.add(a_clock("us-ca-attorney-general", state=ClockState.WAITING, due_at=None))
    clocks.add(a_clock("us-tx-individuals", due_at=DUE + timedelta(days=30)))
    clocks.add(a_clock("us-zz-individuals"))
    assert [clock.clock_id for clock in clocks.all(INCIDENT_ID)] == [
        "us-zz-individuals",
        "us-tx-individuals",
        "us-ca-attorney-general",
    ]


def test_an_incident_is_due_from_the_next_untold_milestone_until_it_is_told(
    clocks: Clocks,
) -> None:
    clocks.add(a_clock())
    assert clocks.due(until=NOON - timedelta(seconds=1)) == []
    assert clocks.due(until=NOON) == [INCIDENT_ID]
    [seen] = clocks.stored(INCIDENT_ID)
    seen = clocks.replace(seen, a_clock(milestones_sent=("started",)))
    half = NOON + (DUE - NOON) / 2
    assert clocks.due(until=half - timedelta(seconds=1)) == []
    assert clocks.due(until=half) == [INCIDENT_ID]
    clocks.replace(seen, a_clock(state=ClockState.FULFILLED, ended_at=NOON))
    assert clocks.due(until=DUE + timedelta(days=900)) == []


def test_several_clocks_of_an_incident_make_it_due_once_the_longest_waiting_first(
    clocks: Clocks,
) -> None:
    other = "inc-20261123-ffffffffff"
    clocks.add(a_clock())
    clocks.add(a_clock("us-ny-individuals"))
    clocks.add(a_clock(incident_id=other, started_at=NOON - timedelta(days=1)))
    assert clocks.due(until=NOON) == [other, INCIDENT_ID]


def test_clocks_written_together_stay_in_the_due_index_and_change_all_or_none(
    clocks: Clocks,
) -> None:
    clocks.add(a_clock())
    clocks.add(a_clock("us-ny-individuals"))
    [one, two] = clocks.stored(INCIDENT_ID)
    told = [(seen, seen.clock.model_copy(update={"confidence": "low"})) for seen in (one, two)]
    clocks.replace(two, two.clock.model_copy(update={"confidence": "medium"}))
    assert not clocks.replace_together(told)
    assert {clock.confidence for clock in clocks.all(INCIDENT_ID)} == {"high", "medium"}
    [one, two] = clocks.stored(INCIDENT_ID)
    assert clocks.replace_together([(seen, seen.clock) for seen in (one, two)])
    assert clocks.due(until=NOON) == [INCIDENT_ID]
    with pytest.raises(Unavailable):
        clocks.replace(one, one.clock)


def test_the_milestones_of_a_month_come_in_order_and_only_the_urgent_ones_go_higher() -> None:
    clock = a_clock()
    assert [point.milestone for point in points(clock)] == [
        Milestone.STARTED,
        Milestone.HALF,
        Milestone.MOST,
        Milestone.THREE_DAYS,
        Milestone.DAY,
        Milestone.HOURS,
        Milestone.MISSED,
    ]
    assert [point.milestone for point in unsent(clock, Audience.ESCALATION)] == [
        Milestone.THREE_DAYS,
        Milestone.DAY,
        Milestone.HOURS,
        Milestone.MISSED,
    ]
    at = {point.milestone: point.at for point in points(clock)}
    assert at[Milestone.MISSED] == DUE + timedelta(seconds=1)


def test_only_a_date_that_is_no_business_day_has_a_morning_to_act_by() -> None:
    saturday = datetime(2027, 1, 3, 7, 59, 59, tzinfo=UTC)  # the end of 2 January in California
    clock = a_clock(due_at=saturday, act_by=date(2026, 12, 31))
    at = {point.milestone: point.at for point in points(clock)}
    assert at[Milestone.ACT_BY] == datetime(2026, 12, 31, 17, tzinfo=UTC)  # nine in the morning
    assert Milestone.ACT_BY not in {point.milestone for point in points(a_clock())}


@pytest.mark.parametrize(
    ("hours", "left"),
    [
        (24, [12, 4]),  # 80 % is 4.8 hours before the end: no news
        (36, [24, 18, 4]),
        (48, [24, 9.6, 4]),  # half is the last day
        (72, [36, 24, 14.4, 4]),
    ],
)
def test_a_short_clock_has_no_milestones_from_before_it_began_and_none_that_are_no_news(
    hours: int, left: list[float]
) -> None:
    due = NOON + timedelta(hours=hours)
    told = points(a_clock(due_at=due, act_by=None))
    assert (told[0].milestone, told[-1].milestone) == (Milestone.STARTED, Milestone.MISSED)
    assert [(due - point.at) / timedelta(hours=1) for point in told[1:-1]] == left


def test_what_was_missed_comes_again_a_day_after_each_audience_was_told() -> None:
    told = a_clock(
        state=ClockState.MISSED,
        told_missed_at={Audience.ON_CALL: DUE + timedelta(hours=1)},
    )
    again = [p.at for p in unsent(told, Audience.ON_CALL) if p.milestone is Milestone.STILL_MISSED]
    assert again == [DUE + timedelta(hours=25)]
    assert Milestone.STILL_MISSED not in {p.milestone for p in unsent(told, Audience.ESCALATION)}


def test_a_clock_without_a_date_is_told_of_once_and_one_that_ended_never() -> None:
    waiting = a_clock(state=ClockState.WAITING, due_at=None)
    assert milestone.next_at(waiting) == NOON
    told = waiting.model_copy(update={"milestones_sent": ("started",)})
    assert milestone.next_at(told) is None
    assert points(a_clock(state=ClockState.NOT_OWED)) == []


def test_a_clock_whose_date_is_expected_is_asked_about_a_week_after_the_last_time(
    clocks: Clocks,
) -> None:
    waiting = a_clock(state=ClockState.WAITING, due_at=None, milestones_sent=("started",))
    expected = waiting.model_copy(update={"ask_from": DUE})
    assert milestone.next_at(expected) == DUE
    assert unsent(expected, Audience.ESCALATION) == []
    asked = expected.model_copy(update={"asked_at": DUE + timedelta(hours=1)})
    assert milestone.next_at(asked) == DUE + timedelta(days=7, hours=1)
    clocks.add(asked)
    assert clocks.due(until=DUE + timedelta(days=7)) == []
    assert clocks.due(until=DUE + timedelta(days=8)) == [INCIDENT_ID]


def test_each_audience_is_noted_by_itself() -> None:
    passed = a_clock(
        milestones_sent=("started", "50%", "80%", mark(Milestone.THREE_DAYS, Audience.ON_CALL)),
    )
    assert unsent(passed, Audience.ON_CALL)[0].milestone is Milestone.DAY
    assert unsent(passed, Audience.ESCALATION)[0].milestone is Milestone.THREE_DAYS


def test_clocks_too_large_for_one_transaction_are_written_in_several(clocks: Clocks) -> None:
    """DynamoDB takes 4 MB at once; 30 clocks of 160 KB are more."""
    names = [f"us-ca-{number:02}" for number in range(30)]
    for name in names:
        clocks.add(a_clock(name))
    long = ("x" * 160_000,)
    stored = clocks.stored(INCIDENT_ID)
    assert clocks.replace_together(
        [(seen, seen.clock.model_copy(update={"why": long})) for seen in stored]
    )
    assert {clock.why for clock in clocks.all(INCIDENT_ID)} == {long}
