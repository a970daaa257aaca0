"""Who is obliged, and what ends or suspends a duty: roles, holds, decisions on harm, contracts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from responder.domain.clock import ClockKind, ClockState
from responder.domain.errors import Broken
from responder.domain.facts import untrue
from responder.domain.statement import Statement
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.assess import assess
from responder.regimes.places import unknown
from responder.regimes.regime import load_own
from tests.builders import NOON
from tests.contracts import CONTRACT
from tests.unit.regimes.saying import BY, clocks_of, due_day, facts_of, there

FOUND = {
    "discovered_at": there("2026-11-23", "03:00"),
    "determined_at": there("2026-11-23", "03:30"),
}


def _hold(places: list[str], ended: str | None = None) -> dict[str, Any]:
    hold = {
        "jurisdictions": places,
        "agency": "FBI",
        "requested_at": there("2026-11-23", "03:40"),
        "how": "letter of 23 November",
    }
    return {"holds": hold | ({"ended_at": there(ended)} if ended else {})}


def test_while_an_agency_holds_the_notices_no_date_runs_and_the_regulators_keep_theirs() -> None:
    told = FOUND | {"residents": {"US-CA": 1200, "US-TX": 700}}
    held = clocks_of(facts_of(told, _hold(["*"])))
    for state in ("us-ca-individuals", "us-tx-individuals"):
        assert held[state].state is ClockState.WAITING
        assert held[state].due_at is None
        assert "hold: FBI, since 2026-11-23" in held[state].line
        assert held[state].ask_from == datetime(2026, 11, 30, 11, 40, tzinfo=UTC)
    assert str(due_day(held["us-tx-attorney-general"])) == "2026-12-23"
    assert held["us-tx-attorney-general"].line.endswith("hold: none.")


@pytest.mark.parametrize(
    ("place", "ended", "due"),
    [
        ("US-CA", "2026-12-01", "2026-12-23"),  # its own date had not passed
        ("US-CA", "2027-01-04", "2027-01-04"),  # it had: at once
        ("US-MD", "2027-01-04", "2027-01-11"),  # 7 days
        ("US-ME", "2027-01-04", "2027-01-13"),  # 7 business days
    ],
)
def test_when_the_agency_lets_go_the_duty_resumes(place: str, ended: str, due: str) -> None:
    facts = facts_of(FOUND | {"residents": {place: 5}}, _hold([place]), _hold([place], ended))
    clock = clocks_of(facts)[f"{place.lower()}-individuals"]
    assert str(due_day(clock)) == due
    assert f"hold: FBI, since 2026-11-23 until {ended}" in clock.line


def test_a_regulator_that_is_told_before_the_letters_waits_for_a_hold_with_them() -> None:
    facts = facts_of(FOUND | {"residents": {"US-MD": 5}}, _hold(["US-MD"]))
    assert clocks_of(facts)["us-md-attorney-general"].state is ClockState.WAITING


def _harm(place: str, harm: str = "unlikely") -> dict[str, Any]:
    decided = {"jurisdictions": [place], "harm": harm, "how": "memo 7"}
    return {"harm": decided | {"determined_at": there("2026-11-23", "03:50")}}


def test_a_decision_that_no_harm_is_likely_ends_the_duty_and_begins_the_filing() -> None:
    told = FOUND | {"residents": {"US-FL": 600}}
    before = clocks_of(facts_of(told))
    assert "us-fl-department-of-legal-affairs-no-harm" not in before
    decided = clocks_of(facts_of(told, _harm("US-FL")))
    assert decided["us-fl-individuals"].state is ClockState.NOT_OWED
    assert decided["us-fl-individuals"].ended_by == BY
    assert any("for 5 years" in why for why in decided["us-fl-individuals"].why)
    filing = decided["us-fl-department-of-legal-affairs-no-harm"]
    assert str(due_day(filing)) == "2026-12-23"
    assert filing.kind is ClockKind.LAW
    likely = clocks_of(facts_of(told, _harm("US-FL"), _harm("US-FL", "likely")))
    assert likely["us-fl-individuals"].state is ClockState.RUNNING
    assert likely[filing.clock_id].state is ClockState.NOT_OWED


@pytest.mark.parametrize("place", ["US-CA", "US-MA", "US-NY"])
def test_where_the_law_has_no_such_way_out_a_decision_on_harm_ends_nothing(place: str) -> None:
    facts = facts_of(FOUND | {"residents": {place: 600}}, _harm(place))
    assert clocks_of(facts)[f"{place.lower()}-individuals"].state is ClockState.RUNNING


def test_a_service_provider_tells_the_owner_and_the_owner_tells_the_rest() -> None:
    told = FOUND | {"residents": {"US-MD": 600}}
    assert "us-md-owner" not in clocks_of(facts_of(told))
    provider = clocks_of(facts_of(told | {"role": "service_provider"}))
    assert str(due_day(provider["us-md-owner"])) == "2026-12-03"
    assert provider["us-md-individuals"].state is ClockState.NOT_OWED
    assert provider["us-md-individuals"].ended_by == BY
    owner = clocks_of(facts_of(told | {"role": "owner"}))
    assert owner["us-md-owner"].state is ClockState.NOT_OWED
    both = clocks_of(facts_of(told | {"role": "both"}))
    assert both["us-md-owner"].state is ClockState.RUNNING
    assert both["us-md-individuals"].state is ClockState.RUNNING


def test_what_we_are_brings_in_a_regime_wherever_people_live() -> None:
    told = FOUND | {"residents": {"US-CA": 600}}
    assert not [one for one in clocks_of(facts_of(told)) if one.startswith("us-hipaa")]
    covered = clocks_of(facts_of(told, {"conditions": {"hipaa_covered_entity": True}}))
    assert covered["us-hipaa-individuals"].state is ClockState.RUNNING
    # Nobody said how many of the 600 are patients.
    assert covered["us-hipaa-hhs-large"].standing == "provisional"
    not_any_more = {"conditions": {"hipaa_covered_entity": False}}
    listed = facts_of(told, not_any_more, jurisdictions=("US-HIPAA",))
    gone = clocks_of(listed)
    assert "us-hipaa-media" in gone


def test_a_province_has_its_own_law_or_that_of_its_country() -> None:
    quebec = {
        c.jurisdiction for c in clocks_of(facts_of(FOUND | {"residents": {"CA-QC": 5}})).values()
    }
    ontario = {
        c.jurisdiction for c in clocks_of(facts_of(FOUND | {"residents": {"CA-ON": 5}})).values()
    }
    assert quebec == {"CA-QC"}
    assert ontario == {"CA-PIPEDA"}


def test_what_is_not_in_force_is_never_counted() -> None:
    assert not BY_JURISDICTION["US-CIRCIA"].in_force
    told = FOUND | {"conditions": {"critical_infrastructure": True}}
    assert not clocks_of(facts_of(told, jurisdictions=("US-CIRCIA",)))


def test_card_brands_are_a_contract_and_begin_with_suspicion() -> None:
    told = {"reason_to_believe_at": "2026-11-23T10:00:00Z", "elements": ["payment_card_no_code"]}
    clocks = clocks_of(facts_of(told, {"conditions": {"accepts_mastercard": True}}))
    told_them = clocks["card-mastercard-notice"]
    assert told_them.kind is ClockKind.CONTRACT
    assert told_them.due_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    safe = {"elements": ["email"], "determined_at": "2026-11-23T11:00:00Z"}
    unsure = clocks_of(facts_of(told, safe, {"conditions": {"accepts_mastercard": True}}))
    assert unsure["card-mastercard-notice"].state is ClockState.RUNNING  # medium confidence


def test_a_filing_that_follows_another_begins_when_that_was_made() -> None:
    told = {"discovered_at": "2026-11-23T08:00:00Z", "conditions": {"accepts_visa": True}}
    waiting = clocks_of(facts_of(told))["card-visa-incident-report"]
    assert waiting.state is ClockState.WAITING
    done = {
        "fulfilled": {"clock_id": "card-visa-notice", "at": "2026-11-23T09:00:00Z", "how": "mail"}
    }
    assert (
        str(due_day(clocks_of(facts_of(told, done))["card-visa-incident-report"])) == "2026-11-26"
    )


def test_a_contract_of_our_own_is_counted_in_every_incident(tmp_path: Path) -> None:
    (tmp_path / "insurer.yaml").write_text(CONTRACT, encoding="utf-8")
    regimes = (*REGIMES, *load_own(tmp_path))
    facts = facts_of(FOUND | {"residents": {"US-CA": 5}})
    clocks = {clock.clock_id: clock for clock in assess(facts, regimes, now=NOON)}
    assert clocks["own-insurer-notice"].due_at == datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert clocks["own-insurer-notice"].kind is ClockKind.CONTRACT


@pytest.mark.parametrize("name", ["US-CA", "CARD-VISA"])
def test_a_contract_of_our_own_may_not_pose_as_a_law(tmp_path: Path, name: str) -> None:
    text = CONTRACT.replace("OWN-INSURER", name).replace("own-insurer", name.lower())
    (tmp_path / "insurer.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Broken, match=name):
        load_own(tmp_path)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"residents": {"US-ZZ": 5}}, "residents.US-ZZ"),
        ({"residents": {"XX": 5}}, "residents.XX"),
        ({"residents": {"US": 5}}, "residents.US"),
        ({"notices_sent_at": {"US-QQ": there("2026-11-22")}}, "notices_sent_at.US-QQ"),
        ({"notices_planned_at": {"ABCD-X": there("2026-11-22")}}, "notices_planned_at.ABCD-X"),
        (_hold(["US-ZZ"]), "holds.US-ZZ"),
        (_harm("US-ZZ"), "harm.US-ZZ"),
    ],
)
def test_a_place_that_is_none_is_refused_by_name(told: dict[str, Any], field: str) -> None:
    wrong = unknown(Statement.model_validate(told), REGIMES)
    assert wrong is not None
    assert wrong[0] == field


@pytest.mark.parametrize("place", ["US-CA", "US-GU", "US-AS", "DE", "JP", "CA-ON", "CARD-VISA"])
def test_a_place_or_regime_that_is_one_is_not(place: str) -> None:
    assert unknown(Statement.model_validate({"residents": {place: 5}}), REGIMES) is None


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ("reason_to_believe_at", "determined_at", "determined_at"),
        ("discovered_at", "determined_at", "determined_at"),
        ("reason_to_believe_at", "scope_identified_at", "scope_identified_at"),
        ("material_at", "material_information_at", "material_information_at"),
    ],
)
def test_anchors_that_contradict_each_other_are_refused(
    first: str, second: str, field: str
) -> None:
    told = {first: there("2026-11-22"), second: there("2026-11-21")}
    wrong = untrue(Statement.model_validate(told), facts_of(), now=NOON)
    assert wrong is not None
    assert wrong[0] == field
    later = untrue(
        Statement.model_validate({first: there("2026-11-22")}),
        facts_of({second: there("2026-11-21")}),
        now=NOON,
    )
    assert later is not None
    assert later[0] == first
