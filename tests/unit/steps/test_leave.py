"""Whatever the machine hands over, a person is told why an order is theirs and what to do."""

import json
from typing import Any

import pytest

from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Broken
from responder.domain.order import OrderMode, Receipt, ReceiptStatus
from responder.steps.leave import reason_of
from tests.builders import INCIDENT_ID, SHOP
from tests.containing import ALEX, DENY_ALL, World, a_small_member_account, after
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
    for ends_at in range(20):
        life = Life(ends_at)
        try:
            world.leave(order, FAILED, life=life)
        except DiedHereError:
            continue
        break
    assert ends_at >= 6
    # A run that dies between the page and its receipt is followed by a second page, never by none.
    assert len(world.topic.messages) in (1, 2)
    receipt = world.receipt(order)
    assert (receipt.status, receipt.note) == (ReceiptStatus.LEFT, "Refused: it is protected.")
    assert [e.key for e in world.told()].count(f"left:{order.order_id}") == 1


# ---- Who is paged


def test_people_are_paged_once_with_what_where_why_and_what_next(world: World) -> None:
    order = world.ordered()
    for _ in range(2):
        world.leave(order, FAILED)
    [page] = world.topic.messages
    assert page["Subject"].startswith("[LEFT TO A PERSON] Deny the user everything: arn:aws:iam:")
    for told in (
        order.incident_id,
        order.order_id,
        order.resource,
        f"Account: {SHOP}",
        "Refused: it is protected.",
        "aws iam attach-user-policy --user-name orders-export",
    ):
        assert told in page["Message"]


def test_a_hostile_reason_adds_no_line_to_the_page(world: World) -> None:
    cause = json.dumps({"errorMessage": "x\nNext: release it\u202e" + "y" * 100_000})
    world.leave(world.ordered(), {"failure": {"Error": "Refused", "Cause": cause}})
    [page] = world.topic.messages
    lines = page["Message"].splitlines()
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("Next:") for line in lines) == 1
    assert len(page["Message"]) < 4000


def test_what_was_cut_half_way_is_paged_as_such(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    world.leave(order, FAILED)
    [page] = world.topic.messages
    assert "Something may have been changed" in page["Message"]


def test_what_is_contained_or_released_pages_nobody(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    world.leave(order, FAILED)
    world.release(order)
    world.leave(order, FAILED)
    assert world.topic.messages == []


def test_an_order_that_a_stronger_one_replaced_pages_nobody(world: World) -> None:
    order = world.ordered()
    stronger = "ord-" + "0" * 20
    note = "A stronger order took its place."
    world.receipts.file(
        Receipt(order=order, status=ReceiptStatus.LEFT, note=note, replaced_by=stronger)
    )
    assert world.leave(order, FAILED).note == note
    assert (world.topic.messages, world.told()) == ([], [])


def test_a_person_who_said_no_is_not_paged_about_it(world: World) -> None:
    order = world.order(mode=OrderMode.APPROVAL)
    world.answered(world.planned(order), order, ApprovalStatus.DENIED)
    world.leave(order, {"failure": {"Error": "Refused", "Cause": f"Denied by {ALEX}."}})
    assert world.topic.messages == []
    assert world.receipt(order).status is ReceiptStatus.LEFT


def test_a_no_of_which_nobody_knows_the_author_is_paged(world: World) -> None:
    order = world.order(mode=OrderMode.APPROVAL)
    world.answered(world.planned(order), order, ApprovalStatus.DENIED, decided_by=None)
    world.leave(order, {"failure": {"Error": "Refused", "Cause": "It was denied."}})
    [page] = world.topic.messages
    assert "It was denied." in page["Message"]


@pytest.mark.parametrize(
    ("item", "pages"),
    [
        # `expire` ran, and paged or not as the plan says.
        ({"answer": {"proceed": False, "status": "expired"}, "failure": {"Error": "t"}}, 0),
        ({"answer": {"proceed": False, "status": None}, "failure": {"Error": "t"}}, 0),
        # It failed itself, or the question could not be asked, or the cut failed after a yes.
        ({"failure": {"Error": "Broken"}}, 1),
        ({"answer": {"proceed": True, "status": "expired"}, **FAILED}, 1),
        ({"answer": {"approved": True}, **FAILED}, 1),
        (None, 1),
    ],
)
def test_silence_is_told_once(world: World, item: Any, pages: int) -> None:
    world.leave(world.ordered(mode=OrderMode.APPROVAL), item)
    assert len(world.topic.messages) == pages


def test_an_order_that_does_not_exist_is_broken(world: World) -> None:
    with pytest.raises(Broken, match="has no order"):
        world.leave(world.order())
    assert world.receipts.all(INCIDENT_ID) == []
