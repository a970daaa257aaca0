"""Cut every session of a role that is out now; sessions issued afterwards work.

An inline policy denies everything to sessions older than a cut-off, so the role keeps serving: an
honest workload assumes it again and goes on. Does not stop whoever can still obtain new sessions,
nor touch the trust policy. An instance may wait hours for its next credentials.
AWS: IAM User Guide, "Revoking IAM role temporary security credentials".
"""

import json
from datetime import UTC, timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of, name_of, policy_name
from responder.actions.identity import ROLE_ID, gone, role_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt

ID = "iam.cut_role_sessions"
TITLE = "Cut the role's sessions"
PERMISSIONS = frozenset(
    {"iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:PutRolePolicy"}
)
# As the console does: sessions issued while the policy still spreads through IAM are cut too.
AHEAD = timedelta(seconds=30)


def observe(order: Order, clients: Clients) -> Before:
    """Which role it is. The policy that will cut is a new one, so nothing else can be lost."""
    role = role_of(clients.iam(order.account), order, None)
    if role is None:
        raise gone(order)
    return Before(state={ARN: role["Arn"], ROLE_ID: role["RoleId"], IN_FORCE: False})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deny sessions issued before the cut-off. Twice is the same cut-off."""
    order = receipt.order
    iam, document = clients.iam(order.account), _document(order)
    if role_of(iam, order, receipt.before) is None:
        raise gone(order)
    with asking_iam(order, "cutting the sessions of"):
        try:
            iam.put_role_policy(
                RoleName=name_of(order),
                PolicyName=policy_name(order),
                PolicyDocument=json.dumps(document, separators=(",", ":")),
            )
        except ClientError as error:
            if code_of(error) == "LimitExceeded":
                raise Refused(
                    f"{order.resource} has no room for another inline policy (10,240 characters); "
                    "nothing was changed. Take one of its own away, then revoke by hand"
                ) from error
            raise


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the policy stands, with our text."""
    order = receipt.order
    iam = clients.iam(order.account)
    if role_of(iam, order, receipt.before) is None:
        return False
    with asking_iam(order, "looking again at"):
        try:
            found = iam.get_role_policy(RoleName=name_of(order), PolicyName=policy_name(order))
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise
    standing: Any = found["PolicyDocument"]  # the SDK has decoded it
    return bool(standing == _document(order))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take the policy away: sessions it cut, and that have not expired, work again."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    if role_of(iam, order, before) is None:
        return False
    with asking_iam(order, "releasing"):
        try:
            iam.delete_role_policy(RoleName=name_of(order), PolicyName=policy_name(order))
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            return False
    return True


def _document(order: Order) -> dict[str, Any]:
    if order.act_at is None:
        raise Broken(f"{order.order_id} has no instant to cut at; nothing was changed")
    cut_off = (order.act_at.astimezone(UTC) + AHEAD).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": cut_off}},
            }
        ],
    }
