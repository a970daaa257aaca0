"""Deny an IAM user everything, its sessions included.

Attaches AWSDenyAll. Where the user holds as many policies as it may, or a deny is attached already
that is not ours, writes an inline deny; where that has no room either, puts AWSDenyAll as the
permissions boundary. A cut that somebody undid is made in two of these ways at once. Leaves the
user, its keys and its own policies as they are, and follows a user that was renamed. Roles that the
user has assumed are sessions of their own, and go on.
AWS: IAM User Guide, "Policy evaluation logic"; "IAM and AWS STS quotas".
"""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of, policy_name
from responder.actions.identity import USER_ID, gone, user_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import UserTypeDef

ID = "iam.deny_user"
TITLE = "Deny the user everything"
PERMISSIONS = frozenset(
    {
        "iam:AttachUserPolicy",
        "iam:DeleteUserPermissionsBoundary",
        "iam:DeleteUserPolicy",
        "iam:DetachUserPolicy",
        "iam:GetAccessKeyLastUsed",
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
    iam = clients.iam(order.account)
    user = _user(iam, order, None)
    with asking_iam(order, "looking at"):
        attached = _is_attached(iam, user["UserName"], _deny_all(order))
    boundary = _boundary(user)
    return Before(
        state={
            ARN: user["Arn"],
            USER_ID: user["UserId"],
            _ATTACHED: attached,
            _BOUNDARY: boundary,
            IN_FORCE: attached or boundary == _deny_all(order),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny by the first way that has room and is ours alone; by two after somebody undid one.

    What denied before us goes when whoever made it takes it away, so it does not count.
    """
    order, before = receipt.order, before_of(receipt).state
    iam = clients.iam(order.account)
    name, deny_all = _user(iam, order, receipt.before)["UserName"], _deny_all(order)
    ways: list[Callable[[], object]] = []
    if not before[_ATTACHED]:
        ways.append(partial(iam.attach_user_policy, UserName=name, PolicyArn=deny_all))
    ways.append(
        partial(
            iam.put_user_policy,
            UserName=name,
            PolicyName=policy_name(order),
            PolicyDocument=json.dumps(DENY, separators=(",", ":")),
        )
    )
    if before[_BOUNDARY] != deny_all:
        ways.append(
            partial(iam.put_user_permissions_boundary, UserName=name, PermissionsBoundary=deny_all)
        )
    wanted, standing = 2 if receipt.undone else 1, 0
    with asking_iam(order, "denying"):
        for way in ways:
            if standing < wanted and _has_room(way, order):
                standing += 1
    if not standing:
        raise Refused(
            f"{order.resource} has no room for a deny of our own; nothing was changed. What stood "
            "before us may deny it already: look at its boundary, and keep that where it is"
        )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether a deny of ours is in force. A user that is gone has none."""
    order, before = receipt.order, before_of(receipt).state
    iam, deny_all = clients.iam(order.account), _deny_all(order)
    user = user_of(iam, order, receipt.before)
    if user is None:
        return False
    name = user["UserName"]
    with asking_iam(order, "looking again at"):
        try:
            return (
                (not before[_ATTACHED] and _is_attached(iam, name, deny_all))
                or _is_inline(iam, name, order)
                or _is_our_boundary(user, receipt)
            )
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our deny away. One that stood before us stays, and so does a boundary set since."""
    order, before = receipt.order, before_of(receipt).state
    iam, deny_all, done = clients.iam(order.account), _deny_all(order), False
    user = _user(iam, order, receipt.before)
    name = user["UserName"]
    with asking_iam(order, "releasing"):
        if _is_our_boundary(user, receipt):
            _put_back_boundary(iam, name, before[_BOUNDARY])
            done = True
        try:
            iam.delete_user_policy(UserName=name, PolicyName=policy_name(order))
            done = True
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
        if not before[_ATTACHED] and _is_attached(iam, name, deny_all):
            _detach(iam, name, deny_all)
            done = True
    return done


def _user(iam: "IAMClient", order: Order, before: Before | None) -> "UserTypeDef":
    user = user_of(iam, order, before)
    if user is None:
        raise gone(order)
    return user


def _has_room(way: Callable[[], object], order: Order) -> bool:
    try:
        way()
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            # It was there a moment ago. The next try follows its key to its new name.
            raise Unavailable(
                f"{order.resource} was renamed or deleted while it was being denied"
            ) from error
        if code_of(error) != "LimitExceeded":
            raise
        return False
    return True


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


def _is_our_boundary(user: Any, receipt: Receipt) -> bool:
    deny_all = _deny_all(receipt.order)
    return _boundary(user) == deny_all and before_of(receipt).state[_BOUNDARY] != deny_all


def _boundary(user: Any) -> str | None:
    found: str | None = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return found


def _deny_all(order: Order) -> str:
    return f"arn:{order.resource.split(':')[1]}:iam::aws:policy/AWSDenyAll"
