"""The task as ECS holds it, what it was started from, and what it runs on.

ECS forgets a stopped task after an hour or so. AWS: ECS API Reference, "DescribeTasks",
"DescribeTaskDefinition"; the digest of each container's image is in the task.
"""

import re
from collections.abc import Iterator
from typing import Any

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, subjects

ID = "ecs.task"
TITLE = "The task and what it was started from"
KINDS = ("ECSTask", "EcsTask")
PERMISSIONS = frozenset(
    {
        "ecs:DescribeClusters",
        "ecs:DescribeContainerInstances",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:DescribeTasks",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what runs inside the containers: their memory, files and connections",
    "the images, which are named by their digests; tags of the task and of what it belongs to",
    "tasks that the service started before or beside it",
    "values of secrets that the task definition only names",
)

_COVERS = (
    "the task, its task definition, service, cluster and container instance as ECS held them."
    " Environment variables are in it as they stood, and may hold secrets"
)
_CLUSTER = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS"]


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each task."""
    yield from _LOOKING.collect(scene, subjects(scene, KINDS, _PATTERN))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    ecs = scene.clients.ecs(named.account, named.region)
    cluster, _, task_id = named.name.partition("/")
    of = {"cluster": cluster}
    task = _first(reads.ask("task", ecs, "describe_tasks", tasks=[task_id], **of), "tasks")
    reads.ask("cluster", ecs, "describe_clusters", clusters=[cluster], include=_CLUSTER)
    if task is None:
        if "task" not in reads.failures:
            reads.more.append(f"task {named.name} is not there (any more): only its cluster is")
        yield from ()
        return
    definition = {"taskDefinition": task["taskDefinitionArn"]}
    reads.ask("task definition", ecs, "describe_task_definition", **definition)
    group: str = task.get("group", "")
    if group.startswith("service:"):
        services = [group.removeprefix("service:")]
        reads.ask("service", ecs, "describe_services", services=services, **of)
    if machine := task.get("containerInstanceArn"):
        name = "container instance"
        reads.ask(name, ecs, "describe_container_instances", containerInstances=[machine], **of)


def _first(answer: Any, key: str) -> Any:
    listed = (answer or {}).get(key) or [None]
    return listed[0]


_PATTERN = re.compile(
    r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:[0-9]{12}:task/"
    r"(?P<name>[A-Za-z0-9_-]{1,255}/[0-9a-f-]{32,36})",
    re.ASCII,
)
_LOOKING = Looking(
    collector_id=ID,
    absent=frozenset({"ClusterNotFoundException", "ServiceNotFoundException"}),
    covers=_COVERS,
    look=_look,
)
