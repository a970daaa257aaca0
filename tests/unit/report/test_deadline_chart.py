from datetime import date, datetime, timedelta

from responder.domain.clock import ClockState
from responder.report.deadline_chart import draw
from tests.builders import NOON, a_clock
from tests.unit.report.reports import a_report, after


def test_later_dates_stand_further_right_and_lower() -> None:
    chart = draw(a_report().clocks, now=after(minutes=2))
    assert chart is not None
    places = [(lane.due_x, lane.y) for lane in chart.lanes]
    assert places == sorted(places)
    assert len({y for _, y in places}) == 5


def test_every_mark_stays_inside_the_picture_whatever_the_dates() -> None:
    for span in (
        timedelta(minutes=5),
        timedelta(hours=72),
        timedelta(days=60),
        timedelta(days=900),
    ):
        clocks = [a_clock("a", due_at=NOON + span), a_clock("b", due_at=NOON - span)]
        chart = draw(clocks, now=NOON + span / 2)
        assert chart is not None
        places = [chart.now_x, *(tick.x for tick in chart.ticks)]
        places += [x for lane in chart.lanes for x in (lane.start_x, lane.due_x)]
        assert all(0 <= x <= 100 for x in places)
        assert len(chart.ticks) <= 8


def test_a_date_is_the_one_on_the_wall_there_not_in_utc() -> None:
    chart = draw([a_clock()], now=NOON)
    assert chart is not None
    assert chart.lanes[0].label == "2026-12-23, in 30 days"
    assert "2026-12-23" in chart.says
    assert "2026-12-24" not in chart.says


def test_the_last_business_day_is_marked_only_when_it_is_another_day() -> None:
    same = draw([a_clock(act_by=date(2026, 12, 23))], now=NOON)
    other = draw([a_clock(act_by=date(2026, 12, 22))], now=NOON)
    assert same is not None
    assert other is not None
    assert same.lanes[0].act_by_x is None
    place = other.lanes[0].act_by_x
    assert place is not None
    assert place < other.lanes[0].due_x
    assert [same.lanes[0].aside, other.lanes[0].aside] == ["", "act by 2026-12-22"]


def test_what_is_not_owed_or_has_no_date_is_not_drawn() -> None:
    clocks = [a_clock(state=ClockState.NOT_OWED), a_clock("b", due_at=None)]
    assert draw(clocks, now=NOON) is None
    assert draw([], now=NOON) is None


def test_marks_tell_missed_ended_and_own_targets_apart() -> None:
    chart = draw(
        [*a_report().clocks, a_clock("done", state=ClockState.FULFILLED)], now=after(minutes=2)
    )
    assert chart is not None
    assert {lane.mark for lane in chart.lanes} == {"law", "policy", "missed", "ended"}


def test_what_was_done_early_is_marked_when_it_was_done_and_not_when_it_was_due() -> None:
    done = a_clock(state=ClockState.FULFILLED, ended_at=after(days=20), ended_by="counsel")
    chart = draw([done, a_clock("b")], now=after(days=25))
    assert chart is not None
    [early, running] = sorted(chart.lanes, key=lambda lane: lane.mark_x)
    assert early.start_x < early.mark_x == early.passed_x < chart.now_x < early.due_x
    assert (early.label, early.aside) == ("fulfilled 2026-12-13", "due 2026-12-23")
    assert running.mark_x == running.due_x
    assert running.passed_x == chart.now_x


def test_the_words_tell_the_first_and_the_last_date() -> None:
    chart = draw(a_report().clocks, now=after(minutes=2))
    assert chart is not None
    assert "5 dates" in chart.says
    assert "2027-01-02" in chart.says


def test_a_date_at_this_very_instant_can_be_drawn() -> None:
    instant = datetime.fromisoformat("2026-11-23T12:00:00Z")
    chart = draw([a_clock(due_at=instant)], now=instant)
    assert chart is not None


def test_of_too_many_the_most_urgent_are_drawn_and_the_others_are_counted() -> None:
    later = [a_clock(f"us-{n}", due_at=after(days=40 + n), act_by=None) for n in range(60)]
    late = a_clock("us-late", due_at=after(days=-1), act_by=None, state=ClockState.MISSED)
    chart = draw([*later[::-1], late], now=NOON)
    assert chart is not None
    assert (len(chart.lanes), chart.left_out) == (40, 21)
    assert chart.lanes[0].mark == "missed"
    assert chart.lanes[-1].label.startswith("2027-02-09")
