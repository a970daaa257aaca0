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

from typing import TYPE_CHECKING

from responder.actions import subnet
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, gone, id_of, instance_arn, instance_of, living
from responder.aws.clients import Clients
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

ID = "ec2.close_subnet"
TITLE = "Cut the instance's whole subnet off the network"
PERMISSIONS = subnet.PERMISSIONS | {"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"}
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
        trails, are_closed = subnet.look(ec2, order, _subnets(ec2, order))
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            _SUBNETS: trails,
            IN_FORCE: are_closed,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Close each subnet that was seen and that the instance is still in. Refused for another."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    ec2 = clients.ec2(order.account, order.region)
    living(ec2, order)
    with asking_ec2(order, "closing the subnet of"):
        subnet.close(ec2, order, _subnets(ec2, order), seen)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether each subnet of the instance is on an ACL of ours that lets nothing through."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    if instance_of(ec2, order) is None:
        return False
    with asking_ec2(order, "looking again at"):
        return subnet.are_closed(ec2, order, _subnets(ec2, order))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put each subnet back, if it is still on our ACL. Refused if what it was on is gone."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    ec2 = clients.ec2(order.account, order.region)
    with asking_ec2(order, "releasing the subnet of"):
        done = subnet.give_back(ec2, order, seen)
    if done is None:
        living(ec2, order)
    return bool(done)


def _subnets(ec2: "EC2Client", order: Order) -> dict[str, str]:
    """The VPC of each subnet that the instance has an interface in; there is always one."""
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "attachment.instance-id", "Values": [id_of(order, "instance")]}]
    )
    found = {one["SubnetId"]: one["VpcId"] for page in pages for one in page["NetworkInterfaces"]}
    if not found:
        raise Unavailable(f"EC2 shows no network interface of {order.resource}; try again")
    return found
