"""What counsel says is kept and counted at once, or refused by the name of its field."""

from datetime import timedelta
from typing import Any

import pytest

from responder.aws.clocks import Clocks
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
    office.run_until(after(days=36), sent)
    missed = office.clocks()["us-ca-attorney-general"]
    assert missed.state is ClockState.MISSED
    assert str(missed.act_by) == "2026-12-28"
    assert [subject.split("]")[0] for subject in office.escalated()] == [
        "[72 hours left",
        "[24 hours left",
        "[4 hours left",
        "[MISSED",
    ]
    late = after(days=37)
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
    office.run_until(after(days=26), told)
    attorney = office.clocks()["us-ca-attorney-general"]
    assert attorney.state is ClockState.MISSED
    assert attorney.due_at is not None
    assert told + timedelta(days=15) < attorney.due_at < told + timedelta(days=16)
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
    assert any(BY in why and "memo of 24 November" in why for why in clock.why)
    assert ", later." in clock.history[-1].what
    assert (
        "let it move: determine scope and restore integrity, memo of 24 November"
        in clock.history[-1].why
    )


def test_a_later_date_of_a_law_is_refused_by_name_without_a_reason_and_kept_with_it(
    office: Office,
) -> None:
    office.record(**KNOWN)
    before = office.clocks()
    later: dict[str, Any] = {
        "discovered_at": after(days=1).isoformat(),
        "determined_at": after(days=1).isoformat(),
    }
    with pytest.raises(Refused, match="field because") as raised:
        office.record(after(days=2), **later)
    said = str(raised.value)
    assert "us-ca-individuals from 2026-12-23 to 2026-12-24" in said
    assert "us-tx-individuals from 2027-01-22 to 2027-01-23" in said
    assert '"because": "' in said
    assert office.clocks() == before
    assert len(office.records().facts.all(INCIDENT_ID)) == 1
    office.record(after(days=2), because="the log was an hour fast", **later)
    clock = office.clocks()["us-ca-individuals"]
    assert str(clock.due_at) == "2026-12-25 07:59:59+00:00"
    assert clock.history[-1].by == BY
    assert "the log was an hour fast" in clock.history[-1].text
    assert any("because: the log was an hour fast" in text for text in office.timeline())


def test_an_earlier_date_and_a_smaller_count_need_no_reason(office: Office) -> None:
    office.record(**KNOWN)
    office.record(after(days=1), discovered_at=after(days=-3).isoformat())
    office.record(after(days=2), residents={"US-CA": 400})
    clocks = office.clocks()
    assert clocks["us-ca-attorney-general"].state is ClockState.NOT_OWED
    assert str(clocks["us-ca-individuals"].due_at) == "2026-12-21 07:59:59+00:00"
    changes = [change.text for change in clocks["us-ca-attorney-general"].history]
    assert "400 residents are affected" in changes[-1]  # the number that ended it, and whose it is
    assert BY in changes[-1]


def test_a_date_that_vanishes_needs_a_reason(office: Office) -> None:
    office.record(notices_sent_at=NOON.isoformat())
    with pytest.raises(Refused, match="us-ca-attorney-general from 2026-12-08 to no date"):
        office.record(after(hours=1), withdrawn=["notices_sent_at"])
    office.record(after(hours=1), withdrawn=["notices_sent_at"], because="nothing was posted")
    assert office.clocks()["us-ca-attorney-general"].state is ClockState.WAITING


def test_a_run_that_died_after_a_reason_was_recorded_is_made_good_with_that_reason(
    ledger: Ledger,
) -> None:
    def fresh() -> Office:
        forget(ledger)
        office = Office(ledger, jurisdictions=("US-CA",))
        office.open()
        office.assess()
        office.record(discovered_at=DISCOVERED)
        return office

    later: dict[str, Any] = {"discovered_at": after(days=1).isoformat(), "because": "a wrong log"}
    whole = Life()
    fresh().record(after(days=2), life=whole, **later)
    recorded = 0
    for ends_at in range(whole.calls):
        office = fresh()
        with pytest.raises(DiedHereError):
            office.record(after(days=2), life=Life(ends_at), **later)
        office.tick(after(days=2, minutes=1))
        clock = office.clocks()["us-ca-individuals"]
        if len(office.records().facts.all(INCIDENT_ID)) == 2:
            recorded += 1
            assert "a wrong log" in clock.history[-1].why
            assert str(clock.due_at) == "2026-12-25 07:59:59+00:00"
        else:
            assert str(clock.due_at) == "2026-12-24 07:59:59+00:00"
    assert 0 < recorded < whole.calls


def test_counsel_waives_what_may_be_owed_and_it_can_be_opened_again(office: Office) -> None:
    office.record(**KNOWN)
    said = {"clock_id": "us-ny-state-police", "why": "the shop's own target, set aside"}
    answer = office.record(after(days=1), waived=said)
    clock = office.clocks()["us-ny-state-police"]
    assert (clock.state, clock.ended_by, clock.ended_at) == (ClockState.WAIVED, BY, after(days=1))
    assert clock.ended_how == said["why"]
    assert any("waived (the shop's own target, set aside)" in text for text in answer.changed)
    office.tick(after(days=60))
    assert office.clocks()["us-ny-state-police"].state is ClockState.WAIVED
    back = {"clock_id": "us-ny-state-police", "why": "they asked for it"}
    office.record(after(days=61), reopened=back)
    again = office.clocks()["us-ny-state-police"]
    assert (again.state, again.ended_how) == (ClockState.MISSED, None)
    done = fulfilled("us-ny-state-police", at=after(days=62))
    office.record(after(days=62), fulfilled=done)
    assert office.clocks()["us-ny-state-police"].state is ClockState.FULFILLED
    assert office.clocks()["us-ny-state-police"].ended_how == "portal receipt 4711"
    with pytest.raises(Refused, match="is fulfilled; there is nothing to waive"):
        office.record(after(days=63), waived=said)


def test_a_later_date_that_nobody_asked_for_waits_until_a_person_accepts_it(
    office: Office,
) -> None:
    """The law of this release is another: the clock was counted by a shorter one before."""
    office.record(**KNOWN)
    clocks = office.records().clocks
    [stored] = [s for s in clocks.stored(INCIDENT_ID) if s.clock.clock_id == "us-ca-individuals"]
    ruled = stored.clock.due_at
    assert ruled is not None
    shorter = {"due_at": ruled - timedelta(days=10), "act_by": (ruled - timedelta(days=11)).date()}
    clocks.replace(stored, stored.clock.model_copy(update=shorter))
    office.tick(after(days=1))
    held = office.clocks()["us-ca-individuals"]
    assert (held.due_at, held.later_at) == (ruled - timedelta(days=10), ruled)
    office.record(after(days=2), residents={"US-CA": 1300}, because="counted again")
    assert office.clocks()["us-ca-individuals"].due_at == held.due_at  # said of something else
    accepted = {"clock_id": "us-ca-individuals", "why": "counsel read the amended statute"}
    with pytest.raises(Refused, match="no later date of us-ny-individuals waits"):
        office.record(after(days=3), accepted=accepted | {"clock_id": "us-ny-individuals"})
    office.record(after(days=3), accepted=accepted)
    moved = office.clocks()["us-ca-individuals"]
    assert (moved.due_at, moved.later_at) == (ruled, None)
    assert "counsel read the amended statute" in moved.history[-1].text
    assert moved.history[-1].by == BY
    office.tick(after(days=4))
    assert office.clocks()["us-ca-individuals"].due_at == ruled


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"waived": {"clock_id": "us-ca-individuals"}}, "field waived.0.why"),
        ({"waived": {"clock_id": "us-ca-individuals", "why": " "}}, "field waived.0.why"),
        ({"acknowledged": {"clock_id": "us-ca-nobody"}}, "field acknowledged.clock_id"),
        ({"because": "only this"}, "says nothing"),
        (
            {
                "waived": {"clock_id": "us-ca-individuals", "why": "ours"},
                "not_owed": {"clock_id": "us-ca-individuals", "why": "no such data"},
            },
            "two answers",
        ),
        (
            {"fulfilled": {"clock_id": "us-ca-individuals", "at": NOON.isoformat()}},
            "field fulfilled.0.how",
        ),
    ],
)
def test_an_answer_without_its_reason_or_proof_is_refused(
    office: Office, said: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as raised:
        office.record(**said)
    assert field in str(raised.value)
    assert office.records().facts.all(INCIDENT_ID) == []


def test_a_claim_beyond_what_the_law_allows_is_refused_with_the_last_day(office: Office) -> None:
    office.record(**(KNOWN | {"residents": {"US-FL": 600}}))
    claim = {"clock_id": "us-fl-individuals", "reason": "good_cause", "how": "letter"}
    with pytest.raises(Refused, match="until 2027-01-07 at the latest"):
        office.record(extended=claim | {"until": after(days=60).isoformat()})
    office.record(extended=claim | {"until": after(days=40).isoformat()})
    assert office.clocks()["us-fl-individuals"].due_at == after(days=40)


def test_a_hold_is_a_reason_to_go_later_and_the_plan_of_letters_needs_none(office: Office) -> None:
    office.record(**(KNOWN | {"residents": {"US-MD": 5}}))
    office.record(notices_planned_at=after(days=20).isoformat())
    office.record(after(minutes=1), notices_planned_at=after(days=25).isoformat())
    regulator = office.clocks()["us-md-attorney-general"]
    assert regulator.due_at is not None
    assert str(regulator.act_by) == "2026-12-17"
    hold = {
        "jurisdictions": ["US-MD"],
        "agency": "FBI",
        "requested_at": after(minutes=2).isoformat(),
        "how": "letter 7",
    }
    office.record(after(minutes=3), holds=hold)
    held = office.clocks()["us-md-individuals"]
    assert (held.state, held.due_at) == (ClockState.WAITING, None)
    assert "let it move: FBI, letter 7" in held.history[-1].why


def test_a_hold_excuses_only_what_that_agency_holds(office: Office) -> None:
    office.record(**KNOWN)
    hold = {
        "jurisdictions": ["US-NJ"],
        "agency": "FBI",
        "requested_at": after(minutes=1).isoformat(),
        "how": "letter 7",
    }
    later: dict[str, Any] = {
        "discovered_at": after(days=1).isoformat(),
        "determined_at": after(days=1).isoformat(),
    }
    with pytest.raises(Refused, match="us-ca-individuals from 2026-12-23 to 2026-12-24"):
        office.record(after(days=2), holds=hold, **later)


def test_a_date_that_passed_is_not_put_off_any_more(office: Office) -> None:
    office.record(**(KNOWN | {"residents": {"US-FL": 600}}))
    claim = {"clock_id": "us-fl-individuals", "reason": "good_cause", "how": "memo of day 41"}
    with pytest.raises(Refused, match="passed on 2026-12-23, and is not put off"):
        office.record(after(days=41), extended=claim | {"until": after(days=44).isoformat()})


def test_a_later_date_that_waits_to_be_accepted_comes_in_under_no_other_reason(
    office: Office,
) -> None:
    office.record(**KNOWN)
    clocks = Clocks(office.ledger)
    [stored] = [
        one for one in clocks.stored(INCIDENT_ID) if one.clock.clock_id == "us-ca-individuals"
    ]
    due = stored.clock.due_at
    assert due is not None
    shorter = {"due_at": due - timedelta(days=15), "later_at": due}
    assert clocks.replace_together([(stored, stored.clock.model_copy(update=shorter))])
    at = after(hours=20).isoformat()
    later: dict[str, Any] = {"discovered_at": at, "determined_at": at, "because": "the log"}
    with pytest.raises(Refused, match="a later date of us-ca-individuals already waits"):
        office.record(after(days=2), **later)
