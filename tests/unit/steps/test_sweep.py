"""The hourly sweep finds what a dead tracker would miss."""

from datetime import timedelta

import pytest

from responder.aws.closings import Closings
from responder.aws.correlations import Correlations
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.trackers import Trackers
from responder.domain import milestone
from responder.domain.clock import ClockState
from responder.domain.errors import Broken, Unavailable
from tests.builders import INCIDENT_ID, NOON, a_closing
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


def _runs(office: Office) -> list[str]:
    trackers = office.trackers
    found = trackers.client.list_executions(
        stateMachineArn=trackers.arn, statusFilter="RUNNING", maxResults=1000
    )
    return sorted(one["name"] for one in found["executions"])


def _start(office: Office, name: str) -> str:
    trackers = office.trackers
    started = trackers.client.start_execution(stateMachineArn=trackers.arn, name=name, input="{}")
    return started["executionArn"]


def test_a_tracker_that_runs_is_left_alone_and_one_that_is_gone_is_started_again(
    office: Office,
) -> None:
    first = _start(office, INCIDENT_ID)
    assert office.sweep(after(hours=1)).trackers == 0
    office.trackers.client.stop_execution(executionArn=first)
    gone = after(hours=2)
    assert office.sweep(gone).trackers == 1
    [name] = _runs(office)
    assert name == f"{INCIDENT_ID}-20261123T14"
    assert office.sweep(gone + timedelta(minutes=1)).trackers == 0
    assert office.sweep(after(hours=3)).trackers == 0
    assert sum("another tracker was started" in text for text in office.timeline()) == 1


def test_the_other_tracker_is_started_again_too(office: Office) -> None:
    office.sweep(after(hours=1))
    for execution in _runs(office):
        arn = f"{office.trackers.arn.replace(':stateMachine:', ':execution:')}:{execution}"
        office.trackers.client.stop_execution(executionArn=arn)
    assert office.sweep(after(hours=1, minutes=5)).trackers == 0  # its name of this hour is taken
    assert office.sweep(after(hours=2)).trackers == 1
    assert _runs(office) == [f"{INCIDENT_ID}-20261123T14"]


def test_an_incident_that_is_a_minute_old_is_left_to_its_own_response(office: Office) -> None:
    assert office.sweep(after(minutes=1)).trackers == 0
    assert _runs(office) == []


def test_nothing_is_watched_when_there_is_nothing_left_to_tell(office: Office) -> None:
    done = [
        {"clock_id": clock_id, "why": "told by our processor"}
        for clock_id in ("us-ca-individuals", "us-ca-attorney-general")
    ]
    office.record(not_owed=done)
    assert office.sweep(after(hours=1)).trackers == 0


def test_trackers_that_cannot_be_listed_stop_no_reminder_and_are_raised(office: Office) -> None:
    office.trackers.client.delete_state_machine(stateMachineArn=office.trackers.arn)
    lost = Trackers(office.trackers.arn + "-lost", office.trackers.client)
    office.__dict__["trackers"] = lost
    with pytest.raises(Broken, match="the trackers"):
        office.sweep()
    assert len(office.on_call.messages) == 1


def test_what_was_closed_and_is_not_resolved_is_told_once_a_day_until_it_is(
    office: Office,
) -> None:
    """The event has the table's stream try again."""
    closings = Closings(office.ledger, Correlations(office.ledger))
    item = Incidents(office.ledger).item(INCIDENT_ID)
    assert item is not None
    assert closings.close(item, a_closing(at=NOON), "Closed: over.")
    assert office.sweep(after(minutes=59)).unresolved == 0  # the stream is at it
    for hours in (1, 2, 25):
        assert office.sweep(after(hours=hours)).unresolved == 1
    assert sum("is not resolved everywhere" in text for text in office.timeline()) == 2
    closings.finish(INCIDENT_ID, now=after(hours=26))
    assert office.sweep(after(hours=27)).unresolved == 0
