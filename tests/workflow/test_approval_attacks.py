"""Attacks on decisions in a whole night: the console, EventBridge, the machine, and IAM in between.

The table of all of them, each by itself: tests/unit/steps/test_approval_attacks.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.ladder import DEACTIVATE_KEY, DENY_USER
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

ASKING = {
    "rules": [{"types": ["*"], "then": "approval", "answer_within_minutes": 20}],
    "two_people": [DENY_USER],
}
PEOPLE = ("alice", "bob")


@pytest.fixture
def night() -> Iterator[Night]:
    """Two people who sign in as users, and one role that they share."""
    users = [f"arn:aws:iam::{world.HOME}:user/{name}" for name in PEOPLE]
    approvers = ",".join([world.ON_CALL, *users])
    with a_night(Policy=json.dumps(ASKING), Approvers=approvers) as night:
        night.send("GuardDuty Finding")
        yield night


def asked(night: Night, action_id: str) -> Approval:
    """The question about one cut of the user."""
    [incident] = night.watch.incidents()
    [order] = [one for one in night.watch.records.orders(incident.id) if one.action_id == action_id]
    found = night.watch.approvals.of_order(incident.id, order.order_id)
    assert found is not None
    assert found.automation_id is not None
    return found


def presses(night: Night, approval: Approval, *, user: Any = None, session: str = "") -> None:
    """Somebody approves in the console, and the cloud goes on."""
    if user is None:
        night.answer(str(approval.automation_id), "Approve", by=session)
    else:
        user.send_automation_signal(
            AutomationExecutionId=str(approval.automation_id), SignalType="Approve"
        )
    night.cloud.settle()


def signed_in(night: Night, name: str) -> Any:
    iam = night.cloud.client("iam", account=world.HOME)
    iam.create_user(UserName=name)
    may = {"Effect": "Allow", "Action": "ssm:SendAutomationSignal", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName=name, PolicyName="approve", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return night.cloud.keys(
        "ssm", access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"], region=world.REGION
    )


def test_one_person_is_never_two_and_two_people_cut(night: Night) -> None:
    alice, bob = (signed_in(night, name) for name in PEOPLE)
    presses(night, asked(night, DENY_USER), session="alice@example.com")
    presses(night, asked(night, DENY_USER), session="bob@example.com")
    assert asked(night, DENY_USER).yeses == ()
    presses(night, asked(night, DENY_USER), user=alice)
    presses(night, asked(night, DENY_USER), user=alice)
    stands = asked(night, DENY_USER)
    assert [yes.by for yes in stands.yeses] == [f"arn:aws:iam::{world.HOME}:user/alice"]
    assert (stands.status, night.user_policies()) == (ApprovalStatus.WAITING, [])
    presses(night, stands, user=bob)
    assert asked(night, DENY_USER).status is ApprovalStatus.APPROVED
    night.ends()
    cut = [r for r in night.receipts() if r.order.action_id == DENY_USER]
    assert [receipt.status for receipt in cut] == [ReceiptStatus.CONTAINED]
    pages = [page for page in night.cloud.published if "[ANSWER DOES NOT" in page.subject]
    assert len(pages) == 1


@pytest.mark.prove
def test_a_question_that_an_attacker_stops_is_asked_again_and_no_other_answers_it(
    night: Night,
) -> None:
    first = asked(night, DEACTIVATE_KEY)
    ssm = night.cloud.client("ssm", account=world.HOME)
    ssm.stop_automation_execution(AutomationExecutionId=first.automation_id)
    night.cloud.settle()
    again = asked(night, DEACTIVATE_KEY)
    assert again.ended == (first.automation_id,)
    assert again.automation_id in night.asks()
    [page] = [page for page in night.cloud.published if "[QUESTION DIED]" in page.subject]
    assert "StopAutomationExecution" in page.message
    presses(night, again, session="bob@example.com")
    night.cloud.settle()
    reply = night.cloud.client("lambda", account=world.HOME).invoke(
        FunctionName=night.stacks.responder.resources["ApproveFunction"],
        Payload=json.dumps(
            {
                "approval_id": asked(night, DENY_USER).approval_id,
                "automation_id": again.automation_id,
            }
        ).encode(),
    )
    assert json.loads(reply["Payload"].read())["errorType"] == "Refused"
    night.ends()
    assert night.key_status() == "Inactive"
    assert night.user_policies() == []
    assert asked(night, DENY_USER).status is ApprovalStatus.EXPIRED
