"""What people ask of the deployed stack: a cut that no finding asks for, and an undo."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.domain.ladder import DENY_ROLE, DENY_USER
from responder.domain.order import Receipt, ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

ALICE = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
ROLE = f"arn:aws:iam::{world.SHOP}:role/{world.ROLE}"
WHY = ("--reason", "it came back")
LEAVE_IT = json.dumps({"rules": [{"types": ["*"], "then": "escalate"}]})


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    """An incident of which the policy leaves everything to people."""
    with a_night(Policy=LEAVE_IT) as night:
        night.send("GuardDuty Finding")
        night.ends()
        assert night.receipts() == []
        yield night


def in_the_console(night: Night, output: str, **filled_in: str) -> dict[str, Any]:
    """Run a document as its page in the console does, and look at how it ended."""
    ssm = night.cloud.role(
        "ssm", role_arn=world.ON_CALL, session_name="alice@example.com", region=world.REGION
    )
    started = ssm.start_automation_execution(
        DocumentName=night.stacks.responder.outputs[output],
        Parameters={name: [text] for name, text in filled_in.items()},
    )["AutomationExecutionId"]
    night.cloud.settle()
    found: dict[str, Any] = ssm.get_automation_execution(AutomationExecutionId=started)
    return dict(found["AutomationExecution"])


def approve_all(night: Night) -> None:
    night.cloud.settle()
    for automation_id in night.asks():
        night.answer(automation_id, "Approve")
    night.ends()


def receipt_of(night: Night, action_id: str) -> Receipt:
    [found] = [r for r in night.receipts() if r.order.action_id == action_id]
    return found


def demands(night: Night) -> list[str]:
    return [sort_key for _, sort_key, _ in night.items() if sort_key.startswith("DEMAND#")]


def test_what_is_asked_for_in_the_shell_is_cut_when_approved_and_put_back_in_the_console(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = night.watch.incidents()
    result = night.types(monkeypatch, "cut", incident.id, DENY_ROLE, ROLE, "--json", *WHY)
    assert result.exit_code == 0, result.stderr
    night.cloud.settle()
    assert night.receipts() == []
    assert night.thief.read_with_session().refused is None
    approve_all(night)
    receipt = receipt_of(night, DENY_ROLE)
    assert receipt.order.order_id == json.loads(result.stdout)["order_id"]
    assert receipt.status is ReceiptStatus.CONTAINED
    assert night.thief.read_with_session().refused
    assert any(text.startswith(f"{ALICE}: ") and "it came back" in text for text in night.told())
    ran = in_the_console(
        night,
        "ReleaseDocumentName",
        IncidentId=incident.id,
        OrderId=receipt.order.order_id,
        Reason="the role was rebuilt",
    )
    assert ran["AutomationExecutionStatus"] == "Success"
    receipt = receipt_of(night, DENY_ROLE)
    assert (receipt.status, receipt.released_by) == (ReceiptStatus.RELEASED, ALICE)
    assert night.thief.read_with_session().refused is None


def test_what_is_asked_for_in_the_console_bears_the_name_that_aws_knows(night: Night) -> None:
    [incident] = night.watch.incidents()
    user = f"arn:aws:iam::{world.SHOP}:user/{world.USER}"
    ran = in_the_console(
        night,
        "CutDocumentName",
        IncidentId=incident.id,
        ActionId=DENY_USER,
        Resource=user,
        Reason="the key is on a paste site",
    )
    assert ran["AutomationExecutionStatus"] == "Success"
    approve_all(night)
    assert receipt_of(night, DENY_USER).status is ReceiptStatus.CONTAINED
    assert any(t.startswith(f"{ALICE}: ") and "on a paste site" in t for t in night.told())


def test_what_cannot_be_cut_fails_in_the_console_with_the_reason(night: Night) -> None:
    [incident] = night.watch.incidents()
    before = night.items()
    ran = in_the_console(
        night,
        "CutDocumentName",
        IncidentId=incident.id,
        ActionId=DENY_USER,
        Resource=f"arn:aws:iam::{world.SHOP}:root",
        Reason="root was used",
    )
    assert ran["AutomationExecutionStatus"] == "Failed"
    assert "assume-root" in ran["FailureMessage"]
    assert night.items() == before


def test_the_run_of_another_document_speaks_for_nobody(night: Night) -> None:
    """Who may call the function cannot borrow the name under which another document ran."""
    [incident] = night.watch.incidents()
    before = demands(night)
    ran = in_the_console(night, "ReleaseDocumentName", IncidentId=incident.id, Reason="by mistake")
    reply = night.cloud.client("lambda", account=world.HOME).invoke(
        FunctionName=night.stacks.responder.outputs["CutFunctionName"],
        Payload=json.dumps({"automation_id": ran["AutomationExecutionId"]}).encode(),
    )
    answer = json.loads(reply["Payload"].read())
    assert (answer["errorType"], "another document" in answer["errorMessage"]) == ("Refused", True)
    assert demands(night) == before


def test_what_is_no_incident_is_refused_before_anything_runs(night: Night) -> None:
    [incident] = night.watch.incidents()
    with pytest.raises(ClientError, match="IncidentId"):
        in_the_console(night, "ReleaseDocumentName", IncidentId=f"{incident.id};", Reason="x")
