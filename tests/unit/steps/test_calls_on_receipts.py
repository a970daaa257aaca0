"""A receipt names each call that changed something, with what AWS answered."""

from types import SimpleNamespace
from typing import Any

import pytest

from responder.aws.ledger import Ledger
from responder.domain.errors import Broken
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


def _denied(**_: Any) -> Any:
    answer = {
        "Error": {"Code": "AccessDenied", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "r-1"},
    }
    return SimpleNamespace(status_code=403, headers={}), answer
