"""A task is kept with what it was started from and what it runs on."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.fakes.shapes import kept_to_model
from localcloud.switchboard import Asked
from responder.collectors import ecs_task
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.tasks import CLUSTER, SERVICE, Service
from tests.unit.localcloud.judging import World, a_world
from tests.unit.localcloud.test_fakes_tasks import NOWHERE, Operator

MACHINE = (
    f"arn:aws:ecs:{REGION}:{SHOP}:container-instance/{CLUSTER}/0123456789abcdef0123456789abcdef"
)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def service(world: World) -> Service:
    service = Service(Operator(world))
    service.ecs.create_service(
        cluster=CLUSTER, serviceName=SERVICE, taskDefinition=f"{SERVICE}-awsvpc", desiredCount=0
    )
    return service


def about(*tasks: str) -> Finding:
    return a_finding(resources=tuple(Resource(kind="ECSTask", id=one) for one in tasks))


def test_a_task_is_kept_with_its_definition_its_service_and_its_cluster(
    world: World, service: Service
) -> None:
    [item] = at_once(ecs_task, a_scene(Reading(world), about(service.task)))
    reads = state_of(item)
    [task] = reads["task"]["value"]["tasks"]
    assert task["taskArn"] == service.task
    definition = reads["task definition"]["value"]["taskDefinition"]
    assert definition["containerDefinitions"][0]["image"] == "example.com/checkout:7"
    assert reads["service"]["value"]["services"][0]["serviceName"] == SERVICE
    assert reads["cluster"]["value"]["clusters"][0]["clusterName"] == CLUSTER
    assert "container instance" not in reads
    assert "may hold secrets" in item.covers
    assert item.gaps == ()


def on_a_machine(world: World) -> None:
    """Tasks from now on run on a container instance."""

    def seen(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "DescribeTasks":
            for task in answer["tasks"]:
                task["containerInstanceArn"] = MACHINE

    def machine(asked: Asked) -> dict[str, Any]:
        return {"containerInstances": [{"containerInstanceArn": MACHINE}], "failures": []}

    world.switchboard.listen(seen)
    world.switchboard.serve("ecs", "DescribeContainerInstances", kept_to_model(machine))


def test_a_task_on_an_instance_is_kept_with_that(world: World, service: Service) -> None:
    on_a_machine(world)
    [item] = at_once(ecs_task, a_scene(Reading(world), about(service.task)))
    found = state_of(item)["container instance"]
    assert found["parameters"]["containerInstances"] == [MACHINE]
    assert found["value"]["containerInstances"] == [{"containerInstanceArn": MACHINE}]


def test_each_read_that_is_refused_is_a_gap(world: World, service: Service) -> None:
    on_a_machine(world)
    calls = sorted(one.partition(":")[2] for one in ecs_task.PERMISSIONS)
    refused_in_turn(ecs_task, world, (about(service.task),), *calls)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ServerException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, service: Service, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(ecs_task.collect(a_scene(Reading(world, every=code), about(service.task))))


def test_a_task_that_is_gone_is_kept_as_that_with_its_cluster(
    world: World, service: Service
) -> None:
    [item] = at_once(ecs_task, a_scene(Reading(world), about(NOWHERE)))
    assert "is not there (any more): only its cluster is" in item.gaps[0]
    assert state_of(item)["cluster"]["value"]["clusters"]


def test_an_arn_without_a_cluster_is_asked_of_nobody(world: World) -> None:
    old = f"arn:aws:ecs:{REGION}:{SHOP}:task/0123456789abcdef0123456789abcdef"
    [item] = at_once(ecs_task, a_scene(Reading(world), about(old)))
    assert "is no name that can be asked about" in item.gaps[0]
