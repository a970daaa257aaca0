"""A touch of what is held has it looked at again, once for each order and call."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.aws.correlations import Claim, Correlations
from responder.aws.ledger import Ledger
from responder.aws.machine import Machine
from responder.aws.pager import Pager
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.correlation import owned_key
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.domain.touch import Touch
from responder.steps.watch import WatchAnswer, watch
from tests.builders import INCIDENT_ID, NOON, SHOP, an_order
from tests.consoles import TOPIC_ARN, Topic

OURS = "breach-responder-contain"
MALLORY = f"arn:aws:iam::{SHOP}:user/mallory"


@dataclass
class Executions:
    """Step Functions, as far as starting goes: a name is taken once."""

    started: dict[str, Any] = field(default_factory=dict)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803
        if name in self.started:
            problem: Any = {"Error": {"Code": "ExecutionAlreadyExists", "Message": "taken"}}
            raise ClientError(problem, "StartExecution")
        self.started[name] = json.loads(input)
        return {"executionArn": f"{stateMachineArn}:{name}"}


@dataclass
class World:
    ledger: Ledger
    executions: Any = field(default_factory=Executions)
    topic: Any = field(default_factory=Topic)

    def held(self, order: Order, **given: Any) -> None:
        plain: dict[str, Any] = {"status": ReceiptStatus.CONTAINED, "observed_at": NOON}
        Receipts(self.ledger).file(Receipt(**({"order": order} | plain | given)))
        correlations = Correlations(self.ledger)
        key = owned_key(SHOP, order) or ""
        claim = Claim(incident_id=INCIDENT_ID, until=NOON)
        self.ledger.together([correlations.claiming(key, claim, correlations.claim(key))])

    def watch(self, **given: Any) -> WatchAnswer:
        plain: dict[str, Any] = {
            "event_id": "00000000-0000-4000-8000-0000000000ab",
            "name": "DetachUserPolicy",
            "account": SHOP,
            "at": NOON + timedelta(days=3),
            "by": MALLORY,
            "partition": "aws",
            "user": "orders-export",
            "refused": False,
        }
        return watch(
            Touch(**(plain | given)),
            correlations=Correlations(self.ledger),
            receipts=Receipts(self.ledger),
            timeline=Timeline(self.ledger),
            pager=Pager(self.ledger, self.topic, TOPIC_ARN),
            machine=Machine(
                "arn:aws:states:us-west-2:444455556666:stateMachine:hold", self.executions
            ),
            own_role=OURS,
            now=NOON + timedelta(days=3, minutes=1),
        )

    def is_followed(self, order: Order, by: str) -> None:
        """Another incident answers for what the order is about, and remembers this one."""
        correlations, key = Correlations(self.ledger), owned_key(SHOP, order) or ""
        held = correlations.claim(key)
        assert held is not None
        claim = held.body.passed_on(by, NOON)
        self.ledger.together([correlations.claiming(key, claim, held)])


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_each_order_about_whom_is_touched_is_looked_at_once_and_people_are_paged(
    world: World,
) -> None:
    deny, key = an_order(), an_order("iam.deactivate_key")
    world.held(deny)
    world.held(key)
    for _ in range(2):
        assert sorted(world.watch().order_ids) == sorted([deny.order_id, key.order_id])
    assert sorted(world.executions.started.values(), key=str) == sorted(
        ({"incident_id": INCIDENT_ID, "order_id": o.order_id} for o in (deny, key)), key=str
    )
    assert len(world.topic.messages) == 1
    assert len(Timeline(world.ledger).events(INCIDENT_ID)) == 1


def test_a_second_touch_is_looked_at_and_nobody_is_paged_again(world: World) -> None:
    world.held(an_order())
    world.watch()
    world.watch(event_id="00000000-0000-4000-8000-0000000000ac")
    assert (len(world.executions.started), len(world.topic.messages)) == (2, 1)


def test_a_refused_touch_is_told_and_changes_nothing(world: World) -> None:
    world.held(an_order())
    assert world.watch(refused=True).order_ids == []
    [event] = Timeline(world.ledger).events(INCIDENT_ID)
    assert "AWS refused it" in event.text
    assert (world.executions.started, world.topic.messages) == ({}, [])


@pytest.mark.parametrize(
    "by",
    [
        f"arn:aws:iam::{SHOP}:user/:assumed-role/{OURS}/mallory",
        f"arn:aws:iam::{SHOP}:user/sts::{SHOP}:assumed-role/{OURS}/mallory",
        f"arn:aws:sts::{SHOP}:assumed-role/{OURS}-2/mallory",
        f"arn:aws:sts::999988887777:assumed-role/{OURS}/mallory",
    ],
)
def test_a_path_or_a_name_that_looks_like_ours_hides_nobody(world: World, by: str) -> None:
    world.held(an_order())
    assert world.watch(by=by).incident_id == INCIDENT_ID


@pytest.mark.parametrize(
    ("receipt", "touch"),
    [
        ({}, {"by": f"arn:aws:sts::{SHOP}:assumed-role/breach-responder-contain/breach-responder"}),
        ({}, {"user": "somebody-else"}),
        ({}, {"account": "999988887777"}),
        ({}, {"at": NOON - timedelta(seconds=2)}),
        ({"released_by": MALLORY}, {}),
        ({"status": ReceiptStatus.LEFT}, {}),
    ],
)
def test_what_is_not_held_or_was_touched_by_us_or_before_is_left_alone(
    world: World, receipt: dict[str, Any], touch: dict[str, Any]
) -> None:
    world.held(an_order(), **receipt)
    assert world.watch(**touch) == WatchAnswer(incident_id=None, order_ids=[])
    assert Timeline(world.ledger).events(INCIDENT_ID) == []
    assert (world.executions.started, world.topic.messages) == ({}, [])


FOLLOWS = "inc-20261125-ffffffffff"


def test_a_cut_of_an_incident_that_another_follows_is_watched_on(world: World) -> None:
    """It was closed, or its window is over; whoever it is about is in another incident now."""
    order = an_order()
    world.held(order)
    world.is_followed(order, FOLLOWS)
    assert world.watch() == WatchAnswer(incident_id=INCIDENT_ID, order_ids=[order.order_id])
    assert len(world.executions.started) == len(world.topic.messages) == 1


def test_where_both_hold_the_touch_stands_on_both_timelines_and_people_are_paged_once(
    world: World,
) -> None:
    first = an_order()
    again = an_order(incident_id=FOLLOWS, order_id=Order.make_id(FOLLOWS, "a", "b", None))
    world.held(first)
    Receipts(world.ledger).file(
        Receipt(order=again, status=ReceiptStatus.CONTAINED, observed_at=NOON)
    )
    world.is_followed(first, FOLLOWS)
    for _ in range(2):
        answer = world.watch()
        assert answer.incident_id == FOLLOWS
        assert answer.order_ids == [again.order_id, first.order_id]
    for incident_id in (INCIDENT_ID, FOLLOWS):
        assert len(Timeline(world.ledger).events(incident_id)) == 1
    assert len(world.executions.started) == 2
    assert len(world.topic.messages) == 1
