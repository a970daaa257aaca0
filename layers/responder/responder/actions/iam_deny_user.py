"""Deny an IAM user everything, its sessions included.

Attaches AWSDenyAll. Where the user holds as many policies as it may, writes an inline deny; where
that has no room either, puts AWSDenyAll as the permissions boundary. Leaves the user, its keys and
its own policies as they are. Roles that the user has assumed are sessions of their own, and go on.
AWS: IAM User Guide, "Policy evaluation logic"; "IAM and AWS STS quotas".
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of, name_of, policy_name
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.deny_user"
TITLE = "Deny the user everything"
PERMISSIONS = frozenset(
    {
        "iam:AttachUserPolicy",
        "iam:DeleteUserPermissionsBoundary",
        "iam:DeleteUserPolicy",
        "iam:DetachUserPolicy",
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:ListAttachedUserPolicies",
        "iam:PutUserPermissionsBoundary",
        "iam:PutUserPolicy",
    }
)
# Short: all inline policies of a user share 2,048 characters (IAM quotas).
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}
_ATTACHED, _BOUNDARY = "attached", "boundary"


def observe(order: Order, clients: Clients) -> Before:
    """Whether AWSDenyAll is attached, and which boundary the user has."""
    iam, name = clients.iam(order.account), name_of(order)
    with asking_iam(order, "looking at"):
        user = iam.get_user(UserName=name)["User"]
        attached = _is_attached(iam, name, _deny_all(order))
    boundary = _boundary(user)
    return Before(
        state={
            ARN: user["Arn"],
            "user_id": user["UserId"],
            _ATTACHED: attached,
            _BOUNDARY: boundary,
            IN_FORCE: attached or boundary == _deny_all(order),
        }
    )


def apply(order: Order, clients: Clients) -> None:
    """Deny by the first of the three ways that has room."""
    iam, name = clients.iam(order.account), name_of(order)
    with asking_iam(order, "denying"):
        try:
            iam.attach_user_policy(UserName=name, PolicyArn=_deny_all(order))
        except ClientError as error:
            if code_of(error) != "LimitExceeded":
                raise
        else:
            return
        try:
            iam.put_user_policy(
                UserName=name,
                PolicyName=policy_name(order),
                PolicyDocument=json.dumps(DENY, separators=(",", ":")),
            )
        except ClientError as error:
            if code_of(error) != "LimitExceeded":
                raise
        else:
            return
        iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=_deny_all(order))


def verify(order: Order, clients: Clients) -> bool:
    """Whether one of the three denies is in force. A user that is gone has none."""
    iam, name = clients.iam(order.account), name_of(order)
    with asking_iam(order, "looking again at"):
        try:
            if _is_attached(iam, name, _deny_all(order)) or _is_inline(iam, name, order):
                return True
            return _boundary(iam.get_user(UserName=name)["User"]) == _deny_all(order)
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise


def release(receipt: Receipt, clients: Clients) -> None:
    """Take our deny away. One that stood before us stays, and so does a boundary set since."""
    order, before = receipt.order, before_of(receipt).state
    iam, name, deny_all = clients.iam(order.account), name_of(order), _deny_all(order)
    with asking_iam(order, "releasing"):
        boundary = _boundary(iam.get_user(UserName=name)["User"])
        if boundary == deny_all and before[_BOUNDARY] != deny_all:
            _put_back_boundary(iam, name, before[_BOUNDARY])
        try:
            iam.delete_user_policy(UserName=name, PolicyName=policy_name(order))
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
        if not before[_ATTACHED] and _is_attached(iam, name, deny_all):
            _detach(iam, name, deny_all)


def _put_back_boundary(iam: "IAMClient", name: str, boundary: str | None) -> None:
    if boundary is None:
        iam.delete_user_permissions_boundary(UserName=name)
        return
    try:
        iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=boundary)
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            raise Refused(
                f"the boundary that user {name} had, {boundary}, does not exist any more; the deny "
                "was left in its place. Make that policy again, or choose another boundary by hand"
            ) from error
        raise


def _detach(iam: "IAMClient", name: str, policy_arn: str) -> None:
    try:
        iam.detach_user_policy(UserName=name, PolicyArn=policy_arn)
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise


def _is_attached(iam: "IAMClient", name: str, policy_arn: str) -> bool:
    pages = iam.get_paginator("list_attached_user_policies").paginate(UserName=name)
    return any(one["PolicyArn"] == policy_arn for page in pages for one in page["AttachedPolicies"])


def _is_inline(iam: "IAMClient", name: str, order: Order) -> bool:
    """Ours, and with our text: who may write policies may also have rewritten it."""
    try:
        found = iam.get_user_policy(UserName=name, PolicyName=policy_name(order))
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return False
        raise
    document: Any = found["PolicyDocument"]  # the SDK has decoded it
    return bool(document == DENY)


def _boundary(user: Any) -> str | None:
    found: str | None = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return found


def _deny_all(order: Order) -> str:
    return f"arn:{order.resource.split(':')[1]}:iam::aws:policy/AWSDenyAll"
