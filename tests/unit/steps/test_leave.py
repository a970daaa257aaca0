"""Whatever the machine hands over, a person is told why an order is theirs and what to do."""

import json
from typing import Any

import pytest

from responder.aws.ledger import Ledger
from responder.domain.errors import Broken
from responder.domain.order import ReceiptStatus
from responder.steps.leave import reason_of
from tests.builders import INCIDENT_ID
from tests.containing import DENY_ALL, World, a_small_member_account, after
from tests.vaults import DiedHereError, Life

FAILED = {"failure": {"Error": "Refused", "Cause": json.dumps({"errorMessage": "it is protected"})}}


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (FAILED, "Refused: it is protected."),
        ({"failure": {"Error": "Refused", "Cause": "Denied by alex"}}, "Refused: Denied by alex."),
        ({"failure": {"Error": "States.Timeout"}}, "States.Timeout: it said no more."),
        ({"failure": {"Error": "A", "Cause": "[1]"}}, "A: [1]."),
        ({"failure": {"Cause": {"a": 1}}}, "An error without a name: it said no more."),
        ({"answer": {"proceed": False, "status": "expired"}, **FAILED}, "Nobody answered in time."),
        ({"answer": {"proceed": False, "status": "denied"}, **FAILED}, "A person denied it."),
        ({"answer": {"proceed": False, "status": ["?"]}}, "It was not approved."),
        ({"answer": {"proceed": True}, **FAILED}, "Refused: it is protected."),
        ({}, "The workflow did not say why."),
        (None, "The workflow did not say why."),
        (["failure"], "The workflow did not say why."),
    ],
)
def test_the_reason_is_read_out_of_whatever_there_is(item: Any, reason: str) -> None:
    assert reason_of(item) == reason


def test_a_hostile_reason_is_one_bounded_line_with_nothing_unseen() -> None:
    cause = json.dumps({"errorMessage": "a\nb\u202ec\x00" + "x" * 100_000})
    reason = reason_of({"failure": {"Error": "E\r\n" * 1000, "Cause": cause}})
    assert len(reason) < 500
    assert reason.isprintable()
    deep = reason_of({"failure": {"Error": "E", "Cause": "[" * 100_000}})
    assert len(deep) < 500


def test_an_order_that_was_never_begun_is_left_with_the_way_to_do_it_by_hand(
    world: World,
) -> None:
    order = world.ordered()
    answer = world.leave(order, FAILED)
    assert answer.status is ReceiptStatus.LEFT
    receipt = world.receipt(order)
    assert (receipt.before, receipt.note) == (None, "Refused: it is protected.")
    [event] = world.told()
    assert event.key == f"left:{order.order_id}"
    assert "it is protected" in event.text
    assert "Nothing was changed" in event.text
    assert "aws iam attach-user-policy --user-name orders-export" in event.text


def test_a_cut_half_way_stays_and_can_still_be_undone(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    before = world.receipt(order).before
    world.leave(order, FAILED)
    receipt = world.receipt(order)
    assert (receipt.status, receipt.before) == (ReceiptStatus.LEFT, before)
    assert DENY_ALL in world.shop.standing()["attached"]
    assert "Something may have been changed" in world.told()[-1].text
    world.release(order)
    assert DENY_ALL not in world.shop.standing()["attached"]


def test_what_is_contained_or_released_is_never_overwritten(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    for end in (lambda: None, lambda: world.release(order)):
        end()
        receipt, told = world.receipt(order), world.told()
        assert world.leave(order, FAILED).status is receipt.status
        assert (world.receipt(order), world.told()) == (receipt, told)


def test_the_first_reason_stays(world: World) -> None:
    order = world.ordered()
    world.leave(order, FAILED)
    told = world.told()
    assert world.leave(order, {}).note == "Refused: it is protected."
    assert world.told() == told


@pytest.mark.parametrize("begun", [False, True])
def test_a_death_at_any_call_and_a_retry_leave_the_same(world: World, begun: bool) -> None:
    order = world.ordered()
    if begun:
        world.contain(order)
    for ends_at in range(10):
        life = Life(ends_at)
        try:
            world.leave(order, FAILED, life=life)
        except DiedHereError:
            continue
        break
    assert ends_at >= 3
    receipt = world.receipt(order)
    assert (receipt.status, receipt.note) == (ReceiptStatus.LEFT, "Refused: it is protected.")
    assert [e.key for e in world.told()].count(f"left:{order.order_id}") == 1


def test_an_order_that_does_not_exist_is_broken(world: World) -> None:
    with pytest.raises(Broken, match="has no order"):
        world.leave(world.order())
    assert world.receipts.all(INCIDENT_ID) == []
