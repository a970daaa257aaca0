"""Whom a snapshot or an image is shared with, written so that two looks can be compared.

Our own account is left out: what is shared with its owner is shared with nobody.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from responder.actions.action import ARN, IN_FORCE
from responder.domain.errors import Refused
from responder.domain.order import Before, Order

SHARED_WITH = "shared_with"
type Grant = dict[str, str]  # one key: UserId, Group, OrganizationArn or OrganizationalUnitArn


def strangers(order: Order, found: Iterable[Mapping[str, Any]]) -> list[Grant]:
    """All grants but those to our own account, in one order."""
    grants = [{key: str(value) for key, value in one.items() if value} for one in found]
    foreign = [one for one in grants if one and one.get("UserId") != order.account]
    return sorted(foreign, key=lambda one: sorted(one.items()))


def before(order: Order, resource: str, grants: list[Grant]) -> Before:
    """What stood before, with the ARN of what was found."""
    partition = order.resource.split(":")[1]
    return Before(
        state={
            ARN: f"arn:{partition}:ec2:{order.region}:{order.account}:{resource}",
            SHARED_WITH: grants,
            IN_FORCE: not grants,
        }
    )


def is_ours(order: Order, owner: str) -> None:
    """Refuse what another account owns: only its owner can say whom it is shared with."""
    if owner != order.account:
        raise Refused(
            f"{order.resource} belongs to {owner}, not to {order.account}; nothing was changed. "
            "Send the order to its owner's account"
        )


def missing(wanted: list[Grant], standing: list[Grant]) -> list[Grant]:
    """What was granted and is not now."""
    return [one for one in wanted if one not in standing]
