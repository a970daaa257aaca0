"""A whole account is denied by one policy, and by no other than the one that was read."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.organization import found
from responder.actions import organizations_deny_account as action
from responder.actions.action import SPARED
from responder.aws.clients import AccountDeny, Clients
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order
from tests.builders import REGION, SHOP
from tests.things import (
    Reach,
    an_order_about,
    each_step_ends_with,
    holds_through_every_death,
    observed,
)

MANAGER, STRANGER = "222233334444", "999988887777"
ROOT = f"arn:aws:iam::{SHOP}:root"
CONTAIN = "arn:aws:iam::*:role/breach-responder-contain"
BREAK_GLASS = "arn:aws:iam::*:user/break-glass-*"


class Organization:
    """One that the shop is in, and the policy that was prepared."""

    def __init__(self, client: Any) -> None:
        self.client = client
        found(client, [SHOP])
        made = client.create_policy(
            Name="account-deny",
            Type="SERVICE_CONTROL_POLICY",
            Description="d",
            Content=denying(CONTAIN, BREAK_GLASS),
        )["Policy"]["PolicySummary"]
        self.id, self.arn = made["Id"], made["Arn"]

    def shown(self) -> dict[str, Any]:
        """The account, where it is, and each policy that it holds, in any order."""
        attached = self.client.list_policies_for_target(
            TargetId=SHOP, Filter="SERVICE_CONTROL_POLICY"
        )["Policies"]
        return {
            "Account": self.client.describe_account(AccountId=SHOP)["Account"],
            "Parents": self.client.list_parents(ChildId=SHOP)["Parents"],
            "Policies": [
                self.client.describe_policy(PolicyId=each)["Policy"]
                for each in sorted(one["Id"] for one in attached)
            ],
        }

    def written(self, content: str) -> None:
        self.client.update_policy(PolicyId=self.id, Content=content)


def denying(*spared: str, **given: Any) -> str:
    plain = {
        "Sid": "DenyTheAccount",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(spared)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [plain | given]})


@pytest.fixture
def organization(aws: None, monkeypatch: pytest.MonkeyPatch) -> Organization:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", MANAGER)
    return Organization(boto3.client("organizations", region_name=REGION))


@pytest.fixture
def clients(organization: Organization) -> Reach:
    reach = Reach()
    told_of(reach, organization)
    return reach


def told_of(clients: Clients, organization: Organization) -> None:
    role = f"arn:aws:iam::{MANAGER}:role/breach-responder-deny-accounts"
    clients.account_deny = AccountDeny(organization.arn, role, "an-external-id-of-16")
    clients._member["organizations", MANAGER, REGION] = organization.client


def an_order(resource: str = ROOT, **given: Any) -> Order:
    return an_order_about(action, resource, **given)


def test_it_is_attached_and_taken_off_whenever_we_die(
    organization: Organization, clients: Reach
) -> None:
    holds_through_every_death(action, an_order(), clients, organization.shown)


def test_the_receipt_says_whom_the_policy_spares(clients: Reach) -> None:
    assert action.observe(an_order(), clients).state[SPARED] == [CONTAIN, BREAK_GLASS]


def test_what_was_attached_before_us_stays(organization: Organization, clients: Reach) -> None:
    organization.client.attach_policy(PolicyId=organization.id, TargetId=SHOP)
    receipt = observed(action, an_order(), clients)
    action.apply(receipt, clients)
    before = organization.shown()
    assert not action.release(receipt, clients)
    assert organization.shown() == before


@pytest.mark.parametrize(
    "content",
    [
        denying(CONTAIN, Effect="Allow"),
        denying(CONTAIN, Action=["s3:*"]),
        denying(CONTAIN, Resource="arn:aws:s3:::*"),
        denying(CONTAIN, Condition={"ArnLike": {"aws:PrincipalArn": [CONTAIN]}}),
        denying(CONTAIN, Condition={"ArnNotLike": {"aws:SourceArn": [CONTAIN]}}),
        denying(
            CONTAIN,
            Condition={
                "ArnNotLike": {"aws:PrincipalArn": [CONTAIN]},
                "Bool": {"aws:ViaAWSService": "true"},
            },
        ),
        denying(CONTAIN, Condition={}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
    ],
)
def test_a_policy_that_denies_less_is_never_attached(
    organization: Organization, clients: Reach, content: str
) -> None:
    organization.written(content)
    before = organization.shown()
    with pytest.raises(Refused, match="does not deny everything"):
        action.observe(an_order(), clients)
    assert organization.shown() == before


def test_a_policy_that_spares_others_than_when_it_was_read_is_not_attached(
    organization: Organization, clients: Reach
) -> None:
    receipt = observed(action, an_order(), clients)
    before = organization.shown()
    organization.written(denying(CONTAIN))
    with pytest.raises(Refused, match="was changed while"):
        action.apply(receipt, clients)
    assert organization.shown() == before


def test_a_policy_that_spares_more_than_it_did_is_not_read_as_clean(
    organization: Organization, clients: Reach
) -> None:
    receipt = observed(action, an_order(), clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    organization.written(denying(CONTAIN, BREAK_GLASS, f"arn:aws:iam::{SHOP}:user/thief"))
    assert not action.verify(receipt, clients)


def test_the_management_account_is_refused_with_what_a_person_does(clients: Reach) -> None:
    order = an_order(f"arn:aws:iam::{MANAGER}:root", account=MANAGER)
    with pytest.raises(Refused, match="no service control policy reaches it"):
        action.observe(order, clients)


@pytest.mark.parametrize("resource", [f"arn:aws:iam::{STRANGER}:root", f"{ROOT}/x", "root"])
def test_what_is_not_the_account_of_the_order_is_broken(clients: Reach, resource: str) -> None:
    with pytest.raises(Broken, match="names no account"):
        action.observe(an_order(resource), clients)


def test_without_a_prepared_policy_a_person_is_told_how_to_prepare_it(
    organization: Organization,
) -> None:
    with pytest.raises(Refused, match=r"stacks/account-deny\.yaml"):
        action.observe(an_order(), Reach())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TargetNotFoundException", Refused),
        ("AccessDeniedException", Broken),
        ("PolicyNotFoundException", Broken),
        ("AWSOrganizationsNotInUseException", Broken),
        ("ConcurrentModificationException", Unavailable),
        ("PolicyChangesInProgressException", Unavailable),
        ("TooManyRequestsException", Unavailable),
        ("ServiceException", Unavailable),
    ],
)
def test_each_error_of_organizations_is_somebodys(
    clients: Reach, code: str, kind: type[Exception]
) -> None:
    receipt = observed(action, an_order(), clients)
    each_step_ends_with(kind, action, receipt, clients.answering(code))


def test_an_account_without_room_for_a_policy_is_refused_with_the_reason(
    organization: Organization, clients: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "ConstraintViolationException", "Message": "no"},
            "Reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        }
        raise ClientError(answer, "AttachPolicy")

    receipt = observed(action, an_order(), clients)
    monkeypatch.setattr(organization.client, "attach_policy", full)
    with pytest.raises(Refused, match="MAX_POLICY_TYPE_ATTACHMENT"):
        action.apply(receipt, clients)


@pytest.mark.parametrize(
    ("step", "code", "operation"),
    [
        (action.apply, "DuplicatePolicyAttachmentException", "attach_policy"),
        (action.release, "PolicyNotAttachedException", "detach_policy"),
    ],
)
def test_another_attempt_that_was_first_is_no_error(
    clients: Reach, step: Any, code: str, operation: str
) -> None:
    receipt = observed(action, an_order(), clients)
    if step is action.release:
        action.apply(receipt, clients)
    assert not step(receipt, clients.answering(code, operation))
