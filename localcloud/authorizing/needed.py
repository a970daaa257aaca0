"""What one call needs: an action on a resource, and what the resource itself says about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.iam_holdings import Policy
from localcloud.switchboard import Asked

PARTITION = "aws"


@dataclass(frozen=True)
class Needed:
    """One action on one resource. All that a call needs must be allowed."""

    action: str
    resource: str
    owner: str  # account the resource is in
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # names in lower case
    policy: Policy | None = None  # of the resource
    decides: bool = False  # see iam_evaluator.Question
    trusts: bool = False  # the policy is the trust policy of the role that is the resource
    or_resource: str | None = None  # a second way of writing the resource in a policy
    knows: tuple[str, ...] = ()  # beginnings of keys that are told of this call, and of no other
    refused_as: str | None = None  # an error code other than the service's usual one


type Table = Callable[[Asked], list[Needed]]


def arn(asked: Asked, service: str, resource: str) -> str:
    """An ARN in the caller's own account and the client's region."""
    return f"arn:{PARTITION}:{service}:{asked.region}:{asked.account}:{resource}"


def owner_of(resource: str, asked: Asked) -> str:
    """The account in an ARN; the caller's own where an ARN has none."""
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4] else asked.account


def keys(**given: Any) -> dict[str, tuple[str, ...]]:
    """Condition keys from what a call was given; one that was not given is absent.

    `__` stands for a colon and `_` for a hyphen: kms__ViaService, s3__if_none_match.
    """
    found = dict[str, tuple[str, ...]]()
    for name, value in given.items():
        if value is not None:
            key = name.replace("__", ":").replace("_", "-").lower()
            found[key] = value if isinstance(value, tuple) else (str(value),)
    return found
