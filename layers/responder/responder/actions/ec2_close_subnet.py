"""Cut every subnet that an EC2 instance has an interface in off from all that is outside of it.

A swap of security groups leaves flows alone that are always tracked: through a NAT gateway, a
network load balancer, PrivateLink. A network ACL keeps no track of flows, so one that lets nothing
through ends them all at once, and those of everything else in the subnet too.

What goes on: traffic between two things in the same subnet, which no ACL sees; 169.254.169.254,
the name server of the VPC and its time server, which no ACL filters. Where a NAT gateway or an
endpoint is in the subnet, other subnets lose their way out as well. A subnet that the instance was
not in at the first look is left open, and its interface there to a person: an attacker could
attach one in each subnet to have them all closed.

Each order has an ACL of its own, and takes a subnet over that an earlier one closed: it opens with
the last release of the two, whichever that is.
AWS: VPC User Guide, "Control subnet traffic with network access control lists".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from responder.actions import network_acl
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, gone, id_of, instance_arn, instance_of, living
from responder.actions.network_acl import Association
from responder.aws.clients import Clients
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

ID = "ec2.close_subnet"
TITLE = "Cut the instance's whole subnet off the network"
PERMISSIONS = network_acl.PERMISSIONS | {"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"}
_SUBNETS = "subnets"


def observe(order: Order, clients: Clients) -> Before:
    """Which ACL each subnet of the instance is on; if an earlier order's, what it was on before."""
    ec2 = clients.ec2(order.account, order.region)
    instance = instance_of(ec2, order)
    if instance is None:
        raise Refused(
            f"{gone(order)}. Subnets that this order closed stay closed until it is released with "
            "despite_changes"
        )
    with asking_ec2(order, "looking at"):
        standing = _standing(ec2, order, _subnets(ec2, order))
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            _SUBNETS: {
                subnet: network_acl.trail(standing[subnet], subnet, order)
                for subnet in sorted(standing)
            },
            IN_FORCE: _are_closed(order, standing),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Close each subnet that was seen and that the instance is still in. Refused for another."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    ec2 = clients.ec2(order.account, order.region)
    living(ec2, order)
    with asking_ec2(order, "closing the subnet of"):
        vpcs = _subnets(ec2, order)
        standing = _standing(ec2, order, vpcs)
        for subnet in [one for one in sorted(standing) if one in seen]:
            _close(ec2, order, vpcs[subnet], standing[subnet], seen)
    unseen = {one: standing[one] for one in standing if one not in seen}
    if unseen and not _are_closed(order, unseen):
        raise Refused(
            f"{order.resource} has an interface now in {', '.join(sorted(unseen))}, where it had "
            "none at the first look, so that subnet was left open; those that it was in are "
            "closed. CloudTrail says who attached it. Detach it, or release this and order it again"
        )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether each subnet of the instance is on an ACL of ours that lets nothing through."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    if instance_of(ec2, order) is None:
        return False
    with asking_ec2(order, "looking again at"):
        return _are_closed(order, _standing(ec2, order, _subnets(ec2, order)))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put each subnet back, if it is still on our ACL. Refused if what it was on is gone."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    ec2 = clients.ec2(order.account, order.region)
    with asking_ec2(order, "releasing the subnet of"):
        standing = network_acl.associations(ec2, seen)
        if not standing:
            living(ec2, order)
        ours = {
            subnet: one
            for subnet, one in sorted(standing.items())
            if network_acl.is_of_order(one.acl, order) and one.acl_id != seen[subnet][0]
        }
        if ours:
            _put_back(ec2, order, ours, seen)
        network_acl.delete_unused(ec2, order)
    return bool(ours)


def _subnets(ec2: "EC2Client", order: Order) -> dict[str, str]:
    """The VPC of each subnet that the instance has an interface in; there is always one."""
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "attachment.instance-id", "Values": [id_of(order, "instance")]}]
    )
    found = {one["SubnetId"]: one["VpcId"] for page in pages for one in page["NetworkInterfaces"]}
    if not found:
        raise Unavailable(f"EC2 shows no network interface of {order.resource}; try again")
    return found


def _standing(ec2: "EC2Client", order: Order, subnet_ids: Iterable[str]) -> dict[str, Association]:
    """Which ACL each of these is on. Not to see one is not to know, for each subnet has one."""
    wanted = set(subnet_ids)
    found = network_acl.associations(ec2, wanted)
    if found.keys() != wanted:
        hidden = ", ".join(sorted(wanted - found.keys()))
        raise Unavailable(f"EC2 shows no network ACL of {hidden} of {order.resource}; try again")
    for subnet, one in sorted(found.items()):
        if one.acl["OwnerId"] != order.account:
            raise Refused(
                f"{subnet} of {order.resource} is shared by account {one.acl['OwnerId']}, and only "
                "that account can close it; nothing was changed"
            )
    return found


def _close(
    ec2: "EC2Client",
    order: Order,
    vpc_id: str,
    standing: Association,
    seen: Mapping[str, Sequence[str]],
) -> None:
    """Take out what somebody added to our ACL before anything is put on it.

    A subnet that a later order took over stays with that one, or both would take it in turns.
    """
    acl = standing.acl
    was_before_us = any(standing.acl_id in trail for trail in seen.values())
    if network_acl.is_of_order(acl, order) or (
        network_acl.is_ours(acl, order) and not was_before_us
    ):
        network_acl.close(ec2, acl)
        return
    made = network_acl.make(ec2, order, vpc_id, seen)
    network_acl.close(ec2, made)
    network_acl.put_on(ec2, standing, made["NetworkAclId"])


def _put_back(
    ec2: "EC2Client",
    order: Order,
    ours: Mapping[str, Association],
    seen: Mapping[str, Sequence[str]],
) -> None:
    """On what was seen; on what was before it, if that was another order's and is gone since."""
    there = network_acl.existing(ec2, [one.acl["VpcId"] for one in ours.values()])
    back = {subnet: next((a for a in seen[subnet] if a in there), None) for subnet in ours}
    lost = [subnet for subnet, acl_id in back.items() if acl_id is None]
    if lost:
        acls = ", ".join(sorted({seen[subnet][0] for subnet in lost}))
        raise Refused(
            f"{', '.join(lost)} of {order.resource} was on a network ACL that does not exist any "
            f"more ({acls}); nothing was opened. Put the subnet on another ACL by hand, and "
            "release again"
        )
    for subnet, acl_id in back.items():
        if acl_id is not None:
            network_acl.put_on(ec2, ours[subnet], acl_id)


def _are_closed(order: Order, standing: Mapping[str, Association]) -> bool:
    """Whether there are any, and every one is on an ACL of ours that nobody opened."""
    acls = [one.acl for one in standing.values()]
    return bool(acls) and all(
        network_acl.is_ours(acl, order) and network_acl.is_closed(acl) for acl in acls
    )
