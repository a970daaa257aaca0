"""A receipt names each call that changed something, with what AWS answered."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from responder.aws.ledger import Ledger
from responder.domain.errors import Broken, Unavailable
from responder.domain.order import MOST_CALLS
from tests.builders import SHOP
from tests.containing import Member, World, a_small_member_account


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_the_receipt_names_each_change_and_what_aws_answered(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    receipt = world.receipt(order)
    assert [(one.service, one.operation, one.account) for one in receipt.calls] == [
        ("iam", "AttachUserPolicy", SHOP)
    ]
    assert [(one.status, one.error) for one in receipt.calls] == [(200, None)]
    assert receipt.calls[0].request_id
    world.release(order)
    made = [one.operation for one in world.receipt(order).calls]
    assert made[0] == "AttachUserPolicy"
    assert "DetachUserPolicy" in made[1:]


def test_a_call_that_aws_refused_is_on_the_receipt_too(world: World) -> None:
    order = world.ordered()
    broken = Member()
    broken.iam(SHOP).meta.events.register("before-call.iam.AttachUserPolicy", _denied)
    with pytest.raises(Broken):
        world.contain(order, clients=broken)
    [call] = world.receipt(order).calls
    assert (call.operation, call.status, call.error) == ("AttachUserPolicy", 403, "AccessDenied")


def test_a_call_that_got_no_answer_is_on_the_receipt_as_that(world: World) -> None:
    """It may have been carried out: whoever reads the receipt has to look in CloudTrail."""
    order = world.ordered()
    mute = Member()
    mute.iam(SHOP).meta.events.register_first("before-send.iam.AttachUserPolicy", _lost)
    with pytest.raises(Unavailable):
        world.contain(order, clients=mute)
    [call] = world.receipt(order).calls
    assert (call.service, call.operation, call.account) == ("iam", "AttachUserPolicy", SHOP)
    assert (call.status, call.error, call.at) == (0, "ReadTimeoutError", None)
    assert call.result.startswith("no answer")
    world.contain(order)
    assert [one.status for one in world.receipt(order).calls] == [0, 200]


def test_a_try_that_got_no_answer_is_on_the_receipt_beside_the_answer_to_the_next(
    world: World,
) -> None:
    """The first may have been carried out: CloudTrail has it under another request id."""
    order, tries = world.ordered(), list[str]()

    def first_lost(event_name: str, **_: Any) -> None:
        tries.append(event_name)
        if len(tries) == 1:
            _lost()

    member = Member()
    member.iam(SHOP).meta.events.register_first("before-send.iam.AttachUserPolicy", first_lost)
    world.contain(order, clients=member)
    assert len(tries) == 2
    calls = world.receipt(order).calls
    assert [(one.operation, one.status, one.error) for one in calls] == [
        ("AttachUserPolicy", 0, "ReadTimeoutError"),
        ("AttachUserPolicy", 200, None),
    ]


def test_a_call_that_was_never_sent_is_none(world: World) -> None:
    order = world.ordered()
    unsigned = Member()
    unsigned.iam(SHOP).meta.events.register_first("request-created.iam.AttachUserPolicy", _lost)
    with pytest.raises(Unavailable):
        world.contain(order, clients=unsigned)
    assert world.receipt(order).calls == ()


def test_a_release_that_got_no_answer_is_on_the_receipt_too(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    mute = Member()
    mute.iam(SHOP).meta.events.register_first("before-send.iam.DetachUserPolicy", _lost)
    with pytest.raises(Unavailable):
        world.release(order, others=mute)
    assert world.receipt(order).calls[-1].result.startswith("no answer")


def test_a_put_back_that_came_late_and_got_no_answer_is_on_the_receipt_too(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    world.release(order)
    filed = world.receipts.filed(order.incident_id, order.order_id)
    assert filed is not None
    world.receipts.replace(filed, filed.receipt.model_copy(update={"released_amid": True}))
    mute = Member()
    iam = mute.iam(SHOP)
    policy = next(
        one["Arn"] for one in iam.list_policies()["Policies"] if one["PolicyName"] == "AWSDenyAll"
    )
    iam.attach_user_policy(UserName=order.resource.rpartition("/")[2], PolicyArn=policy)
    iam.meta.events.register_first("before-send.iam.DetachUserPolicy", _lost)
    with pytest.raises(Unavailable):
        world.release(order, others=mute)
    assert world.receipt(order).calls[-1].result.startswith("no answer")
    assert world.receipt(order).released_amid


def test_of_very_many_calls_the_first_are_kept_and_the_others_counted(world: World) -> None:
    order = world.ordered()
    world.contain(order)
    receipt = world.receipt(order)
    call = receipt.calls[0]
    full = receipt.with_calls([call] * (MOST_CALLS + 6)).with_calls([call] * 3)
    assert len(full.calls) == MOST_CALLS
    assert full.calls_left_out == 10
    assert receipt.calls_left_out == 0


def _lost(**_: Any) -> Any:
    raise ReadTimeoutError(endpoint_url="https://iam.amazonaws.com/")


def _denied(**_: Any) -> Any:
    answer = {
        "Error": {"Code": "AccessDenied", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "r-1"},
    }
    return SimpleNamespace(status_code=403, headers={}), answer
