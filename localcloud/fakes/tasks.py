"""ECS where moto says too little: protection of tasks, tasks that are missing, their interfaces.

What a task holds is on moto's own task, so that it goes with it.
AWS: ECS API Reference, "UpdateTaskProtection", "StopTask", "API failure reasons"; ECS Developer
Guide, "Allocate a network interface for an Amazon ECS task".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.ecs.models import Task, ecs_backends

from localcloud.fault import Fault
from localcloud.seams import replaced
from localcloud.switchboard import Asked, Fake

_DEFAULT_MINUTES: Final = 120
_MOST_MINUTES: Final = 2880
_MISSING, _OF_NO_SERVICE = "MISSING", "TASK_NOT_VALID"
_INTERFACE: Final = "networkInterfaceId"


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {"GetTaskProtection": _get, "UpdateTaskProtection": _update}


@contextmanager
def running_until_stopped() -> Iterator[None]:
    """Moto lets a task stop by itself after it was looked at: here it stops when it is told to."""

    def status(task: Any) -> str:
        return str(task._status)

    def set_status(task: Any, value: str) -> None:
        task.status = value

    with replaced(Task, "last_status", property(status, set_status)):
        yield


def is_there(asked: Asked) -> None:
    """Refuse to stop a task that the cluster does not have: moto would raise no error of AWS."""
    if (asked.service, asked.operation) != ("ecs", "StopTask"):
        return
    if _task(asked, asked.params["task"]) is None:
        raise Fault("InvalidParameterException", "The referenced task was not found.")


def is_its_own(asked: Asked) -> None:
    """Refuse to change an interface that AWS made for a task: no account may."""
    if (asked.service, asked.operation) != ("ec2", "ModifyNetworkInterfaceAttribute"):
        return
    interfaces = ec2_backends[asked.account][asked.region].enis
    interface = interfaces.get(asked.params["NetworkInterfaceId"])
    if interface is not None and interface.requester_managed:
        text = "You do not have permission to access the specified resource."
        raise Fault("AuthFailure", text, status=403)


def seen(asked: Asked, answer: dict[str, Any]) -> None:
    """What moto leaves out of an answer: who made the interface of a task, and what is missing.

    A task that stops takes its interface with it.
    """
    if asked.service != "ecs":
        return
    if asked.operation == "RunTask":
        for interface in _interfaces(asked, answer["tasks"]):
            interface.requester_managed = True
    elif asked.operation == "StopTask":
        backend = ec2_backends[asked.account][asked.region]
        for interface in _interfaces(asked, [answer["task"]]):
            backend.enis.pop(interface.id, None)
    elif asked.operation == "DescribeTasks":
        wanted = [(name, _task(asked, name)) for name in asked.params["tasks"]]
        there = {task.task_arn for _, task in wanted if task is not None}
        answer["tasks"] = [one for one in answer["tasks"] if one["taskArn"] in there]
        answer["failures"] = [_failure(name, _MISSING) for name, task in wanted if task is None]


def _get(asked: Asked) -> dict[str, Any]:
    return _each(asked)


def _update(asked: Asked) -> dict[str, Any]:
    given = asked.params
    minutes = given.get("expiresInMinutes", _DEFAULT_MINUTES)
    if not 1 <= minutes <= _MOST_MINUTES:
        text = f"expiresInMinutes must be between 1 and {_MOST_MINUTES}."
        raise Fault("InvalidParameterException", text)
    until = asked.at + timedelta(minutes=minutes) if given["protectionEnabled"] else None
    return _each(asked, protected_until=until)


def _each(asked: Asked, **changed: datetime | None) -> dict[str, Any]:
    protected, failures = list[dict[str, Any]](), list[dict[str, Any]]()
    for name in asked.params.get("tasks", []):
        task = _task(asked, name)
        if task is None or task.last_status == "STOPPED":
            failures.append(_failure(name, _MISSING))
        elif not task.group.startswith("service:"):
            failures.append(_failure(task.task_arn, _OF_NO_SERVICE))
        else:
            vars(task).update(changed)
            protected.append(_shown(task, asked.at))
    return {"protectedTasks": protected, "failures": failures}


def _shown(task: Any, now: datetime) -> dict[str, Any]:
    until: datetime | None = getattr(task, "protected_until", None)
    if until is None or until <= now:
        return {"taskArn": task.task_arn, "protectionEnabled": False}
    return {"taskArn": task.task_arn, "protectionEnabled": True, "expirationDate": until}


def _failure(name: str, reason: str) -> dict[str, Any]:
    return {"arn": name, "reason": reason}


def _task(asked: Asked, name: str) -> Any:
    """Moto's task of this name in the cluster that was asked; None if that has none."""
    cluster = str(asked.params.get("cluster", "default")).rpartition("/")[2]
    backend = ecs_backends[asked.account][asked.region]
    if cluster not in backend.clusters:
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    held = backend.tasks.get(cluster, {})
    return next((one for arn, one in held.items() if name in (arn, one.id)), None)


def _interfaces(asked: Asked, tasks: list[dict[str, Any]]) -> list[Any]:
    held = ec2_backends[asked.account][asked.region].enis
    return [
        held[detail["value"]]
        for task in tasks
        for attachment in task.get("attachments", [])
        for detail in attachment["details"]
        if detail["name"] == _INTERFACE and detail["value"] in held
    ]
