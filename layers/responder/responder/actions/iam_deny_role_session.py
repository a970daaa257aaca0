"""Deny one session of a role everything, by its name; the role keeps serving all others.

An inline policy denies everything where `aws:userid` is the role's id and the session's name. It
also denies later sessions of that name: an instance is always the session of its own id, a function
the session of its own name, and they stay cut until the release. Does not stop whoever can still
obtain a session under another name; sessions that this one opened elsewhere are others, and go on.
AWS: IAM User Guide, "Revoking IAM role temporary security credentials"; "aws:userid".
"""

import re
from typing import Any

from responder.actions import inline_policy, simulation
from responder.actions.action import ARN, IN_FORCE, acting, before_of, name_of
from responder.actions.identity import ROLE_ID, role_of, the_role
from responder.aws.clients import Clients
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt

ID = "iam.deny_role_session"
TITLE = "Deny one session of the role"
PERMISSIONS = frozenset(
    {
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:PutRolePolicy",
        simulation.PERMISSION,
    }
)
# STS API Reference, "AssumeRole": what a session may be called. Without `$`, `{`, `*` and `?`, so
# neither a policy variable nor a wildcard can hide in a name that an attacker chose.
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def observe(order: Order, clients: Clients) -> Before:
    """Which role it is. The policy that will deny is a new one, so nothing else can be lost."""
    _session_name(order)
    role = the_role(clients.iam(order.account), order, None)
    return Before(state={ARN: role["Arn"], ROLE_ID: role["RoleId"], IN_FORCE: False})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny the session. Twice is the same policy."""
    order = receipt.order
    iam = clients.iam(order.account)
    role = the_role(iam, order, receipt.before)
    policies = inline_policy.of_role(iam, name_of(order))
    next_step = "Take one of its own away and try again, or deny the whole role"
    document = _document(order, role["RoleId"])
    inline_policy.write_or_refuse(policies, order, document, next_step)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the policy stands, with our text."""
    order = receipt.order
    iam = clients.iam(order.account)
    role = role_of(iam, order, receipt.before)
    if role is None:
        return False
    document = _document(order, role["RoleId"])
    return inline_policy.stands(inline_policy.of_role(iam, name_of(order)), order, document)


def still_allowed(receipt: Receipt, clients: Clients) -> tuple[str, ...]:
    """What IAM does not deny the session."""
    order = receipt.order
    iam = clients.iam(order.account)
    role = the_role(iam, order, receipt.before)
    session = simulation.called(_user_id(order, role["RoleId"]))
    return simulation.not_denied(iam, order, role["Arn"], session)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take the policy away: the session works again until it expires."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    if role_of(iam, order, before) is None:
        return False
    return inline_policy.erase(inline_policy.of_role(iam, name_of(order)), order)


def _document(order: Order, role_id: str) -> dict[str, Any]:
    return inline_policy.deny({"StringEquals": {"aws:userid": _user_id(order, role_id)}})


def _user_id(order: Order, role_id: str) -> str:
    return f"{role_id}:{_session_name(order)}"


def _session_name(order: Order) -> str:
    name = acting(order).session_name
    if not name:
        raise Broken(f"{order.order_id} names no session of {order.resource}; nothing was changed")
    if not _SESSION_NAME.fullmatch(name):
        raise Refused(
            f"the session of {order.resource} that {order.order_id} is about has a name that STS "
            "gives to none; nothing was changed. Find its real name in CloudTrail "
            "(userIdentity.arn), or cut all sessions of the role"
        )
    return name
