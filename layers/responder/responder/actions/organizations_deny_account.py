"""Deny everything in a whole account of the organization: the last rung, and only by a person.

Attaches the policy of `stacks/account-deny.yaml` to the account. It reaches what no policy inside
the account does: the root user, roles of Identity Center, and an attacker who makes identities
faster than they are cut. It does not reach AWS's service-linked roles, nor principals of other
accounts that a resource's policy lets in; and of the management account it reaches nobody.
AWS: Organizations User Guide, "Service control policies"; Organizations API Reference,
"AttachPolicy".
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, SPARED, before_of
from responder.aws.clients import Clients
from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.named import named_account
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_organizations.client import OrganizationsClient

ID = "organizations.deny_account"
TITLE = "Deny everything in the whole account"
PERMISSIONS = frozenset(
    {
        "organizations:AttachPolicy",
        "organizations:DescribePolicy",
        "organizations:DetachPolicy",
        "organizations:ListPoliciesForTarget",
    }
)
_POLICY = "policy"


def observe(order: Order, clients: Clients) -> Before:
    """Whether the policy is attached, and whom it spares. Refuse one that does not deny."""
    organizations, policy_arn = clients.organizations()
    account = _account(order, policy_arn)
    with _asking(order, "looking at"):
        spared = _spared(organizations, policy_arn)
        attached = _is_attached(organizations, policy_arn, account)
    return Before(
        state={
            ARN: order.resource,
            _POLICY: policy_arn,
            SPARED: spared,
            IN_FORCE: attached,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Attach the policy, unless it is. It has to spare those whom it spared when it was read."""
    order = receipt.order
    organizations, policy_arn = clients.organizations()
    account = _account(order, policy_arn)
    with _asking(order, "denying"):
        spared = _spared(organizations, policy_arn)
        if spared != before_of(receipt).state[SPARED]:
            raise Refused(
                f"the policy {policy_arn} was changed while {order.resource} was being denied; it "
                "was not attached. Look at whom it spares, and ask for the cut again"
            )
        if _is_attached(organizations, policy_arn, account):
            return
        try:
            organizations.attach_policy(PolicyId=_id(policy_arn), TargetId=account)
        except ClientError as error:
            if code_of(error) == "DuplicatePolicyAttachmentException":
                return  # another attempt of ours was first
            if code_of(error) == "ConstraintViolationException":
                reason = one_line(str(error.response.get("Reason", "no reason given")), 80)
                raise Refused(
                    f"Organizations does not attach {policy_arn} to {order.resource} ({reason}); "
                    "nothing was changed. An account takes ten service control policies: detach "
                    "one that matters less, and ask for the cut again"
                ) from error
            raise


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the policy is attached, denies everything, and spares nobody more than before."""
    order = receipt.order
    organizations, policy_arn = clients.organizations()
    with _asking(order, "looking at"):
        spared = _spared(organizations, policy_arn)
        return spared == before_of(receipt).state[SPARED] and _is_attached(
            organizations, policy_arn, _account(order, policy_arn)
        )


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take the policy off again, unless it was attached before us."""
    order, before = receipt.order, before_of(receipt)
    organizations, policy_arn = clients.organizations()
    account = _account(order, policy_arn)
    with _asking(order, "releasing"):
        if before.state[IN_FORCE] or not _is_attached(organizations, policy_arn, account):
            return False
        try:
            organizations.detach_policy(PolicyId=_id(policy_arn), TargetId=account)
        except ClientError as error:
            if code_of(error) == "PolicyNotAttachedException":
                return False
            raise
    return True


@contextmanager
def _asking(order: Order, doing: str) -> Iterator[None]:
    with asking_aws(f"{doing} {order.resource}"):
        try:
            yield
        except ClientError as error:
            if code_of(error) == "TargetNotFoundException":
                raise Refused(
                    f"{order.resource} is no account of the organization any more; nothing was "
                    "changed. No policy of the organization reaches it"
                ) from error
            raise


def _account(order: Order, policy_arn: str) -> str:
    """The id of the account that an order is about. Nothing binds the management account."""
    account = named_account(order.resource)
    if account is None or account.account != order.account:
        raise Broken(f"{order.order_id} names no account; nothing was changed")
    if order.account == policy_arn.split(":")[4]:
        raise Refused(
            f"{order.resource} is the organization's management account, and no service control "
            "policy reaches it; nothing was changed. Deny the identities there one by one, and "
            "for its root user call AWS Support"
        )
    return order.account


def _id(policy_arn: str) -> str:
    return policy_arn.rpartition("/")[2]


def _spared(organizations: "OrganizationsClient", policy_arn: str) -> list[str]:
    """The principals that the policy excepts, as patterns. Refuse one that denies anything less."""
    content = organizations.describe_policy(PolicyId=_id(policy_arn))["Policy"].get("Content", "")
    try:
        return _exceptions(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            f"the policy {policy_arn} does not deny everything but to named principals, as that of "
            "stacks/account-deny.yaml does; nothing was changed. Deploy that stack again"
        ) from error


def _exceptions(policy: Any) -> list[str]:
    [statement] = policy["Statement"]
    condition = statement["Condition"]
    [(operator, keys)] = condition.items()
    [(key, patterns)] = keys.items()
    denies = [statement["Effect"], statement["Action"], statement["Resource"], operator, key]
    if denies != ["Deny", "*", "*", "ArnNotLike", "aws:PrincipalArn"]:
        raise ValueError("it denies something else")
    return sorted(patterns)


def _is_attached(organizations: "OrganizationsClient", policy_arn: str, account: str) -> bool:
    pages = organizations.get_paginator("list_policies_for_target").paginate(
        TargetId=account, Filter="SERVICE_CONTROL_POLICY"
    )
    return any(one.get("Arn") == policy_arn for page in pages for one in page["Policies"])
