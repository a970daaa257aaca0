"""Clocks start with the first finding, once, and are counted again when more is known."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.aws.ledger import Ledger
from responder.domain.clock import ClockState, Standing
from responder.domain.errors import Broken
from tests.builders import INCIDENT_ID, NOON, a_finding
from tests.unit.steps.counsel import Office, after, forget
from tests.vaults import DiedHereError, Life


@pytest.fixture
def office(ledger: Ledger) -> Office:
    office = Office(ledger)
    office.open()
    return office


def test_each_duty_of_each_place_gets_a_clock_once(office: Office) -> None:
    assert office.assess() == office.assess(after(minutes=5)) == 10
    clocks = office.clocks()
    assert len(clocks) == 10
    assert {clock.started_at for clock in clocks.values()} == {NOON}
    assert {clock.standing for clock in clocks.values()} == {Standing.PROVISIONAL}
    [started] = office.timeline()
    assert started.startswith("Started 10 clocks (10 provisional). The first to run out: New York")


def test_clocks_count_from_the_earliest_activity_of_any_finding(office: Office) -> None:
    early = a_finding(key="another", first_seen_at=NOON - timedelta(days=3))
    office.ledger.add(f"INCIDENT#{INCIDENT_ID}", "FINDING#another", early)
    office.assess()
    anchor = office.clocks()["us-ca-individuals"].anchor
    assert anchor.at == NOON - timedelta(days=3)
    assert anchor.assumed


def test_activity_that_a_detector_dates_decades_back_is_not_believed(office: Office) -> None:
    absurd = a_finding(key="another", first_seen_at=datetime(1, 1, 1, tzinfo=UTC))
    office.ledger.add(f"INCIDENT#{INCIDENT_ID}", "FINDING#another", absurd)
    office.assess()
    assert office.clocks()["us-ca-individuals"].anchor.at == NOON - timedelta(days=365)


def test_an_earlier_finding_that_joins_moves_the_dates_and_the_history_says_so(
    office: Office,
) -> None:
    office.assess()
    before = office.clocks()["us-ca-individuals"]
    early = a_finding(key="another", first_seen_at=NOON - timedelta(days=3))
    office.ledger.add(f"INCIDENT#{INCIDENT_ID}", "FINDING#another", early)
    office.assess(after(hours=1))
    moved = office.clocks()["us-ca-individuals"]
    assert before.due_at is not None
    assert moved.due_at == before.due_at - timedelta(days=3)
    [change] = moved.history
    assert "earlier" in change.what


def test_assessing_again_after_reminders_does_not_forget_them(office: Office) -> None:
    office.assess()
    office.tick()
    office.assess(after(minutes=5))
    assert office.clocks()["us-ca-individuals"].milestones_sent == ("started",)


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(office: Office) -> None:
    whole = Life()
    office.assess(life=whole)
    expected = office.clocks()
    for ends_at in range(whole.calls):
        forget(office.ledger)
        office.open()
        with pytest.raises(DiedHereError):
            office.assess(life=Life(ends_at))
        assert office.assess() == 10
        assert office.clocks() == expected
        assert len(office.timeline()) == 1


def test_a_stack_that_was_not_told_where_customers_live_says_so(ledger: Ledger) -> None:
    office = Office(ledger, jurisdictions=())
    office.open()
    with pytest.raises(Broken, match="Jurisdictions"):
        office.assess()
    assert office.clocks() == {}


def test_a_place_whose_law_we_do_not_hold_gets_a_clock_for_counsel(ledger: Ledger) -> None:
    office = Office(ledger, jurisdictions=("US-CA", "JP"))
    office.open()
    office.assess()
    assert office.clocks()["jp-unlisted"].state is ClockState.RUNNING


def test_an_incident_that_is_not_there_is_broken(ledger: Ledger) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        Office(ledger).assess()
