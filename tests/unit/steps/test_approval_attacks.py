"""A table of attacks on a decision, each with its outcome: run with `-s` to read it.

Each row is played against the real steps, with a console and executions that refuse what AWS would
refuse, and is judged by what stands afterwards. Those on one answer to several orders have a table
of their own: test_together_attacks.py.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.approvals import Approvals
from responder.aws.incidents import demanding
from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.demand import Demand
from responder.domain.errors import Refused
from responder.domain.order import Plan
from tests.asking import ALICE, APPROVERS, COUNSEL, LATER, SOON, Asking, an_asked_order
from tests.builders import HOME, INCIDENT_ID, NOON, a_finding, a_user, an_order

SSO = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0a"
CAROL, DAVE = (
    f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Ops_0a/{name}@example.com"
    for name in ("carol", "dave")
)
BOB = f"arn:aws:sts::{HOME}:assumed-role/oncall/bob"
OTHER = "99999999-2222-3333-4444-000000000000"


@dataclass(frozen=True)
class Row:
    """One attack: how it is played, how often the order was let go on, and the outcome in words."""

    attack: str
    play: Callable[[Ledger], Asking]
    outcome: str
    status: ApprovalStatus = ApprovalStatus.WAITING
    go_on: int = 0
    questions: int = 2
    pages: tuple[str, ...] = ()


def asked(ledger: Ledger, people_needed: int = 1) -> Asking:
    order = an_asked_order(people_needed=people_needed)
    asking = Asking(ledger, order, approvers=(*APPROVERS, SSO))
    asking.ask()
    return asking


def demanded(ledger: Ledger, by: str) -> Asking:
    asking = Asking(ledger, approvers=(*APPROVERS, SSO))
    order = asking.order
    demand = Demand(
        action_id=order.action_id,
        resource=order.resource,
        principal=order.principal,
        order_id=order.order_id,
        incident_id=INCIDENT_ID,
        by=by,
        reason="it came back",
        asked_at=NOON,
    )
    assert ledger.together([demanding(demand)])
    asking.ask()
    return asking


def says(asking: Asking, *people: str, verb: str = "Approve") -> Asking:
    for by in people:
        asking.console.decide(verb, by=by)
        asking.approve()
    return asking


def refused(asking: Asking, **given: Any) -> Asking:
    with pytest.raises(Refused):
        asking.approve(**given)
    return asking


def principal(ledger: Ledger) -> Asking:
    thief = a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL})
    asking = Asking(ledger, finding=a_finding(principals=(thief,)))
    asking.ask()
    return says(asking, COUNSEL)


def another_plan(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    item = ledger.get(f"INCIDENT#{INCIDENT_ID}", "PLAN#1")
    assert item is not None
    more = (asking.order, an_order(principal=a_user("another")))
    ledger.replace(item, Plan.model_validate(asking.plan.model_dump() | {"orders": more}))
    return says(asking, ALICE)


def another_document(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    asking.console.decide()
    asking.console.document = "my-own-approval"
    return refused(asking)


def pretended_event(ledger: Ledger) -> Asking:
    """An event about a live question, as if it had died."""
    asking = asked(ledger)
    asking.approve(approval_id=None)
    return asking


def replayed(ledger: Ledger) -> Asking:
    asking = says(asked(ledger), ALICE)
    for _ in range(3):
        asking.approve(now=SOON + timedelta(minutes=1))
    return asking


def denied_then_approved(ledger: Ledger) -> Asking:
    asking = says(asked(ledger), ALICE, verb="Reject")
    asking.console.steps[asking.automation_id] |= {"StepStatus": "Waiting"}
    asking.console.decide(by=ALICE)  # as if AWS let anybody decide twice
    asking.approve()
    return asking


def late(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    asking.console.decide(at=LATER + timedelta(seconds=1))
    asking.approve(now=LATER + timedelta(seconds=1))
    return asking


def after_expiry(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    Approvals(ledger).replace(asking.approval, status=ApprovalStatus.EXPIRED)
    return says(asking, ALICE)


def stopped(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    asking.console.stop_automation_execution(
        AutomationExecutionId=asking.automation_id, Type="Cancel"
    )
    asking.approve(approval_id=None)
    return asking


def stopped_for_ever(ledger: Ledger) -> Asking:
    asking = asked(ledger)
    for _ in range(12):
        asking.console.steps[asking.automation_id]["StepStatus"] = "Cancelled"
        asking.approve(approval_id=None)
    return asking


def stopped_after_the_yes(ledger: Ledger) -> Asking:
    """The last step never ran: the yes is in the step that a person decided."""
    asking = asked(ledger)
    asking.console.decide()
    asking.approve(approval_id=None)
    return asking


NO_COUNT = ("ANSWER DOES NOT COUNT",)
ROWS = (
    Row("who asked for the cut approves it", lambda t: says(demanded(t, ALICE), ALICE),
        "void; others are asked", pages=NO_COUNT),
    Row("the same, by Identity Center in place of the user",
        lambda t: says(demanded(t, f"arn:aws:iam::{HOME}:user/carol"), CAROL),
        "void; others are asked", pages=NO_COUNT),
    Row("the same, in a shared role under another name",
        lambda t: says(demanded(t, ALICE), BOB),
        "COUNTS where one yes is enough: AWS does not show who a session is",
        ApprovalStatus.APPROVED, go_on=1, questions=1),
    Row("a principal of the incident approves", principal, "void; others are asked",
        pages=NO_COUNT),
    Row("somebody who is not listed approves",
        lambda t: says(asked(t), f"arn:aws:iam::{HOME}:user/mallory"),
        "void; others are asked", pages=NO_COUNT),
    Row("one of two needed people approves twice",
        lambda t: says(asked(t, people_needed=2), CAROL, CAROL),
        "one yes; a second person is asked", questions=3, pages=NO_COUNT),
    Row("one person approves by two sessions of a shared role",
        lambda t: says(asked(t, people_needed=2), ALICE, BOB),
        "no yes: nobody can tell who they are", questions=3, pages=NO_COUNT),
    Row("one person approves as a user and by Identity Center",
        lambda t: says(asked(t, people_needed=2), COUNSEL, CAROL.replace("carol", "counsel")),
        "one yes; a second person is asked", questions=3, pages=NO_COUNT),
    Row("(no attack) two people approve", lambda t: says(asked(t, people_needed=2), CAROL, DAVE),
        "carried out", ApprovalStatus.APPROVED, go_on=1),
    Row("Approve is invoked with another automation",
        lambda t: refused(asked(t), automation_id=OTHER), "refused", questions=1),
    Row("Approve is invoked with an id that was not given out",
        lambda t: refused(asked(t), approval_id="apr-" + "0" * 32), "refused", questions=1),
    Row("an automation of another document says yes", another_document, "refused", questions=1),
    Row("an event pretends that a live question ended", pretended_event,
        "nothing: AWS is asked", questions=1),
    Row("the last step is replayed", replayed, "one yes, handed in once",
        ApprovalStatus.APPROVED, go_on=1, questions=1),
    Row("a no is followed by a yes", denied_then_approved, "the no stays",
        ApprovalStatus.DENIED, questions=1),
    Row("a yes after its time", late, "late; nothing is carried out", questions=1),
    Row("a yes after the question was closed", after_expiry, "late; nothing is carried out",
        ApprovalStatus.EXPIRED, questions=1),
    Row("the plan is changed after people were asked", another_plan,
        "void; nobody is asked about a plan they did not see", questions=1, pages=NO_COUNT),
    Row("the question is stopped (StopAutomationExecution)", stopped, "paged; asked again",
        pages=("QUESTION DIED",)),
    Row("the question is stopped again and again", stopped_for_ever,
        "paged at first and when nobody is asked any more; asked 5 times at most; then silence",
        questions=5, pages=("QUESTION DIED", "QUESTION DIED")),
    Row("the automation is stopped after the yes", stopped_after_the_yes, "the yes is taken in",
        ApprovalStatus.APPROVED, go_on=1, questions=1),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.attack)
def test_an_attack_on_a_decision_ends_as_the_table_says(ledger: Ledger, row: Row) -> None:
    asking = row.play(ledger)
    assert asking.approval.status is row.status
    told = [operation for operation, _ in asking.executions.told]
    assert told.count("SendTaskSuccess") == row.go_on
    assert len(asking.console.started) == row.questions
    subjects = [page["Subject"] for page in asking.topic.messages]
    assert [subject.partition("]")[0].strip("[") for subject in subjects] == list(row.pages)
    sys.stdout.write(f"\n{row.attack}  ->  {row.outcome}\n")


def test_what_an_attack_left_waiting_is_silence_at_the_end(ledger: Ledger) -> None:
    asking = stopped_for_ever(ledger)
    answer = asking.expire()
    assert (answer.proceed, answer.status) == (False, ApprovalStatus.EXPIRED)
