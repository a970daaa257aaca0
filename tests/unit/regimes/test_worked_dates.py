"""Dates worked out by hand, each with the reasoning that leads to it.

Holidays in these months: 11 and 26 November, 25 December 2026; 1 and 18 January, 15 February 2027.
23 November 2026 is a Monday.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from responder.domain.clock import ClockState
from tests.unit.regimes.saying import clocks_of, due_day, facts_of, there

_FOUND = {
    "discovered_at": there("2026-11-23", "09:00"),
    "determined_at": there("2026-11-23", "09:00"),
    "elements": ["name", "ssn"],
}


@dataclass(frozen=True)
class Case:
    """Facts, and for each clock its date, or the state of one that has none to keep."""

    told: dict[str, Any]
    dates: dict[str, str] = field(default_factory=dict)
    act_by: dict[str, str] = field(default_factory=dict)
    states: dict[str, ClockState] = field(default_factory=dict)


CASES = {
    "at the edge of each threshold, on it": Case(
        _FOUND | {"residents": {"US-CA": 501, "US-TX": 250, "US-NY": 9250}},
        dates={"us-tx-attorney-general": "2026-12-23"},
        states={
            "us-ca-attorney-general": ClockState.WAITING,
            "us-tx-attorney-general": ClockState.RUNNING,
            "us-ny-consumer-reporting-agencies": ClockState.RUNNING,
            "us-tx-consumer-reporting-agencies": ClockState.RUNNING,  # 10,001 in all
        },
    ),
    "a determination eight days after the discovery": Case(
        _FOUND
        | {
            "determined_at": there("2026-12-01"),
            "residents": {"US-CA": 1200, "US-TX": 700, "US-NY": 40},
        },
        dates={
            "us-ca-individuals": "2026-12-23",
            "us-ny-individuals": "2026-12-23",
            "us-tx-individuals": "2027-01-30",
            "us-tx-attorney-general": "2026-12-31",
        },
        act_by={"us-tx-individuals": "2027-01-29"},  # 30 January is a Saturday
    ),
    "nobody left in a state": Case(
        _FOUND | {"residents": {"US-CA": 0}},
        states={
            "us-ca-individuals": ClockState.NOT_OWED,
            "us-ca-attorney-general": ClockState.NOT_OWED,
        },
    ),
    "letters to New York after its limit do not move the regulators later": Case(
        _FOUND
        | {
            "discovered_at": there("2026-10-01"),
            "determined_at": there("2026-10-01"),
            "residents": {"US-NY": 40},
            "notices_sent_at": {"US-NY": there("2026-11-20")},
        },
        dates={"us-ny-individuals": "2026-10-31", "us-ny-attorney-general": "2026-10-31"},
    ),
    "an inadvertent disclosure in New York, over 500 residents": Case(
        _FOUND
        | {
            "residents": {"US-NY": 501},
            "conditions": {"inadvertent_disclosure_exemption_used": True},
            "harm": {
                "jurisdictions": ["US-NY"],
                "harm": "unlikely",
                "determined_at": there("2026-11-23"),
                "how": "memo 1",
            },
        },
        dates={"us-ny-attorney-general-no-harm": "2026-12-03"},
    ),
    "a filer with Health and Human Services, over Thanksgiving": Case(
        _FOUND
        | {
            "residents": {"US-NY": 1},
            "conditions": {"must_notify_hhs": True},
            "hhs_notified_at": there("2026-11-23"),
        },
        dates={"us-ny-attorney-general-hipaa": "2026-12-01"},  # 24, 25, 27, 30 November, 1 December
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_dates_are_those_worked_out_by_hand(name: str) -> None:
    case = CASES[name]
    clocks = clocks_of(facts_of(case.told))
    assert {one: str(due_day(clocks[one])) for one in case.dates} == case.dates
    assert {one: str(clocks[one].act_by) for one in case.act_by} == case.act_by
    assert {one: clocks[one].state for one in case.states} == case.states


def test_seventy_two_hours_are_elapsed_and_not_days() -> None:
    """23 NYCRR 500.17: hours run through weekends and do not end with a day."""
    told = _FOUND | {"residents": {"US-NY": 1}, "conditions": {"dfs_covered_entity": True}}
    clock = clocks_of(facts_of(told))["us-ny-department-of-financial-services"]
    assert clock.due_at is not None
    assert clock.due_at.isoformat() == "2026-11-26T17:00:00+00:00"
    assert clock.act_by == date(2026, 11, 25)  # the 26th is Thanksgiving


def test_a_day_is_the_day_of_the_jurisdiction_and_ends_there() -> None:
    """01:30 in New York on the 24th is still the 23rd in Los Angeles and in Austin."""
    told = {
        "discovered_at": there("2026-11-24", "01:30", "America/New_York"),
        "determined_at": there("2026-11-24", "01:30", "America/New_York"),
    }
    clocks = clocks_of(facts_of(told, jurisdictions=("US-CA", "US-NY", "US-TX")))
    assert str(due_day(clocks["us-ny-individuals"])) == "2026-12-24"
    assert str(due_day(clocks["us-ca-individuals"])) == "2026-12-23"
    assert str(due_day(clocks["us-tx-attorney-general"])) == "2026-12-24"  # 00:30 in Austin
    assert str(clocks["us-ny-individuals"].due_at) == "2026-12-25 04:59:59+00:00"
    assert str(clocks["us-ca-individuals"].due_at) == "2026-12-24 07:59:59+00:00"


def test_where_two_dates_are_possible_the_earlier_is_day_0() -> None:
    """22:30 on the 23rd in Los Angeles is already the 24th in New York and in Austin."""
    late = "2026-11-23T22:30:00-08:00"
    told = {"discovered_at": late, "determined_at": late, "notices_sent_at": late}
    clocks = clocks_of(facts_of(told | {"residents": {"US-CA": 1200, "US-NY": 40, "US-TX": 700}}))
    dates = {one: str(due_day(clock)) for one, clock in clocks.items()}
    assert dates == {
        "us-ca-individuals": "2026-12-23",
        "us-ca-attorney-general": "2026-12-08",
        "us-ny-individuals": "2026-12-23",
        "us-ny-attorney-general": "2026-11-23",
        "us-ny-department-of-state": "2026-11-23",
        "us-ny-state-police": "2026-11-23",
        "us-ny-consumer-reporting-agencies": "2026-12-23",
        "us-tx-individuals": "2027-01-22",
        "us-tx-attorney-general": "2026-12-23",
        "us-tx-consumer-reporting-agencies": "2026-12-23",
    }
    assert (
        "after 2026-11-23 where it was recorded, 2026-11-24 in America/New_York, is"
        in (clocks["us-ny-individuals"].why[1])
    )
    assert str(clocks["us-ny-individuals"].due_at) == "2026-12-24 04:59:59+00:00"


def test_across_the_change_of_summer_time_a_day_still_ends_at_midnight() -> None:
    clocks = clocks_of(
        facts_of({"discovered_at": there("2026-10-20")}, jurisdictions=("US-CA",)),
    )
    assert str(clocks["us-ca-individuals"].due_at) == "2026-11-20 07:59:59+00:00"
