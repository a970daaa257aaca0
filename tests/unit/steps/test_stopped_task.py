"""A task that was stopped goes through every step, although nothing brings it back."""

from collections.abc import Iterator

import pytest
from moto.moto_api import state_manager

from responder.actions import ecs_stop_task
from responder.actions.action import IN_FORCE
from responder.aws.ledger import Ledger
from responder.domain.errors import Refused
from responder.domain.ladder import NOT_GIVEN_BACK, STOP_TASK
from responder.domain.order import Order, ReceiptStatus
from tests.builders import NOON, REGION, SHOP
from tests.containing import World, after
from tests.things import an_order_about

CLUSTER = "shop"


@pytest.fixture
def world(ledger: Ledger) -> Iterator[World]:
    # The pretend ECS lets a task stop by itself once it was looked at.
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 1_000_000})
    yield World(ledger)
    state_manager.unset_transition("ecs::task")


@pytest.fixture
def order(world: World) -> Order:
    ecs = world.member.ecs(SHOP, REGION)
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family="checkout",
        networkMode="bridge",
        containerDefinitions=[{"name": "app", "image": "example.com/checkout:7", "memory": 128}],
    )
    [task] = ecs.run_task(cluster=CLUSTER, taskDefinition="checkout", launchType="FARGATE")["tasks"]
    # The pretend AWS has one account here, which is that of the tests.
    order = an_order_about(ecs_stop_task, task["taskArn"], account=task["taskArn"].split(":")[4])
    world.planned(order)
    return order


def status(world: World, order: Order) -> str:
    found = world.member.ecs(SHOP, REGION).describe_tasks(cluster=CLUSTER, tasks=[order.resource])
    return found["tasks"][0]["lastStatus"]


def test_it_is_contained_after_two_reads_and_its_release_says_what_stays(
    world: World, order: Order
) -> None:
    assert status(world, order) == "RUNNING"
    for _ in range(2):
        world.contain(order)
    assert status(world, order) == "STOPPED"
    for seconds in (20, 40):
        world.verify(order, after(seconds=seconds))
    receipt = world.receipt(order)
    assert receipt.status is ReceiptStatus.CONTAINED
    assert receipt.before is not None
    assert receipt.after is not None
    assert (receipt.before.state[IN_FORCE], receipt.after.state[IN_FORCE]) == (False, True)
    for _ in range(2):
        answer = world.release(order)
        assert NOT_GIVEN_BACK[STOP_TASK] in (answer.note or "")
    assert world.receipt(order).status is ReceiptStatus.RELEASED
    assert status(world, order) == "STOPPED"


def test_one_that_stopped_before_us_is_refused_and_leaves_no_receipt(
    world: World, order: Order
) -> None:
    world.member.ecs(SHOP, REGION).stop_task(cluster=CLUSTER, task=order.resource)
    with pytest.raises(Refused, match="has stopped"):
        world.contain(order, NOON)
    assert world.receipts.get(order.incident_id, order.order_id) is None
