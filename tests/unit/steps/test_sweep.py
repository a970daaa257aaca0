"""The hourly sweep finds what a dead tracker would miss."""

from datetime import timedelta

import pytest

from responder.aws.ledger import Ledger
from responder.domain import milestone
from responder.domain.clock import ClockState
from responder.domain.errors import Broken, Unavailable
from tests.builders import INCIDENT_ID, NOON
from tests.consoles import refusing
from tests.unit.steps.counsel import Office, after

OTHER = "inc-20261123-ffffffffff"


@pytest.fixture
def office(ledger: Ledger) -> Office:
    office = Office(ledger, jurisdictions=("US-CA",))
    office.open()
    office.assess()
    return office


def test_the_sweep_ticks_what_is_due_and_only_that(office: Office) -> None:
    assert office.sweep().incidents == 1
    assert len(office.on_call.messages) == 1
    assert office.sweep(after(hours=1)).incidents == 0
    assert len(office.on_call.messages) == 1


def test_with_no_tracker_at_all_every_reminder_still_comes(office: Office) -> None:
    office.sweep()
    while office.clocks()["us-ca-individuals"].state is ClockState.RUNNING:
        at = milestone.next_at(office.clocks()["us-ca-individuals"])
        assert at is not None
        hour = at.replace(minute=0, second=0, microsecond=0)
        office.sweep(hour)  # the last one that is too early
        office.sweep(hour + timedelta(hours=1))
    assert [subject.split("]")[0].strip("[") for subject in office.subjects()] == [
        "Clock started",
        "Half the time is gone",
        "80 % of the time is gone",
        "72 hours left",
        "24 hours left",
        "4 hours left",
        "MISSED",
    ]


def test_a_clock_that_gets_its_date_after_the_tracker_ended_is_watched(office: Office) -> None:
    office.tick()
    office.record(not_owed={"clock_id": "us-ca-individuals", "why": "told by our processor"})
    office.record(after(days=20), notices_sent_at=after(days=20).isoformat())
    assert office.sweep(after(days=20, hours=1)).incidents == 1
    assert "Date changed: California" in office.on_call.messages[-1]["Message"]
    assert office.sweep(after(days=36)).incidents == 1
    assert office.escalated()[-1].startswith("[MISSED]")


def test_one_incident_that_fails_does_not_stop_the_others_and_is_raised(office: Office) -> None:
    gone = office.clocks()["us-ca-individuals"].model_copy(
        update={"incident_id": OTHER, "started_at": NOON - timedelta(days=1)}
    )
    office.records().clocks.add(gone)  # a clock of an incident that is not there
    with pytest.raises(Broken, match=f"1 of 2 incidents.*{OTHER}"):
        office.sweep()
    assert len(office.on_call.messages) == 1
    assert office.on_call.messages[0]["Subject"].endswith(INCIDENT_ID)


def test_what_may_pass_is_raised_as_what_may_pass(office: Office) -> None:
    office.on_call.publish = refusing("InternalError")  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="1 of 1 incidents"):
        office.sweep()


def test_two_incidents_are_each_told_by_themselves(office: Office) -> None:
    office.open(OTHER)
    clock = office.clocks()["us-ca-individuals"]
    office.records().clocks.add(clock.model_copy(update={"incident_id": OTHER}))
    assert office.sweep().incidents == 2
    assert {subject[-len(OTHER) :] for subject in office.subjects()} == {INCIDENT_ID, OTHER}
