"""Deny an IAM user everything, its sessions included.

Attaches AWSDenyAll. Where the user holds as many policies as it may, or a deny is attached already
that is not ours, writes an inline deny; where that has no room either, puts AWSDenyAll as the
permissions boundary. A cut that somebody undid is made in two of these ways at once. Leaves the
user, its keys and its own policies as they are, and follows a user that was renamed. Roles that the
user has assumed are sessions of their own, and go on.
AWS: IAM User Guide, "Policy evaluation logic"; "IAM and AWS STS quotas".
"""

from responder.actions import deny_all, simulation
from responder.actions.action import ARN, before_of
from responder.actions.identity import USER_ID, the_user, user_of
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

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
        simulation.PERMISSION,
    }
)


def observe(order: Order, clients: Clients) -> Before:
    """Whether AWSDenyAll is attached, and which boundary the user has."""
    iam = clients.iam(order.account)
    user = the_user(iam, order, None)
    standing = deny_all.standing(order, deny_all.user(iam, user))
    return Before(state={ARN: user["Arn"], USER_ID: user["UserId"], **standing})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny by the first way that has room and is ours alone; by two after somebody undid one."""
    iam = clients.iam(receipt.order.account)
    user = the_user(iam, receipt.order, before_of(receipt))
    deny_all.deny(receipt, deny_all.user(iam, user))


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether a deny of ours is in force. A user that is gone has none."""
    iam = clients.iam(receipt.order.account)
    user = user_of(iam, receipt.order, before_of(receipt))
    return user is not None and deny_all.is_denied(receipt, deny_all.user(iam, user))


def still_allowed(receipt: Receipt, clients: Clients) -> tuple[str, ...]:
    """What IAM does not deny the user, whichever way it was denied."""
    iam = clients.iam(receipt.order.account)
    user = the_user(iam, receipt.order, before_of(receipt))
    return simulation.not_denied(iam, receipt.order, user["Arn"])


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our deny away. One that stood before us stays, and so does a boundary set since."""
    before, iam = before_of(receipt), clients.iam(receipt.order.account)
    return deny_all.undo(receipt, deny_all.user(iam, the_user(iam, receipt.order, before)))
