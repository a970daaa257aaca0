"""Policies of an organization and their targets: what each operation needs."""

from typing import Any, Final

from moto.organizations.models import organizations_backends

from localcloud.authorizing.needed import PARTITION, Needed
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

# Of a member account, which has nothing to name.
_OF_MEMBERS: Final = frozenset({"DescribeOrganization", "LeaveOrganization"})
# Which resources each is granted for (Service Authorization Reference, "AWS Organizations").
_NAMED: Final = {
    "AttachPolicy": ("PolicyId", "TargetId"),
    "DescribePolicy": ("PolicyId",),
    "DetachPolicy": ("PolicyId", "TargetId"),
    "ListPoliciesForTarget": ("TargetId",),
}


def needs(asked: Asked) -> list[Needed]:
    """What a call of Organizations needs. A policy and its target are both needed, where named."""
    action = f"organizations:{asked.operation}"
    if asked.operation in _OF_MEMBERS:
        return [Needed(action, "*", asked.account)]
    if asked.operation not in _NAMED:
        raise Unsupported(f"what {action} needs")
    return [
        Needed(action, _arn(str(asked.params[name]), asked), asked.account)
        for name in _NAMED[asked.operation]
    ]


def _arn(named: str, asked: Asked) -> str:
    """The ARN of a policy, or of what one is attached to."""
    held: Any = organizations_backends[asked.account][PARTITION]
    if named.startswith("p-"):
        return str(held.get_policy_by_id(named).arn)
    found = next((one.arn for one in (*held.ou, *held.accounts) if one.id == named), None)
    # What is not there has an ARN like any account, so that it is not told apart.
    return found or f"arn:{PARTITION}:organizations::{asked.account}:account/{held.org.id}/{named}"
