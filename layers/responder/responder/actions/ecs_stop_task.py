"""Stop an ECS task for good. Nobody can start it again.

What it held in memory and on its own disk is lost, so collect that first. Its service starts
another in its place, from the same image and with the same role: if the attacker came in by what
the image serves, or holds credentials of the role, this ends nothing. While its load balancers are
drained it goes on, for minutes: take it out of them first. Then its processes get a SIGTERM, and a
SIGKILL half a minute later by default. Scale-in protection does not keep a task from this.
A release puts nothing back.
AWS: ECS API Reference, "StopTask"; ECS Developer Guide, "Amazon ECS task lifecycle".
"""

from responder.actions import ecs as tasks
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ecs import asking_ecs, cluster_of, gone, shown, task_of
from responder.aws.clients import Clients
from responder.domain.errors import Unavailable
from responder.domain.order import Before, Order, Receipt, ReceiptStatus

ID = "ecs.stop_task"
TITLE = "Stop the task for good"
PERMISSIONS = tasks.PERMISSIONS | {"ecs:StopTask"}
_DEFINITION = "task_definition"
# Its containers have ended; what is left is taking its network away ("task lifecycle").
_ENDED = frozenset({"DEPROVISIONING", "STOPPED", "DELETED"})


def observe(order: Order, clients: Clients) -> Before:
    """That it runs, and what it was started from. Refused of one that stopped before we did it."""
    task = task_of(clients.ecs(order.account, order.region), order)
    if task is None and order.act_at is None:
        raise gone(order)
    definition = None if task is None else task.get("taskDefinitionArn")
    return Before(
        state={ARN: order.resource, _DEFINITION: definition, IN_FORCE: task is None},
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Stop it, unless it has stopped or is stopping since the first look."""
    order, _ = receipt.order, before_of(receipt)
    ecs = clients.ecs(order.account, order.region)
    if task_of(ecs, order) is None:
        return
    with asking_ecs(order, "stopping"):
        ecs.stop_task(
            cluster=cluster_of(order),
            task=order.resource,
            reason=f"Breach Responder: {order.incident_id}, {order.order_id}",
        )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether nothing of it runs any more. Only of a cut that we made."""
    order, _ = receipt.order, before_of(receipt)
    if receipt.status not in (ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED):
        return False
    task = shown(clients.ecs(order.account, order.region), order)
    if task is None or task.get("lastStatus") in _ENDED:
        return True
    if task.get("desiredStatus") == "STOPPED":
        raise Unavailable(f"{order.resource} is still being stopped ({task.get('lastStatus')})")
    return False


def release(receipt: Receipt, clients: Clients) -> bool:
    """Leave it stopped. True once, for the record that says so; False if it was never stopped."""
    order, _ = receipt.order, before_of(receipt)
    if receipt.status is ReceiptStatus.RELEASED:
        return False
    return task_of(clients.ecs(order.account, order.region), order) is None
