"""A plan is made once for a generation, holds each order once, and nothing is carried out by it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.breaker import Breaker
from responder.aws.correlations import Claim, Correlations
from responder.aws.incidents import FINDING, Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.lineages import Lineages
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.decision import Mode
from responder.domain.errors import Broken
from responder.domain.finding import Finding, Resource, Severity, short_key
from responder.domain.order import (
    Before,
    Order,
    OrderMode,
    Plan,
    Receipt,
    ReceiptStatus,
    Silence,
)
from responder.domain.policy import DEFAULT_POLICY, Policy, Rule, Then
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList, own_roles
from responder.steps.plan import PlanAnswer, PlanRequest, plan
from tests.asking import APPROVERS
from tests.builders import (
    INCIDENT_ID,
    NOON,
    SHOP,
    a_finding,
    a_session,
    a_user,
    an_incident,
    an_order,
)
from tests.vaults import DiedHereError, Life

HOUR = timedelta(hours=1)
ROOT = Principal(kind=PrincipalKind.ROOT, account=SHOP, arn=f"arn:aws:iam::{SHOP}:root")


@dataclass
class World:
    """An incident in the table."""

    ledger: Ledger

    def joins(self, *findings: Finding) -> None:
        for finding in findings:
            self.ledger.add(incident_pk(INCIDENT_ID), FINDING + finding.key, finding)

    def plan(
        self,
        generation: int = 1,
        *,
        mode: Mode = "respond",
        policy: Policy = DEFAULT_POLICY,
        protect: tuple[str, ...] = (),
        life: Life | None = None,
        minutes: int = 0,
    ) -> PlanAnswer:
        table = replace(self.ledger, client=(life or Life()).of(self.ledger.client))
        return plan(
            PlanRequest(
                incident_id=INCIDENT_ID,
                generation=generation,
                now=NOON + timedelta(minutes=minutes),
            ),
            incidents=Incidents(table),
            correlations=Correlations(table),
            receipts=Receipts(table),
            timeline=Timeline(table),
            breaker=Breaker(table),
            lineages=Lineages(table),
            policy=policy,
            protect=ProtectList(patterns=protect, own=own_roles()),
            approvers=APPROVERS,
            mode=mode,
        )

    def comes(self, finding: Finding, *, minutes: int) -> None:
        """A finding joins as intake lets it, with the instant on the timeline."""
        self.joins(finding)
        Timeline(self.ledger).record(
            INCIDENT_ID,
            f"found:{short_key(finding.key)}",
            at=NOON + timedelta(minutes=minutes),
            by="GuardDuty",
            text="A finding joins this incident.",
        )

    def stands(self, order: Order, status: ReceiptStatus) -> None:
        Receipts(self.ledger).file(Receipt(order=order, status=status))

    def saved(self, generation: int = 1) -> Plan:
        found = Incidents(self.ledger).plan(INCIDENT_ID, generation)
        assert found is not None
        return found

    @property
    def actions(self) -> list[tuple[str, str, str]]:
        orders = Incidents(self.ledger).orders(INCIDENT_ID)
        return sorted((o.action_id, o.resource.rpartition("/")[2], o.mode.value) for o in orders)

    @property
    def refused(self) -> list[str]:
        return [refusal.resource for refusal in Incidents(self.ledger).refusals(INCIDENT_ID)]


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def test_the_orders_of_all_findings_are_planned_each_once(world: World) -> None:
    second = a_finding(key="second", principals=(a_user(), a_session(), ROOT))
    world.joins(second)
    answer = world.plan()
    assert world.actions == [
        ("iam.deactivate_key", "orders-export", "automatic"),
        ("iam.deny_role_session", "web-tier-role", "approval"),
        ("iam.deny_user", "orders-export", "automatic"),
    ]
    assert world.refused == [ROOT.arn]
    assert answer.refusals == 1
    assert answer.plan_hash == world.saved().hash
    assert {(o.order_id, o.mode, o.held) for o in answer.orders} == {
        (o.order_id, o.mode, False) for o in Incidents(world.ledger).orders(INCIDENT_ID)
    }
    assert {o.answer_within_seconds for o in answer.orders} == {1800}
    [event] = Timeline(world.ledger).events(INCIDENT_ID)
    assert event.text == (
        "Planned 3 orders: 2 at once, 1 when a person approves. "
        "Left 1 thing to a person, with the next step."
    )


def test_the_deny_is_the_first_order(world: World) -> None:
    world.plan()
    assert [order.action_id for order in world.saved().orders] == [
        "iam.deny_user",
        "iam.deactivate_key",
    ]


def test_planned_again_it_is_the_same_plan_whatever_changed_since(world: World) -> None:
    first = world.plan()
    world.joins(a_finding(key="later", principals=(a_user("bob"),)))
    assert world.plan(minutes=5) == first
    assert world.saved().planned_at == NOON
    assert len(Timeline(world.ledger).events(INCIDENT_ID)) == 1


def test_the_next_generation_plans_only_what_is_new(world: World) -> None:
    world.plan()
    world.joins(a_finding(key="later", principals=(a_user(), a_user("bob", "ASIA" + "B" * 16))))
    answer = world.plan(2)
    assert len(answer.orders) == 1
    assert [order.resource for order in world.saved(2).orders] == [a_user("bob").arn]
    assert len(world.actions) == 3


def test_two_generations_at_the_same_moment_share_no_order(world: World) -> None:
    class Meddler:
        """Generation 1 is planned between our read and our write."""

        def __init__(self) -> None:
            self.meddled = False

        def __getattr__(self, name: str) -> Any:
            return getattr(world.ledger.client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.meddled:
                self.meddled = True
                world.plan(1)
            return world.ledger.client.transact_write_items(**given)

    meddler: Any = Meddler()
    second = World(replace(world.ledger, client=meddler)).plan(2)
    assert second.orders == []
    assert len(world.saved(1).orders) == 2


def test_monitor_mode_holds_every_order_and_says_so(world: World) -> None:
    answer = world.plan(mode="monitor")
    assert {order.held for order in answer.orders} == {True}
    assert all(order.held for order in Incidents(world.ledger).orders(INCIDENT_ID))
    [event] = Timeline(world.ledger).events(INCIDENT_ID)
    assert "Monitor mode: they are shown, and none is carried out." in event.text


def test_protected_principals_and_our_own_roles_are_refused(world: World) -> None:
    world.joins(a_finding(key="own", principals=(a_session("breach-responder-contain"),)))
    answer = world.plan(protect=("orders-*",))
    assert answer.orders == []
    assert sorted(world.refused) == [
        f"arn:aws:iam::{SHOP}:role/breach-responder-contain",
        f"arn:aws:iam::{SHOP}:user/orders-export",
    ]


def test_the_worst_finding_decides_how_an_order_is_carried_out(world: World) -> None:
    world.joins(
        a_finding(key="a", principals=(a_session(),)),
        a_finding(key="b", principals=(a_session(),), severity=Severity.CRITICAL),
    )
    world.plan()
    [cut] = [o for o in world.saved().orders if o.action_id == "iam.deny_role_session"]
    assert cut.mode is OrderMode.AUTOMATIC


def test_each_long_term_key_is_an_order_and_the_user_is_one(world: World) -> None:
    world.joins(a_finding(key="k2", principals=(a_user(access_key_id="AKIAEXAMPLEEXAMPLE99"),)))
    world.plan()
    assert [action for action, _, _ in world.actions] == [
        "iam.deactivate_key",
        "iam.deactivate_key",
        "iam.deny_user",
    ]


def test_beyond_the_most_a_plan_carries_a_person_decides(world: World) -> None:
    users = tuple(a_user(f"u{n:03d}", "ASIAEXAMPLEEXAMPLE00") for n in range(100))
    world.joins(a_finding(key="flood", principals=users))
    critical = a_finding(key="first", principals=(a_user("first"),), severity=Severity.CRITICAL)
    world.joins(critical)
    answer = world.plan(policy=Policy(most_orders=10))
    assert len(answer.orders) == 10
    assert world.saved().orders[0].resource == a_user("first").arn
    assert len(world.refused) == len([o for o in world.refused if ":user/" in o]) == 94


def test_more_things_than_a_plan_can_list_stop_no_cut(world: World) -> None:
    """The thief chooses how many things the findings name, and an item holds 400 KB."""
    for number in range(8):
        things = tuple(
            Resource(kind="S3Object", id=f"arn:aws:s3:::b/{number}/{n}" + "🙂" * 280)
            for n in range(100)
        )
        world.joins(a_finding(key=f"flood-{number}", known_type=False, resources=things))
    answer = world.plan()
    assert [order.action_id for order in world.saved().orders] == [
        "iam.deny_user",
        "iam.deactivate_key",
    ]
    assert 100 < answer.refusals < 400
    [rest] = [refusal for refusal in world.saved().refusals if "more that" in refusal.resource]
    listed = int(rest.resource.split()[0]) + answer.refusals - 1
    assert listed >= 800


def test_beyond_the_most_that_one_incident_cuts_a_person_decides(world: World) -> None:
    """Also over several generations; another key of a user that is cut already is no more."""
    policy = Policy(most_resources=2)
    world.joins(a_finding(key="second", principals=(a_user("bob"),)))
    world.plan(policy=policy)
    assert {order.resource for order in world.saved().orders} == {a_user().arn, a_user("bob").arn}
    other_key = a_user("bob", "AKIAEXAMPLEEXAMPLE99")
    world.joins(a_finding(key="third", principals=(a_user("carol"), other_key)))
    world.plan(2, policy=policy)
    assert {order.resource for order in world.saved(2).orders} == {a_user("bob").arn}
    [beyond] = [r for r in Incidents(world.ledger).refusals(INCIDENT_ID) if "carol" in r.resource]
    assert "at most 2 identities" in beyond.reason
    assert "attach-user-policy --user-name carol" in beyond.next_step


def test_beyond_so_many_cuts_an_hour_people_are_asked_and_silence_is_no_yes(world: World) -> None:
    users = tuple(a_user(f"u{n}", "ASIAEXAMPLEEXAMPLE00") for n in range(4))
    world.joins(a_finding(key="flood", principals=users))
    proceeds = Rule(then=Then.AUTOMATIC, on_silence=Silence.PROCEED)
    policy = Policy(rules=(proceeds,), most_cuts_an_hour=3)
    world.plan(policy=policy)
    modes = [order.mode for order in world.saved().orders]
    assert modes.count(OrderMode.AUTOMATIC) == 3
    asked = [order for order in world.saved().orders if order.mode is OrderMode.APPROVAL]
    assert len(asked) == 3
    assert all("More than 3 cuts were ordered within an hour" in order.reason for order in asked)
    assert {order.on_silence for order in asked} == {Silence.ESCALATE}


def test_what_the_breaker_asked_about_is_not_asked_about_again(world: World) -> None:
    users = tuple(a_user(f"u{n}", "ASIAEXAMPLEEXAMPLE00") for n in range(4))
    world.joins(a_finding(key="flood", principals=users))
    policy = Policy(rules=(Rule(then=Then.AUTOMATIC),), most_cuts_an_hour=3)
    world.plan(policy=policy)
    asked = [order for order in world.saved().orders if order.slowed]
    assert len(asked) == 3
    world.joins(a_finding(key="more", principals=users))
    world.plan(2, policy=policy, minutes=5)
    again = {order.about for order in world.saved(2).orders}
    assert not again & {order.about for order in asked}
    world.plan(3, policy=policy, minutes=120)
    assert not {order.about for order in world.saved(3).orders} & {order.about for order in asked}


def test_what_monitor_mode_holds_is_no_cut(world: World) -> None:
    policy = Policy(most_cuts_an_hour=0)
    world.plan(mode="monitor", policy=policy)
    assert {order.mode for order in world.saved().orders} == {OrderMode.AUTOMATIC}


def test_what_another_open_incident_answers_for_is_left_to_it(world: World) -> None:
    other = an_incident(id="inc-20261123-ffffffffff")
    Incidents(world.ledger).create(other, a_finding())
    correlations = Correlations(world.ledger)
    key = f"PRINCIPAL#{SHOP}#IAMUser#{a_user().arn}"
    claim = Claim(incident_id=other.id, until=NOON + HOUR)
    world.ledger.together([correlations.claiming(key, claim, None)])
    world.joins(a_finding(key="x", principals=(a_session(),)))
    world.plan()
    assert [action for action, _, _ in world.actions] == ["iam.deny_role_session"]
    [refusal] = Incidents(world.ledger).refusals(INCIDENT_ID)
    assert other.id in refusal.reason
    assert world.plan(2, minutes=120).orders != []


def test_a_drill_plans_for_its_samples(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(drill=True), a_finding(sample=True))
    assert len(World(ledger).plan().orders) == 2


def test_an_incident_without_anybody_to_cut_has_a_plan_without_orders(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(), a_finding(principals=()))
    answer = World(ledger).plan()
    assert answer.orders == []
    assert World(ledger).saved().orders == ()


def test_an_incident_that_is_not_there_is_told(ledger: Ledger) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        World(ledger).plan()


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(world: World) -> None:
    world.joins(a_finding(key="second", principals=(a_session(), ROOT)))

    def items() -> dict[str, str]:
        pk, kinds = incident_pk(INCIDENT_ID), ("PLAN#", "ORDER#", "REFUSAL#", "TIMELINE#")
        found = [item for kind in kinds for item in world.ledger.items(pk, kind)]
        return {item.sk: item.body for item in found}

    def forget() -> None:
        for sk in items():
            world.ledger.client.delete_item(
                TableName=world.ledger.table,
                Key={"pk": {"S": incident_pk(INCIDENT_ID)}, "sk": {"S": sk}},
            )

    whole = Life()
    answer = world.plan(life=whole)
    expected = items()
    for ends_at in range(whole.calls):
        forget()
        with pytest.raises(DiedHereError):
            world.plan(life=Life(ends_at))
        assert world.plan() == answer
        assert items() == expected


ASKING = Policy(rules=(Rule(then=Then.APPROVAL),))
AT_ONCE = Policy(rules=(Rule(then=Then.AUTOMATIC),))


def test_a_finding_that_asks_for_it_at_once_replaces_the_question(world: World) -> None:
    world.plan(policy=ASKING)
    world.plan(2, policy=AT_ONCE)
    asked, cut = world.saved(1).orders, world.saved(2).orders
    assert {order.mode for order in asked} == {OrderMode.APPROVAL}
    assert {order.mode for order in cut} == {OrderMode.AUTOMATIC}
    assert not {order.order_id for order in asked} & {order.order_id for order in cut}
    receipts = Receipts(world.ledger).all(INCIDENT_ID)
    assert {(r.order.order_id, r.status) for r in receipts} == {
        (order.order_id, ReceiptStatus.LEFT) for order in asked
    }
    assert {r.replaced_by for r in receipts} == {order.order_id for order in cut}
    assert world.plan(3, policy=AT_ONCE).orders == []


def test_a_question_that_was_denied_does_not_stand_in_the_way_of_a_worse_finding(
    world: World,
) -> None:
    world.plan(policy=ASKING)
    for order in world.saved(1).orders:
        world.stands(order, ReceiptStatus.LEFT)
    assert len(world.plan(2, policy=ASKING).orders) == 0
    assert len(world.plan(3, policy=AT_ONCE).orders) == 2


def test_what_monitor_mode_held_is_ordered_anew_in_respond_mode(world: World) -> None:
    world.plan(mode="monitor")
    answer = world.plan(2)
    assert [order.held for order in answer.orders] == [False, False]
    told = [event.text for event in Timeline(world.ledger).events(INCIDENT_ID)]
    assert sum("Monitor mode held it." in text for text in told) == 2
    assert world.plan(3).orders == []


@pytest.mark.parametrize(
    "status", [ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED]
)
def test_what_was_begun_is_not_ordered_again(world: World, status: ReceiptStatus) -> None:
    world.plan(policy=ASKING)
    for order in world.saved(1).orders:
        world.stands(order, status)
    assert world.plan(2, policy=AT_ONCE).orders == []
    assert {r.status for r in Receipts(world.ledger).all(INCIDENT_ID)} == {status}


def given_back(world: World, generation: int, *, minutes: int | None) -> None:
    """A person released the orders of a generation, or died half way of it."""
    released_at = None if minutes is None else NOON + timedelta(minutes=minutes)
    status = ReceiptStatus.CONTAINED if released_at is None else ReceiptStatus.RELEASED
    for order in world.saved(generation).orders:
        Receipts(world.ledger).file(
            Receipt(order=order, status=status, released_by="oncall", released_at=released_at)
        )


def test_what_a_person_gave_back_is_not_ordered_again_for_what_they_knew(world: World) -> None:
    world.plan(policy=ASKING)
    given_back(world, 1, minutes=30)
    assert world.plan(2, policy=AT_ONCE).orders == []


def test_what_a_person_gave_back_is_asked_about_once_when_a_finding_comes_since(
    world: World,
) -> None:
    world.plan(policy=AT_ONCE)
    given_back(world, 1, minutes=30)
    world.comes(a_finding(key="since"), minutes=31)
    proceeds = Policy(rules=(Rule(then=Then.AUTOMATIC, on_silence=Silence.PROCEED),))
    world.plan(2, policy=proceeds, minutes=32)
    asked = world.saved(2).orders
    assert [order.mode for order in asked] == [OrderMode.APPROVAL] * 2
    assert {order.on_silence for order in asked} == {Silence.ESCALATE}  # silence is no yes to it
    assert all("released this cut before" in order.reason for order in asked)
    assert {order.replaces for order in asked} == {o.order_id for o in world.saved(1).orders}
    world.comes(a_finding(key="later"), minutes=40)
    assert world.plan(3, policy=AT_ONCE, minutes=41).orders == []


def test_what_was_cut_on_a_yes_after_a_release_can_be_released_and_asked_about_again(
    world: World,
) -> None:
    world.plan(policy=AT_ONCE)
    given_back(world, 1, minutes=30)
    world.comes(a_finding(key="since"), minutes=31)
    world.plan(2, policy=AT_ONCE, minutes=32)
    given_back(world, 2, minutes=50)
    assert world.plan(3, policy=AT_ONCE, minutes=51).orders == []
    world.comes(a_finding(key="later"), minutes=52)
    assert [o.mode for o in world.plan(4, policy=AT_ONCE, minutes=53).orders] == [
        OrderMode.APPROVAL
    ] * 2


def test_a_release_that_is_under_way_is_a_release(world: World) -> None:
    world.plan(policy=AT_ONCE)
    given_back(world, 1, minutes=None)
    world.comes(a_finding(key="since"), minutes=31)
    orders = world.plan(2, policy=AT_ONCE, minutes=32).orders
    assert [order.mode for order in orders] == [OrderMode.APPROVAL] * 2


def test_orders_that_ask_nobody_stand_before_those_that_ask(world: World) -> None:
    world.joins(a_finding(key="role", principals=(a_session(),)))
    asks_about_users = Rule(then=Then.APPROVAL, actions={"iam.deny_role_session": Then.AUTOMATIC})
    world.plan(policy=Policy(rules=(asks_about_users,)))
    modes = [order.mode for order in world.saved().orders]
    assert modes == [OrderMode.AUTOMATIC, OrderMode.APPROVAL, OrderMode.APPROVAL]


def test_a_plan_that_dies_before_it_closes_the_weaker_orders_closes_them_when_it_runs_again(
    world: World,
) -> None:
    world.plan(policy=ASKING)
    pk = incident_pk(INCIDENT_ID)
    kinds = ("PLAN#", "ORDER#", "RECEIPT#", "REFUSAL#", "TIMELINE#")

    def items() -> list[str]:
        return [item.sk for kind in kinds for item in world.ledger.items(pk, kind)]

    stood = items()

    def receipts() -> dict[str, str | None]:
        return {r.order.order_id: r.replaced_by for r in Receipts(world.ledger).all(INCIDENT_ID)}

    def forget() -> None:
        for sk in items():
            if sk not in stood:
                key = {"pk": {"S": pk}, "sk": {"S": sk}}
                world.ledger.client.delete_item(TableName=world.ledger.table, Key=key)

    whole = Life()
    answer = world.plan(2, policy=AT_ONCE, life=whole)
    expected = receipts()
    assert sorted(filter(None, expected.values())) == sorted(o.order_id for o in answer.orders)
    unfinished = 0
    for ends_at in range(whole.calls):
        forget()
        with pytest.raises(DiedHereError):
            world.plan(2, policy=AT_ONCE, life=Life(ends_at))
        unfinished += receipts() != expected
        assert world.plan(2, policy=AT_ONCE) == answer
        assert receipts() == expected
    assert unfinished > 0


def test_a_session_that_is_seen_after_it_was_contained_leads_to_a_question_about_more(
    world: World,
) -> None:
    critical = {"severity": Severity.CRITICAL, "principals": (a_session(),)}
    world.joins(a_finding(key="second", **critical))
    world.plan()
    [session] = [o for o in world.saved().orders if o.action_id == "iam.deny_role_session"]
    contained = {"status": ReceiptStatus.CONTAINED, "contained_at": NOON + timedelta(minutes=1)}
    Receipts(world.ledger).file(Receipt(order=session, before=Before(state={}), **contained))
    assert world.plan(2, minutes=5).orders == []
    seen = {"last_seen_at": NOON + timedelta(minutes=9), "updated_at": NOON + timedelta(minutes=9)}
    world.joins(a_finding(key="third", **critical, **seen))
    proceeds = Rule(then=Then.AUTOMATIC, on_silence=Silence.PROCEED)
    world.plan(3, minutes=10, policy=Policy(rules=(proceeds,)))
    [wider] = world.saved(3).orders
    assert (wider.action_id, wider.mode) == ("iam.cut_role_sessions", OrderMode.APPROVAL)
    assert wider.on_silence is Silence.ESCALATE
    assert "seen again at 2026-11-23 12:09:00 UTC, after it was contained at" in wider.reason
    assert world.plan(4, minutes=11).orders == []


def test_what_needs_two_people_is_asked_about_whatever_a_rule_says(world: World) -> None:
    world.joins(a_finding(severity=Severity.CRITICAL))
    rule = Rule(then=Then.AUTOMATIC, on_silence=Silence.PROCEED)
    world.plan(policy=Policy(rules=(rule,), two_people=("iam.deny_user",)))
    orders = {order.action_id: order for order in world.saved().orders}
    deny, key = orders["iam.deny_user"], orders["iam.deactivate_key"]
    assert (deny.mode, deny.people_needed) == (OrderMode.APPROVAL, 2)
    assert deny.on_silence is Silence.ESCALATE
    assert (key.mode, key.people_needed) == (OrderMode.AUTOMATIC, 1)


def test_what_needs_two_people_is_not_asked_about_again_because_a_rule_cuts_at_once(
    world: World,
) -> None:
    policy = Policy(rules=(Rule(then=Then.AUTOMATIC),), two_people=("iam.deny_user",))
    world.joins(a_finding(severity=Severity.CRITICAL))
    world.plan(policy=policy)
    world.joins(a_finding(key="another", severity=Severity.CRITICAL))
    assert world.plan(2, policy=policy).orders == []


def test_approvers_who_can_never_be_two_people_are_told_of_in_the_plan(world: World) -> None:
    world.joins(a_finding(severity=Severity.CRITICAL))
    world.plan(policy=Policy(two_people=("iam.deny_user",)))
    [deny] = [one for one in world.saved().orders if one.action_id == "iam.deny_user"]
    assert "CANNOT GIVE THAT" in deny.reason
    [planned] = [e for e in Timeline(world.ledger).events(INCIDENT_ID) if e.key == "planned:1"]
    assert "1 of them when two different people approve." in planned.text
    assert "CANNOT GIVE THAT" in planned.text


def test_how_many_people_it_takes_is_part_of_what_is_approved() -> None:
    order = an_order()
    one, two = (
        Plan(
            incident_id=INCIDENT_ID,
            generation=1,
            planned_at=NOON,
            orders=(order.model_copy(update={"people_needed": needed}),),
        )
        for needed in (1, 2)
    )
    assert one.hash != two.hash
    # As plans were hashed before there was a number: open questions stay good.
    assert one.hash == "02c4f6764f39fb5b2b568b70219419bb26ee79793d12078536c1f27645e1bf33"
