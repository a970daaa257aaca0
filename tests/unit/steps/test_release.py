"""A person undoes an order, once, and it stays undone; what stood before is what stands again."""

import json
import shlex
from typing import Any

import pytest
from pydantic import ValidationError

from responder import actions
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order, ReceiptStatus
from responder.domain.policy import DENY_USER
from responder.domain.protection import ProtectList
from responder.report import commands
from responder.report.model import Here
from responder.steps.release import ReleaseRequest, release
from tests.builders import HOME, INCIDENT_ID, REGION
from tests.consoles import refusing
from tests.containing import ACTION_IDS, ALEX, Member, World, a_small_member_account, after
from tests.vaults import DiedHereError, Life


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
        action.apply(start.order, Member())
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


def test_the_command_that_the_report_shows_is_what_this_takes(world: World) -> None:
    order = contained(world)
    here = Here(region=REGION, release_function="breach-responder-ReleaseFunction-ABC")
    command = commands.release(here, order.incident_id, order.order_id)
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
