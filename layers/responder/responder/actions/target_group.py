"""Takes targets out of target groups, and puts them back as they were registered.

Requests that a target is answering go on while it is drained (up to an hour, five minutes by
default).
AWS: Elastic Load Balancing, "Register targets", "Deregistration delay".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.ec2 import asking_ec2
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetGroupTypeDef

PERMISSIONS = frozenset(
    {
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
    }
)
_DRAINING = "draining"  # of a target that was deregistered; "unhealthy.draining" is registered
_TARGET_GROUP = "TargetGroupArn"
type Target = dict[str, Any]  # as it is registered: its group, Id, Port, and zone if it was named


def registered(
    order: Order, clients: Clients, names: Mapping[str, set[str]], vpc_ids: Collection[str]
) -> list[Target]:
    """Where one of these is registered, and not being drained already. `names` are by type of
    target. Looks at the groups of these VPCs only: another one may know the same address.
    """
    elbv2, found = clients.elbv2(order.account, order.region), list[Target]()
    with asking_ec2(order, "looking for the target groups of"):
        for group in _groups(elbv2):
            wanted = names.get(group["TargetType"], set())
            if not wanted or group.get("VpcId") not in vpc_ids:
                continue
            health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            found += [
                {_TARGET_GROUP: group["TargetGroupArn"], **_as_asked(one["Target"])}
                for one in health["TargetHealthDescriptions"]
                if one["Target"]["Id"] in wanted and one["TargetHealth"]["State"] != _DRAINING
            ]
    return sorted(found, key=lambda one: (one[_TARGET_GROUP], one["Id"], one.get("Port", 0)))


def deregister(order: Order, clients: Clients, targets: Iterable[Target]) -> None:
    """Take each out of its group."""
    for target in targets:
        with asking_ec2(order, "deregistering"), while_others_do():
            clients.elbv2(order.account, order.region).deregister_targets(
                TargetGroupArn=target[_TARGET_GROUP], Targets=[_as_asked(target)]
            )


def register(order: Order, clients: Clients, targets: Iterable[Target]) -> None:
    """Put each back into its group, as it was."""
    for target in targets:
        with asking_ec2(order, "registering"):
            clients.elbv2(order.account, order.region).register_targets(
                TargetGroupArn=target[_TARGET_GROUP], Targets=[_as_asked(target)]
            )


def still_there(order: Order, clients: Clients, targets: Iterable[Target]) -> None:
    """Refused if the group of one of them is gone."""
    with asking_ec2(order, "looking for the target groups of"):
        groups = _groups(clients.elbv2(order.account, order.region))
    standing = {group["TargetGroupArn"] for group in groups}
    lost = sorted({one[_TARGET_GROUP] for one in targets} - standing)
    if lost:
        raise Refused(
            f"{order.resource} was registered with target groups that do not exist any more "
            f"({', '.join(lost)}); it was left out of service. Register it by hand"
        )


@contextmanager
def while_others_do() -> Iterator[None]:
    """Its service or group deregisters it too, and may have been faster. The next try sees it."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in ("InvalidInstance", "InvalidTarget"):
            raise Unavailable("a load balancer let the target go before it was asked") from error
        raise


def _groups(elbv2: "ElasticLoadBalancingv2Client") -> "list[TargetGroupTypeDef]":
    pages = elbv2.get_paginator("describe_target_groups").paginate()
    return [group for page in pages for group in page["TargetGroups"]]


def _as_asked(target: Mapping[str, Any]) -> Any:
    """What names a target: two ports of one address are two targets."""
    return {name: target[name] for name in ("Id", "Port", "AvailabilityZone") if name in target}
