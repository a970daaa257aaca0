"""Tasks as an account really holds them, in a cloud of our own: moto has no protection of tasks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

from responder.actions import (
    ecs_close_subnet,
    ecs_leave_targets,
    ecs_protect_task,
    ecs_stop_task,
    network_acl,
)
from responder.actions.action import Action
from tests.builders import REGION, SHOP
from tests.instances import Wire
from tests.shown import tasks_shown
from tests.tasks import PORT, Service
from tests.things import an_order_about
from tests.unit.actions.states import Reached, State, some
from tests.unit.localcloud.judging import a_world

EARLIER = "ord-000000000000000000ab"  # an order about another task in the same subnet


class Cluster:
    """The service of a cloud of our own, and the clients that reach it."""

    def __init__(self, world: Any) -> None:
        self.wire = Wire()
        for service in ("ec2", "ecs", "elbv2"):
            self.wire._member[service, SHOP, REGION] = world.operator(service, SHOP)
        self.service = Service(self.wire)

    def state(self, action: Action, task: str) -> State:
        """An order about a task, given at this moment."""
        order = an_order_about(action, task, act_at=datetime.now(UTC))
        ours = network_acl.name_of(order)
        return State(order, Reached(self.wire), lambda: tasks_shown(self.service, ours))


@contextmanager
def protected(rng: Random) -> Iterator[State]:
    """A task that is protected for any time, or not; of a service, or of none."""
    with a_world() as world:
        cluster = Cluster(world)
        service = cluster.service
        if rng.random() < 0.2:
            state = cluster.state(ecs_protect_task, service.start(group="family:checkout"))
            state.refuses = "observe"
        else:
            state = cluster.state(ecs_protect_task, service.task)
            service.protect(service.task, rng.choice((None, None, 1, 60, 2880)))
            service.protect(service.twin, rng.choice((None, 120)))
        yield state


@contextmanager
def serving(rng: Random) -> Iterator[State]:
    """A task behind none to three target groups, by one or two ports; or in bridge mode."""
    with a_world() as world:
        cluster = Cluster(world)
        service = cluster.service
        if rng.random() < 0.2:
            state = cluster.state(ecs_leave_targets, service.start(mode="bridge"))
            state.refuses = "observe"
            yield state
            return
        address = service.address(service.task)
        for name in some(rng, 0, 2, ("more", "yet-more")):
            service.register(service.add_target_group(name), address, rng.choice((80, PORT)))
        if rng.random() < 0.4:
            service.register(service.target_group, address, 9090)
        if rng.random() < 0.3:
            service.elbv2.deregister_targets(
                TargetGroupArn=service.target_group, Targets=[{"Id": address, "Port": PORT}]
            )
        yield cluster.state(ecs_leave_targets, service.task)


@contextmanager
def in_subnet(rng: Random) -> Iterator[State]:
    """A task in a subnet on any ACL, which may be that of an earlier order; or in bridge mode."""
    with a_world() as world:
        cluster = Cluster(world)
        service, ec2 = cluster.service, cluster.service.ec2
        if rng.random() < 0.15:
            state = cluster.state(ecs_close_subnet, service.start(mode="bridge"))
            state.refuses = "observe"
            yield state
            return
        default = service.acl_of(service.subnet)
        earlier = an_order_about(ecs_close_subnet, service.twin, order_id=EARLIER)
        left = network_acl.make(ec2, earlier, service.vpc, {service.subnet: [default]})
        theirs = ec2.create_network_acl(VpcId=service.vpc)["NetworkAcl"]["NetworkAclId"]
        ec2.create_network_acl_entry(
            NetworkAclId=theirs,
            RuleNumber=rng.randint(1, 32766),
            Protocol="6",
            RuleAction=rng.choice(("allow", "deny")),
            Egress=rng.random() < 0.5,
            CidrBlock="203.0.113.0/24",
            PortRange={"From": 443, "To": 443},
        )
        on = rng.choice((default, theirs, left["NetworkAclId"]))
        if on != default:
            service.put_on(service.subnet, on)
        yield cluster.state(ecs_close_subnet, service.task)


@contextmanager
def running(rng: Random) -> Iterator[State]:
    """A task that runs, with its twin; or that has stopped before anybody looked."""
    with a_world() as world:
        cluster = Cluster(world)
        service = cluster.service
        if rng.random() < 0.4:
            service.protect(service.task, 60)
        state = cluster.state(ecs_stop_task, service.task)
        if rng.random() < 0.3:
            service.stop(service.task)
            # The first look is before there is an instant to act at.
            state.order = state.order.model_copy(update={"act_at": None})
            state.refuses = "observe"
        yield state
