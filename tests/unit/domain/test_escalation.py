"""Nobody answers: the next is called, each with their whole time, until all were called."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.escalation import ROUNDS, Call, Contact, contacts_at, following
from responder.sources.rotas import read_rota
from tests.builders import NOON

ANA = Contact("primary", "Ana Ruiz", timedelta(minutes=10), "ana")
BEN = Contact("secondary", "Ben Okafor", timedelta(minutes=20), "ben")
GAP = Contact("night", "nobody", timedelta(minutes=5), nobody=True)
LAST = Contact("escalation", "the escalation topic", timedelta(minutes=15), escalates=True)

ROTA = """
people:
  ana: {name: Ana Ruiz, email: ana@example.com}
  dee: {name: Dee Marsh, email: dee@example.com}
levels:
  - name: primary
    answer_within_minutes: 10
    turns:
      - people: [ana]
        first_day: 2026-11-01
        time_zone: America/Los_Angeles
        hours: {from: "09:00", to: "21:00"}
  - name: manager
    turns: [{people: [dee], first_day: 2026-11-01, time_zone: America/New_York}]
"""


def walk(*contacts: Contact, rounds: int = ROUNDS, late: timedelta = timedelta()) -> Iterator[Call]:
    """Every call that is made while nobody answers, each `late` after its time."""
    calls, now = list[Call](), NOON
    while True:
        then = following(calls, contacts, rounds, now)
        if then.wait_until is not None:
            assert then.wait_until > now
            now = then.wait_until + late
            continue
        if then.contact is None:
            return
        contact = then.contact
        calls.append(
            Call(
                round=then.round,
                place=then.place,
                level=contact.name,
                who=contact.who,
                at=now,
                answer_within=contact.answer_within,
            )
        )
        yield calls[-1]


def times(calls: Iterator[Call]) -> list[tuple[int, str]]:
    return [(int((one.at - NOON).total_seconds() // 60), one.who) for one in calls]


def test_each_level_is_called_after_the_one_before_it_had_its_time() -> None:
    assert times(walk(ANA, BEN, LAST, rounds=2)) == [
        (0, "Ana Ruiz"),
        (10, "Ben Okafor"),
        (30, "the escalation topic"),
        (45, "Ana Ruiz"),
        (55, "Ben Okafor"),
        (75, "the escalation topic"),
    ]


def test_a_level_that_nobody_has_is_passed_over_at_once() -> None:
    assert times(walk(GAP, ANA, GAP, LAST, rounds=1)) == [
        (0, "Ana Ruiz"),
        (10, "the escalation topic"),
    ]


def test_where_nobody_has_any_level_nothing_is_called_and_nothing_hangs() -> None:
    assert list(walk(GAP, GAP)) == []


def test_a_call_that_came_late_has_its_whole_time_all_the_same() -> None:
    late = timedelta(minutes=40)
    assert times(walk(ANA, BEN, rounds=1, late=late)) == [(0, "Ana Ruiz"), (50, "Ben Okafor")]


def test_a_ladder_that_became_shorter_goes_on_in_the_next_round() -> None:
    calls = list(walk(ANA, BEN, LAST, rounds=1))
    then = following(calls, (ANA,), ROUNDS, calls[-1].at + calls[-1].answer_within)
    assert (then.round, then.place, then.contact) == (2, 1, ANA)


def test_nobody_gives_up_before_the_escalation_was_called_once() -> None:
    calls = list(walk(ANA, BEN, rounds=1))
    over_at = calls[-1].at + calls[-1].answer_within
    then = following(calls, (ANA, LAST), 1, over_at)
    assert (then.round, then.place, then.contact) == (2, 2, LAST)
    called = [*calls, calls[-1].model_copy(update={"level": LAST.name, "who": LAST.who})]
    assert following(called, (ANA, LAST), 1, over_at).contact is None


@given(
    st.lists(st.sampled_from([ANA, BEN, GAP, LAST]), min_size=1, max_size=6),
    st.integers(min_value=1, max_value=4),
)
def test_every_level_that_somebody_has_is_called_in_each_round_and_no_other(
    contacts: list[Contact], rounds: int
) -> None:
    called = [(one.round, one.place) for one in walk(*contacts, rounds=rounds)]
    assert called == [
        (number, place)
        for number in range(1, rounds + 1)
        for place, contact in enumerate(contacts, start=1)
        if not contact.nobody
    ]


def test_a_rota_is_called_level_by_level_and_then_the_escalation() -> None:
    rota = read_rota(ROTA)
    assert [(one.name, one.person) for one in contacts_at(rota, NOON.replace(hour=20))] == [
        ("primary", "ana"),
        ("manager", "dee"),
        ("escalation", None),
    ]


def test_a_level_without_anybody_at_that_hour_says_so() -> None:
    at_night = NOON.replace(hour=10)
    assert [one.nobody for one in contacts_at(read_rota(ROTA), at_night)] == [True, False, False]


@pytest.mark.parametrize("at", [NOON, NOON + timedelta(days=200)])
def test_without_a_rota_the_topic_is_called_and_then_the_escalation(at: datetime) -> None:
    assert [one.name for one in contacts_at(None, at)] == ["on call", "escalation"]
