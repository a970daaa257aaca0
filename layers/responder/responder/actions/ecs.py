"""Finds the task that an order in ECS is about, and its network, and sorts what ECS says no with.

A task is never started again: its service starts another, with another id. One that stopped is
shown for about an hour, and counts as gone from the moment that it is to stop.

Only a task in awsvpc mode has a network interface of its own. AWS says of it that "your account
can't detach or modify" it, and of Fargate's that they are "fully managed by AWS Fargate": so no
security group of a running task is ever swapped.
AWS: ECS Developer Guide, "Allocate a network interface for an Amazon ECS task", "Amazon ECS task
lifecycle"; ECS API Reference, "API failure reasons".
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import NetworkInterfaceTypeDef
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import FailureTypeDef, TaskTypeDef

PERMISSIONS = frozenset({"ecs:DescribeTasks"})
OF_ITS_INTERFACE = PERMISSIONS | {"ec2:DescribeNetworkInterfaces"}
_ARN = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov):ecs:(?P<region>[a-z0-9-]{1,32}):(?P<account>[0-9]{12}):task/"
    r"(?:(?P<cluster>[A-Za-z0-9_-]{1,255})/)?[0-9a-f-]{32,36}"
)
MISSING = "MISSING"  # a failure reason: there is no such task
_STOPPED = "STOPPED"
_INTERFACE, _INTERFACE_ID = "ElasticNetworkInterface", "networkInterfaceId"


@contextmanager
def asking_ecs(order: Order, doing: str) -> Iterator[None]:
    """Turn what ECS raises into our errors. A task whose cluster is gone is gone with it."""
    with asking_aws(f"{doing} {order.resource}"):
        try:
            yield
        except ClientError as error:
            if code_of(error) == "ClusterNotFoundException":
                raise gone(order) from error
            raise


def gone(order: Order) -> Refused:
    """The refusal of what has stopped or is stopping."""
    return Refused(
        f"{order.resource} has stopped, is stopping, or does not exist any more; nothing was "
        "changed. What it held in memory and on its own disk is lost. The events of its service "
        "say why, and CloudTrail who did it; its logs, its image and a task that was started in "
        "its place may still be there"
    )


def cluster_of(order: Order) -> str:
    """The name of the cluster that the task of an order is in. Asked for in the order's account."""
    found = _ARN.fullmatch(order.resource)
    if found is None:
        raise Broken(f"{order.order_id} names no task; nothing was changed")
    if (found["region"], found["account"]) != (order.region, order.account):
        raise Broken(
            f"{order.order_id} is about {order.account} in {order.region}, and the task that it "
            "names is somewhere else; nothing was changed"
        )
    if found["cluster"] is None:
        raise Refused(
            f"{order.resource} is an ARN of the old kind, which does not say the cluster; nothing "
            "was changed. Stop it by hand when its evidence is collected: aws ecs stop-task "
            "--cluster CLUSTER --task TASK"
        )
    return found["cluster"]


def task_of(ecs: "ECSClient", order: Order) -> "TaskTypeDef | None":
    """The task; None if it has stopped, is to stop, or is gone."""
    task = shown(ecs, order)
    is_to_stop = task is None or _STOPPED in (task.get("desiredStatus"), task.get("lastStatus"))
    return None if is_to_stop else task


def shown(ecs: "ECSClient", order: Order) -> "TaskTypeDef | None":
    """The task, also one that has stopped; None if ECS does not show it any more."""
    with asking_ecs(order, "looking at"):
        answer = ecs.describe_tasks(cluster=cluster_of(order), tasks=[order.resource])
    if told_gone(order, answer["failures"]):
        return None
    found = [one for one in answer["tasks"] if one.get("taskArn") == order.resource]
    if not found:
        raise Unavailable(f"ECS shows neither {order.resource} nor that it is gone; try again")
    return found[0]


def running(ecs: "ECSClient", order: Order) -> "TaskTypeDef":
    """The task. Refused if it is gone."""
    task = task_of(ecs, order)
    if task is None:
        raise gone(order)
    return task


def told_gone(order: Order, failures: "list[FailureTypeDef]") -> bool:
    """Whether a call failed because there is no such task. Any other failure is raised."""
    reasons = sorted({one.get("reason", "no reason") for one in failures})
    if reasons and reasons != [MISSING]:
        raise Broken(f"ECS answered {', '.join(reasons)} about {order.resource}")
    return bool(reasons)


def interface_of(order: Order, clients: Clients, task: "TaskTypeDef") -> "NetworkInterfaceTypeDef":
    """The network interface that a task has for itself. Refused of a task that has none."""
    own = [one for one in task.get("attachments", []) if one.get("type") == _INTERFACE]
    if not own:
        raise _shares_its_network(order, task)
    details = {one.get("name"): one.get("value") for each in own for one in each.get("details", [])}
    interface_id = details.get(_INTERFACE_ID)
    if not interface_id:
        raise Unavailable(f"{order.resource} is still being given its network interface; try again")
    with asking_aws(f"looking at the network interface of {order.resource}"):
        found = clients.ec2(order.account, order.region).describe_network_interfaces(
            Filters=[{"Name": "network-interface-id", "Values": [interface_id]}]
        )["NetworkInterfaces"]
    if not found:
        raise Unavailable(f"EC2 shows no network interface of {order.resource}; try again")
    return found[0]


def _shares_its_network(order: Order, task: "TaskTypeDef") -> Refused:
    host = task.get("containerInstanceArn", "")
    return Refused(
        f"{order.resource} is in bridge, host or no network mode, and has no network of its own: "
        "it shares that of the machine it runs on with every other task there; nothing was "
        "changed. To cut the machine off, find its id (aws ecs describe-container-instances "
        f"--cluster {cluster_of(order)} --container-instances {host or 'ARN'} --query "
        "'containerInstances[0].ec2InstanceId'), and responder cut INCIDENT "
        f"ec2.quarantine_instance arn:{order.resource.split(':')[1]}:ec2:{order.region}:"
        f"{order.account}:instance/ID. Or stop the task when it is collected: ecs.stop_task"
    )
