"""Deny a user or a role everything, in the first of three ways that has room and is ours alone.

AWSDenyAll attached, an inline deny, AWSDenyAll as the permissions boundary. The two actions that do
so tell people what that means; this is how.
AWS: IAM User Guide, "Policy evaluation logic"; "IAM and AWS STS quotas".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions import inline_policy
from responder.actions.action import IN_FORCE, asking_iam, before_of
from responder.actions.inline_policy import InlinePolicies
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import RoleTypeDef, UserTypeDef

# Keys of `Before.state`.
_ATTACHED, _BOUNDARY = "attached", "boundary"


@dataclass(frozen=True)
class Deniable:
    """A user or a role as it stands now, and IAM's calls about its policies."""

    boundary: str | None
    inline: InlinePolicies
    attach: Callable[..., object]
    detach: Callable[..., object]
    attached: Callable[[], Iterable[Any]]  # a page at a time
    put_boundary: Callable[..., object]
    delete_boundary: Callable[[], object]


def user(iam: "IAMClient", found: "UserTypeDef") -> Deniable:
    """The user that `user_of` found."""
    name = found["UserName"]
    pages = iam.get_paginator("list_attached_user_policies")
    return Deniable(
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        inline=inline_policy.of_user(iam, name),
        attach=partial(iam.attach_user_policy, UserName=name),
        detach=partial(iam.detach_user_policy, UserName=name),
        attached=partial(pages.paginate, UserName=name),
        put_boundary=partial(iam.put_user_permissions_boundary, UserName=name),
        delete_boundary=partial(iam.delete_user_permissions_boundary, UserName=name),
    )


def role(iam: "IAMClient", found: "RoleTypeDef") -> Deniable:
    """The role that `role_of` found."""
    name = found["RoleName"]
    pages = iam.get_paginator("list_attached_role_policies")
    return Deniable(
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        inline=inline_policy.of_role(iam, name),
        attach=partial(iam.attach_role_policy, RoleName=name),
        detach=partial(iam.detach_role_policy, RoleName=name),
        attached=partial(pages.paginate, RoleName=name),
        put_boundary=partial(iam.put_role_permissions_boundary, RoleName=name),
        delete_boundary=partial(iam.delete_role_permissions_boundary, RoleName=name),
    )


def standing(order: Order, found: Deniable) -> dict[str, Any]:
    """Whether AWSDenyAll is attached, and which boundary there is: the slots we may touch."""
    with asking_iam(order, "looking at"):
        attached = _is_attached(found, order)
    return {
        _ATTACHED: attached,
        _BOUNDARY: found.boundary,
        IN_FORCE: attached or found.boundary == _deny_all(order),
    }


def deny(receipt: Receipt, found: Deniable) -> None:
    """Deny by the first way that has room and is ours alone; by two after somebody undid one.

    What denied before us goes when whoever made it takes it away, so it does not count.
    """
    order, before = receipt.order, before_of(receipt).state
    deny_all = _deny_all(order)
    ways: list[Callable[[], object]] = []
    if not before[_ATTACHED]:
        ways.append(partial(found.attach, PolicyArn=deny_all))
    # Short: all inline policies of a user share 2,048 characters (IAM quotas).
    ways.append(partial(inline_policy.write, found.inline, order, inline_policy.deny()))
    if before[_BOUNDARY] != deny_all:
        ways.append(partial(found.put_boundary, PermissionsBoundary=deny_all))
    wanted, done = 2 if receipt.undone else 1, 0
    with asking_iam(order, "denying"):
        for way in ways:
            if done < wanted and _has_room(way, order):
                done += 1
    if not done:
        raise Refused(
            f"{order.resource} has no room for a deny of our own; nothing was changed. What stood "
            "before us may deny it already: look at its boundary, and keep that where it is"
        )


def is_denied(receipt: Receipt, found: Deniable) -> bool:
    """Whether a deny of ours is in force."""
    order, before = receipt.order, before_of(receipt).state
    with asking_iam(order, "looking again at"):
        try:
            return (
                (not before[_ATTACHED] and _is_attached(found, order))
                or inline_policy.stands(found.inline, order, inline_policy.deny())
                or _is_our_boundary(found, receipt)
            )
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise


def undo(receipt: Receipt, found: Deniable) -> bool:
    """Take our deny away. One that stood before us stays, and so does a boundary set since."""
    order, before, done = receipt.order, before_of(receipt).state, False
    with asking_iam(order, "releasing"):
        if _is_our_boundary(found, receipt):
            _put_back_boundary(found, order, before[_BOUNDARY])
            done = True
        if inline_policy.erase(found.inline, order):
            done = True
        if not before[_ATTACHED] and _is_attached(found, order):
            _detach(found, order)
            done = True
    return done


def _has_room(way: Callable[[], object], order: Order) -> bool:
    try:
        way()
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            # It was there a moment ago. The next try follows a user's key to its new name.
            raise Unavailable(
                f"{order.resource} was renamed or deleted while it was being denied"
            ) from error
        if code_of(error) != "LimitExceeded":
            raise
        return False
    return True


def _put_back_boundary(found: Deniable, order: Order, boundary: str | None) -> None:
    if boundary is None:
        found.delete_boundary()
        return
    try:
        found.put_boundary(PermissionsBoundary=boundary)
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            raise Refused(
                f"the boundary that {order.resource} had, {boundary}, does not exist any more; the "
                "deny was left in its place. Make that policy again, or choose another boundary by "
                "hand"
            ) from error
        raise


def _detach(found: Deniable, order: Order) -> None:
    try:
        found.detach(PolicyArn=_deny_all(order))
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise


def _is_attached(found: Deniable, order: Order) -> bool:
    policies = (one for page in found.attached() for one in page["AttachedPolicies"])
    return any(one["PolicyArn"] == _deny_all(order) for one in policies)


def _is_our_boundary(found: Deniable, receipt: Receipt) -> bool:
    deny_all = _deny_all(receipt.order)
    return found.boundary == deny_all and before_of(receipt).state[_BOUNDARY] != deny_all


def _deny_all(order: Order) -> str:
    return f"arn:{order.resource.split(':')[1]}:iam::aws:policy/AWSDenyAll"
