"""Which orders one question asks about, and which answer asks for a question about each."""

from datetime import timedelta
from typing import Any

import pytest

from responder.domain.answer import Answer
from responder.domain.order import OrderMode, Plan, Silence
from responder.domain.question import MOST_TOGETHER, Question, grouped, wants_each_asked
from tests.asking import an_asked_order
from tests.asking_together import ROLES, orders_about
from tests.builders import INCIDENT_ID, NOON, a_session, an_order

HALF_AN_HOUR = timedelta(minutes=30)


def test_orders_that_can_be_decided_together_are_one_group() -> None:
    alike = grouped(orders_about(*ROLES), 1)
    assert {order.group for order in alike} == {"q1-1800s-escalate-1-1"}
    assert {order.group for order in grouped(alike, 2)} == {"q2-1800s-escalate-1-1"}


@pytest.mark.parametrize(
    "other",
    [
        {"answer_within": timedelta(minutes=5)},
        {"on_silence": Silence.PROCEED},
        {"people_needed": 2},
        {"held": True},
        {"mode": OrderMode.AUTOMATIC},
    ],
)
def test_one_that_differs_for_the_approver_is_not_among_them(other: dict[str, Any]) -> None:
    one, two = orders_about(*ROLES[:2])
    apart = an_asked_order(principal=a_session(ROLES[2]), **other)
    made = grouped((one, apart, two), 1)
    assert [bool(order.group) for order in made] == [True, False, True]
    assert made[1] == apart


def test_one_alone_is_asked_about_as_ever() -> None:
    [alone] = orders_about(ROLES[0])
    assert grouped((an_order(), alone), 1) == (an_order(), alone)


@pytest.mark.parametrize("number", [MOST_TOGETHER, MOST_TOGETHER + 1, 3 * MOST_TOGETHER + 1])
def test_no_question_is_about_more_than_an_approver_can_read_and_none_about_a_rest_of_one(
    number: int,
) -> None:
    made = grouped(orders_about(*(f"role-{n}" for n in range(number))), 1)
    groups = [order.group for order in made]
    sizes = [groups.count(one) for one in dict.fromkeys(groups)]
    assert None not in groups
    assert sum(sizes) == number
    assert min(sizes) > 1
    assert max(sizes) <= MOST_TOGETHER
    assert len(sizes) == -(-number // MOST_TOGETHER)


def test_the_hash_of_a_plan_covers_what_is_asked_together_and_leaves_one_of_before_as_it_was() -> (
    None
):
    orders = orders_about(*ROLES)
    plain: dict[str, Any] = {"incident_id": INCIDENT_ID, "generation": 1, "planned_at": NOON}
    apart, together = Plan(orders=orders, **plain), Plan(orders=grouped(orders, 1), **plain)
    assert apart.hash != together.hash
    moved = [one.model_copy(update={"group": "q1-60s-proceed-1-1"}) for one in together.orders]
    assert Plan(orders=tuple(moved), **plain).hash != together.hash


def a_question(**given: Any) -> Question:
    plain: dict[str, Any] = {
        "question_id": "qst-" + "0" * 32,
        "incident_id": INCIDENT_ID,
        "group": "q1-1800s-escalate-1-1",
        "order_ids": (),
        "plan_hash": "a" * 64,
        "requested_at": NOON,
        "expires_at": NOON + HALF_AN_HOUR,
        "asks": ("ord-" + "1" * 20, "ord-" + "2" * 20),
    }
    return Question(**(plain | given))


def test_a_question_that_is_about_one_order_by_now_is_denied_by_any_comment() -> None:
    answer = Answer(approves=False, by="x", decided_at=NOON, comment="one by one")
    alone = a_question(asks=("ord-" + "1" * 20,))
    assert not wants_each_asked(answer, alone, timedelta(seconds=30))


def said(comment: str | None, *, approves: bool = False, after: timedelta = timedelta()) -> bool:
    answer = Answer(approves=approves, by="x", decided_at=NOON + after, comment=comment)
    return wants_each_asked(answer, a_question(), timedelta(seconds=30))


@pytest.mark.parametrize(
    "comment", ["one by one", "One by one.", " one-by-one, please: 3 is the shop", "“one by one”"]
)
def test_a_no_may_ask_for_a_question_about_each(comment: str) -> None:
    assert said(comment)


@pytest.mark.parametrize(
    "comment", [None, "", "no", "not one by one", "1 by 1", "ONE", "one by onerous"]
)
def test_whatever_else_a_no_says_is_a_no_to_all(comment: str | None) -> None:
    assert not said(comment)


def test_a_yes_never_asks_for_it_and_a_no_does_only_while_there_is_time() -> None:
    assert not said("one by one", approves=True)
    assert said("one by one", after=HALF_AN_HOUR - timedelta(seconds=30))
    assert not said("one by one", after=HALF_AN_HOUR - timedelta(seconds=29))
