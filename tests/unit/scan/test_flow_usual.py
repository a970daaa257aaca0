"""What is usual is told by the same hour of earlier days that were recorded, by nothing else."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.scan.flow.heaviest import Heaviest
from responder.scan.flow.survey import Seen, recorded
from responder.scan.flow.usual import History, Usual, excesses

DAY, WEEK = 24, 168
NOW = 1000 * WEEK + 3  # the hour in which the window begins


def days(number: int) -> list[int]:
    """So many days before, each hour of them."""
    return list(range(NOW - 3 - number * DAY, NOW - 3))


def at_three(sizes: Sequence[int]) -> dict[int, int]:
    """Bytes in the same hour of earlier days, the latest first."""
    return {NOW - DAY * (number + 1): size for number, size in enumerate(sizes)}


def test_the_median_and_its_spread_make_the_bounds() -> None:
    earlier = at_three([100, 110, 90, 100, 105, 95, 100])
    usual = History(days(7), NOW).usual(earlier, NOW)
    # deviations 0 10 10 0 5 5 0: their median is 5, and 3 * 1.4826 * 5 = 22.239
    assert usual == Usual(middle=100, low=78, high=122, most=110, days=7)


def test_one_strange_day_moves_nothing_but_the_most() -> None:
    earlier = at_three([100, 110, 90, 9_000_000, 105, 95, 100])
    usual = History(days(7), NOW).usual(earlier, NOW)
    assert usual is not None
    assert usual.high < 200
    assert usual.most == 9_000_000


def test_a_tenth_of_the_median_is_never_unusual() -> None:
    usual = History(days(7), NOW).usual(at_three([1000] * 7), NOW)
    assert usual == Usual(middle=1000, low=900, high=1100, most=1000, days=7)


def test_an_hour_that_was_recorded_and_empty_is_a_nought() -> None:
    usual = History(days(7), NOW).usual({}, NOW)
    assert usual == Usual(middle=0, low=0, high=0, most=0, days=7)


def test_six_days_are_no_baseline() -> None:
    assert History(days(6), NOW).usual(at_three([1] * 6), NOW) is None


def test_days_without_that_hour_do_not_count() -> None:
    hours = [hour for hour in days(10) if hour % DAY != NOW % DAY or hour > NOW - 5 * DAY]
    history = History(hours, NOW)
    assert history.days == 10
    assert history.usual(at_three([1] * 10), NOW) is None
    assert history.usual({}, NOW + 1) is not None


def test_what_is_in_the_window_is_no_history() -> None:
    assert History(range(NOW, NOW + 20 * DAY), NOW).usual({}, NOW) is None


def test_four_weeks_tell_the_day_of_the_week() -> None:
    """Each week at this hour 5000 bytes, and none on other days."""
    weekly = {NOW - WEEK * number: 5000 for number in range(1, 5)}
    of_four = History(days(29), NOW).usual(weekly, NOW)
    assert of_four is not None
    assert (of_four.middle, of_four.days) == (5000, 4)
    of_three = History(days(22), NOW).usual(weekly, NOW)
    assert of_three is not None
    assert (of_three.middle, of_three.days) == (0, 22)
    assert of_three.most == 5000


def test_bounds_of_an_excess_are_above_a_high_and_a_low_usual_hour() -> None:
    history = History(days(7), NOW)
    found, unknown = excesses({NOW: 5000, NOW + 1: 7}, at_three([1000] * 7), history)
    assert [(one.at, one.low, one.high) for one in found] == [(NOW, 3900, 4100), (NOW + 1, 7, 7)]
    assert unknown == []


def test_an_hour_that_nobody_can_judge_is_told_and_never_usual() -> None:
    found, unknown = excesses({NOW: 5000}, {}, History(days(3), NOW))
    assert found == []
    assert unknown == [NOW]


def test_an_hour_counts_only_where_every_interface_was_recorded() -> None:
    first = Seen(hours=dict.fromkeys([1, 2, 3, 5], 0))
    later = Seen(hours=dict.fromkeys([3, 4, 5, 6], 0), skipped={6: 1})
    assert recorded([[first], [later]]) == {1, 2, 3, 5}
    assert recorded([[first, later]]) == {1, 2, 3, 4, 5}


@given(
    names=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1000)), max_size=300),
    cuts=st.lists(st.integers(0, 300), max_size=4),
    most=st.integers(1, 8),
)
def test_no_name_is_short_by_more_than_was_lost(
    names: list[tuple[int, int]], cuts: list[int], most: int
) -> None:
    whole, true = Heaviest[int](most), dict[int, int]()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(names)], strict=True):
        part = Heaviest[int](most)
        for name, weight in names[begin:end]:
            part.add(name, weight)
        whole.join(part)
    for name, weight in names:
        true[name] = true.get(name, 0) + weight
    assert len(whole.weights) <= 2 * most
    assert whole.lost * (most + 1) <= sum(true.values())
    for name, weight in true.items():
        assert weight - whole.lost <= whole.weights.get(name, 0) <= weight


@pytest.mark.parametrize("number", [8, 9])
def test_nothing_is_lost_while_there_is_room(number: int) -> None:
    found = Heaviest[int](4)
    for name in range(number):
        found.add(name, 5 + name)
    assert found.lost == (0 if number == 8 else 9)
