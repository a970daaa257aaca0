"""Requests of persons about their data, and what a breach may cost."""

from datetime import UTC, date, datetime

import pytest

from responder.regimes.exposure import CALIFORNIA, exposure
from responder.regimes.requests import dates, rights

_LAW = rights("us-ca")


def test_a_request_late_in_the_evening_counts_from_its_day_there() -> None:
    at = datetime(2026, 11, 24, 5, tzinfo=UTC)  # 21:00 on the 23rd in Los Angeles
    assert dates(_LAW.right("delete"), _LAW, received_at=at).respond_by == date(2027, 1, 7)


def test_more_time_is_refused_where_the_law_gives_none() -> None:
    at = datetime(2026, 11, 23, 20, tzinfo=UTC)
    with pytest.raises(ValueError, match="7026"):
        dates(_LAW.right("opt-out"), _LAW, received_at=at, extended=True)


def test_a_right_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="know-categories"):
        _LAW.right("forget")


@pytest.mark.parametrize(
    ("consumers", "on", "named"),
    [
        (-1, date(2026, 11, 23), "consumers"),
        (5, date(2027, 1, 1), "change on 2027-01-01"),
        (5, date(2024, 12, 31), "stand from 2025-01-01"),
    ],
)
def test_no_amount_is_given_where_none_is_known(consumers: int, on: date, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        exposure(CALIFORNIA, consumers, on=on)
