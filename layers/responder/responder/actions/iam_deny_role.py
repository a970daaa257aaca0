"""Deny a role everything, in every session that is out or will be issued.

Attaches AWSDenyAll. Where the role holds as many policies as it may, or a deny is attached already
that is not ours, writes an inline deny; where that has no room either, puts AWSDenyAll as the
permissions boundary. A cut that somebody undid is made in two of these ways at once. Whatever works
with the role stops until the release: functions, instances, tasks and pipelines that have it.
Leaves its trust policy and its own policies as they are. Roles that a session of this one has
assumed are sessions of their own, and go on.
AWS: IAM User Guide, "Policy evaluation logic"; "IAM and AWS STS quotas".
"""

from responder.actions import deny_all, simulation
from responder.actions.action import ARN, before_of
from responder.actions.identity import ROLE_ID, role_of, the_role
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

ID = "iam.deny_role"
TITLE = "Deny the role everything"
PERMISSIONS = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        simulation.PERMISSION,
    }
)


def observe(order: Order, clients: Clients) -> Before:
    """Whether AWSDenyAll is attached, and which boundary the role has."""
    iam = clients.iam(order.account)
    role = the_role(iam, order, None)
    standing = deny_all.standing(order, deny_all.role(iam, role))
    return Before(state={ARN: role["Arn"], ROLE_ID: role["RoleId"], **standing})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny by the first way that has room and is ours alone; by two after somebody undid one."""
    iam = clients.iam(receipt.order.account)
    role = the_role(iam, receipt.order, before_of(receipt))
    deny_all.deny(receipt, deny_all.role(iam, role))


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether a deny of ours is in force. A role that is gone has none."""
    iam = clients.iam(receipt.order.account)
    role = role_of(iam, receipt.order, before_of(receipt))
    return role is not None and deny_all.is_denied(receipt, deny_all.role(iam, role))


def still_allowed(receipt: Receipt, clients: Clients) -> tuple[str, ...]:
    """What IAM does not deny the role, whichever way it was denied."""
    iam = clients.iam(receipt.order.account)
    role = the_role(iam, receipt.order, before_of(receipt))
    return simulation.not_denied(iam, receipt.order, role["Arn"])


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our deny away. One that stood before us stays, and so does a boundary set since."""
    before, iam = before_of(receipt), clients.iam(receipt.order.account)
    return deny_all.undo(receipt, deny_all.role(iam, the_role(iam, receipt.order, before)))
