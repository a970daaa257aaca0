"""A no that asks for a question about each order, and what each question then decides."""

from typing import Any

import pytest

from responder.aws.approvals import Approvals
from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Unavailable
from responder.domain.order import Silence
from tests.asking import SOON, emptied
from tests.asking_together import ROLES, Together, orders_about
from tests.consoles import refusing
from tests.vaults import DiedHereError, Life

WAITING, APPROVED, DENIED, EXPIRED = ApprovalStatus
EACH = ["token-0", "token-1", "token-2"]
# Two orders where a run dies at each of its calls: a third doubles the calls, and shows no more.
PAIR = ROLES[:2]


def each_asked(ledger: Ledger) -> Together:
    together = Together(ledger).ask_all()
    together.console.decide("Reject", comment="one by one: 2 is the shop")
    together.approve()
    return together


def test_asked_for_each_every_order_has_a_question_of_its_own(ledger: Ledger) -> None:
    together = each_asked(ledger)
    assert together.statuses() == [WAITING] * 3
    assert together.executions.told == []
    own = [together.turn(n).approval for n in range(3)]
    assert len({one.automation_id for one in own}) == 3
    assert len(together.console.started) == 4
    for approval in own:
        given = together.console.started[str(approval.automation_id)]["Parameters"]
        assert given["ApprovalId"] == [approval.approval_id]
        assert "asks to carry out: End the sessions of the role" in given["Cut"][0]
    assert "Nothing was decided by that" in together.events()[f"each:{together.order.group}"].text


def test_each_is_then_decided_by_itself(ledger: Ledger) -> None:
    together = each_asked(ledger)
    for number, verb in enumerate(("Approve", "Reject", "Approve")):
        together.decides(number, verb)
    assert together.statuses() == [APPROVED, DENIED, APPROVED]
    assert (together.went_on(), together.refused()) == (["token-0", "token-2"], ["token-1"])


def test_what_is_asked_by_itself_since_ends_by_itself(ledger: Ledger) -> None:
    together = each_asked(ledger)
    together.decides(0, "Approve")
    assert [one.proceed for one in together.expire_all()] == [True, False, False]
    assert len(together.topic.messages) == 2


def test_one_that_comes_after_each_was_asked_for_has_a_question_of_its_own(ledger: Ledger) -> None:
    together = Together(ledger).ask_all(0, 1)
    together.console.decide("Reject", comment="One by one")
    together.approve()
    assert together.turn(2).ask("token-2", now=SOON).status is WAITING
    assert len(together.console.started) == 4
    together.decides(2, "Approve")
    assert together.went_on() == ["token-2"]


def died_before_each_was_asked(ledger: Ledger) -> Together:
    """The no that asks for a question about each is on record, and no question could be started."""
    together = Together(ledger, members=orders_about(*PAIR, on_silence=Silence.PROCEED)).ask_all()
    together.console.decide("Reject", comment="one by one")
    together.console.start_automation_execution = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        together.approve()
    assert together.question.asks_each
    return together


def test_a_no_that_asked_for_each_is_a_no_where_nobody_was_asked_until_the_end(
    ledger: Ledger,
) -> None:
    together = died_before_each_was_asked(ledger)
    assert [one.proceed for one in together.expire_all()] == [False, False]
    assert together.statuses() == [DENIED] * 2


def test_an_answer_to_one_whose_own_question_is_being_asked_is_tried_again(ledger: Ledger) -> None:
    together = died_before_each_was_asked(ledger)
    alone = together.approval.approval_id
    with pytest.raises(Unavailable, match="still being asked"):
        together.approve(approval_id=alone)


def test_an_order_that_was_closed_while_it_was_asked_about_by_itself_leaves_no_question(
    ledger: Ledger,
) -> None:
    together = Together(ledger, members=orders_about(*PAIR)).ask_all()
    together.console.decide("Reject", comment="one by one")
    start = together.console.start_automation_execution

    def closed_meanwhile(**given: Any) -> Any:
        if given["Parameters"]["ApprovalId"] == [together.approval.approval_id]:
            Approvals(ledger).replace(together.approval, status=EXPIRED)
        return start(**given)

    together.console.start_automation_execution = closed_meanwhile  # type: ignore[method-assign]
    together.turn(1).approve()
    assert together.statuses() == [WAITING, EXPIRED]
    assert [one["StepStatus"] for one in together.console.steps.values()] == [
        "Failed",
        "Waiting",
        "Cancelled",
    ]


def test_wherever_a_run_dies_each_is_asked_about_once(ledger: Ledger) -> None:
    def denied() -> Together:
        together = Together(emptied(ledger), members=orders_about(*PAIR)).ask_all()
        together.console.decide("Reject", comment="one by one")
        return together

    whole = Life()
    denied().approve(whole)
    for ends_at in range(whole.calls):
        together = denied()
        with pytest.raises(DiedHereError):
            together.approve(Life(ends_at))
        together.approve()
        assert len(together.console.started) == 3
        assert {together.turn(n).approval.group for n in range(2)} == {None}
        assert {f"asked:{one.order_id}" for one in together.members} <= set(together.events())
        together.decides(1, "Approve")
        assert together.went_on() == ["token-1"]
