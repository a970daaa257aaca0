"""One session of a role is denied by its name, and nothing that hides in a name widens that."""

import pytest

from responder.actions import iam_deny_role_session as action
from responder.domain.errors import Broken, Refused
from responder.domain.order import Order
from responder.domain.principal import Principal
from tests.builders import an_order
from tests.containing import POLICY, ROLE, Member, Shop, a_small_member_account
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


def order_about(principal: Principal) -> Order:
    return an_order(action.ID, principal=principal)


@pytest.fixture
def order(shop: Shop) -> Order:
    return order_about(shop.session)


def test_it_denies_everything_to_that_session_alone(shop: Shop, order: Order) -> None:
    action.apply(observed(action, order), Member())
    assert shop.standing()["role"][f"BreachResponder-{order.order_id}"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:userid": f"{shop.role_id}:i-0abc1234def567890"}
                },
            }
        ],
    }


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
        shop.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    else:
        shop.iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=POLICY)
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    assert shop.standing() == cut


@pytest.mark.parametrize(
    "name", ["*", "i-*", "${aws:userid}", "a b", "a", "ä" * 3, "x" * 65, "a\n"]
)
def test_a_name_that_sts_gives_to_no_session_is_refused(shop: Shop, name: str) -> None:
    order = order_about(shop.session.model_copy(update={"session_name": name}))
    untouched = shop.standing()
    with pytest.raises(Refused, match="a name that STS gives to none"):
        action.observe(order, Member())
    assert shop.standing() == untouched


def test_an_order_that_names_no_session_is_broken(shop: Shop) -> None:
    order = order_about(shop.session.model_copy(update={"session_name": None}))
    with pytest.raises(Broken, match="names no session"):
        action.observe(order, Member())


def test_a_role_without_room_is_left_to_a_person(shop: Shop, order: Order) -> None:
    receipt, untouched = observed(action, order), shop.standing()
    with pytest.raises(Refused, match=r"no room .* \(10,240 characters\); nothing was changed\. "):
        action.apply(receipt, crowded("put_role_policy"))
    assert shop.standing() == untouched


def test_another_role_of_that_name_is_left_alone(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    shop.remake_role()
    untouched = shop.standing()
    for step in (action.apply, action.verify, action.release):
        with pytest.raises(Refused, match="another identity of the same name"):
            step(receipt, Member())
    assert shop.standing() == untouched


def test_a_role_that_is_gone_is_refused_and_has_nothing_to_release(
    shop: Shop, order: Order
) -> None:
    receipt = observed(action, order)
    shop.iam.delete_role_policy(RoleName=ROLE, PolicyName="own")
    shop.iam.delete_role(RoleName=ROLE)
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
