"""Cut an EC2 instance off the network by swapping the security groups of all its interfaces.

First a group of ours that lets everything through, then one that lets nothing through: only flows
that everything was allowed for are untracked, and only untracked flows end at once. In between, for
the length of one call per interface, the instance is open to its network. Leaves it running, so
that memory and disks can still be collected.

What goes on: flows through a NAT gateway, an egress-only gateway, a network load balancer,
PrivateLink, Network Firewall, Global Accelerator, a function or a gateway endpoint are always
tracked, and end when they idle out (up to five days). 169.254.169.254, the name server of the VPC
and its time server are never filtered. The SSM agent is cut too. Interfaces that AWS or a service
made cannot be changed (`unreached` in the receipt), and pods with branch interfaces keep them.

The closed group is one per VPC, shared by all incidents: the first release of two opens it. It is
deleted with its last member. An interface that was attached after the first look is cut, and stays
cut: nobody saw what it had.
AWS: EC2 User Guide, "Security group connection tracking".
"""

from typing import TYPE_CHECKING

from responder.actions import security_group
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, id_of, instance_arn, instance_of, living
from responder.actions.security_group import CLOSED, OPEN
from responder.aws.clients import Clients
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import NetworkInterfaceTypeDef

ID = "ec2.quarantine_instance"
TITLE = "Cut the instance off the network"
PERMISSIONS = security_group.PERMISSIONS | {
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:ModifyNetworkInterfaceAttribute",
}
_INTERFACES, _UNREACHED = "interfaces", "unreached"


def observe(order: Order, clients: Clients) -> Before:
    """Which groups each interface has, and which interfaces we cannot change."""
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    with asking_ec2(order, "looking at"):
        interfaces = _attached(ec2, order)
        return Before(
            state={
                ARN: instance_arn(order, instance["InstanceId"]),
                _INTERFACES: {
                    one["NetworkInterfaceId"]: _groups(one)
                    for one in interfaces
                    if not _is_managed(one)
                },
                _UNREACHED: [one["NetworkInterfaceId"] for one in interfaces if _is_managed(one)],
                IN_FORCE: _is_cut(ec2, order, interfaces),
            }
        )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Cut every interface that is attached now. One that is cut already is not opened again."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    living(ec2, order)
    with asking_ec2(order, "cutting off"):
        interfaces = [one for one in _attached(ec2, order) if not _is_managed(one)]
        if not interfaces:
            raise Refused(f"{order.resource} has no interface that we may change; nothing was cut")
        vpcs = sorted({one["VpcId"] for one in interfaces})
        # Both groups stand before the first interface is touched: it is never left in the open one
        # because the closed one cannot be made.
        closed = {vpc: security_group.make_closed(ec2, order, vpc) for vpc in vpcs}
        to_cut = [one for one in interfaces if _groups(one) != [closed[one["VpcId"]]]]
        opened = {
            vpc: security_group.make_open(ec2, order, vpc)
            for vpc in sorted({one["VpcId"] for one in to_cut})
        }
        for one in to_cut:
            _swap(ec2, one["NetworkInterfaceId"], [opened[one["VpcId"]]])
            _swap(ec2, one["NetworkInterfaceId"], [closed[one["VpcId"]]])
        for vpc in vpcs:
            security_group.delete_unused(ec2, order, OPEN, vpc)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether each interface has the closed group and no other, and that one has no rule."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    if instance_of(ec2, order) is None:
        return False
    with asking_ec2(order, "looking again at"):
        return _is_cut(ec2, order, _attached(ec2, order))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Give each interface its groups back, if it still has ours. Refused if one is gone."""
    order, before = receipt.order, before_of(receipt).state
    ec2, groups = clients.ec2(order.account, order.region), before[_INTERFACES]
    with asking_ec2(order, "releasing"):
        interfaces = _by_id(ec2, sorted(groups))
        if not interfaces:
            living(ec2, order)
        ours = [
            one
            for one in interfaces
            if _has_ours(ec2, order, one) and _groups(one) != groups[one["NetworkInterfaceId"]]
        ]
        wanted = {group for one in ours for group in groups[one["NetworkInterfaceId"]]}
        lost = security_group.missing(ec2, wanted) if wanted else set()
        if lost:
            raise Refused(
                f"{order.resource} had security groups that do not exist any more "
                f"({', '.join(sorted(lost))}); it was left cut off. Give its interfaces other "
                "groups by hand"
            )
        for one in ours:
            _swap(ec2, one["NetworkInterfaceId"], groups[one["NetworkInterfaceId"]])
        for vpc in sorted({one["VpcId"] for one in interfaces}):
            for kind in (OPEN, CLOSED):
                security_group.delete_unused(ec2, order, kind, vpc)
    return bool(ours)


def _attached(ec2: "EC2Client", order: Order) -> "list[NetworkInterfaceTypeDef]":
    """Every interface of the instance. Not to see one is not to know, for each instance has one."""
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "attachment.instance-id", "Values": [id_of(order, "instance")]}]
    )
    found = [one for page in pages for one in page["NetworkInterfaces"]]
    if not found:
        raise Unavailable(f"EC2 shows no network interface of {order.resource}; try again")
    return sorted(found, key=lambda one: one["NetworkInterfaceId"])


def _by_id(ec2: "EC2Client", interface_ids: list[str]) -> "list[NetworkInterfaceTypeDef]":
    """Those that still exist, also if they are attached to something else now."""
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "network-interface-id", "Values": interface_ids}]
    )
    return [one for page in pages for one in page["NetworkInterfaces"]]


def _is_cut(ec2: "EC2Client", order: Order, interfaces: "list[NetworkInterfaceTypeDef]") -> bool:
    """Whether every one that can be is, and at least one can."""
    reached = [one for one in interfaces if not _is_managed(one)]
    for vpc in {one["VpcId"] for one in reached}:
        closed = security_group.find(ec2, order, CLOSED, vpc)
        if closed is None or not security_group.is_empty(closed):
            return False
        if any(_groups(one) != [closed["GroupId"]] for one in reached if one["VpcId"] == vpc):
            return False
    return bool(reached)


def _has_ours(ec2: "EC2Client", order: Order, interface: "NetworkInterfaceTypeDef") -> bool:
    """Whether it has one of our two groups and no other: also where a cut ended half way."""
    found = [security_group.find(ec2, order, kind, interface["VpcId"]) for kind in (OPEN, CLOSED)]
    return _groups(interface) in [[one["GroupId"]] for one in found if one is not None]


def _swap(ec2: "EC2Client", interface_id: str, groups: list[str]) -> None:
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, Groups=groups)


def _groups(interface: "NetworkInterfaceTypeDef") -> list[str]:
    return sorted(one["GroupId"] for one in interface["Groups"])


def _is_managed(interface: "NetworkInterfaceTypeDef") -> bool:
    """Whether AWS or a service made it, and lets nobody else change it."""
    return interface["RequesterManaged"] or interface.get("Operator", {}).get("Managed", False)
