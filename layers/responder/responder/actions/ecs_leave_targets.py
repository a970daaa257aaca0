"""Take an ECS task out of the load balancers that send it visitors.

Deregisters its addresses from every target group of its VPC. Its service may start another task in
its place, which comes from the same image. The task itself goes on, with all that it calls and all
that calls it by its address, by Service Connect or by service discovery. Requests that it is
answering go on while they are drained. Only a task in awsvpc mode has an address of its own.
A release registers it again as it was. Refused if the task is gone: another may have its address.
AWS: ECS Developer Guide, "Use load balancing to distribute Amazon ECS service traffic".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from responder.actions import ecs as tasks
from responder.actions import target_group
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ecs import interface_of, running, task_of
from responder.actions.target_group import Target
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import NetworkInterfaceTypeDef
    from mypy_boto3_ecs.type_defs import TaskTypeDef

ID = "ecs.leave_targets"
TITLE = "Take the task out of its load balancers"
PERMISSIONS = tasks.OF_ITS_INTERFACE | target_group.PERMISSIONS
_TARGETS = "targets"


def observe(order: Order, clients: Clients) -> Before:
    """Where it is registered."""
    task = running(clients.ecs(order.account, order.region), order)
    targets = _targets(order, clients, task)
    return Before(state={ARN: task["taskArn"], _TARGETS: targets, IN_FORCE: not targets})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Deregister it wherever it is registered now."""
    order, _ = receipt.order, before_of(receipt)
    task = running(clients.ecs(order.account, order.region), order)
    target_group.deregister(order, clients, _targets(order, clients, task))


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it runs, and nothing sends it new requests."""
    order, _ = receipt.order, before_of(receipt)
    task = task_of(clients.ecs(order.account, order.region), order)
    return task is not None and not _targets(order, clients, task)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Register it wherever the first look saw it. Refused if a target group is gone."""
    order, before = receipt.order, before_of(receipt).state
    task = running(clients.ecs(order.account, order.region), order)
    target_group.still_there(order, clients, before[_TARGETS])
    standing = _targets(order, clients, task)
    missing = [target for target in before[_TARGETS] if target not in standing]
    target_group.register(order, clients, missing)
    return bool(missing)


def _targets(order: Order, clients: Clients, task: "TaskTypeDef") -> list[Target]:
    interface = interface_of(order, clients, task)
    names = {"ip": set(_addresses(interface))}
    return target_group.registered(order, clients, names, {interface["VpcId"]})


def _addresses(interface: "NetworkInterfaceTypeDef") -> Iterator[str]:
    yield from (one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"])
    yield from (one["Ipv6Address"] for one in interface["Ipv6Addresses"])
