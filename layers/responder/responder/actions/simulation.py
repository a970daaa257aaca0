"""Asks IAM itself whether an identity is denied, as its policies stand.

A read of our own policy shows that it is there. This asks what comes of it, with everything else
that the identity holds: its groups, its other policies, its boundary, and the service control
policies of the organization as far as the simulator knows them. It does not know policies of
resources or sessions, nor what is still spreading: "denied" here is the verdict of IAM's own
evaluation, and no call that was refused. Nor does it say whose deny it was: another policy's, that
depends on what a call would carry, counts as well. So this stands beside our own read, not for it.
AWS: IAM API Reference, "SimulatePrincipalPolicy"; IAM User Guide, "IAM policy testing with the IAM
policy simulator".
"""

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol

from responder.actions.action import asking_iam
from responder.aws.clients import Clients
from responder.domain.errors import Broken
from responder.domain.order import Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef

PERMISSION = "iam:SimulatePrincipalPolicy"
# What a thief does with an identity: keep a way in, read, and go on to another role.
TELLING = ("iam:CreateAccessKey", "s3:GetObject", "sts:AssumeRole")
_DENIED = "explicitDeny"


class Simulated(Protocol):
    """An action whose cut IAM can be asked about."""

    def still_allowed(self, receipt: Receipt, clients: Clients) -> tuple[str, ...]:
        """What IAM does not deny the identity. Empty: it denies everything that was asked."""
        ...


def not_denied(
    iam: "IAMClient", order: Order, arn: str, *context: "ContextEntryTypeDef"
) -> tuple[str, ...]:
    """Those of the telling actions that IAM does not explicitly deny to a user or role.

    `arn` is the real one, with its path; `context` holds the keys that our deny depends on.
    """
    with asking_iam(order, f"asking with {PERMISSION} about"):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=arn, ActionNames=list(TELLING), ContextEntries=list(context)
        )
        decided = {
            one["EvalActionName"]: one["EvalDecision"]
            for page in pages
            for one in page["EvaluationResults"]
        }
    if set(decided) != set(TELLING):
        raise Broken(f"IAM answered about {sorted(decided)}, and was asked about {TELLING}")
    return tuple(name for name in TELLING if decided[name] != _DENIED)


def issued_before(order: Order) -> "ContextEntryTypeDef":
    """A session as old as the cut: one that the attacker may hold."""
    if order.act_at is None:
        raise Broken(f"{order.order_id} has no instant to cut at; nothing was changed")
    at = (order.act_at - timedelta(seconds=1)).astimezone(UTC)
    return {
        "ContextKeyName": "aws:TokenIssueTime",
        "ContextKeyType": "date",
        "ContextKeyValues": [at.strftime("%Y-%m-%dT%H:%M:%SZ")],
    }


def called(user_id: str) -> "ContextEntryTypeDef":
    """A session by its `aws:userid`: the role's id, and the name of the session."""
    return {
        "ContextKeyName": "aws:userid",
        "ContextKeyType": "string",
        "ContextKeyValues": [user_id],
    }
