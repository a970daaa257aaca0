"""Sessions of a user are cut by their age; its keys, and sessions made later, go on."""

import pytest

from responder.actions import iam_cut_user_sessions as action
from responder.domain.errors import Broken, Refused
from responder.domain.order import Order
from tests.builders import NOON, an_order
from tests.containing import POLICY, USER, Member, Shop, a_small_member_account
from tests.unit.actions.proving import (
    SORTED,
    crowded,
    cuts_twice_as_once,
    observed,
    sorts_what_iam_answers,
    survives_a_crash_before_any_call,
)


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    return Shop()


@pytest.fixture
def order(shop: Shop) -> Order:
    return an_order(action.ID, principal=shop.user, act_at=NOON)


def test_sessions_up_to_half_a_minute_ahead_are_denied_and_keys_go_on(
    shop: Shop, order: Order
) -> None:
    keys = shop.standing()["keys"]
    action.apply(observed(action, order), Member())
    assert shop.standing()["inline"][f"BreachResponder-{order.order_id}"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-11-23T12:00:30Z"}},
            }
        ],
    }
    assert shop.standing()["keys"] == keys


def test_twice_is_once_and_release_leaves_what_was(shop: Shop, order: Order) -> None:
    cuts_twice_as_once(action, order, shop.standing)


def test_a_crash_anywhere_ends_the_same(shop: Shop, order: Order) -> None:
    survives_a_crash_before_any_call(action, order, shop.standing)


@pytest.mark.parametrize("does", ["delete", "rewrite"])
def test_what_the_attacker_undid_is_seen_and_put_back(shop: Shop, order: Order, does: str) -> None:
    receipt, name = observed(action, order), f"BreachResponder-{order.order_id}"
    action.apply(receipt, Member())
    cut = shop.standing()
    if does == "delete":
        shop.iam.delete_user_policy(UserName=USER, PolicyName=name)
    else:
        shop.iam.put_user_policy(UserName=USER, PolicyName=name, PolicyDocument=POLICY)
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    assert shop.standing() == cut


def test_a_user_that_was_renamed_is_followed_by_its_key(shop: Shop, order: Order) -> None:
    receipt, untouched = observed(action, order), shop.standing()
    shop.rename_user("orders-exporter")
    shop.iam.create_user(UserName=USER)  # a decoy
    action.apply(receipt, Member())
    assert action.verify(receipt, Member())
    assert f"BreachResponder-{order.order_id}" in shop.standing()["inline"]
    assert shop.iam.list_user_policies(UserName=USER)["PolicyNames"] == []
    assert action.release(receipt, Member())
    assert shop.standing() == untouched


def test_a_user_without_room_is_left_to_a_person(shop: Shop, order: Order) -> None:
    receipt, untouched = observed(action, order), shop.standing()
    with pytest.raises(Refused, match=r"no room .* \(2,048 characters\); nothing was changed\. "):
        action.apply(receipt, crowded("put_user_policy"))
    assert shop.standing() == untouched


def test_without_an_instant_nothing_is_cut(shop: Shop) -> None:
    order, untouched = an_order(action.ID, principal=shop.user), shop.standing()
    with pytest.raises(Broken, match="no instant"):
        action.apply(observed(action, order), Member())
    assert shop.standing() == untouched


def test_a_user_that_is_gone_is_refused_and_has_nothing_to_release(shop: Shop) -> None:
    principal = shop.user.model_copy(update={"access_key_id": None})
    order = an_order(action.ID, principal=principal, act_at=NOON)
    receipt = observed(action, order)
    shop.rename_user("orders-exporter")
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, Member())
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(receipt, Member())
    assert not action.verify(receipt, Member())
    assert not action.release(receipt, Member())


@pytest.mark.parametrize(("code", "error"), SORTED)
def test_what_iam_answers_is_sorted(
    shop: Shop, order: Order, code: str, error: type[Exception]
) -> None:
    sorts_what_iam_answers(action, order, code, error)
