"""Take an EC2 instance out of service: out of its Auto Scaling group's care and its load balancers.

Puts it on standby, so that the group does not end it as unhealthy when it is cut off, and lowers
the group's capacity by one, and its minimum where that would forbid it. Deregisters it from every
target group and classic load balancer. Requests that it is answering go on while they are drained
(up to an hour, five minutes by default). The shop has one server less until a person adds one.
A release puts the minimum back as it was seen, also where a second instance is still on standby:
the group then starts another. Targets by address are found in the instance's own VPC only.
AWS: EC2 Auto Scaling User Guide, "Temporarily remove instances"; ELB, "Deregistration delay".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from responder.actions import standby, target_group
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
from responder.actions.target_group import Target, while_others_do
from responder.aws.clients import Clients
from responder.domain.errors import Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

ID = "ec2.leave_service"
TITLE = "Take the instance out of service"
PERMISSIONS = (
    standby.PERMISSIONS
    | target_group.PERMISSIONS
    | {
        "ec2:DescribeInstances",
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    }
)
# Keys of `Before.state`.
_SCALED, _TARGETS, _CLASSIC = "scaling", "targets", "classic_load_balancers"


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
    target_group.deregister(order, clients, _targets(order, clients, instance))
    for name in _classic(order, clients):
        with asking_ec2(order, "deregistering"), while_others_do():
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
    target_group.still_there(order, clients, before[_TARGETS])
    done = exit_standby(order, clients, before[_SCALED])
    done = put_back_min_size(order, clients, before[_SCALED]) or done
    standing, classic = _targets(order, clients, instance), _classic(order, clients)
    missing = [target for target in before[_TARGETS] if target not in standing]
    target_group.register(order, clients, missing)
    done = done or bool(missing)
    for name in before[_CLASSIC]:
        if name not in classic:
            with asking_ec2(order, "registering"):
                clients.elb(order.account, order.region).register_instances_with_load_balancer(
                    LoadBalancerName=name, Instances=[{"InstanceId": instance["InstanceId"]}]
                )
            done = True
    return done


def _targets(order: Order, clients: Clients, instance: "InstanceTypeDef") -> list[Target]:
    """Where it is registered, by its id or one of its addresses, and not being drained already."""
    names = {"instance": {instance["InstanceId"]}, "ip": set(_addresses(instance))}
    return target_group.registered(order, clients, names, _vpcs(instance))


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


def _vpcs(instance: "InstanceTypeDef") -> set[str]:
    return {one["VpcId"] for one in instance["NetworkInterfaces"]}


def _addresses(instance: "InstanceTypeDef") -> Iterator[str]:
    for interface in instance["NetworkInterfaces"]:
        yield from (one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"])
        yield from (one["Ipv6Address"] for one in interface["Ipv6Addresses"])
