"""Protect an ECS task, which is evidence, from being ended by its service.

For 48 hours, the most that ECS gives: neither a scale-in nor a deployment ends it meanwhile, and a
deployment of its service may wait for it. Then ECS lets it go by itself, so collect it before that.
Does not keep its service from replacing it as unhealthy, nor anybody from stopping it, nor AWS from
taking a Spot task or retiring its machine; and a process in the task can take the protection off,
by its agent endpoint. A task of no service is ended by nobody but a person or itself, and ECS has
no protection for it.

A release takes the protection off. Where the task was protected before, it gives it the minutes
that were left at the first look, counted anew.
AWS: ECS API Reference, "UpdateTaskProtection"; ECS Developer Guide, "Task scale-in protection".
"""

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from responder.actions import ecs as tasks
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ecs import asking_ecs, cluster_of, gone, running, task_of, told_gone
from responder.aws.clients import Clients
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt, ReceiptStatus

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import FailureTypeDef, ProtectedTaskTypeDef

ID = "ecs.protect_task"
TITLE = "Protect the task from being ended by its service"
PERMISSIONS = tasks.PERMISSIONS | {"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"}
_GROUP, _UNTIL = "group", "protected_until"
_LONGEST = timedelta(hours=48)  # "up to 2,880 minutes (48 hours)"
# A protection that lasts so long from the cut on is as long as ours, which is made moments later.
_LONG = _LONGEST - timedelta(hours=1)
# Failure reasons of ECS ("API failure reasons").
_OF_NO_SERVICE, _BLOCKED = "TASK_NOT_VALID", "DEPLOYMENT_BLOCKED"


def observe(order: Order, clients: Clients) -> Before:
    """Until when it is protected; None if it is not. Refused of a task of no service."""
    ecs = clients.ecs(order.account, order.region)
    task = running(ecs, order)
    until = _until(_protection(ecs, order))
    return Before(
        state={
            ARN: task["taskArn"],
            _GROUP: task.get("group"),
            _UNTIL: None if until is None else until.isoformat(),
            IN_FORCE: until is not None,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Protect it for as long as ECS lets us, unless it is. A shorter protection is made longer."""
    order, _ = receipt.order, before_of(receipt)
    ecs = clients.ecs(order.account, order.region)
    running(ecs, order)
    if not _is_long(order, _until(_protection(ecs, order))):
        _protect(ecs, order, _LONGEST)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it runs, and is protected for as long as we said."""
    order, _ = receipt.order, before_of(receipt)
    ecs = clients.ecs(order.account, order.region)
    if task_of(ecs, order) is None:
        return False
    return _is_long(order, _until(_protection(ecs, order)))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our protection off, or make it as short as it was. Another's is left as it is."""
    order, before = receipt.order, before_of(receipt).state
    ecs = clients.ecs(order.account, order.region)
    running(ecs, order)
    standing = _until(_protection(ecs, order))
    was = None if before[_UNTIL] is None else datetime.fromisoformat(before[_UNTIL])
    first = receipt.observed_at
    if standing is None or standing == was or receipt.status is ReceiptStatus.RELEASED:
        return False
    if first is not None and standing - first < _LONG:
        return False  # ours ran out, or was taken off, and this one is the task's own
    left = None if was is None or first is None or was <= first else was - first
    _protect(ecs, order, left)
    return True


def _protection(ecs: "ECSClient", order: Order) -> "ProtectedTaskTypeDef":
    with asking_ecs(order, "looking at the protection of"):
        answer = ecs.get_task_protection(cluster=cluster_of(order), tasks=[order.resource])
    return _the_one(order, answer["protectedTasks"], answer["failures"])


def _protect(ecs: "ECSClient", order: Order, span: timedelta | None) -> None:
    """For so long, or no more."""
    with asking_ecs(order, "changing the protection of"):
        if span is None:
            answer = ecs.update_task_protection(
                cluster=cluster_of(order), tasks=[order.resource], protectionEnabled=False
            )
        else:
            answer = ecs.update_task_protection(
                cluster=cluster_of(order),
                tasks=[order.resource],
                protectionEnabled=True,
                expiresInMinutes=math.ceil(span / timedelta(minutes=1)),
            )
    _the_one(order, answer["protectedTasks"], answer["failures"])


def _the_one(
    order: Order, found: "list[ProtectedTaskTypeDef]", failures: "list[FailureTypeDef]"
) -> "ProtectedTaskTypeDef":
    reasons = {one.get("reason") for one in failures}
    if _BLOCKED in reasons:
        raise Refused(
            f"{order.resource} cannot be protected now: a deployment of its service waits for "
            "tasks that are protected already; nothing was changed. Take the protection off one "
            "that is no evidence (aws ecs update-task-protection --no-protection-enabled), or let "
            "the deployment fail, and cut this again"
        )
    if _OF_NO_SERVICE in reasons:
        raise Refused(
            f"{order.resource} is of no service, so nothing scales it in, and ECS has no "
            "protection for it; nothing was changed. It runs until it ends by itself or somebody "
            "stops it: take that right from whoever might (ecs:StopTask), and collect it soon"
        )
    if told_gone(order, failures):
        raise gone(order)
    same = [one for one in found if one.get("taskArn") == order.resource]
    if not same:
        raise Unavailable(f"ECS says nothing of the protection of {order.resource}; try again")
    return same[0]


def _until(protection: "ProtectedTaskTypeDef") -> datetime | None:
    if not protection.get("protectionEnabled"):
        return None
    ends_at = protection.get("expirationDate")
    # ECS gives each protection an end.
    return datetime.max.replace(tzinfo=UTC) if ends_at is None else ends_at.astimezone(UTC)


def _is_long(order: Order, until: datetime | None) -> bool:
    return until is not None and (order.act_at is None or until - order.act_at >= _LONG)
