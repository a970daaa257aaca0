"""A person asks for a cut by name: the approvers are asked, once, and nothing else happens."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import boto3
import pytest

from responder.aws.breaker import Breaker
from responder.aws.correlations import Claim, Correlations
from responder.aws.generations import Generations
from responder.aws.incidents import FINDING, Incidents
from responder.aws.ledger import Ledger, Write, incident_pk
from responder.aws.lineages import Lineages
from responder.aws.machine import Machine
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.correlation import owned_key
from responder.domain.decision import Mode
from responder.domain.errors import Refused
from responder.domain.ladder import (
    DEACTIVATE_KEY,
    DENY_ACCOUNT,
    DENY_ROLE,
    DENY_USER,
    DETACH_PROFILE,
)
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus, Silence
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder.domain.protection import ProtectList, own_roles
from responder.steps.cut import CutAnswer, CutRequest, cut
from responder.steps.plan import PlanRequest, plan
from tests.asking import APPROVERS
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, SHOP, a_finding, an_incident, closed
from tests.unit.steps.test_intake import a_machine, runs_of
from tests.vaults import DiedHereError, Life

ALEX = "arn:aws:sts::444455556666:assumed-role/on-call/alex"
ROLE = f"arn:aws:iam::{SHOP}:role/web-tier-role"
INSTANCE = f"arn:aws:ec2:{REGION}:{SHOP}:instance/i-0abc1234def567890"
OTHER = "inc-20261122-0a1b2c3d4e"


@dataclass
class World:
    """An incident in the table, and the machine that answers it."""

    ledger: Ledger
    machine: Machine

    def cut(
        self,
        action_id: str = DENY_ROLE,
        resource: str = ROLE,
        *,
        key: str | None = None,
        by: str = ALEX,
        mode: Mode = "respond",
        protect: tuple[str, ...] = (),
        life: Life | None = None,
        now: datetime = NOON,
        denies_accounts: bool = True,
    ) -> CutAnswer:
        living = life or Life()
        table = replace(self.ledger, client=living.of(self.ledger.client))
        machine = replace(self.machine, client=living.of(self.machine.client))
        return cut(
            CutRequest(
                incident_id=INCIDENT_ID,
                action_id=action_id,
                resource=resource,
                access_key_id=key,
                by=by,
                reason="It was assumed again from another address",
            ),
            incidents=Incidents(table),
            receipts=Receipts(table),
            correlations=Correlations(table),
            generations=Generations(table, machine),
            protect=ProtectList(patterns=protect, own=own_roles(account=HOME)),
            denies_accounts=denies_accounts,
            mode=mode,
            now=now,
        )

    def plan(self, *, policy: Policy = DEFAULT_POLICY, protect: tuple[str, ...] = ()) -> None:
        generation = Incidents(self.ledger).get(INCIDENT_ID).generation
        plan(
            PlanRequest(incident_id=INCIDENT_ID, generation=generation, now=NOON),
            incidents=Incidents(self.ledger),
            correlations=Correlations(self.ledger),
            receipts=Receipts(self.ledger),
            timeline=Timeline(self.ledger),
            breaker=Breaker(self.ledger),
            lineages=Lineages(self.ledger),
            policy=policy,
            protect=ProtectList(patterns=protect, own=own_roles()),
            approvers=APPROVERS,
            mode="respond",
        )

    def ends(self, order: Order, status: ReceiptStatus, at: datetime = NOON) -> None:
        who = ALEX if status is ReceiptStatus.RELEASED else None
        Receipts(self.ledger).file(
            Receipt(
                order=order,
                status=status,
                released_by=who,
                released_at=None if who is None else at,
            )
        )

    def order(self, order_id: str) -> Order:
        return Incidents(self.ledger).order(INCIDENT_ID, order_id)

    @property
    def orders(self) -> set[str]:
        return {order.order_id for order in Incidents(self.ledger).orders(INCIDENT_ID)}

    @property
    def generation(self) -> int:
        return Incidents(self.ledger).get(INCIDENT_ID).generation

    @property
    def runs(self) -> list[str]:
        return runs_of(self.machine)


@pytest.fixture
def machine(aws: None) -> Machine:
    return a_machine(boto3.client("stepfunctions", region_name=REGION), "response")


@pytest.fixture
def world(ledger: Ledger, machine: Machine) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger, machine)


def test_what_a_person_asks_for_becomes_a_question_of_the_next_generation(world: World) -> None:
    answer = world.cut()
    assert (answer.generation, world.runs) == (2, [f"{INCIDENT_ID}-2"])
    assert world.orders == set()
    world.plan()
    order = world.order(answer.order_id)
    assert (order.action_id, order.resource, order.account) == (DENY_ROLE, ROLE, SHOP)
    assert (order.mode, order.on_silence, order.held) == (
        OrderMode.APPROVAL,
        Silence.ESCALATE,
        False,
    )
    assert order.reason.startswith(f"{ALEX} asks for it: It was assumed again")
    [event] = [e for e in Timeline(world.ledger).events(INCIDENT_ID) if e.key == "generation:2"]
    assert (event.by, DENY_ROLE in event.text, ROLE in event.text) == (ALEX, True, True)


def test_a_thing_that_no_finding_names_can_be_asked_about(world: World) -> None:
    answer = world.cut(DETACH_PROFILE, INSTANCE)
    world.plan()
    order = world.order(answer.order_id)
    assert order.thing is not None
    assert (order.thing.kind, order.account, order.region) == ("Instance", SHOP, REGION)


def test_twice_is_once_before_the_plan_and_after_it(world: World) -> None:
    first = world.cut()
    assert world.cut(by="somebody else", now=NOON + timedelta(minutes=1)) == first
    world.plan()
    assert world.cut(now=NOON + timedelta(minutes=2)) == first
    assert (world.generation, world.runs) == (2, [f"{INCIDENT_ID}-2"])
    [event] = [e for e in Timeline(world.ledger).events(INCIDENT_ID) if e.key == "generation:2"]
    assert event.by == ALEX


def test_a_crash_at_each_call_and_a_second_try_end_as_one_does(world: World) -> None:
    calls = 0
    while True:
        try:
            answer = world.cut(life=Life(calls))
        except DiedHereError:
            calls += 1
            continue
        break
    assert calls > 5
    assert (answer.generation, world.generation, world.runs) == (2, 2, [f"{INCIDENT_ID}-2"])
    assert len(Incidents(world.ledger).demands(INCIDENT_ID)) == 1


def test_the_limit_of_an_incident_does_not_hold_back_what_a_person_decided(world: World) -> None:
    answer = world.cut()
    world.plan(policy=Policy(most_resources=1, most_orders=1))
    assert answer.order_id in world.orders


def test_what_was_denied_may_be_asked_again_and_is_another_order(world: World) -> None:
    first = world.cut()
    world.plan()
    world.ends(world.order(first.order_id), ReceiptStatus.LEFT)
    world.plan()
    assert first.order_id in world.orders
    second = world.cut(now=NOON + timedelta(hours=1))
    assert (second.order_id != first.order_id, second.generation) == (True, 3)
    world.plan()
    assert world.order(second.order_id).replaces == first.order_id


def test_a_demand_leads_to_one_order_however_many_plans_follow(world: World) -> None:
    first = world.cut()
    world.plan()
    world.ends(world.order(first.order_id), ReceiptStatus.LEFT)
    before = world.orders
    world.cut(DETACH_PROFILE, INSTANCE)
    world.plan()
    about_the_role = {o for o in world.orders - before if world.order(o).resource == ROLE}
    assert about_the_role == set()


def test_what_a_person_released_is_asked_about_again_when_a_person_asks(world: World) -> None:
    first = world.cut()
    world.plan()
    world.ends(world.order(first.order_id), ReceiptStatus.RELEASED)
    second = world.cut(now=NOON + timedelta(hours=1))
    world.plan()
    assert world.order(second.order_id).mode is OrderMode.APPROVAL


def test_what_is_cut_or_asked_about_already_is_refused_and_named(world: World) -> None:
    world.plan()
    [key_order] = [o for o in map(world.order, world.orders) if o.action_id == DEACTIVATE_KEY]
    assert key_order.principal is not None
    key = key_order.principal.access_key_id
    with pytest.raises(Refused, match=f"{key_order.order_id} asks for the same"):
        world.cut(DEACTIVATE_KEY, key_order.resource, key=key)
    world.ends(key_order, ReceiptStatus.APPLIED)
    with pytest.raises(Refused, match=f"{key_order.order_id} cuts the same already"):
        world.cut(DEACTIVATE_KEY, key_order.resource, key=key)
    assert world.generation == 1


def test_the_protect_list_holds_for_people_too_also_when_it_grew_meanwhile(world: World) -> None:
    with pytest.raises(Refused, match="protect list"):
        world.cut(protect=("web-tier-role",))
    answer = world.cut()
    world.plan(protect=("web-tier-role",))
    assert answer.order_id not in world.orders
    assert ROLE in {refusal.resource for refusal in Incidents(world.ledger).refusals(INCIDENT_ID)}


def test_what_another_incident_answers_for_is_asked_there(world: World) -> None:
    target = Incidents(world.ledger).get(INCIDENT_ID).model_copy(update={"id": OTHER})
    Incidents(world.ledger).create(target, a_finding(key="other"))
    seats = Correlations(world.ledger)
    first = world.cut()
    [demand] = Incidents(world.ledger).demands(INCIDENT_ID)
    assert demand.order_id == first.order_id
    key = owned_key(SHOP, demand.model_copy(update={"action_id": DENY_USER}))
    assert key is not None
    claim = Claim(incident_id=OTHER, until=NOON + timedelta(hours=1))
    assert world.ledger.together([seats.claiming(key, claim, None)])
    with pytest.raises(Refused, match=f"{OTHER} answers for"):
        world.cut("iam.cut_role_sessions")


@pytest.mark.parametrize(
    ("action_id", "resource", "says"),
    [
        (DENY_USER, ROLE, "is no cut of"),
        ("iam.delete_everything", ROLE, "iam.cut_role_sessions"),
        (DEACTIVATE_KEY, f"arn:aws:iam::{SHOP}:user/orders-export", "name the access key"),
        (DENY_ROLE, "web-tier-role", "is not the ARN"),
        (DENY_USER, f"arn:aws:iam::{SHOP}:root", "assume-root"),
        (
            DENY_ROLE,
            f"arn:aws:iam::{SHOP}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a",
            "IAM Identity Center",
        ),
        (DENY_ROLE, f"arn:aws:iam::{SHOP}:role/breach-responder-contain", "protect list"),
        (DENY_ACCOUNT, ROLE, "is no account"),
        (DENY_ACCOUNT, SHOP, "is no account"),
        (DENY_ACCOUNT, f"arn:aws:iam::{HOME}:root", "The responder runs there"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(
    world: World, action_id: str, resource: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        world.cut(action_id, resource)
    assert (world.generation, world.runs) == (1, [])
    assert Incidents(world.ledger).demands(INCIDENT_ID) == []


def test_a_whole_account_can_be_asked_about_where_that_was_prepared(world: World) -> None:
    root = f"arn:aws:iam::{SHOP}:root"
    with pytest.raises(Refused, match=r"stacks/account-deny\.yaml"):
        world.cut(DENY_ACCOUNT, root, denies_accounts=False)
    with pytest.raises(Refused, match="protect list"):
        world.cut(DENY_ACCOUNT, root, protect=(root,))
    answer = world.cut(DENY_ACCOUNT, root)
    world.plan()
    order = world.order(answer.order_id)
    assert (order.account, order.mode) == (SHOP, OrderMode.APPROVAL)
    assert "its root user too" in order.reason


def test_monitor_mode_and_a_closed_incident_take_no_demand(world: World) -> None:
    with pytest.raises(Refused, match="monitor mode"):
        world.cut(mode="monitor")
    incidents = Incidents(world.ledger)
    item = incidents.item(INCIDENT_ID)
    assert item is not None
    over = closed(an_incident())
    assert world.ledger.together([Write(item.pk, item.sk, over, seen=item)])
    with pytest.raises(Refused, match="is closed"):
        world.cut()


def test_an_incident_that_is_not_there_is_named(ledger: Ledger, machine: Machine) -> None:
    with pytest.raises(Refused, match=INCIDENT_ID):
        World(ledger, machine).cut()
    assert ledger.items(incident_pk(INCIDENT_ID), FINDING) == []
