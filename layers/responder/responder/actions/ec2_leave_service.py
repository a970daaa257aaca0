"""Take an EC2 instance out of service: out of its Auto Scaling group's care and its load balancers.

Puts it on standby, so that the group does not end it as unhealthy when it is cut off, and lowers
the group's capacity by one, and its minimum where that would forbid it. Deregisters it from every
target group and classic load balancer. Requests that it is answering go on while they are drained
(up to an hour, five minutes by default). The shop has one server less until a person adds one.
A release puts the minimum back as it was seen, also where a second instance is still on standby:
the group then starts another. Targets by address are found in the instance's own VPC only.
AWS: EC2 Auto Scaling User Guide, "Temporarily remove instances"; ELB, "Deregistration delay".
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions import standby
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, gone, id_of, instance_arn, instance_of, living
from responder.actions.standby import (
    enter_standby,
    exit_standby,
    is_serving,
    is_still_entering,
    put_back_min_size,
    scaling_of,
)
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetGroupTypeDef

ID = "ec2.leave_service"
TITLE = "Take the instance out of service"
PERMISSIONS = standby.PERMISSIONS | frozenset(
    {
        "ec2:DescribeInstances",
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
        "elasticloadbalancing:RegisterTargets",
    }
)
# Keys of `Before.state`.
_SCALED, _TARGETS, _CLASSIC = "scaling", "targets", "classic_load_balancers"
_DRAINING = "draining"  # of a target that was deregistered; "unhealthy.draining" is registered
_TARGET_GROUP = "TargetGroupArn"
type _Target = dict[str, Any]  # as it is registered: its group, Id, Port, and zone if it was named


def observe(order: Order, clients: Clients) -> Before:
    """Its Auto Scaling group, and where it is registered."""
    instance = living(clients.ec2(order.account, order.region), order)
    scaling = scaling_of(order, clients)
    targets, classic = _targets(order, clients, instance), _classic(order, clients)
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            _SCALED: scaling,
            _TARGETS: targets,
            _CLASSIC: classic,
            IN_FORCE: not (is_serving(scaling) or targets or classic),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Standby first, so that no group replaces or ends it for being out of a load balancer."""
    order, _ = receipt.order, before_of(receipt)
    instance = living(clients.ec2(order.account, order.region), order)
    enter_standby(order, clients)
    for target in _targets(order, clients, instance):
        with asking_ec2(order, "deregistering"), _while_others_do():
            clients.elbv2(order.account, order.region).deregister_targets(
                TargetGroupArn=target[_TARGET_GROUP], Targets=[_as_asked(target)]
            )
    for name in _classic(order, clients):
        with asking_ec2(order, "deregistering"), _while_others_do():
            clients.elb(order.account, order.region).deregister_instances_from_load_balancer(
                LoadBalancerName=name, Instances=[{"InstanceId": instance["InstanceId"]}]
            )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether no group has it in service, and nothing sends it new requests."""
    order, _ = receipt.order, before_of(receipt)
    instance = instance_of(clients.ec2(order.account, order.region), order)
    if instance is None:
        return False
    scaling = scaling_of(order, clients)
    if is_still_entering(scaling):
        raise Unavailable(f"{order.resource} is still being put on standby")
    return not (
        is_serving(scaling) or _targets(order, clients, instance) or _classic(order, clients)
    )


def release(receipt: Receipt, clients: Clients) -> bool:
    """Back into service, wherever the first look saw it. Refused if a target group is gone."""
    order, before = receipt.order, before_of(receipt).state
    ec2 = clients.ec2(order.account, order.region)
    instance = instance_of(ec2, order)
    if instance is None:
        # It cannot serve again, but the minimum of its group is the group's.
        if put_back_min_size(order, clients, before[_SCALED]):
            return True
        raise gone(order)
    _still_there(order, clients, before)
    done = exit_standby(order, clients, before[_SCALED])
    done = put_back_min_size(order, clients, before[_SCALED]) or done
    standing, classic = _targets(order, clients, instance), _classic(order, clients)
    for target in before[_TARGETS]:
        if target not in standing:
            with asking_ec2(order, "registering"):
                clients.elbv2(order.account, order.region).register_targets(
                    TargetGroupArn=target[_TARGET_GROUP], Targets=[_as_asked(target)]
                )
            done = True
    for name in before[_CLASSIC]:
        if name not in classic:
            with asking_ec2(order, "registering"):
                clients.elb(order.account, order.region).register_instances_with_load_balancer(
                    LoadBalancerName=name, Instances=[{"InstanceId": instance["InstanceId"]}]
                )
            done = True
    return done


def _target_groups(
    elbv2: "ElasticLoadBalancingv2Client",
) -> "list[TargetGroupTypeDef]":
    pages = elbv2.get_paginator("describe_target_groups").paginate()
    return [group for page in pages for group in page["TargetGroups"]]


def _targets(order: Order, clients: Clients, instance: "InstanceTypeDef") -> list[_Target]:
    """Where it is registered, by its id or one of its addresses, and not being drained already."""
    elbv2 = clients.elbv2(order.account, order.region)
    names = {"instance": {instance["InstanceId"]}, "ip": set(_addresses(instance))}
    found = []
    with asking_ec2(order, "looking for the target groups of"):
        for group in _target_groups(elbv2):
            wanted = names.get(group["TargetType"], set())
            if not wanted or group.get("VpcId") not in _vpcs(instance):
                continue
            health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            found += [
                {_TARGET_GROUP: group["TargetGroupArn"], **_as_asked(one["Target"])}
                for one in health["TargetHealthDescriptions"]
                if one["Target"]["Id"] in wanted and one["TargetHealth"]["State"] != _DRAINING
            ]
    return sorted(found, key=lambda one: (one[_TARGET_GROUP], one["Id"], one.get("Port", 0)))


def _classic(order: Order, clients: Clients) -> list[str]:
    with asking_ec2(order, "looking for the load balancers of"):
        pages = (
            clients.elb(order.account, order.region)
            .get_paginator("describe_load_balancers")
            .paginate()
        )
        found = [one for page in pages for one in page["LoadBalancerDescriptions"]]
    instance_id = id_of(order, "instance")
    return sorted(
        one["LoadBalancerName"]
        for one in found
        if any(each["InstanceId"] == instance_id for each in one["Instances"])
    )


def _still_there(order: Order, clients: Clients, before: dict[str, Any]) -> None:
    with asking_ec2(order, "looking for the target groups of"):
        groups = _target_groups(clients.elbv2(order.account, order.region))
    standing = {group["TargetGroupArn"] for group in groups}
    lost = sorted({one[_TARGET_GROUP] for one in before[_TARGETS]} - standing)
    if lost:
        raise Refused(
            f"{order.resource} was registered with target groups that do not exist any more "
            f"({', '.join(lost)}); it was left out of service. Register it by hand"
        )


@contextmanager
def _while_others_do() -> Iterator[None]:
    """Its Auto Scaling group deregisters it too, and may have been faster. The next try sees it."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in ("InvalidInstance", "InvalidTarget"):
            raise Unavailable("a load balancer let the instance go before it was asked") from error
        raise


def _as_asked(target: Mapping[str, Any]) -> Any:
    """What names a target: two ports of one instance are two targets."""
    return {name: target[name] for name in ("Id", "Port", "AvailabilityZone") if name in target}


def _vpcs(instance: "InstanceTypeDef") -> set[str]:
    return {one["VpcId"] for one in instance["NetworkInterfaces"]}


def _addresses(instance: "InstanceTypeDef") -> Iterator[str]:
    for interface in instance["NetworkInterfaces"]:
        yield from (one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"])
        yield from (one["Ipv6Address"] for one in interface["Ipv6Addresses"])
