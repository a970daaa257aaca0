"""A person undoes an order, once, and it stays undone; what stood before is what stands again."""

import json
import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from responder import actions
from responder.aws.correlations import Claim, Correlations
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.correlation import owned_key
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.ladder import DEACTIVATE_KEY, DENY_USER
from responder.domain.order import Order, Plan, ReceiptStatus
from responder.domain.protection import ProtectList
from responder.report import commands
from responder.report.model import Here
from responder.steps.release import ReleaseRequest, release
from tests.builders import FINDING_ARN, HOME, INCIDENT_ID, REGION, SHOP, a_finding, an_incident
from tests.consoles import refusing
from tests.containing import (
    ACTION_IDS,
    ALEX,
    DENY_ALL,
    USER,
    Member,
    World,
    a_small_member_account,
    after,
)
from tests.vaults import DiedHereError, Life

LATER = "inc-20261125-0a1b2c3d4e"


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def contained(world: World, action_id: str = DENY_USER) -> Order:
    order = world.ordered(action_id)
    world.contain(order)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    return order


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_what_stood_before_stands_again_with_who_and_why(world: World, action_id: str) -> None:
    untouched = world.shop.standing()
    order = contained(world, action_id)
    answer = world.release(order)
    assert world.shop.standing() == untouched
    assert (answer.status, answer.released_at) == (ReceiptStatus.RELEASED, after(hours=1))
    receipt = world.receipt(order)
    assert receipt.released_by == ALEX
    assert receipt.note == f"{ALEX} asked for its release: It was our export"
    event = world.told()[-1]
    assert (event.key, event.by) == (f"released:{order.order_id}", ALEX)
    assert order.resource in event.text


def test_twice_is_the_same_as_once_and_the_first_who_stays(world: World) -> None:
    untouched = world.shop.standing()
    order = contained(world)
    first = world.release(order)
    told = world.told()
    assert world.release(order, by="somebody else") == first
    assert (world.shop.standing(), world.told()) == (untouched, told)


def test_an_order_that_was_never_carried_out_is_refused(world: World) -> None:
    order = world.ordered()
    with pytest.raises(Refused, match="never carried out; there is nothing to undo"):
        world.release(order)
    world.leave(order)
    with pytest.raises(Refused, match="never carried out; there is nothing to undo"):
        world.release(order)
    assert world.receipt(order).status is ReceiptStatus.LEFT


def test_neither_monitor_mode_nor_the_protect_list_stops_an_undo(world: World) -> None:
    untouched = world.shop.standing()
    order = contained(world)
    world.mode, world.protect = "monitor", ProtectList(patterns=("*",))
    world.release(order)
    assert world.shop.standing() == untouched


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_death_at_any_call_and_another_try_leave_the_same(world: World, action_id: str) -> None:
    untouched = world.shop.standing()
    order = contained(world, action_id)
    filed = world.receipts.filed(INCIDENT_ID, order.order_id)
    assert filed is not None
    start, whole = filed.receipt, Life()
    answer = world.release(order, life=whole)
    assert whole.calls >= 5
    action = actions.BY_ID[action_id]
    for ends_at in range(whole.calls):
        latest = world.receipts.filed(INCIDENT_ID, order.order_id)
        assert latest is not None
        world.receipts.replace(latest, start)
        action.apply(start, Member())
        with pytest.raises(DiedHereError):
            world.release(order, life=Life(ends_at))
        assert world.release(order) == answer
        assert world.shop.standing() == untouched


def test_from_the_announcement_on_nothing_cuts_or_leaves_the_order(world: World) -> None:
    """A release that AWS could not finish is finished by the next try, and not by the machine."""
    order = world.ordered()
    world.contain(order)

    class Down:
        def __getattr__(self, name: str) -> Any:
            return refusing("ServiceUnavailable")

    with pytest.raises(Unavailable):
        release(
            ReleaseRequest(
                incident_id=INCIDENT_ID, order_id=order.order_id, by=ALEX, reason="ours"
            ),
            actions=actions.BY_ID,
            clients=Member(lambda client: Down()),
            receipts=Receipts(world.ledger),
            correlations=Correlations(world.ledger),
            timeline=Timeline(world.ledger),
            now=after(seconds=10),
        )
    receipt = world.receipt(order)
    assert (receipt.status, receipt.released_at) == (ReceiptStatus.APPLIED, None)
    with pytest.raises(Refused, match="was released by"):
        world.contain(order, after(seconds=11))
    with pytest.raises(Refused, match="was released by"):
        world.verify(order, after(seconds=15))
    assert world.leave(order).status is ReceiptStatus.APPLIED
    assert world.release(order).status is ReceiptStatus.RELEASED


def test_what_aws_refused_of_a_release_is_on_the_receipt(world: World) -> None:
    order = contained(world)
    made = world.receipt(order).calls
    refused = Member()
    refused.iam(SHOP).meta.events.register("before-call.iam.DetachUserPolicy", _denied)
    with pytest.raises(Broken):
        world.release(order, others=refused)
    *before, last = world.receipt(order).calls
    assert tuple(before[: len(made)]) == made
    assert (last.operation, last.status, last.error) == ("DetachUserPolicy", 403, "AccessDenied")
    assert world.release(order).status is ReceiptStatus.RELEASED


def _denied(**_: Any) -> Any:
    answer = {
        "Error": {"Code": "AccessDenied", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "r-1"},
    }
    return SimpleNamespace(status_code=403, headers={}), answer


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_cut_that_landed_after_its_release_is_put_back_by_the_next(
    world: World, action_id: str
) -> None:
    """A run of the workflow was late, and died before it could see the release."""
    order = world.ordered(action_id)
    untouched = world.shop.standing()
    writes = ("attach_user_policy", "update_access_key", "put_role_policy")

    class Late:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            real = getattr(self._client, name)
            if name not in writes:
                return real

            def late(**given: Any) -> Any:
                world.release(order)
                real(**given)
                raise DiedHereError

            return late

    with pytest.raises(DiedHereError):
        world.contain(order, clients=Member(Late))
    assert world.receipt(order).status is ReceiptStatus.RELEASED
    assert world.shop.standing() != untouched
    first = world.receipt(order)
    for _ in range(2):
        assert world.release(order, by="somebody else").status is ReceiptStatus.RELEASED
        assert world.shop.standing() == untouched
    last = world.receipt(order)
    assert last.calls[: len(first.calls)] == first.calls
    assert len(last.calls) > len(first.calls)
    assert last == first.model_copy(update={"released_amid": False, "calls": last.calls})
    again = [event for event in world.told() if event.key.startswith("released-again:")]
    assert [
        (event.by, event.text.startswith("Found cut after its release")) for event in again
    ] == [("somebody else", True)]


def test_a_cut_that_landed_after_its_release_is_put_back_by_the_machines_next_try(
    world: World,
) -> None:
    order = world.ordered()
    untouched = world.shop.standing()

    def late(client: Any) -> Any:
        class Late:
            def __getattr__(self, name: str) -> Any:
                return getattr(client, name)

            def attach_user_policy(self, **given: Any) -> Any:
                world.release(order)
                client.attach_user_policy(**given)
                raise DiedHereError

        return Late()

    with pytest.raises(DiedHereError):
        world.contain(order, clients=Member(late))
    assert world.shop.standing() != untouched
    with pytest.raises(Refused, match="was released by"):
        world.contain(order, after(seconds=4))
    assert world.shop.standing() == untouched


def test_a_second_release_leaves_what_a_person_cut_since(world: World) -> None:
    order = contained(world)
    answer = world.release(order)
    world.shop.iam.attach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    by_hand = world.shop.standing()
    assert world.release(order) == answer
    assert world.shop.standing() == by_hand


def test_what_changed_since_the_cut_is_shown_and_put_back_only_on_demand(world: World) -> None:
    order = contained(world)
    world.shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    changed = world.shop.standing()
    with pytest.raises(Refused, match=r"not as the cut left it: .*attached was true, and is false"):
        world.release(order)
    assert (world.shop.standing(), world.receipt(order).released_by) == (changed, None)
    assert world.release(order, despite_changes=True).status is ReceiptStatus.RELEASED


def test_a_leaked_key_stays_off(world: World) -> None:
    order = contained(world, DEACTIVATE_KEY)
    cut = world.shop.standing()
    with pytest.raises(Refused, match="reported in other hands, so it stays off"):
        world.release(order, key_was_never_out=False)
    assert (world.shop.standing(), world.receipt(order).released_by) == (cut, None)


def test_a_key_that_was_off_before_us_is_never_called_found_cut(world: World) -> None:
    world.shop.iam.update_access_key(
        UserName=USER, AccessKeyId=world.shop.key_id, Status="Inactive"
    )
    order = contained(world, DEACTIVATE_KEY)
    for _ in range(2):
        world.release(order)
    assert world.shop.standing()["keys"][world.shop.key_id] == "Inactive"
    assert not any(event.key.startswith("released-again:") for event in world.told())


# ---- Two incidents, one thing


def later_incident(world: World, action_id: str) -> Order:
    """A second incident about the same principal, contained while the first still holds it."""
    first = world.order(action_id)
    incident = an_incident(id=LATER)
    order_id = Order.make_id(LATER, *first.about)
    order = first.model_copy(update={"incident_id": LATER, "order_id": order_id})
    incidents = Incidents(world.ledger)
    assert incidents.create(incident, a_finding(key=f"{FINDING_ARN[:-1]}0"))
    plan = Plan(incident_id=LATER, generation=1, planned_at=after(days=2), orders=(order,))
    assert incidents.save_plan(plan)
    key = owned_key(order.account, order)
    assert key is not None
    claim = Claim(incident_id=LATER, until=after(days=3))
    assert world.ledger.together([Correlations(world.ledger).claiming(key, claim, None)])
    world.contain(order, after(days=2))
    return order


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_a_release_never_lets_go_of_what_a_later_incident_holds(
    world: World, action_id: str
) -> None:
    untouched = world.shop.standing()
    first = contained(world, action_id)
    later = later_incident(world, action_id)
    both = world.shop.standing()
    with pytest.raises(Refused, match=f"{later.order_id} of {LATER} came later"):
        world.release(first)
    assert (world.shop.standing(), world.receipt(first).released_by) == (both, None)
    world.release(later)
    assert actions.BY_ID[action_id].verify(world.receipt(first), Member())
    world.release(first)
    assert world.shop.standing() == untouched


def test_a_later_deny_stands_by_itself(world: World) -> None:
    """Whoever takes the first away by hand does not take the second one's deny."""
    first = contained(world)
    later = later_incident(world, DENY_USER)
    world.shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    receipt = world.receipts.get(LATER, later.order_id)
    assert receipt is not None
    assert actions.BY_ID[DENY_USER].verify(receipt, Member())
    assert not actions.BY_ID[DENY_USER].verify(world.receipt(first), Member())


def test_the_command_that_the_report_shows_is_what_this_takes(world: World) -> None:
    order = contained(world)
    here = Here(region=REGION, release_function="breach-responder-ReleaseFunction-ABC")
    command = commands.release(here, order)
    words = shlex.split(command.text)
    payload = words[words.index("--payload") + 1]
    shell_says = payload.replace("$(aws sts get-caller-identity --query Arn --output text)", ALEX)
    request = ReleaseRequest.model_validate(json.loads(shell_says))
    assert (request.order_id, request.by) == (order.order_id, ALEX)


@pytest.mark.parametrize(
    "wrong",
    [{"by": ""}, {"by": "\u200b \n"}, {"reason": " "}, {"by": "x" * 5000}, {"order_id": "o"}],
)
def test_a_release_says_who_and_why(wrong: dict[str, str]) -> None:
    right = {"incident_id": INCIDENT_ID, "order_id": "ord-" + "0" * 20, "by": ALEX, "reason": "r"}
    ReleaseRequest.model_validate(right)
    with pytest.raises(ValidationError):
        ReleaseRequest.model_validate(right | wrong)


def test_what_a_person_types_is_one_bounded_line() -> None:
    request = ReleaseRequest(
        incident_id=INCIDENT_ID,
        order_id="ord-" + "0" * 20,
        by=f"arn:aws:iam::{HOME}:user/a\nb\u202e",
        reason="r" * 3000,
    )
    assert request.by.isprintable()
    assert len(request.reason) <= 400
