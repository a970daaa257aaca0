"""An order is carried out once, only while every rule still says yes, wherever a run dies."""

from datetime import datetime
from typing import Any

import pytest

from responder.aws.incidents import INCIDENT, Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.ladder import CUT_ROLE_SESSIONS, DEACTIVATE_KEY, DENY_USER
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus, Silence
from responder.domain.protection import ProtectList, own_roles
from responder.steps.contain import STALE
from tests.builders import HOME, INCIDENT_ID, NOON, a_session, closed
from tests.consoles import refusing
from tests.containing import (
    ACTION_IDS,
    DENY_ALL,
    ROLE,
    USER,
    Member,
    World,
    a_small_member_account,
    after,
)
from tests.vaults import DiedHereError, Life


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def is_refused(world: World, order: Any, match: str, at: datetime = NOON) -> None:
    """Refused with these words, and nothing stands in the account that did not before."""
    before = world.shop.standing()
    with pytest.raises(Refused, match=match):
        world.contain(order, at)
    assert world.shop.standing() == before
    assert world.receipts.all(INCIDENT_ID) == []
    assert world.told() == []


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_the_cut_is_applied_with_what_stood_before_and_told(world: World, action_id: str) -> None:
    order = world.ordered(action_id)
    before = world.shop.standing()
    answer = world.contain(order)
    assert answer.status is ReceiptStatus.APPLIED
    assert world.shop.standing() != before
    receipt = world.receipt(order)
    assert (receipt.observed_at, receipt.applied_at, receipt.order.act_at) == (NOON, NOON, NOON)
    assert receipt.before is not None
    assert not receipt.before.state["in_force"]
    [event] = world.told()
    assert (event.key, event.by) == (f"cut:{order.order_id}", "contain")
    assert order.resource in event.text


def but_for_calls(world: World, order: Order) -> Receipt:
    """Each attempt makes calls of its own."""
    return world.receipt(order).model_copy(update={"calls": ()})


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_twice_is_the_same_as_once(world: World, action_id: str) -> None:
    order = world.ordered(action_id)
    world.contain(order)
    stands, receipt, told = world.shop.standing(), but_for_calls(world, order), world.told()
    world.contain(order, after(minutes=1))
    assert world.shop.standing() == stands
    assert but_for_calls(world, order) == receipt
    assert world.told() == told


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_death_at_any_call_and_a_retry_leave_the_same(ledger: Ledger, action_id: str) -> None:
    world = World(ledger)
    order = world.ordered(action_id)
    whole = Life()
    untouched = world.shop.standing()
    world.contain_in(whole, order)
    expected = (world.shop.standing(), but_for_calls(world, order), world.told())
    assert whole.calls > 6
    for ends_at in range(whole.calls):
        _start_over(world, ledger, order, untouched)
        with pytest.raises(DiedHereError):
            world.contain_in(Life(ends_at), order)
        world.contain(order)
        found = (world.shop.standing(), but_for_calls(world, order), world.told())
        assert found == expected, ends_at


def _start_over(world: World, ledger: Ledger, order: Any, untouched: dict[str, Any]) -> None:
    world.release(order)
    for sk in [f"RECEIPT#{order.order_id}", *(f"TIMELINE#{e.key}" for e in world.told())]:
        key = {"pk": {"S": incident_pk(INCIDENT_ID)}, "sk": {"S": sk}}
        ledger.client.delete_item(TableName=ledger.table, Key=key)
    assert world.shop.standing() == untouched
    assert world.receipts.all(INCIDENT_ID) == []


def test_two_runs_at_once_keep_the_state_that_the_first_saw(world: World) -> None:
    order = world.ordered()

    class Second:
        """IAM; between the first run's look and its receipt, another run does it all."""

        def __init__(self, client: Any) -> None:
            self._client, self.done = client, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def get_paginator(self, name: str) -> Any:
            return Look(self._client.get_paginator(name), self)

    class Look:
        """What the first run sees, and the second run right after it."""

        def __init__(self, pages: Any, second: Second) -> None:
            self._pages, self._second = pages, second

        def paginate(self, **given: Any) -> Any:
            seen = list(self._pages.paginate(**given))
            if not self._second.done:
                self._second.done = True
                world.contain(order, after(seconds=1))
            return seen

    world.contain(order, NOON, clients=Member(Second))
    receipt = world.receipt(order)
    assert receipt.observed_at == after(seconds=1)
    assert receipt.before is not None
    assert receipt.before.state["attached"] is False


def test_what_was_cut_by_somebody_before_is_said(world: World) -> None:
    order = world.ordered(DEACTIVATE_KEY)
    world.shop.iam.update_access_key(
        UserName=USER, AccessKeyId=world.shop.key_id, Status="Inactive"
    )
    world.contain(order)
    [event] = world.told()
    assert "It stood so before us" in event.text


def test_a_held_order_is_never_carried_out(world: World) -> None:
    is_refused(world, world.ordered(held=True), "monitor mode")


def test_monitor_mode_holds_what_was_planned_in_respond_mode(world: World) -> None:
    world.mode = "monitor"
    is_refused(world, world.ordered(), "monitor mode")


def test_the_kill_switch_stops_every_cut_and_no_release(world: World) -> None:
    untouched = world.shop.standing()
    cut, other = world.order(), world.order(DEACTIVATE_KEY)
    world.planned(cut, other)
    world.contain(cut)
    world.stopped = True
    with pytest.raises(Refused, match="the kill switch is on"):
        world.contain(other)
    assert world.release(cut).status is ReceiptStatus.RELEASED
    assert world.shop.standing() == untouched


def is_closed(world: World) -> None:
    item = Incidents(world.ledger).item(INCIDENT_ID)
    assert item is not None
    assert item.sk == INCIDENT
    world.ledger.replace(item, closed(Incidents(world.ledger).get(INCIDENT_ID)))


def test_a_closed_incident_cuts_nothing(world: World) -> None:
    order = world.ordered()
    is_closed(world)
    is_refused(world, order, "closed")


@pytest.mark.parametrize("mode", list(OrderMode))
def test_what_somebody_undoes_after_it_was_closed_is_cut_again(
    world: World, mode: OrderMode
) -> None:
    """Also what people approved days ago: what was verified is what they decided."""
    order = world.order(mode=mode)
    plan = world.planned(order)
    if mode is OrderMode.APPROVAL:
        world.answered(plan, order, ApprovalStatus.APPROVED)
    world.contain(order)
    for minutes in (1, 2):
        world.verify(order, after(minutes=minutes))
    assert world.receipt(order).status is ReceiptStatus.CONTAINED
    is_closed(world)
    world.shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    world.verify(order, after(days=3), contained_too=True)
    assert world.receipt(order).status is ReceiptStatus.OBSERVED
    world.contain(order, after(days=3))
    assert DENY_ALL in world.shop.standing()["attached"]
    world.release(order)
    given_back = world.shop.standing()
    with pytest.raises(Refused, match="was released"):
        world.contain(order, after(days=4))
    assert world.shop.standing() == given_back


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_path_that_the_finding_leaves_out_is_still_protected(
    ledger: Ledger, action_id: str
) -> None:
    world = World(ledger, path="/break-glass/")
    world.protect = ProtectList(patterns=("arn:aws:iam::*:*/break-glass/*",))
    is_refused(world, world.ordered(action_id), r"on the protect list \(arn:aws:iam::\*")


def test_a_principal_protected_since_the_plan_is_left_alone(world: World) -> None:
    order = world.ordered()
    world.protect = ProtectList(patterns=(USER,))
    is_refused(world, order, "on the protect list")


def test_the_responder_never_cuts_its_own_roles(world: World) -> None:
    world.protect = ProtectList(own=own_roles(account=HOME))
    principal = a_session("breach-responder-contain")
    is_refused(world, world.ordered(CUT_ROLE_SESSIONS, principal=principal), "protect list")


def test_an_order_that_no_plan_gives_is_refused(world: World) -> None:
    order = world.order()
    world.ledger.add(incident_pk(INCIDENT_ID), f"ORDER#{order.order_id}", order)
    is_refused(world, order, "no plan")


def test_an_order_rewritten_since_the_plan_is_refused(world: World) -> None:
    order = world.ordered(mode=OrderMode.APPROVAL)
    item = world.ledger.get(incident_pk(INCIDENT_ID), f"ORDER#{order.order_id}")
    assert item is not None
    world.ledger.replace(item, order.model_copy(update={"mode": OrderMode.AUTOMATIC}))
    is_refused(world, order, "no plan")


def test_an_unknown_order_or_action_is_broken(world: World) -> None:
    with pytest.raises(Broken, match="has no order"):
        world.contain(world.order())
    with pytest.raises(Broken, match="no action"):
        world.contain(world.ordered("iam.delete_account"))


def test_a_user_that_is_gone_is_left_to_a_person(world: World) -> None:
    nobody = {"name": "nobody", "access_key_id": "AKIAEXAMPLEEXAMPLE09"}
    principal = world.shop.user.model_copy(update=nobody)
    is_refused(world, world.ordered(principal=principal), "does not exist any more")


def test_a_user_renamed_out_of_reach_is_cut_under_its_new_name(world: World) -> None:
    deny, key = world.order(DENY_USER), world.order(DEACTIVATE_KEY)
    world.planned(deny, key)
    world.shop.rename_user("orders-exporter")
    for order in (deny, key):
        world.contain(order)
        world.verify(order, after(seconds=15))
        world.verify(order, after(seconds=30))
        assert world.receipt(order).status is ReceiptStatus.CONTAINED
    standing = world.shop.standing()
    assert DENY_ALL in standing["attached"]
    assert standing["keys"][world.shop.key_id] == "Inactive"
    told = [event.text for event in world.told() if event.by == "contain"]
    assert len(told) == 2
    assert all("renamed" in text and "user/orders-exporter" in text for text in told)


@pytest.mark.parametrize("action_id", [DENY_USER, DEACTIVATE_KEY])
def test_a_renamed_user_is_protected_under_its_new_name(world: World, action_id: str) -> None:
    world.shop.rename_user("break-glass")
    world.protect = ProtectList(patterns=("arn:aws:iam::*:user/break-glass",))
    is_refused(world, world.ordered(action_id), "on the protect list")


def test_a_user_made_anew_under_the_name_of_the_findings_is_left_alone(world: World) -> None:
    principal = world.shop.user.model_copy(update={"principal_id": "AIDAOLDOLDOLDOLD0000"})
    is_refused(world, world.ordered(principal=principal), "another identity of the same name")


def test_another_account_than_the_orders_is_broken(world: World) -> None:
    class Elsewhere(Member):
        def iam(self, account: str) -> Any:
            return super().iam(HOME)

    client = Elsewhere().iam(HOME)
    client.create_user(UserName=USER)
    order = world.ordered()
    with pytest.raises(Broken, match=HOME):
        world.contain(order, clients=Elsewhere())
    assert client.list_attached_user_policies(UserName=USER)["AttachedPolicies"] == []


# ---- Approval


def test_an_approved_order_is_carried_out(world: World) -> None:
    order = world.order(mode=OrderMode.APPROVAL)
    world.answered(world.planned(order), order, ApprovalStatus.APPROVED)
    world.contain(order, after(minutes=6))
    assert DENY_ALL in world.shop.standing()["attached"]


def test_without_a_request_nothing_is_cut(world: World) -> None:
    is_refused(world, world.ordered(mode=OrderMode.APPROVAL), "nobody was asked")


@pytest.mark.parametrize(
    ("status", "silence", "match"),
    [
        (ApprovalStatus.WAITING, Silence.PROCEED, "is waiting, not approved"),
        (ApprovalStatus.DENIED, Silence.PROCEED, "is denied, not approved"),
        (ApprovalStatus.EXPIRED, Silence.LEAVE, "is expired, not approved"),
        (ApprovalStatus.EXPIRED, Silence.ESCALATE, "is expired, not approved"),
    ],
)
def test_anything_but_a_yes_is_a_no(
    world: World, status: ApprovalStatus, silence: Silence, match: str
) -> None:
    order = world.order(mode=OrderMode.APPROVAL, on_silence=silence)
    world.answered(world.planned(order), order, status)
    is_refused(world, order, match, after(minutes=31))


def test_silence_is_a_yes_only_where_the_plan_says_so(world: World) -> None:
    order = world.order(mode=OrderMode.APPROVAL, on_silence=Silence.PROCEED)
    world.answered(world.planned(order), order, ApprovalStatus.EXPIRED)
    world.contain(order, after(minutes=31))
    assert DENY_ALL in world.shop.standing()["attached"]


def test_an_approval_of_another_plan_is_none(world: World) -> None:
    order = world.order(mode=OrderMode.APPROVAL)
    plan = world.planned(order)
    world.answered(plan, order, ApprovalStatus.APPROVED, plan_hash="0" * 64)
    is_refused(world, order, "the plan changed")


def test_an_approval_that_came_too_late_or_has_grown_old_is_none(ledger: Ledger) -> None:
    world = World(ledger)
    order = world.order(mode=OrderMode.APPROVAL)
    plan = world.planned(order)
    late = world.answered(plan, order, ApprovalStatus.APPROVED, decided_at=after(minutes=31))
    is_refused(world, order, "after its time was out", after(minutes=32))
    world.approvals.replace(late, decided_at=after(minutes=5))
    is_refused(world, order, "over an hour old", after(minutes=66))
    world.contain(order, after(minutes=65))
    assert DENY_ALL in world.shop.standing()["attached"]


# ---- After a person has decided


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_late_retry_never_cuts_what_a_person_released(world: World, action_id: str) -> None:
    order = world.ordered(action_id)
    untouched = world.shop.standing()
    world.contain(order)
    world.release(order)
    with pytest.raises(Refused, match="was released by"):
        world.contain(order, after(hours=2))
    assert world.shop.standing() == untouched
    assert world.receipt(order).status is ReceiptStatus.RELEASED


def test_what_was_left_to_a_person_stays_with_them(world: World) -> None:
    order = world.ordered()
    untouched = world.shop.standing()
    world.leave(order)
    with pytest.raises(Refused, match="was left to a person"):
        world.contain(order, after(minutes=5))
    assert world.shop.standing() == untouched


def test_a_release_in_the_middle_of_a_cut_wins(world: World) -> None:
    order = world.ordered()
    untouched = world.shop.standing()

    class Slow:
        """IAM; just before our deny lands, a person releases the order."""

        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def attach_user_policy(self, **given: Any) -> Any:
            world.release(order)
            return self._client.attach_user_policy(**given)

    with pytest.raises(Refused, match="was released by"):
        world.contain(order, clients=Member(Slow))
    assert world.shop.standing() == untouched
    receipt = world.receipt(order)
    assert receipt.status is ReceiptStatus.RELEASED
    made = [one.operation for one in receipt.calls if one.status == 200]
    assert made.count("AttachUserPolicy") == 1
    assert made.index("AttachUserPolicy") < made.index("DetachUserPolicy")


def test_another_writer_in_the_middle_is_a_reason_to_try_again(world: World) -> None:
    order = world.ordered()

    class Raced:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def attach_user_policy(self, **given: Any) -> Any:
            world.contain(order)
            return self._client.attach_user_policy(**given)

    with pytest.raises(Unavailable):
        world.contain(order, clients=Member(Raced))
    assert world.contain(order).status is ReceiptStatus.APPLIED


def test_what_is_verified_is_left_as_it_is(world: World) -> None:
    order = world.ordered(CUT_ROLE_SESSIONS)
    world.contain(order)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    receipt, stands = world.receipt(order), world.shop.standing()
    assert world.contain(order, after(minutes=1)).status is ReceiptStatus.CONTAINED
    assert (world.receipt(order), world.shop.standing()) == (receipt, stands)


class Throttled:
    """IAM that takes no policy for a role just now."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name == "put_role_policy":
            return refusing("Throttling")
        return getattr(self._client, name)


def test_a_cut_off_never_lies_in_the_past_of_the_attempt_that_makes_it(world: World) -> None:
    """The machine tries for a minute: sessions that were issued meanwhile are to be cut too."""
    order = world.ordered(CUT_ROLE_SESSIONS)
    name = f"BreachResponder-{order.order_id}"

    def cut_off() -> str:
        document = world.shop.standing()["role"][name]
        told: str = document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
        return told

    with pytest.raises(Unavailable):
        world.contain(order, clients=Member(Throttled))
    world.contain(order, now=after(seconds=62))
    assert cut_off() == "2026-11-23T12:01:32Z"
    assert world.verify(order, after(seconds=77)).clean_reads == 1
    world.contain(order, now=after(seconds=90))  # it was made, so it is as it was
    assert cut_off() == "2026-11-23T12:01:32Z"
    receipt = world.receipt(order)
    assert (receipt.observed_at, receipt.applied_at) == (NOON, after(seconds=62))
    assert receipt.order.act_at == after(seconds=62)


def test_a_quick_retry_keeps_the_cut_off_it_began_with(world: World) -> None:
    order = world.ordered(CUT_ROLE_SESSIONS)
    with pytest.raises(Unavailable):
        world.contain(order, clients=Member(Throttled))
    assert world.receipt(order).status is ReceiptStatus.OBSERVED
    world.contain(order, now=NOON + STALE)
    assert world.receipt(order).order.act_at == NOON


def test_a_cut_that_was_undone_gets_a_cut_off_of_its_own(world: World) -> None:
    """Sessions that were issued meanwhile may be the attacker's; a plain retry moves nothing."""
    order = world.ordered(CUT_ROLE_SESSIONS)
    name = f"BreachResponder-{order.order_id}"
    world.contain(order)
    first = world.shop.standing()["role"][name]
    world.shop.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    world.verify(order, after(seconds=15))
    world.contain(order, after(seconds=16))
    world.contain(order, after(seconds=17))
    again = world.shop.standing()["role"][name]
    cut_off = [one["Statement"][0]["Condition"]["DateLessThan"] for one in (first, again)]
    assert cut_off == [
        {"aws:TokenIssueTime": "2026-11-23T12:00:30Z"},
        {"aws:TokenIssueTime": "2026-11-23T12:00:46Z"},
    ]
    receipt = world.receipt(order)
    assert receipt.applied_at == NOON
    assert [event.key for event in world.told()] == [
        f"cut:{order.order_id}",
        f"undone:{order.order_id}:1",
        f"cut:{order.order_id}:1",
    ]


def test_each_order_of_a_user_is_on_its_own(world: World) -> None:
    deny, key = world.order(DENY_USER), world.order(DEACTIVATE_KEY)
    world.planned(deny, key)
    world.contain(key)
    world.contain(deny, after(seconds=1))
    stands = world.shop.standing()
    assert DENY_ALL in stands["attached"]
    assert stands["keys"] == {
        world.shop.key_id: "Inactive",
        world.shop.other_key_id: "Active",
    }
    world.release(deny)
    assert world.shop.standing()["keys"] == stands["keys"]


class Counting:
    """IAM, with each call written down in its order."""

    def __init__(self, client: Any, made: list[str]) -> None:
        self._client, self._made = client, made

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name == "get_paginator":
            return lambda operation: Paging(real(operation), operation, self._made)

        def call(**given: Any) -> Any:
            self._made.append(name)
            return real(**given)

        return call


class Paging:
    """One of its paginators: making one calls nobody."""

    def __init__(self, pages: Any, operation: str, made: list[str]) -> None:
        self._pages, self._operation, self._made = pages, operation, made

    def paginate(self, **given: Any) -> Any:
        self._made.append(self._operation)
        return self._pages.paginate(**given)


# Who the user is, of whom the finding tells no id.
WHO = ["get_user", "get_access_key_last_used"]


@pytest.mark.parametrize(
    ("action_id", "calls"),
    [
        (DENY_USER, [*WHO, "list_attached_user_policies", "get_user", "attach_user_policy"]),
        (
            DEACTIVATE_KEY,
            [*WHO, "list_access_keys", "get_user", "list_access_keys", "update_access_key"],
        ),
        (CUT_ROLE_SESSIONS, ["get_role", "get_role", "put_role_policy"]),
    ],
)
def test_the_calls_of_a_cut_are_these_and_its_deny_is_the_first_write(
    world: World, action_id: str, calls: list[str]
) -> None:
    """docs/decisions/0005 tells them; each is one round trip on the way to the cut."""
    made = list[str]()
    world.contain(world.ordered(action_id), clients=Member(lambda client: Counting(client, made)))
    assert made == calls
