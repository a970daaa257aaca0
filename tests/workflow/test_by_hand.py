"""What people ask of the deployed stack: a cut that no finding asks for, and an undo."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.organization import found
from responder.domain.ladder import DENY_ACCOUNT, DENY_ROLE, DENY_USER
from responder.domain.order import Receipt, ReceiptStatus
from responder_cli.drill import world
from tests.workflow.ladder_account import answer
from tests.workflow.nights import Night, a_night

ALICE = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
MANAGER, OTHER = "222233334444", "666677778888"
BREAK_GLASS = "arn:aws:iam::*:user/break-glass-*"
ROLE = f"arn:aws:iam::{world.SHOP}:role/{world.ROLE}"
WHY = ("--reason", "it came back")
LEAVE_IT = json.dumps({"rules": [{"types": ["*"], "then": "escalate"}]})


def an_organization(cloud: Cloud) -> dict[str, str]:
    """One that the shop and the responder are in, with a policy that denies a whole account."""
    found(cloud.client("organizations", account=MANAGER), [world.SHOP, world.HOME, OTHER])
    stack = cloud.deploy(
        world.ROOT / "stacks/account-deny.yaml",
        stack_name="account-deny",
        parameters={
            "ResponderAccount": world.HOME,
            "EvidenceAccount": world.HOME,
            "ExternalId": world.EXTERNAL_ID,
            "Spared": BREAK_GLASS,
        },
        account=MANAGER,
    )
    return {
        "AccountDenyPolicyArn": stack.outputs["AccountDenyPolicyArn"],
        "DenyAccountsRoleArn": stack.outputs["DenyAccountsRoleArn"],
    }


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    """An incident of which the policy leaves everything to people."""
    protected = json.dumps([BREAK_GLASS, f"arn:aws:iam::{OTHER}:role/deploy"])
    parameters = {"Policy": LEAVE_IT, "ProtectedPrincipals": protected}
    with a_night(world.ROOT, an_organization, **parameters) as night:
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
        night.answer(
            automation_id, "Approve", by="bob@example.com"
        )  # whoever asked for it does not
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


def test_a_whole_account_is_denied_but_to_those_the_policy_spares_and_given_back(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = night.watch.incidents()
    root = f"arn:aws:iam::{world.SHOP}:root"
    admin, spared = (administers(night, name) for name in ("admin", "break-glass-1"))
    assert (admin(), spared()) == ("works", "works")
    result = night.types(monkeypatch, "cut", incident.id, DENY_ACCOUNT, root, *WHY)
    assert result.exit_code == 0, result.stderr
    approve_all(night)
    receipt = receipt_of(night, DENY_ACCOUNT)
    assert receipt.status is ReceiptStatus.CONTAINED, receipt.note
    assert (admin(), spared()) == ("AccessDenied", "works")
    assert night.thief.read_with_session().refused
    contains = night.cloud.role(
        "iam",
        role_arn=f"arn:aws:iam::{world.SHOP}:role/breach-responder-contain",
        session_name="breach-responder",
    )
    assert contains.get_user(UserName="admin")["User"]
    result = night.types(
        monkeypatch, "release", incident.id, receipt.order.order_id, "--reason", "it is clean"
    )
    assert result.exit_code == 0, result.stderr
    assert (admin(), spared()) == ("works", "works")


def administers(night: Night, name: str) -> Callable[[], str]:
    """A user of the shop's account who may do everything; what comes of trying."""
    iam = night.cloud.client("iam", account=world.SHOP)
    iam.create_user(UserName=name)
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(UserName=name, PolicyArn=everything)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    own = night.cloud.keys("iam", access_key_id=keys["AccessKeyId"], secret=keys["SecretAccessKey"])
    return lambda: answer(own.list_users)


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (world.HOME, "The responder runs there"),
        (MANAGER, "management account"),
        (OTHER, "role/deploy is on the protect list"),
    ],
)
def test_an_account_that_the_answer_needs_or_with_somebody_protected_is_not_denied(
    night: Night, monkeypatch: pytest.MonkeyPatch, account: str, says: str
) -> None:
    [incident] = night.watch.incidents()
    root = f"arn:aws:iam::{account}:root"
    result = night.types(monkeypatch, "cut", incident.id, DENY_ACCOUNT, root, *WHY)
    told = result.stdout + result.stderr
    if result.exit_code == 0:
        approve_all(night)
        [left] = [r for r in night.receipts() if r.order.resource == root]
        assert left.status is ReceiptStatus.LEFT
        told = left.note or ""
    assert says in " ".join(told.split())


def test_what_cannot_be_cut_fails_in_the_console_with_the_reason(night: Night) -> None:
    [incident] = night.watch.incidents()
    night.cloud.settle()
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
