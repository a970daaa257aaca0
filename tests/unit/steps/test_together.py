"""One question for orders that can be decided together: one answer, and each order by itself."""

import json
from datetime import timedelta

import pytest

from responder.aws.ledger import Ledger, incident_pk
from responder.aws.uses import Uses
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Refused
from responder.domain.order import Silence
from responder.domain.use import Use
from responder.steps.verdict import Verdict
from tests.asking import ALICE, LATER, SOON, Asking, an_asked_order, emptied
from tests.asking_together import ROLES, Together, asked_for_by, orders_about
from tests.builders import INCIDENT_ID, NOON, a_user
from tests.vaults import DiedHereError, Life

WAITING, APPROVED, DENIED, EXPIRED = ApprovalStatus
EACH = ["token-0", "token-1", "token-2"]


@pytest.fixture
def together(ledger: Ledger) -> Together:
    return Together(ledger)


def test_three_orders_are_one_question_whoever_asks_first_and_however_often(
    together: Together,
) -> None:
    together.ask_all(1, 0, 2).ask_all()
    assert len(together.console.started) == 1
    assert together.statuses() == [WAITING] * 3
    assert {together.turn(n).approval.automation_id for n in range(3)} == {together.automation_id}
    [asked] = [one for key, one in together.events().items() if key.startswith("asked")]
    assert "one question about 3 orders at once" in asked.text
    for order in together.members:
        assert order.order_id in asked.text
        assert order.resource in asked.text


def test_the_approver_reads_every_order_with_what_uses_it_and_how_to_decide_each(
    together: Together,
) -> None:
    first = together.members[0]
    seen = Use(
        incident_id=INCIDENT_ID,
        order_id=first.order_id,
        looked_at=NOON,
        since=NOON - timedelta(days=7),
        holders=("Lambda function send-orders",),
        unknown=("who worked with it in the last 15 min",),
    )
    Uses(together.ledger).first(seen)
    together.ask_all()
    shown = together.shown()
    assert shown["ApprovalId"] == together.question.question_id
    assert shown["Cut"].startswith(
        f"{INCIDENT_ID} asks about 3 orders AT ONCE: approve carries out"
    )
    assert "deny with the comment: one by one." in shown["Cut"]
    cuts = " ".join(shown.get(name, "") for name in ("Cut", "Cut2", "Cut3", "Cut4"))
    for number, order in enumerate(together.members, start=1):
        assert f"({number}) {order.order_id} End the sessions of the role: {order.resource}" in cuts
    assert shown["Uses"] == (
        "What else uses them: (1) Held by Lambda function send-orders. (2-3) nobody could look."
    )
    assert "(1) who worked with it in the last 15 min" in shown["NotKnown"]
    assert "(2-3) what else uses it: nobody could look" in shown["NotKnown"]
    assert shown["Silence"] == (
        "Without an answer until 2026-11-23 12:30:00 UTC, none of them is carried out, and people"
        " are paged."
    )
    assert shown["Undo"].startswith("each by its id, here (1): aws lambda invoke ")
    assert first.order_id in shown["Undo"]


def test_one_yes_lets_every_execution_go_on_and_is_told_once(together: Together) -> None:
    together.ask_all()
    together.console.decide()
    answer = together.approve()
    assert (answer.status, answer.verdict, answer.group) == (
        APPROVED,
        Verdict.COUNTS,
        together.order.group,
    )
    assert together.went_on() == EACH
    for number in range(3):
        approval = together.turn(number).approval
        assert (approval.decided_by, approval.decided_at) == (ALICE, SOON)
        assert approval.handed_in_at == SOON
    events = together.events()
    answered = events[f"answered:{together.order.group}"]
    assert answered.by == ALICE
    assert answered.text.startswith("Approved 3 orders: I know this role. By one answer: ord-")
    assert len(events) == 2
    assert together.topic.messages == []


def test_one_no_denies_all_and_says_why(together: Together) -> None:
    together.ask_all()
    together.console.decide("Reject", comment="Black Friday.")
    together.approve()
    assert together.statuses() == [DENIED] * 3
    assert together.refused() == EACH
    assert {given["cause"] for _, given in together.executions.told} == {
        f"Denied by {ALICE}: Black Friday."
    }


def test_twice_is_once(together: Together) -> None:
    together.ask_all()
    together.console.decide()
    first = together.approve()
    events, told = together.events(), len(together.executions.told)
    assert together.approve() == first
    assert (together.events(), len(together.executions.told)) == (events, told)
    assert together.topic.messages == []


def test_an_order_that_comes_after_the_yes_goes_on_without_a_second_question(
    together: Together,
) -> None:
    together.ask_all(0, 1)
    together.console.decide()
    together.approve()
    assert together.went_on() == EACH[:2]
    assert together.turn(2).ask("token-2", now=SOON).status is APPROVED
    assert together.went_on() == EACH
    assert len(together.console.started) == 1
    [joined] = [
        one for key, one in together.events().items() if key.endswith(together.order.order_id)
    ]
    assert "It was said about all orders of one question." in joined.text


def test_an_order_that_comes_after_the_no_is_denied_too(together: Together) -> None:
    together.ask_all(0, 1)
    together.console.decide("Reject")
    together.approve()
    assert together.turn(2).ask("token-2", now=SOON).status is DENIED
    assert together.refused() == EACH
    assert len(together.console.started) == 1


def test_an_order_that_comes_when_the_time_is_over_gets_no_yes(together: Together) -> None:
    together.ask_all(0, 1)
    together.console.decide()
    together.approve()
    with pytest.raises(Refused, match="not asked again"):
        together.turn(2).ask("token-2", now=LATER)
    assert together.statuses() == [APPROVED, APPROVED, EXPIRED]
    assert together.went_on() == EACH[:2]


def test_the_earliest_end_is_the_end_for_all(together: Together) -> None:
    together.ask_all(0)
    together.ask_all(1, 2, now=NOON + timedelta(seconds=40))
    assert {together.turn(n).approval.expires_at for n in range(3)} == {LATER}
    together.console.decide(at=LATER + timedelta(seconds=1))
    together.approve(now=LATER + timedelta(seconds=2))
    assert together.went_on() == []
    assert {one.proceed for one in together.expire_all(now=LATER + timedelta(seconds=40))} == {
        False
    }


# Two orders where a run dies at each of its calls: a third doubles the calls, and shows no more.
PAIR = ROLES[:2]


def test_a_run_that_asks_and_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    whole = Life()
    Together(ledger, members=orders_about(*PAIR)).ask("token-0", life=whole)
    assert whole.calls >= 12
    for ends_at in range(whole.calls):
        together = Together(emptied(ledger), members=orders_about(*PAIR))
        with pytest.raises(DiedHereError):
            together.ask("token-0", life=Life(ends_at))
        together.ask_all(1, 0)
        assert len(together.console.started) == 1
        assert together.statuses() == [WAITING] * 2
        together.console.decide()
        together.approve()
        assert together.went_on() == EACH[:2]


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
def test_a_run_that_answers_and_dies_at_any_call_is_completed_by_the_next(
    ledger: Ledger, verb: str
) -> None:
    def answered() -> Together:
        together = Together(emptied(ledger), members=orders_about(*PAIR)).ask_all()
        together.console.decide(verb)
        return together

    whole = Life()
    answered().approve(whole)
    for ends_at in range(whole.calls):
        together = answered()
        with pytest.raises(DiedHereError):
            together.approve(Life(ends_at))
        together.approve()
        assert together.statuses() == [APPROVED if verb == "Approve" else DENIED] * 2
        assert (together.went_on() or together.refused()) == EACH[:2]
        assert len(together.console.started) == 1
        # One that handed it in and died before it said so cannot be told from a wait that ended.
        assert len(together.topic.messages) <= 1


@pytest.mark.parametrize("silence", list(Silence))
def test_silence_is_told_once_about_all_and_does_what_the_plan_said(
    ledger: Ledger, silence: Silence
) -> None:
    together = Together(ledger, members=orders_about(*ROLES, on_silence=silence)).ask_all()
    answers = together.expire_all()
    assert {one.proceed for one in answers} == {silence is Silence.PROCEED}
    assert together.statuses() == [EXPIRED] * 3
    assert [page["Subject"].partition("]")[0] for page in together.topic.messages] == (
        ["[NO ANSWER"] if silence is Silence.ESCALATE else []
    )
    told = together.events()[f"expired:{together.order.group}"]
    for order in together.members:
        assert order.resource in told.text
        assert all(order.order_id in page["Message"] for page in together.topic.messages)
    assert together.console.steps[together.automation_id]["StepStatus"] == "Cancelled"


def test_an_answer_that_nobody_handed_in_is_found_at_the_end_by_each(together: Together) -> None:
    together.ask_all()
    together.console.decide()
    assert {one.proceed for one in together.expire_all()} == {True}
    assert together.statuses() == [APPROVED] * 3


def test_those_without_an_answer_are_told_of_without_those_that_have_one(ledger: Ledger) -> None:
    """A yes that nobody handed in, by whoever asked for one of the cuts."""
    together = Together(ledger, members=asked_for_by(ALICE, ledger, 1)).ask_all()
    together.console.decide()
    assert [one.proceed for one in together.expire_all()] == [True, False, True]
    [page] = together.topic.messages
    assert together.members[1].order_id in page["Message"]
    assert together.members[0].order_id not in page["Message"]
    assert together.members[2].order_id not in page["Message"]


def test_an_order_of_another_kind_has_its_own_question_beside(ledger: Ledger) -> None:
    apart = an_asked_order(
        "iam.deny_user", principal=a_user("clerk"), answer_within=timedelta(minutes=5)
    )
    together = Together(ledger, members=(*orders_about(*ROLES[:2]), apart)).ask_all()
    assert len(together.console.started) == 2
    assert together.turn(2).approval.group is None


def test_orders_asked_singly_by_the_version_before_are_answered_as_ever(ledger: Ledger) -> None:
    """Their plan puts nothing together, and their requests know nothing of it."""
    asking = Asking(ledger)
    asking.ask()
    body = json.loads(asking.approval.model_dump_json())
    old = {name: value for name, value in body.items() if name not in ("group", "dropped")}
    before = asking.ledger.get(incident_pk(INCIDENT_ID), f"APPROVAL#{asking.order.order_id}")
    assert before is not None
    asking.ledger.client.put_item(
        TableName=ledger.table,
        Item={
            "pk": {"S": before.pk},
            "sk": {"S": before.sk},
            "version": {"N": str(before.version)},
            "body": {"S": json.dumps(old)},
        },
    )
    asking.console.decide()
    assert asking.approve().status is APPROVED
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskSuccess"]
