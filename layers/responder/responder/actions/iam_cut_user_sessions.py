"""Cut every session that a user made of itself and that is out now; its keys go on working.

An inline policy denies everything to sessions older than a cut-off, those of `GetSessionToken` and
`GetFederationToken`. For a user that must keep working. Does not stop whoever holds a key or the
password: each makes new sessions, so switch those off first. Roles that the user has assumed are
sessions of their own, and go on.
AWS: IAM User Guide, "Disabling permissions for temporary security credentials".
"""

from typing import TYPE_CHECKING

from responder.actions import inline_policy, simulation
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.identity import USER_ID, the_user, user_of
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.cut_user_sessions"
TITLE = "Cut the user's sessions"
PERMISSIONS = frozenset(
    {
        "iam:DeleteUserPolicy",
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:PutUserPolicy",
        simulation.PERMISSION,
    }
)


def observe(order: Order, clients: Clients) -> Before:
    """Which user it is. The policy that will cut is a new one, so nothing else can be lost."""
    user = the_user(clients.iam(order.account), order, None)
    return Before(state={ARN: user["Arn"], USER_ID: user["UserId"], IN_FORCE: False})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny sessions issued before the cut-off. Twice is the same cut-off."""
    order = receipt.order
    iam, document = clients.iam(order.account), inline_policy.deny_older_sessions(order)
    user = the_user(iam, order, receipt.before)
    policies = inline_policy.of_user(iam, user["UserName"])
    next_step = "Take one of its own away and try again, or deny the whole user"
    inline_policy.write_or_refuse(policies, order, document, next_step)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the policy stands, with our text. A user that is gone has none."""
    order = receipt.order
    iam, document = clients.iam(order.account), inline_policy.deny_older_sessions(order)
    policies = _policies(iam, receipt)
    return policies is not None and inline_policy.stands(policies, order, document)


def still_allowed(receipt: Receipt, clients: Clients) -> tuple[str, ...]:
    """What IAM does not deny a session of the user that was out when it was cut."""
    order = receipt.order
    iam = clients.iam(order.account)
    user = the_user(iam, order, receipt.before)
    return simulation.not_denied(iam, order, user["Arn"], simulation.issued_before(order))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take the policy away: sessions it cut, and that have not expired, work again."""
    before_of(receipt)
    policies = _policies(clients.iam(receipt.order.account), receipt)
    return policies is not None and inline_policy.erase(policies, receipt.order)


def _policies(iam: "IAMClient", receipt: Receipt) -> inline_policy.InlinePolicies | None:
    """Those of the user, under whatever name it goes now; None if it is gone."""
    user = user_of(iam, receipt.order, receipt.before)
    return None if user is None else inline_policy.of_user(iam, user["UserName"])
