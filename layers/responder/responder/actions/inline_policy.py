"""An inline policy of ours on a user or a role: written, read again with its text, taken away.

Nobody else's has that name, so writing it loses nothing, and it can be deleted again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import asking_iam, policy_name
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

# As the console does: sessions issued while the policy still spreads through IAM are cut too.
AHEAD = timedelta(seconds=30)


@dataclass(frozen=True)
class InlinePolicies:
    """IAM's three calls about the inline policies of one identity, and how much they may hold."""

    put: Callable[..., object]
    get: Callable[..., Any]
    delete: Callable[..., object]
    room: str  # in characters, for all of them together (IAM User Guide, "IAM and AWS STS quotas")


def of_user(iam: "IAMClient", name: str) -> InlinePolicies:
    """Those of a user."""
    return InlinePolicies(
        put=partial(iam.put_user_policy, UserName=name),
        get=partial(iam.get_user_policy, UserName=name),
        delete=partial(iam.delete_user_policy, UserName=name),
        room="2,048",
    )


def of_role(iam: "IAMClient", name: str) -> InlinePolicies:
    """Those of a role."""
    return InlinePolicies(
        put=partial(iam.put_role_policy, RoleName=name),
        get=partial(iam.get_role_policy, RoleName=name),
        delete=partial(iam.delete_role_policy, RoleName=name),
        room="10,240",
    )


def write(policies: InlinePolicies, order: Order, document: dict[str, Any]) -> None:
    """Write ours, over an earlier one of ours. Raises what IAM raises."""
    policies.put(
        PolicyName=policy_name(order), PolicyDocument=json.dumps(document, separators=(",", ":"))
    )


def write_or_refuse(
    policies: InlinePolicies, order: Order, document: dict[str, Any], next_step: str
) -> None:
    """The same, for who has no other way: an identity without room is left to a person."""
    with asking_iam(order, "cutting"):
        try:
            write(policies, order, document)
        except ClientError as error:
            if code_of(error) == "LimitExceeded":
                raise Refused(
                    f"{order.resource} has no room for another inline policy ({policies.room} "
                    f"characters); nothing was changed. {next_step}"
                ) from error
            raise


def stands(policies: InlinePolicies, order: Order, document: dict[str, Any]) -> bool:
    """Whether ours is there with our text: who may write policies may also have rewritten it."""
    with asking_iam(order, "looking again at"):
        try:
            found = policies.get(PolicyName=policy_name(order))
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise
    standing: Any = found["PolicyDocument"]  # the SDK has decoded it
    return bool(standing == document)


def erase(policies: InlinePolicies, order: Order) -> bool:
    """Take ours away. False if it is not there."""
    with asking_iam(order, "releasing"):
        try:
            policies.delete(PolicyName=policy_name(order))
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return False
            raise
    return True


def deny(condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """A policy that denies everything, or everything to whom the condition fits."""
    statement: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    if condition is not None:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def deny_older_sessions(order: Order) -> dict[str, Any]:
    """A policy that denies everything to sessions issued before the order was carried out.

    A long-term key has no `aws:TokenIssueTime`, so the condition never fits it.
    """
    if order.act_at is None:
        raise Broken(f"{order.order_id} has no instant to cut at; nothing was changed")
    cut_off = (order.act_at.astimezone(UTC) + AHEAD).strftime("%Y-%m-%dT%H:%M:%SZ")
    return deny({"DateLessThan": {"aws:TokenIssueTime": cut_off}})
