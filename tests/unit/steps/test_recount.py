"""Whoever counts last counts what is on record, and no clock is out of everybody's reach."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.clocks import Clocks
from responder.aws.ledger import Ledger
from responder.domain.clock import ClockState, Standing
from responder.domain.facts import Fact
from responder.steps.recount import recount
from tests.builders import INCIDENT_ID
from tests.unit.steps.counsel import DISCOVERED, Office, after, fulfilled


@pytest.fixture
def office(ledger: Ledger) -> Office:
    office = Office(ledger)
    office.open()
    office.assess()
    office.tick()
    return office


@dataclass
class SlowFacts:
    """Facts of which a person records more just after they were read the first time."""

    office: Office
    said: dict[str, Any]
    read: int = 0

    def all(self, incident_id: str) -> list[Fact]:
        before = self.office.records().facts.all(incident_id)
        self.read += 1
        if self.read == 1:
            self.office.record(after(days=40), **self.said)
        return before


def test_a_count_that_read_before_counsel_spoke_does_not_undo_the_answer(office: Office) -> None:
    slow: Any = SlowFacts(
        office,
        {
            "discovered_at": after(days=-5).isoformat(),
            "residents": {"US-CA": 1200},
            "fulfilled": fulfilled("us-ca-individuals", at=after(days=20)),
        },
    )
    recount(INCIDENT_ID, replace(office.records(), facts=slow), now=after(days=40))
    assert slow.read == 2  # its "missed" was not written, and it read again
    clock = office.clocks()["us-ca-individuals"]
    assert clock.state is ClockState.FULFILLED
    assert clock.standing is Standing.CONFIRMED
    assert (
        sum(change.moved for change in clock.history) == 1
    )  # the discovery moved the date once, and nothing moved it back


def test_a_place_the_stack_is_no_longer_told_of_keeps_its_clocks_and_its_answers(
    office: Office,
) -> None:
    office.jurisdictions = ("US-CA", "US-NY")
    office.record(after(days=10), fulfilled=fulfilled("us-tx-individuals", at=after(days=9)))
    office.tick(after(days=40))
    clocks = office.clocks()
    assert clocks["us-tx-individuals"].state is ClockState.FULFILLED
    assert clocks["us-tx-attorney-general"].state is ClockState.MISSED
    office.record(
        after(days=41),
        discovered_at=DISCOVERED,
        determined_at=after(days=1).isoformat(),
        because="as the report of the forensics firm says",
    )
    moved = office.clocks()["us-tx-attorney-general"]
    assert moved.due_at == clocks["us-tx-attorney-general"].due_at + timedelta(days=1)  # type: ignore[operator]


def test_a_place_that_was_a_slip_can_be_answered_after_its_count_was_withdrawn(
    office: Office,
) -> None:
    office.record(after(hours=1), residents={"JP": 3})
    office.record(after(hours=2), withdrawn=["residents"])
    assert office.clocks()["jp-unlisted"].state is ClockState.RUNNING
    slip = {"clock_id": "jp-unlisted", "why": "a slip, nobody lives there"}
    answer = office.record(after(hours=3), not_owed=slip)
    assert office.clocks()["jp-unlisted"].state is ClockState.NOT_OWED
    assert any(text.startswith("JP") for text in answer.changed)


def test_a_clock_whose_rule_is_gone_is_missed_answered_and_reopened_like_any_other(
    office: Office,
) -> None:
    clocks = Clocks(office.ledger)
    model = office.clocks()["us-ca-individuals"]
    clocks.add(model.model_copy(update={"clock_id": "us-ca-repealed"}))
    late = after(days=40)
    office.tick(late)
    gone = office.clocks()["us-ca-repealed"]
    assert gone.state is ClockState.MISSED
    assert (gone.due_at, gone.standing) == (model.due_at, Standing.PROVISIONAL)
    assert "missed" in gone.milestones_sent
    assert any("no longer give rise to it" in why for why in gone.why)
    office.record(late, fulfilled=fulfilled("us-ca-repealed", at=late))
    done = office.clocks()["us-ca-repealed"]
    assert (done.state, done.ended_at) == (ClockState.FULFILLED, late)
    assert done.ended_by == "counsel@example.com"
    office.tick(late + timedelta(hours=1))
    assert office.clocks()["us-ca-repealed"] == done
    office.record(
        late + timedelta(hours=2), reopened={"clock_id": "us-ca-repealed", "why": "the wrong form"}
    )
    again = office.clocks()["us-ca-repealed"]
    assert (again.state, again.ended_at) == (ClockState.MISSED, None)
    assert again.history[-1].what.startswith("fulfilled until")
