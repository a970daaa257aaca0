"""What a hostile reader tried: duties that must not vanish, and dates that must not be later."""

from datetime import UTC, datetime
from typing import Any

import pytest

from responder.domain.clock import ClockKind, ClockState
from responder.domain.facts import untrue
from responder.domain.statement import Statement
from responder.regimes import REGIMES
from responder.regimes.places import problem
from tests.builders import NOON
from tests.unit.regimes.saying import clocks_of, due_day, facts_of, there

D = {
    "discovered_at": there("2026-11-23", "03:00"),
    "determined_at": there("2026-11-23", "03:30"),
}


def _harm(place: str, harm: str) -> dict[str, Any]:
    decided = {"jurisdictions": [place], "harm": harm, "how": "memo 7"}
    return {"harm": decided | {"determined_at": there("2026-11-23", "03:50")}}


def test_the_name_of_a_regime_is_no_place_that_nobody_counted() -> None:
    told = D | {"residents": {"BR": 0, "US-TX": 900}}
    seen = clocks_of(facts_of(told, jurisdictions=("BR-LGPD", "CARD-VISA", "US-TX")))
    assert seen["br-lgpd-anpd"].state is ClockState.NOT_OWED
    assert seen["us-tx-consumer-reporting-agencies"].state is ClockState.NOT_OWED


@pytest.mark.parametrize("people", [{"EU-GDPR": 0, "DE": 5000}, {"EU-GDPR": 5000, "DE": 0}])
def test_of_a_regimes_own_number_and_those_of_its_places_the_larger_counts(
    people: dict[str, int],
) -> None:
    clock = clocks_of(facts_of(D | {"residents": people}))["eu-gdpr-supervisory-authority"]
    assert clock.state is ClockState.RUNNING


def test_people_counted_for_a_regime_are_people() -> None:
    told = D | {"residents": {"EU-GDPR": 9000, "DE": 100, "US-TX": 1500}}
    agencies = clocks_of(facts_of(told))["us-tx-consumer-reporting-agencies"]
    assert agencies.state is ClockState.RUNNING  # 10,500 in all


@pytest.mark.parametrize("place", ["US-IL", "US-VT", "US-KS", "US-NC", "US-GA"])
def test_a_number_with_its_code_is_protected_where_the_number_alone_is(place: str) -> None:
    elements = ["name", "payment_card_with_code", "financial_account_with_code"]
    clocks = clocks_of(facts_of(D | {"residents": {place: 5}, "elements": elements}))
    assert clocks[f"{place.lower()}-individuals"].state is ClockState.RUNNING


def test_whose_data_it_was_changes_nothing_where_the_law_does_not_ask() -> None:
    conditions = ("exchange_act_registrant", "dfs_licensee", "ftc_financial_institution")
    told = D | {
        "conditions": dict.fromkeys(conditions, True),
        "material_at": there("2026-11-23", "03:40"),
        "ransom_paid_at": there("2026-11-23", "03:40"),
        "role": "service_provider",
    }
    clocks = clocks_of(facts_of(told))
    for name in ("us-sec-8k-item-105", "us-nydfs-500-incident", "us-ftc-safeguards-ftc"):
        assert clocks[name].state is ClockState.RUNNING


@pytest.mark.parametrize(
    ("condition", "clock_id"),
    [
        ("hipaa_business_associate", "us-hipaa-covered-entity"),
        ("bank_service_provider", "us-bank-36h-bank-customer"),
    ],
)
def test_what_we_are_says_that_we_serve_others(condition: str, clock_id: str) -> None:
    clocks = clocks_of(facts_of(D | {"conditions": {condition: True}}))
    served = [clock for clock in clocks.values() if clock.recipient in clock_id.replace("-", "_")]
    assert served
    assert all(clock.state is ClockState.RUNNING for clock in served)


def test_people_counted_for_a_regime_bring_in_its_duties_though_nobody_said_what_we_are() -> None:
    assert "us-hipaa-individuals" in clocks_of(facts_of(D | {"residents": {"US-HIPAA": 600}}))


def test_what_was_said_last_of_all_places_or_of_one_stands() -> None:
    told = D | {"residents": {"US-CT": 5, "US-CA": 5}}
    one = facts_of(told, _harm("US-CT", "unlikely"))
    late = (
        facts_of(told, _harm("*", "likely"))
        .harm["*"]
        .model_copy(update={"at": NOON.replace(hour=13)})
    )
    both = one.model_copy(update={"harm": one.harm | {"*": late}})
    assert clocks_of(both)["us-ct-individuals"].state is ClockState.RUNNING
    assert clocks_of(one)["us-ct-individuals"].state is ClockState.NOT_OWED


def test_a_hold_asked_for_after_the_date_passed_puts_nothing_off() -> None:
    hold = {
        "jurisdictions": ["*"],
        "agency": "FBI",
        "requested_at": there("2027-01-02"),
        "how": "letter",
    }
    late = datetime(2027, 1, 3, tzinfo=UTC)
    facts = facts_of(D | {"residents": {"US-CA": 5}}, {"holds": hold})
    clock = clocks_of(facts, now=late)["us-ca-individuals"]
    assert (clock.state, str(due_day(clock))) == (ClockState.MISSED, "2026-12-23")


def test_the_year_of_discovery_is_that_of_the_day_it_was_recorded_on() -> None:
    told = {
        "discovered_at": "2026-12-31T22:00:00-08:00",
        "conditions": {"hipaa_covered_entity": True},
        "residents": {"US-CA": 100},
    }
    assert str(due_day(clocks_of(facts_of(told))["us-hipaa-hhs-small"])) == "2027-03-01"


def test_a_notice_of_a_provider_is_no_later_discovery_and_an_earlier_one_is_one() -> None:
    late = {"notified_by_provider_at": "2026-11-29T10:00:00-05:00", "residents": {"US-CA": 5}}
    clock = clocks_of(facts_of(late))["us-ca-individuals"]
    assert (str(due_day(clock)), clock.anchor.assumed) == ("2026-12-23", True)
    early = {"notified_by_provider_at": "2026-11-20T10:00:00-05:00", "residents": {"US-NY": 5}}
    clock = clocks_of(facts_of(early | {"discovered_at": there("2026-11-23")}))["us-ny-individuals"]
    assert str(due_day(clock)) == "2026-12-20"
    assert "from the notice from a service provider 2026-11-20" in clock.line


@pytest.mark.parametrize("field", ["notices_sent_at", "notices_planned_at"])
def test_where_no_place_is_of_a_regime_the_first_letter_to_anybody_binds_it(field: str) -> None:
    told = D | {"residents": {"US-CA": 1000}, "conditions": {"hipaa_covered_entity": True}}
    facts = facts_of(told, {field: {"US-CA": there("2026-11-25")}})
    large = clocks_of(facts)["us-hipaa-hhs-large"]
    assert str(due_day(large)) == "2026-11-25"


@pytest.mark.parametrize(
    ("code", "meant"), [("PR", "US-PR"), ("GU", "US-GU"), ("UK", "GB"), ("VI", "US-VI")]
)
def test_a_code_that_would_miss_the_law_of_its_place_is_refused_with_the_right_one(
    code: str, meant: str
) -> None:
    assert problem(code, REGIMES) == f"write {meant}"


def test_the_overseas_parts_of_a_member_state_are_of_the_union() -> None:
    assert "eu-gdpr-supervisory-authority" in clocks_of(facts_of(D | {"residents": {"RE": 5}}))


def test_nobody_waits_in_silence_for_what_must_come() -> None:
    known = facts_of(D, jurisdictions=("US-MN", "US-SEC-8K"))
    clocks = clocks_of(known)
    for name in ("us-mn-consumer-reporting-agencies", "us-sec-8k-item-105"):
        assert clocks[name].state is ClockState.WAITING
        assert clocks[name].ask_from == datetime(2026, 11, 24, 11, tzinfo=UTC)
    visa = clocks_of(facts_of(D, {"conditions": {"accepts_visa": True}}))
    assert visa["card-visa-incident-report"].ask_from == visa["card-visa-notice"].due_at


def test_a_place_that_letters_go_to_is_a_place() -> None:
    facts = facts_of(D, {"notices_sent_at": {"US-NH": there("2026-11-23", "03:50")}})
    clock = clocks_of(facts)["us-nh-primary-regulator-or-attorney-general"]
    assert str(due_day(clock)) == "2026-11-22"


def test_people_are_no_cards() -> None:
    told = D | {"residents": {"US-CA": 6000}, "conditions": {"accepts_amex": True}}
    counted = clocks_of(facts_of(told))["card-amex-forensic-investigator"]
    assert counted.state is ClockState.RUNNING
    few = told | {"residents": {"US-CA": 6000, "CARD-AMEX": 9999}}
    assert clocks_of(facts_of(few))[counted.clock_id].state is ClockState.NOT_OWED


@pytest.mark.parametrize(
    ("field", "at", "why"),
    [
        ("notices_planned_at", "0001-01-01T00:00:00Z", "too far back"),
        ("notices_planned_at", "2025-12-20T10:00:00-05:00", "before anything is known"),
        ("notices_sent_at", "2025-11-24T10:00:00-08:00", "before anything is known"),
    ],
)
def test_letters_before_anything_was_known_are_a_slip(field: str, at: str, why: str) -> None:
    wrong = untrue(Statement.model_validate({field: at}), facts_of(D), now=NOON)
    assert wrong is not None
    assert wrong[0] == f"{field}.*"
    assert why in wrong[1]


def test_a_plan_that_slipped_makes_nobody_late_by_law() -> None:
    plan = {"residents": {"US-NY": 5}, "notices_planned_at": there("2026-11-29")}
    facts = facts_of(D | plan)
    before = clocks_of(facts)["us-ny-attorney-general"]
    assert str(due_day(before)) == "2026-11-29"
    after = clocks_of(facts, now=datetime(2026, 12, 1, tzinfo=UTC))["us-ny-attorney-general"]
    assert (str(due_day(after)), after.state) == ("2026-12-23", ClockState.RUNNING)


def test_who_has_no_way_out_for_unlikely_harm_has_none() -> None:
    told = D | {"residents": {"US-ME": 10}}
    broker = {"conditions": {"information_broker": True}}
    assert clocks_of(facts_of(told, _harm("US-ME", "unlikely")))["us-me-individuals"].state is (
        ClockState.NOT_OWED
    )
    held = clocks_of(facts_of(told, broker, _harm("US-ME", "unlikely")))["us-me-individuals"]
    assert held.state is ClockState.RUNNING


def test_a_number_that_no_statute_sets_is_a_target_of_our_own() -> None:
    clock = clocks_of(facts_of(D | {"residents": {"US-SD": 300}}))["us-sd-attorney-general"]
    assert (clock.kind, str(due_day(clock))) == (ClockKind.POLICY, "2027-01-22")


def test_hours_over_a_weekend_are_not_to_be_done_before_they_begin() -> None:
    told = {"discovered_at": there("2026-11-23"), "conditions": {"dfs_licensee": True}}
    saturday = {"ransom_paid_at": there("2026-11-28", zone="America/New_York")}
    for clock in clocks_of(facts_of(told, saturday)).values():
        if clock.anchor.name == "ransom_payment" and "24 hours" in clock.line:
            assert "act by" not in clock.line


@pytest.mark.parametrize("name", ["holds", "acknowledged", "not_owed", "fulfilled"])
def test_a_statement_has_room_for_what_one_item_can_hold(name: str) -> None:
    one = {"clock_id": "us-ca-individuals", "why": "x" * 400, "how": "x", "at": there("2026-11-23")}
    with pytest.raises(ValueError, match=name):
        Statement.model_validate({name: [one] * 101})


def test_elements_said_twice_are_said_once() -> None:
    assert len(Statement.model_validate({"elements": ["ssn"] * 60_000}).elements) == 1
