"""Cut the subnet that an ECS task has its interface in off from all that is outside of it.

AWS lets nobody change the network interface of a task, so its security groups cannot be swapped,
and this is the smallest cut of its network that leaves it running. A network ACL keeps no track of
flows: one that lets nothing through ends them all at once, and those of everything else in the
subnet too.

What goes on: traffic inside the subnet, which no ACL sees; the name server of the VPC and its time
server; and 169.254.170.2, from where a task has the credentials of its role. What ends: its logs,
ECS Exec, and the agents of container instances in the subnet. A health check that asks outside
fails then, and the service ends the task: take it out of its load balancers first.

Each order has an ACL of its own, and takes a subnet over that an earlier one closed: it opens with
the last release of the two, whichever that is. Also when the task is gone.
AWS: ECS Developer Guide, "Allocate a network interface for an Amazon ECS task"; VPC User Guide,
"Control subnet traffic with network access control lists".
"""

from typing import TYPE_CHECKING

from responder.actions import ecs as tasks
from responder.actions import subnet
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2
from responder.actions.ecs import gone, interface_of, running, task_of
from responder.aws.clients import Clients
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

ID = "ecs.close_subnet"
TITLE = "Cut the task's whole subnet off the network"
PERMISSIONS = tasks.OF_ITS_INTERFACE | subnet.PERMISSIONS
_SUBNETS = "subnets"


def observe(order: Order, clients: Clients) -> Before:
    """Which ACL its subnet is on; if an earlier order's, what it was on before."""
    task = task_of(clients.ecs(order.account, order.region), order)
    if task is None:
        raise Refused(
            f"{gone(order)}. A subnet that this order closed stays closed until it is released "
            "with despite_changes"
        )
    vpcs = _subnet(order, clients, task)
    with asking_ec2(order, "looking at the subnet of"):
        trails, is_closed = subnet.look(clients.ec2(order.account, order.region), order, vpcs)
    return Before(state={ARN: task["taskArn"], _SUBNETS: trails, IN_FORCE: is_closed})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Close its subnet."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    vpcs = _subnet(order, clients, running(clients.ecs(order.account, order.region), order))
    with asking_ec2(order, "closing the subnet of"):
        subnet.close(clients.ec2(order.account, order.region), order, vpcs, seen)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it runs, and its subnet is on an ACL of ours that lets nothing through."""
    order, _ = receipt.order, before_of(receipt)
    task = task_of(clients.ecs(order.account, order.region), order)
    if task is None:
        return False
    vpcs = _subnet(order, clients, task)
    with asking_ec2(order, "looking again at the subnet of"):
        return subnet.are_closed(clients.ec2(order.account, order.region), order, vpcs)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put its subnet back, if it is still on our ACL. Refused if what it was on is gone."""
    order, seen = receipt.order, before_of(receipt).state[_SUBNETS]
    with asking_ec2(order, "releasing the subnet of"):
        done = subnet.give_back(clients.ec2(order.account, order.region), order, seen)
    if done is None:
        raise Refused(f"{', '.join(sorted(seen))} of {order.resource} does not exist any more")
    return done


def _subnet(order: Order, clients: Clients, task: "TaskTypeDef") -> dict[str, str]:
    """Its subnet and the VPC of that. A task has one interface, and keeps it."""
    interface = interface_of(order, clients, task)
    return {interface["SubnetId"]: interface["VpcId"]}
