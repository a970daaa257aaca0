"""Questions about several orders that two people answer, that were spent, or that died."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Unavailable
from responder.steps.verdict import Verdict
from tests.asking import SOON, emptied
from tests.asking_together import ROLES, Together, orders_about
from tests.builders import HOME
from tests.consoles import refusing
from tests.vaults import DiedHereError, Life

SSO = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0a"
CAROL, DAVE = (
    f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Ops_0a/{name}@example.com"
    for name in ("carol", "dave")
)
WAITING, APPROVED, DENIED, EXPIRED = ApprovalStatus
EACH = ["token-0", "token-1", "token-2"]
PAIR = ROLES[:2]


def two(ledger: Ledger, roles: Sequence[str] = ROLES) -> Together:
    members = orders_about(*roles, people_needed=2)
    return Together(ledger, members=members, approvers=(SSO,)).ask_all()


def test_two_people_answer_the_same_question_and_the_count_is_each_orders(ledger: Ledger) -> None:
    together = two(ledger)
    together.console.decide(by=CAROL)
    assert together.approve().verdict is Verdict.ONE_OF_MORE
    assert together.went_on() == []
    assert (
        f"(1-3) 1 of 2 said yes: {CAROL}. Another person is needed." in together.shown()["People"]
    )
    together.console.decide(by=CAROL)
    assert together.approve().verdict is Verdict.VOID
    together.console.decide(by=DAVE)
    together.approve()
    assert together.went_on() == EACH
    assert together.turn(0).approval.who == f"{CAROL} and {DAVE}"
    assert len(together.console.started) == 3


def test_one_that_comes_after_the_first_of_two_yeses_has_it(ledger: Ledger) -> None:
    members = orders_about(*ROLES, people_needed=2)
    together = Together(ledger, members=members, approvers=(SSO,)).ask_all(0, 1)
    together.console.decide(by=CAROL)
    together.approve()
    together.turn(2).ask("token-2", now=SOON)
    assert [yes.by for yes in together.approval.yeses] == [CAROL]
    together.console.decide(by=DAVE)
    together.approve()
    assert together.went_on() == EACH


def test_wherever_a_run_dies_it_is_one_yes_and_one_further_question(ledger: Ledger) -> None:
    def once() -> Together:
        together = two(emptied(ledger), PAIR)
        together.console.decide(by=CAROL)
        return together

    whole = Life()
    once().approve(whole)
    for ends_at in range(whole.calls):
        together = once()
        spent = together.automation_id
        with pytest.raises(DiedHereError):
            together.approve(Life(ends_at))
        together.approve(automation_id=spent, now=SOON + timedelta(seconds=5))
        assert [len(together.turn(n).approval.yeses) for n in range(2)] == [1, 1]
        assert len(together.console.started) == 2
        together.console.decide(by=DAVE)
        together.approve()
        assert together.went_on() == EACH[:2]


def test_an_order_that_comes_while_the_answer_is_worked_on_is_tried_again(ledger: Ledger) -> None:
    members = orders_about(*ROLES, people_needed=2)
    together = Together(ledger, members=members, approvers=(SSO,)).ask_all(0, 1)
    together.console.decide(by=CAROL)
    started = together.console.start_automation_execution
    together.console.start_automation_execution = refusing("ThrottlingException")  # type: ignore[method-assign]
    spent = together.automation_id
    with pytest.raises(Unavailable):
        together.approve()
    with pytest.raises(Unavailable):
        together.turn(2).ask("token-2", now=SOON)
    together.console.start_automation_execution = started  # type: ignore[method-assign]
    together.approve(automation_id=spent)
    together.turn(2).ask("token-2", now=SOON)
    together.console.decide(by=DAVE)
    together.approve()
    assert together.went_on() == EACH


def test_one_that_comes_when_the_question_is_dead_for_good_has_one_of_its_own(
    ledger: Ledger,
) -> None:
    together = Together(ledger).ask_all(0, 1)
    for _ in range(5):
        together.console.steps[together.automation_id]["StepStatus"] = "Cancelled"
        together.approve(approval_id=None)
    assert together.turn(2).ask("token-2", now=SOON).status is WAITING
    assert len(together.console.started) == 6
    together.decides(2, "Approve")
    assert together.went_on() == ["token-2"]


def test_where_nobody_can_be_asked_each_order_is_closed(ledger: Ledger) -> None:
    together = Together(ledger)
    gone = refusing("AutomationDefinitionNotFoundException")
    together.console.start_automation_execution = gone  # type: ignore[method-assign]
    for number in range(3):
        with pytest.raises(Exception, match="AutomationDefinitionNotFound"):
            together.turn(number).ask(f"token-{number}")
    assert together.statuses() == [EXPIRED] * 3


def test_a_run_that_finds_the_answer_taken_in_by_another_leaves_it_to_that_one(
    ledger: Ledger,
) -> None:
    together = two(ledger, PAIR)
    together.console.decide(by=CAROL)
    spent, read = together.automation_id, together.console.get_automation_execution
    others = iter([partial(together.approve, automation_id=spent)])

    def after_another(**given: Any) -> Any:
        for run in others:
            run()
        return read(**given)

    together.console.get_automation_execution = after_another  # type: ignore[method-assign]
    assert together.approve(automation_id=spent).status is WAITING
    assert [len(together.turn(n).approval.yeses) for n in range(2)] == [1, 1]
    assert len(together.console.started) == 2
    together.console.decide(by=DAVE)
    together.approve()
    assert together.went_on() == EACH[:2]
