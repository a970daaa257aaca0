"""Cut every session of a role that is out now; sessions issued afterwards work.

An inline policy denies everything to sessions older than a cut-off, so the role keeps serving: an
honest workload assumes it again and goes on. Does not stop whoever can still obtain new sessions,
nor touch the trust policy. An instance may wait hours for its next credentials.
AWS: IAM User Guide, "Revoking IAM role temporary security credentials".
"""

from responder.actions import inline_policy, simulation
from responder.actions.action import ARN, IN_FORCE, before_of, name_of
from responder.actions.identity import ROLE_ID, role_of, the_role
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

ID = "iam.cut_role_sessions"
TITLE = "Cut the role's sessions"
PERMISSIONS = frozenset(
    {
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:PutRolePolicy",
        simulation.PERMISSION,
    }
)


def observe(order: Order, clients: Clients) -> Before:
    """Which role it is. The policy that will cut is a new one, so nothing else can be lost."""
    role = the_role(clients.iam(order.account), order, None)
    return Before(state={ARN: role["Arn"], ROLE_ID: role["RoleId"], IN_FORCE: False})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny sessions issued before the cut-off. Twice is the same cut-off."""
    order = receipt.order
    iam, document = clients.iam(order.account), inline_policy.deny_older_sessions(order)
    the_role(iam, order, receipt.before)
    policies = inline_policy.of_role(iam, name_of(order))
    next_step = "Take one of its own away, then revoke by hand"
    inline_policy.write_or_refuse(policies, order, document, next_step)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the policy stands, with our text."""
    order = receipt.order
    iam, document = clients.iam(order.account), inline_policy.deny_older_sessions(order)
    if role_of(iam, order, receipt.before) is None:
        return False
    return inline_policy.stands(inline_policy.of_role(iam, name_of(order)), order, document)


def still_allowed(receipt: Receipt, clients: Clients) -> tuple[str, ...]:
    """What IAM does not deny a session of the role that was out when it was cut."""
    order = receipt.order
    iam = clients.iam(order.account)
    role = the_role(iam, order, receipt.before)
    return simulation.not_denied(iam, order, role["Arn"], simulation.issued_before(order))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take the policy away: sessions it cut, and that have not expired, work again."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    if role_of(iam, order, before) is None:
        return False
    return inline_policy.erase(inline_policy.of_role(iam, name_of(order)), order)
