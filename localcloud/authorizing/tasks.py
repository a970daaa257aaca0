"""ECS: which task each operation is about.

AWS: Service Authorization Reference, "Amazon Elastic Container Service".
"""

from typing import Final

from localcloud.authorizing.needed import Needed, arn, keys
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_ON_TASKS: Final = frozenset(
    {"DescribeTasks", "GetTaskProtection", "StopTask", "UpdateTaskProtection"}
)
# By the parameter that names them, and what stands before the name in their ARN.
_OTHERS: Final = {
    "DescribeClusters": ("clusters", "cluster/"),
    "DescribeContainerInstances": ("containerInstances", "container-instance/{cluster}/"),
    "DescribeServices": ("services", "service/{cluster}/"),
}


def ecs(asked: Asked) -> list[Needed]:
    """What a call of ECS needs."""
    action = f"ecs:{asked.operation}"
    if asked.operation == "DescribeTaskDefinition":
        return [Needed(action, "*", asked.account)]
    if asked.operation in _OTHERS:
        return _on_others(action, asked)
    if asked.operation not in _ON_TASKS:
        raise Unsupported(f"what {action} needs")
    if "include" in asked.params:
        raise Unsupported(f"what {action} needs of include")
    cluster = str(asked.params.get("cluster", "default")).rpartition("/")[2]
    named = [asked.params["task"]] if "task" in asked.params else asked.params.get("tasks", [])
    found = keys(ecs__cluster=arn(asked, "ecs", f"cluster/{cluster}"))
    return [
        Needed(action, resource, asked.account, found, knows=("ecs:cluster",))
        for resource in (
            name if name.startswith("arn:") else arn(asked, "ecs", f"task/{cluster}/{name}")
            for name in named
        )
    ]


def _on_others(action: str, asked: Asked) -> list[Needed]:
    parameter, before = _OTHERS[asked.operation]
    if "TAGS" in asked.params.get("include", []):
        raise Unsupported(f"what {action} needs of tags")
    cluster = str(asked.params.get("cluster", "default")).rpartition("/")[2]
    return [
        Needed(
            action,
            name if name.startswith("arn:") else arn(asked, "ecs", before + name),
            asked.account,
        )
        for before in [before.format(cluster=cluster)]
        for name in asked.params.get(parameter, [])
    ]
