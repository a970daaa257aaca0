"""Not knowing is never good news, and only a number or a person ends a clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from responder.domain.clock import Anchor, Clock, ClockKind, ClockState, Standing
from responder.domain.continuity import Heard, continued
from responder.domain.facts import Fact, untrue
from responder.domain.statement import Statement
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.assess import assess
from tests.builders import INCIDENT_ID, NOON
from tests.unit.regimes.saying import BY, clocks_of, due_day, facts_of, there

HERE = ("US-CA", "US-NY", "US-TX")
FOUND = {
    "discovered_at": there("2026-11-23", "03:00"),
    "determined_at": there("2026-11-23", "03:30"),
}
LATER = NOON + timedelta(days=40)


def test_while_nobody_knows_every_threshold_is_taken_as_met_and_every_clock_is_provisional() -> (
    None
):
    clocks = clocks_of(facts_of(jurisdictions=HERE))
    assert sorted(clocks) == [
        "us-ca-attorney-general",
        "us-ca-individuals",
        "us-ny-attorney-general",
        "us-ny-consumer-reporting-agencies",
        "us-ny-department-of-state",
        "us-ny-individuals",
        "us-ny-state-police",
        "us-tx-attorney-general",
        "us-tx-consumer-reporting-agencies",
        "us-tx-individuals",
    ]
    assert {clock.standing for clock in clocks.values()} == {Standing.PROVISIONAL}
    running = {one for one, clock in clocks.items() if clock.state is ClockState.RUNNING}
    assert running == set(clocks) - {"us-ca-attorney-general"}
    assert clocks["us-ca-individuals"].anchor == Anchor(
        name="discovery_or_notification", at=NOON, assumed=True
    )
    assert "Nobody recorded" in clocks["us-ca-individuals"].why[0]


def test_a_clock_is_confirmed_when_its_anchor_and_its_residents_are_recorded() -> None:
    only_counted = clocks_of(facts_of({"residents": {"US-CA": 1200}}))
    only_found = clocks_of(facts_of(FOUND, jurisdictions=("US-CA",)))
    both = clocks_of(facts_of(FOUND | {"residents": {"US-CA": 1200}}))
    assert only_counted["us-ca-individuals"].standing is Standing.PROVISIONAL
    assert only_found["us-ca-individuals"].standing is Standing.PROVISIONAL
    assert both["us-ca-individuals"].standing is Standing.CONFIRMED
    assert both["us-ca-attorney-general"].due_at is None  # nobody can confirm a date it has not
    assert both["us-ca-attorney-general"].standing is Standing.PROVISIONAL
    assert not both["us-ca-individuals"].anchor.assumed
    assert BY in both["us-ca-individuals"].why[0]


def test_a_missing_determination_is_replaced_by_the_discovery_which_is_earlier() -> None:
    told = {"discovered_at": there("2026-11-20"), "residents": {"US-TX": 700}}
    clock = clocks_of(facts_of(told))["us-tx-individuals"]
    assert clock.anchor.assumed
    assert clock.anchor.at == datetime(2026, 11, 20, 20, tzinfo=UTC)
    assert clock.standing is Standing.PROVISIONAL


def test_a_missing_discovery_is_never_later_than_a_recorded_determination() -> None:
    told = {"determined_at": there("2026-11-10"), "residents": {"US-CA": 1200}}
    clock = clocks_of(facts_of(told))["us-ca-individuals"]
    assert clock.anchor == Anchor(
        name="discovery_or_notification", at=datetime(2026, 11, 10, 20, tzinfo=UTC), assumed=True
    )


def test_a_state_nobody_counted_keeps_its_clocks_though_others_were_counted() -> None:
    clocks = clocks_of(facts_of(FOUND | {"residents": {"US-CA": 1200}}, jurisdictions=HERE))
    assert clocks["us-ny-individuals"].state is ClockState.RUNNING
    assert clocks["us-ny-individuals"].standing is Standing.PROVISIONAL
    # 1,200 are counted, but New York and Texas may make it more than 10,000.
    assert clocks["us-tx-consumer-reporting-agencies"].state is ClockState.RUNNING


def test_what_kind_of_data_it_was_ends_a_duty_once_the_breach_was_determined() -> None:
    told: dict[str, Any] = {"discovered_at": FOUND["discovered_at"], "residents": {"US-CA": 5}}
    told = told | {"elements": ["email"], "encrypted": True}
    clock = clocks_of(facts_of(told))["us-ca-individuals"]
    assert clock.state is ClockState.RUNNING
    assert any("None of the data recorded" in why for why in clock.why)
    assert any("safe harbor" in why for why in clock.why)
    for elements, encrypted in ((["email"], False), (["ssn"], True)):
        sure = {"elements": elements, "encrypted": encrypted}
        ended = clocks_of(facts_of(told | FOUND | sure))["us-ca-individuals"]
        assert (ended.state, ended.ended_by) == (ClockState.NOT_OWED, BY)
    taken = FOUND | {"residents": {"US-CA": 5}, "elements": ["email", "ssn", "passport"]}
    clock = clocks_of(facts_of(taken))["us-ca-individuals"]
    assert clock.state is ClockState.RUNNING
    assert any("protects: passport, ssn" in why for why in clock.why)
    assert any("12 months, for ssn" in why for why in clock.why)


def test_a_list_that_we_are_not_sure_of_and_one_that_is_open_end_nothing() -> None:
    harmless = FOUND | {"residents": {"US-OR": 5, "DE": 5, "US-NM": 5}, "elements": ["email"]}
    clocks = clocks_of(facts_of(harmless))
    assert BY_JURISDICTION["US-OR"].personal_information.any_that_suffices
    assert clocks["us-or-individuals"].state is ClockState.RUNNING
    assert clocks["eu-gdpr-supervisory-authority"].state is not ClockState.NOT_OWED
    unsure = [one for one in REGIMES if one.covers and not one.sure_of("personal_information")]
    for regime in unsure:
        facts = facts_of(FOUND | {"residents": {regime.covers[0]: 5}, "elements": ["email"]})
        assert clocks_of(facts)[regime.rules[0].id].ended_by != BY


def test_counsel_may_open_again_what_the_kind_of_data_ended() -> None:
    told = FOUND | {"residents": {"US-CA": 5}, "elements": ["email"]}
    back = {"reopened": {"clock_id": "us-ca-individuals", "why": "it held passwords too"}}
    assert clocks_of(facts_of(told, back))["us-ca-individuals"].state is ClockState.RUNNING


def test_a_duty_that_depends_on_what_we_are_is_named_until_somebody_says() -> None:
    told = FOUND | {"residents": {"US-NY": 40}}
    silent = clocks_of(facts_of(told))
    assert "us-ny-department-of-financial-services" not in silent
    unasked = [why for why in silent["us-ny-individuals"].why if why.startswith("Not counted")]
    assert any("dfs_covered_entity" in why for why in unasked)
    no = clocks_of(facts_of(told, {"conditions": {"dfs_covered_entity": False}}))
    assert no["us-ny-department-of-financial-services"].state is ClockState.NOT_OWED
    assert not any("dfs_covered_entity" in why for why in no["us-ny-individuals"].why)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (
            {
                "fulfilled": {
                    "clock_id": "us-ca-individuals",
                    "at": there("2026-11-22"),
                    "how": "post",
                }
            },
            ClockState.FULFILLED,
        ),
        (
            {"not_owed": {"clock_id": "us-ca-individuals", "why": "no such data"}},
            ClockState.NOT_OWED,
        ),
    ],
)
def test_a_persons_answer_ends_a_clock_and_can_be_taken_back(
    answer: dict[str, Any], state: ClockState
) -> None:
    told = FOUND | {"residents": {"US-CA": 1200}}
    ended = clocks_of(facts_of(told, answer), now=LATER)["us-ca-individuals"]
    assert ended.state is state
    assert ended.ended_by == BY
    assert ended.ended_at is not None
    back = {"reopened": {"clock_id": "us-ca-individuals", "why": "a mistake"}}
    again = clocks_of(facts_of(told, answer, back), now=LATER)["us-ca-individuals"]
    assert again.state is ClockState.MISSED
    assert again.ended_at is None


def test_who_records_only_that_individuals_were_told_dates_what_is_counted_from_the_letters() -> (
    None
):
    told = FOUND | {"residents": {"US-CA": 1200, "US-NY": 40}}
    done = [
        {"clock_id": one, "at": there("2026-12-03", zone=zone), "how": "post"}
        for one, zone in (
            ("us-ca-individuals", "America/Los_Angeles"),
            ("us-ny-individuals", "America/New_York"),
        )
    ]
    clocks = clocks_of(facts_of(told, {"fulfilled": done}))
    attorney = clocks["us-ca-attorney-general"]
    assert str(due_day(attorney)) == "2026-12-18"
    assert (attorney.anchor.assumed, attorney.standing) == (True, Standing.PROVISIONAL)
    assert "the first notice went then at the latest" in attorney.why[0]
    for one in ("attorney-general", "department-of-state", "state-police"):
        assert str(due_day(clocks[f"us-ny-{one}"])) == "2026-12-03"
    for day, first, assumed in (("2026-12-01", "2026-12-16", False), ("2026-12-05", None, True)):
        sent = {"notices_sent_at": there(day)}
        attorney = clocks_of(facts_of(told, {"fulfilled": done}, sent))["us-ca-attorney-general"]
        assert str(due_day(attorney)) == (first or "2026-12-18")
        assert attorney.anchor.assumed is assumed


@pytest.mark.parametrize("count", [{"US-CA": 500}, {"US-CA": 1200, "DE": 0}])
def test_what_a_number_ended_names_the_count_and_no_person(count: dict[str, int]) -> None:
    clocks = clocks_of(facts_of(FOUND | {"residents": count}))
    by_number = [c for c in clocks.values() if c.state is ClockState.NOT_OWED]
    assert by_number
    assert {clock.ended_by for clock in by_number} == {"count"}
    assert all(any("as recorded" in why for why in clock.why) for clock in by_number)


def test_fulfilled_late_is_fulfilled_and_says_that_it_was_late() -> None:
    answer = {
        "fulfilled": {"clock_id": "us-ca-individuals", "at": there("2026-12-24"), "how": "post"}
    }
    clock = clocks_of(facts_of(FOUND | {"residents": {"US-CA": 1}}, answer), now=LATER)
    assert clock["us-ca-individuals"].state is ClockState.FULFILLED
    assert any("after its deadline" in why for why in clock["us-ca-individuals"].why)


def test_a_deadline_is_missed_one_instant_after_its_last_second() -> None:
    facts = facts_of(FOUND | {"residents": {"US-CA": 1200}})
    due = clocks_of(facts)["us-ca-individuals"].due_at
    assert due is not None
    assert clocks_of(facts, now=due)["us-ca-individuals"].state is ClockState.RUNNING
    after = due + timedelta(microseconds=1)
    assert clocks_of(facts, now=after)["us-ca-individuals"].state is ClockState.MISSED


def test_only_a_reason_that_the_law_knows_moves_a_date_and_never_earlier() -> None:
    def moved(place: str, reason: str, until: str) -> Clock:
        clock_id = f"{place.lower()}-individuals"
        told = FOUND | {
            "residents": {place: 5},
            "extended": {
                "clock_id": clock_id,
                "until": there(until),
                "reason": reason,
                "how": "letter of 1 December",
            },
        }
        return clocks_of(facts_of(told))[clock_id]

    scope = "determine_scope_and_restore_integrity"
    assert str(moved("US-CA", scope, "2027-01-10").act_by) == "2027-01-08"
    assert str(moved("US-NY", scope, "2027-01-10").act_by) == "2026-12-23"  # repealed there
    assert str(moved("US-CA", scope, "2026-12-01").act_by) == "2026-12-23"
    # Florida knows good cause, for 15 days more and no longer.
    assert str(due_day(moved("US-FL", "good_cause", "2027-03-01"))) == "2027-01-07"


@pytest.mark.parametrize(
    "clock_id",
    [
        "us-ca-attorney-general",
        "us-ny-attorney-general",
        "us-ny-consumer-reporting-agencies",
        "us-tx-attorney-general",
        "us-pr-consumer-affairs",
    ],
)
def test_only_the_notice_to_individuals_may_be_put_off(clock_id: str) -> None:
    told = FOUND | {
        "residents": {"US-CA": 6000, "US-NY": 6000, "US-TX": 700, "US-PR": 5},
        "notices_sent_at": there("2026-11-23", "03:50"),
    }
    claim = {
        "clock_id": clock_id,
        "until": there("2027-03-01"),
        "reason": "determine_scope_and_restore_integrity",
        "how": "letter",
    }
    plain, claimed = facts_of(told), facts_of(told, {"extended": claim})
    assert clocks_of(plain)[clock_id].due_at is not None
    assert clocks_of(claimed)[clock_id] == clocks_of(plain)[clock_id]


def test_a_law_we_do_not_hold_is_neither_ignored_nor_guessed() -> None:
    told = FOUND | {"residents": {"JP": 3, "CH": 0}}
    clocks = clocks_of(facts_of(told))
    japan = clocks["jp-unlisted"]
    assert japan.kind is ClockKind.POLICY
    assert japan.state is ClockState.RUNNING
    assert japan.due_at == datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert japan.verified_on is None
    assert clocks["ch-unlisted"].state is ClockState.NOT_OWED
    answered = {"not_owed": {"clock_id": "jp-unlisted", "why": "no business there"}}
    assert clocks_of(facts_of(told, answered))["jp-unlisted"].state is ClockState.NOT_OWED
    done = {"fulfilled": {"clock_id": "jp-unlisted", "at": there("2026-11-23"), "how": "memo"}}
    assert clocks_of(facts_of(told, done))["jp-unlisted"].state is ClockState.FULFILLED


def test_every_clock_says_where_it_comes_from() -> None:
    for clock in assess(facts_of(jurisdictions=HERE), REGIMES, now=NOON):
        assert clock.citation
        assert clock.sources
        assert clock.verified_on is not None
        assert clock.why
        assert clock.rule.endswith(".")


def test_a_rule_that_nobody_read_for_long_says_so_beside_its_date() -> None:
    facts = facts_of(FOUND, jurisdictions=("US-CA",))
    fresh = clocks_of(facts, now=NOON)["us-ca-individuals"]
    stale = clocks_of(facts, now=NOON + timedelta(days=200))["us-ca-individuals"]
    assert not any("read it again" in why for why in fresh.why)
    assert any("read it again" in why for why in stale.why)


def test_a_later_statement_supersedes_an_earlier_one_field_by_field() -> None:
    facts = facts_of(
        FOUND
        | {
            "residents": {"US-CA": 1200, "US-NY": 40},
            "notices_sent_at": {"US-CA": there("2026-11-22")},
        },
        {"residents": {"US-NY": 45}, "notices_sent_at": {"US-NY": there("2026-11-23", "01:00")}},
        {"withdrawn": ["determined_at"]},
    )
    assert facts.discovered_at is not None
    assert facts.determined_at is None
    assert {place: said.value for place, said in facts.residents.items()} == {
        "US-CA": 1200,
        "US-NY": 45,
    }
    assert set(facts.notices_sent_at) == {"US-CA", "US-NY"}


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ([{"US-CA": "2026-11-20"}, {"US-CA": "2026-11-22"}], "2026-11-20"),
        ([{"US-CA": "2026-11-22"}, {"US-CA": "2026-11-20"}], "2026-11-20"),
        ([{"US-CA": "2026-11-20"}, {"*": "2026-11-22"}], "2026-11-20"),
        ([{"US-CA": "2026-11-22"}, {"*": "2026-11-20"}], "2026-11-22"),
        ([{"*": "2026-11-20"}, {"US-CA": "2026-11-22"}], "2026-11-20"),
        ([{"*": "2026-11-20", "US-CA": "2026-11-22"}], "2026-11-22"),
        ([{"US-NY": "2026-11-20"}, {"*": "2026-11-22"}], "2026-11-22"),
        ([{"US-CA": "2026-11-20"}, None, {"US-CA": "2026-11-22"}], "2026-11-22"),
    ],
)
def test_a_later_letter_is_not_the_first_and_a_date_for_all_places_only_fills_gaps(
    told: list[dict[str, str] | None], first: str
) -> None:
    facts = facts_of(
        *(
            {"withdrawn": ["notices_sent_at"]}
            if one is None
            else {"notices_sent_at": {place: there(day) for place, day in one.items()}}
            for one in told
        )
    )
    sent = facts.sent_at("US-CA")
    assert sent is not None
    assert sent.value.isoformat() == there(first)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"discovered_at": there("2026-11-24")}, "discovered_at"),
        ({"notices_sent_at": {"US-CA": there("2026-12-24")}}, "notices_sent_at.US-CA"),
        (
            {
                "fulfilled": {
                    "clock_id": "us-ca-individuals",
                    "at": there("2027-01-01"),
                    "how": "post",
                }
            },
            "fulfilled.us-ca-individuals.at",
        ),
        (
            {"discovered_at": there("2026-11-22"), "determined_at": there("2026-11-21")},
            "determined_at",
        ),
        ({"discovered_at": "0001-01-01T00:00:00Z"}, "discovered_at"),
        (
            {
                "extended": {
                    "clock_id": "us-ca-individuals",
                    "until": "9999-12-31T00:00:00Z",
                    "reason": "good_cause",
                    "how": "letter",
                }
            },
            "extended.us-ca-individuals.until",
        ),
    ],
)
def test_what_cannot_be_true_is_named(told: dict[str, Any], field: str) -> None:
    wrong = untrue(Statement.model_validate(told), facts_of(), now=NOON)
    assert wrong is not None
    assert wrong[0] == field


def heard(*said: dict[str, Any], before: datetime = NOON) -> Heard:
    """Statements that a clock hears for the first time, and that moved its date later."""
    return Heard(
        len(said),
        [
            Fact(incident_id=INCIDENT_ID, by=BY, at=NOON, said=Statement.model_validate(one))
            for one in said
        ],
        before,
    )


def test_a_date_that_moves_is_kept_and_told_anew() -> None:
    before = clocks_of(facts_of(jurisdictions=("US-TX",)))["us-tx-individuals"].model_copy(
        update={"milestones_sent": ("started", "50%"), "milestones_skipped": ("80%",)}
    )
    said = {"determined_at": there("2026-11-25"), "because": "as the report says"}
    counted = clocks_of(facts_of(said, jurisdictions=("US-TX",)))["us-tx-individuals"]
    new = continued(before, counted, now=NOON + timedelta(days=2), heard=heard(said))
    assert new.due_at == counted.due_at
    assert (new.milestones_sent, new.milestones_skipped) == ((), ())
    assert new.started_at == before.started_at
    [change] = new.history
    assert change.what.startswith("2027-01-23 05:59:59 UTC until 2026-11-25 12:00:00 UTC, then")
    assert ", later." in change.what
    assert change.by == BY
    assert "as the report says" in change.why
    again = continued(new, counted, now=NOON + timedelta(days=3), heard=Heard(total=1))
    assert again == new


def test_without_a_person_and_a_reason_the_earlier_date_of_a_law_stands() -> None:
    before = clocks_of(facts_of(jurisdictions=("US-TX",)))["us-tx-individuals"]
    said = {"determined_at": there("2026-11-25")}
    counted = clocks_of(facts_of(said, jurisdictions=("US-TX",)))["us-tx-individuals"]
    held = continued(before, counted, now=NOON, heard=Heard())
    assert (held.due_at, held.act_by) == (before.due_at, before.act_by)
    assert held.later_at == counted.due_at
    assert any("No person asked for a later date" in why for why in held.why)
    assert held.history[-1].by == ""
    late = NOON + timedelta(days=61)
    assert late < counted.due_at + timedelta(days=30)  # type: ignore[operator]
    missed = continued(held, counted, now=late, heard=Heard())
    assert missed.state is ClockState.MISSED  # by the date that stands
    ours = before.model_copy(update={"kind": ClockKind.POLICY})
    assert continued(ours, counted, now=NOON, heard=Heard()).due_at == counted.due_at


def test_a_reason_for_an_earlier_date_is_none_for_the_later_one_of_a_new_release() -> None:
    """Stood at D; by today's rules D + 20 days; the statement made that D + 10."""
    counted = clocks_of(facts_of(jurisdictions=("US-TX",)))["us-tx-individuals"]
    due = counted.due_at
    assert due is not None
    before = counted.model_copy(update={"due_at": due - timedelta(days=10)})
    said = heard({"discovered_at": there("2026-11-20"), "because": "an older log"})
    rules = Heard(said.total, said.new, due_without=due + timedelta(days=10))
    kept = continued(before, counted, now=NOON, heard=rules)
    assert (kept.due_at, kept.later_at) == (before.due_at, due)
    rules = Heard(said.total, said.new, due_without=due - timedelta(days=1))
    assert continued(before, counted, now=NOON, heard=rules).due_at == due


def test_the_history_is_bounded_and_says_how_much_it_left_out() -> None:
    clock = clocks_of(facts_of(jurisdictions=("US-TX",)))["us-tx-individuals"]
    for number in range(130):
        counted = clock.model_copy(update={"why": (f"Count {number}. " + "x" * 900,)})
        clock = continued(clock, counted, now=NOON + timedelta(minutes=number), heard=Heard())
    assert (len(clock.history), clock.history_left_out) == (50, 80)
    assert clock.history[0].at == NOON
    assert clock.history[-1].at == NOON + timedelta(minutes=129)
    assert len(clock.model_dump_json().encode()) < 400_000 / 2


def test_a_clock_that_gets_its_first_date_begins_then() -> None:
    waiting = clocks_of(facts_of(jurisdictions=("US-CA",)))["us-ca-attorney-general"]
    sent = facts_of({"notices_sent_at": there("2026-12-13")}, jurisdictions=("US-CA",))
    dated = NOON + timedelta(days=20)
    counted = clocks_of(sent)["us-ca-attorney-general"]
    new = continued(waiting, counted, now=dated, heard=Heard())
    assert new.started_at == dated
    assert new.history[0].what.startswith("no date until")


def test_an_answer_taken_back_does_not_hide_that_the_date_moved_meanwhile() -> None:
    told = FOUND | {"residents": {"US-CA": 1}}
    answer = {"not_owed": {"clock_id": "us-ca-individuals", "why": "no such data"}}
    back = {
        "reopened": {"clock_id": "us-ca-individuals", "why": "a mistake"},
        "discovered_at": there("2026-11-20"),
    }
    ended = clocks_of(facts_of(told, answer))["us-ca-individuals"]
    counted = clocks_of(facts_of(told, answer, back))["us-ca-individuals"]
    [change] = continued(ended, counted, now=NOON, heard=Heard()).history
    assert change.what.startswith(
        "not-owed until 2026-11-23 12:00:00 UTC, then open again. 2026-12-24"
    )
    assert "then 2026-12-21 07:59:59 UTC, earlier." in change.what


def test_an_answer_taken_back_is_kept_in_the_history_and_told_anew() -> None:
    told = FOUND | {"residents": {"US-CA": 1}}
    answer = {"not_owed": {"clock_id": "us-ca-individuals", "why": "no such data"}}
    ended = clocks_of(facts_of(told, answer))["us-ca-individuals"]
    ended = ended.model_copy(update={"milestones_sent": ("started",)})
    counted = clocks_of(facts_of(told))["us-ca-individuals"]
    new = continued(ended, counted, now=NOON, heard=Heard())
    assert new.milestones_sent == ()
    assert new.history[0].what.startswith("not-owed until")
