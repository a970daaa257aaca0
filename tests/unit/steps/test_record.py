"""What counsel says is kept and counted at once, or refused by the name of its field."""

from datetime import timedelta
from typing import Any

import pytest

from responder.aws.ledger import Ledger
from responder.domain.clock import ClockState, Standing
from responder.domain.errors import Broken, Refused
from responder.steps.record import read_request
from tests.builders import INCIDENT_ID, NOON
from tests.unit.steps.counsel import BY, DISCOVERED, Office, after, forget, fulfilled
from tests.vaults import DiedHereError, Life

KNOWN: dict[str, Any] = {
    "discovered_at": DISCOVERED,
    "determined_at": NOON.isoformat(),
    "residents": {"US-CA": 1200, "US-NY": 40, "US-TX": 700},
}


@pytest.fixture
def office(ledger: Ledger) -> Office:
    office = Office(ledger)
    office.open()
    office.assess()
    return office


def test_counted_facts_confirm_the_clocks_and_end_those_below_a_threshold(office: Office) -> None:
    answer = office.record(after(days=2), **KNOWN)
    clocks = office.clocks()
    unsure = {one for one, clock in clocks.items() if clock.standing is not Standing.CONFIRMED}
    assert unsure == {"us-ca-attorney-general"}  # it has no date yet
    ended = {one for one, clock in clocks.items() if clock.state is ClockState.NOT_OWED}
    assert ended == {"us-ny-consumer-reporting-agencies", "us-tx-consumer-reporting-agencies"}
    assert len(answer.clocks) == 10
    assert any(
        text == "New York, consumer reporting agencies: not owed, due 2026-12-23; before, running,"
        " due 2026-12-23"
        for text in answer.changed
    )
    [event] = [text for text in office.timeline() if text.startswith("Recorded")]
    assert event.startswith("Recorded discovered at, determined at, residents.")


def test_from_the_finding_to_the_missed_deadline_as_counsel_lives_it(office: Office) -> None:
    office.run_until(after(days=2))
    office.record(after(days=2), **KNOWN)
    office.run_until(after(days=20), after(days=2))
    sent = after(days=20)
    done = (
        "us-ca-individuals",
        "us-ny-individuals",
        "us-tx-individuals",
        "us-ny-attorney-general",
        "us-ny-department-of-state",
        "us-ny-state-police",
        "us-tx-attorney-general",
    )
    office.record(sent, notices_sent_at=sent.isoformat(), fulfilled=fulfilled(*done, at=sent))
    clocks = office.clocks()
    assert {clocks[one].state for one in done} == {ClockState.FULFILLED}
    assert clocks["us-ca-attorney-general"].state is ClockState.RUNNING
    end = office.run_until(after(days=60), sent)
    missed = office.clocks()["us-ca-attorney-general"]
    assert missed.state is ClockState.MISSED
    assert missed.due_at == end - timedelta(seconds=1)
    assert str(missed.act_by) == "2026-12-28"
    assert [subject.split("]")[0] for subject in office.escalated()] == [
        "[72 hours left",
        "[24 hours left",
        "[Act today",
        "[1 hour left",
        "[MISSED",
    ]
    late = end + timedelta(days=1)
    office.record(late, fulfilled=fulfilled("us-ca-attorney-general", at=late))
    clock = office.clocks()["us-ca-attorney-general"]
    assert clock.state is ClockState.FULFILLED
    assert any("after its deadline" in why for why in clock.why)


def test_every_statement_stays_and_the_later_one_counts(office: Office) -> None:
    office.record(residents={"US-CA": 400})
    assert office.clocks()["us-ca-attorney-general"].state is ClockState.NOT_OWED
    office.record(after(days=1), residents={"US-CA": 600})
    assert office.clocks()["us-ca-attorney-general"].state is ClockState.WAITING
    facts = office.records().facts.all(INCIDENT_ID)
    assert [fact.said.residents for fact in facts] == [{"US-CA": 400}, {"US-CA": 600}]
    assert [fact.by for fact in facts] == [BY, BY]


def test_the_same_statement_sent_again_is_one(office: Office) -> None:
    first = office.record(**KNOWN)
    again = office.record(after(minutes=1), **KNOWN)
    assert first.recorded == again.recorded
    assert again.changed == []
    assert len(office.records().facts.all(INCIDENT_ID)) == 1
    office.record(after(minutes=2), residents={"US-CA": 5})
    office.record(after(minutes=3), **KNOWN)
    assert len(office.records().facts.all(INCIDENT_ID)) == 3
    assert office.records().standing(INCIDENT_ID).residents["US-CA"].value == 1200


def test_who_records_only_that_individuals_were_told_starts_what_counts_from_the_letters(
    office: Office,
) -> None:
    office.record(after(days=1), **KNOWN)
    told = after(days=10)
    office.record(told, fulfilled=fulfilled("us-ca-individuals", at=told))
    end = office.run_until(after(days=60), told)
    attorney = office.clocks()["us-ca-attorney-general"]
    assert attorney.state is ClockState.MISSED
    assert attorney.due_at is not None
    assert told + timedelta(days=15) < attorney.due_at < told + timedelta(days=16)
    assert end > attorney.due_at
    assert any(text.startswith("[MISSED] California, Attorney G") for text in office.escalated())


def test_the_first_letter_is_not_the_last(office: Office) -> None:
    office.record(notices_sent_at=NOON.isoformat())
    clocks = office.clocks()
    assert clocks["us-ca-individuals"].state is ClockState.RUNNING
    assert clocks["us-ca-attorney-general"].state is ClockState.RUNNING


def test_a_run_that_dies_at_any_call_is_completed_when_it_is_sent_again(ledger: Ledger) -> None:
    def fresh() -> Office:
        forget(ledger)
        office = Office(ledger, jurisdictions=("US-CA",))
        office.open()
        office.assess()
        return office

    told: dict[str, Any] = {"discovered_at": DISCOVERED, "residents": {"US-CA": 1200}}
    whole = Life()
    expected = fresh()
    expected.record(life=whole, **told)
    for ends_at in range(whole.calls):
        office = fresh()
        with pytest.raises(DiedHereError):
            office.record(life=Life(ends_at), **told)
        office.record(**told)
        assert office.clocks() == expected.clocks()
        assert len(office.records().facts.all(INCIDENT_ID)) == 1
        assert sum(text.startswith("Recorded") for text in office.timeline()) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "says nothing"),
        ({"determined": NOON.isoformat()}, "field determined: there is no such field"),
        ({"determined_at": "2026-11-23"}, "field determined_at: a time with its offset"),
        ({"determined_at": "2026-11-23T09:00:00"}, "field determined_at: a time with its offset"),
        ({"determined_at": "yesterday"}, "field determined_at: a time with its offset"),
        ({"discovered_at": after(days=1).isoformat()}, "field discovered_at: lies in the future"),
        ({"residents": {"US-CA": -1}}, "field residents.US-CA"),
        ({"residents": {"US-CA": "many"}}, "field residents.US-CA"),
        ({"residents": {"US-CA": True}}, "field residents.US-CA"),
        ({"residents": {"California": 5}}, "field residents.California"),
        ({"elements": ["shoe_size"]}, "field elements.0"),
        ({"conditions": {"rich": True}}, "field conditions.rich"),
        ({"fulfilled": {"clock_id": "us-ca-individuals"}}, "field fulfilled.0.at"),
        (
            {"fulfilled": fulfilled("us-ca-nobody", at=NOON)},
            "field fulfilled.clock_id: there is no clock us-ca-nobody; there are us-ca-attorney",
        ),
        ({"not_owed": {"clock_id": "us-ca-individuals", "why": ""}}, "field not_owed.0.why"),
        (
            {
                "extended": {
                    "clock_id": "us-ny-individuals",
                    "until": after(days=50).isoformat(),
                    "reason": "determine_scope_and_restore_integrity",
                    "how": "memo of counsel",
                }
            },
            "field extended.reason: the rule of us-ny-individuals knows no such reason",
        ),
        (
            {
                "extended": {
                    "clock_id": "us-tx-attorney-general",
                    "until": after(days=50).isoformat(),
                    "reason": "good_cause",
                    "how": "memo of counsel",
                }
            },
            "the rule of us-tx-attorney-general knows no such reason",
        ),
        ({"residents": {"US-ZZ": 3}}, "field residents.US-ZZ: no state or territory"),
    ],
)
def test_what_cannot_be_read_or_cannot_be_so_is_refused_by_field_and_changes_nothing(
    office: Office, said: dict[str, Any], field: str
) -> None:
    before = office.clocks()
    with pytest.raises(Refused, match="nothing was recorded") as raised:
        office.record(**said)
    assert field in str(raised.value)
    assert office.records().facts.all(INCIDENT_ID) == []
    assert office.clocks() == before


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ([], "an object with incident_id"),
        ({"by": BY, **KNOWN}, "field incident_id"),
        ({"incident_id": "inc-1", "by": BY, **KNOWN}, "field incident_id"),
        ({"incident_id": INCIDENT_ID, **KNOWN}, "field by"),
        ({"incident_id": INCIDENT_ID, "by": " \n", **KNOWN}, "field by"),
        ({"incident_id": INCIDENT_ID, "by": BY, "now": NOON.isoformat(), **KNOWN}, "field now"),
    ],
)
def test_who_says_it_about_which_incident_is_asked_for(event: object, field: str) -> None:
    with pytest.raises(Refused) as raised:
        read_request(event)
    assert field in str(raised.value)


def test_an_incident_that_is_not_there_is_broken(ledger: Ledger) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        Office(ledger).record(**KNOWN)


def test_a_claimed_extension_moves_the_date_later_by_name_and_with_history(
    office: Office,
) -> None:
    claim = {
        "clock_id": "us-ca-individuals",
        "until": after(days=45).isoformat(),
        "reason": "determine_scope_and_restore_integrity",
        "how": "memo of 24 November",
    }
    office.record(**KNOWN)
    office.record(after(days=1), extended=claim)
    clock = office.clocks()["us-ca-individuals"]
    assert clock.due_at == after(days=45)
    assert any(BY in why and "memo of 24" in why for why in clock.why)
    assert ", later." in clock.history[-1]


def test_a_claim_beyond_what_the_law_allows_is_refused_with_the_last_day(office: Office) -> None:
    office.record(**(KNOWN | {"residents": {"US-FL": 600}}))
    claim = {"clock_id": "us-fl-individuals", "reason": "good_cause", "how": "letter"}
    with pytest.raises(Refused, match="until 2027-01-07 at the latest"):
        office.record(extended=claim | {"until": after(days=60).isoformat()})
    office.record(extended=claim | {"until": after(days=40).isoformat()})
    assert office.clocks()["us-fl-individuals"].due_at == after(days=40)
