"""Each action: twice is the same as once, an undone cut is seen, and a release leaves what was."""

from datetime import timedelta
from typing import Any

import pytest

from responder import actions
from responder.aws.clients import Clients
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt, ReceiptStatus
from responder.domain.policy import ACTION_IDS, CUT_ROLE_SESSIONS, DEACTIVATE_KEY, DENY_USER
from responder.domain.principal import Principal
from tests.builders import NOON, a_session, an_order
from tests.containing import DENY_ALL, POLICY, ROLE, USER, Member, Shop, a_small_member_account


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    return Shop()


@pytest.fixture
def clients(shop: Shop) -> Clients:
    return Member()


def order_of(shop: Shop, action_id: str, **given: Any) -> Order:
    principal: Principal = a_session(ROLE) if action_id == CUT_ROLE_SESSIONS else shop.user
    return an_order(action_id, **({"principal": principal, "act_at": NOON} | given))


def a_receipt(order: Order, before: Before) -> Receipt:
    return Receipt(order=order, status=ReceiptStatus.APPLIED, before=before, applied_at=NOON)


def undo_as_the_attacker(shop: Shop, order: Order) -> None:
    if order.action_id == DENY_USER:
        shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    elif order.action_id == DEACTIVATE_KEY:
        shop.iam.update_access_key(UserName=USER, AccessKeyId=shop.key_id, Status="Active")
    else:
        name = f"BreachResponder-{order.order_id}"
        shop.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)


def test_the_catalog_is_what_the_policy_can_ask_for() -> None:
    assert tuple(actions.BY_ID) == ACTION_IDS


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_twice_is_the_same_as_once(shop: Shop, clients: Clients, action_id: str) -> None:
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    assert not action.verify(order, clients)
    action.apply(order, clients)
    once = shop.standing()
    action.apply(order, clients)
    assert shop.standing() == once
    assert action.verify(order, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_release_leaves_what_was_there(shop: Shop, clients: Clients, action_id: str) -> None:
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    untouched = shop.standing()
    receipt = a_receipt(order, action.observe(order, clients))
    assert shop.standing() == untouched
    action.apply(order, clients)
    assert shop.standing() != untouched
    for _ in range(2):
        action.release(receipt, clients)
        assert shop.standing() == untouched
    assert not action.verify(order, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_what_an_attacker_undoes_is_seen_and_put_back(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    action.apply(order, clients)
    cut = shop.standing()
    undo_as_the_attacker(shop, order)
    assert not action.verify(order, clients)
    action.apply(order, clients)
    assert shop.standing() == cut


@pytest.mark.parametrize("action_id", [DENY_USER, CUT_ROLE_SESSIONS])
def test_what_does_not_exist_any_more_is_refused(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    action = actions.BY_ID[action_id]
    principal = order_of(shop, action_id).principal.model_copy(update={"name": "nobody"})
    order = order_of(shop, action_id, principal=principal)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, clients)
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(order, clients)
    assert not action.verify(order, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_nothing_that_was_never_carried_out_is_released(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    untouched = shop.standing()
    receipt = Receipt(order=order_of(shop, action_id), status=ReceiptStatus.LEFT)
    with pytest.raises(Refused, match="never carried out"):
        actions.BY_ID[action_id].release(receipt, clients)
    assert shop.standing() == untouched


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_an_order_without_a_name_is_broken(shop: Shop, clients: Clients, action_id: str) -> None:
    principal = order_of(shop, action_id).principal.model_copy(update={"name": None})
    with pytest.raises(Broken, match="names no user or role"):
        actions.BY_ID[action_id].observe(order_of(shop, action_id, principal=principal), clients)


# ---- iam.deny_user


def test_a_deny_that_stood_before_us_stays(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[DENY_USER], order_of(shop, DENY_USER)
    shop.iam.attach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    untouched = shop.standing()
    receipt = a_receipt(order, action.observe(order, clients))
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(order, clients)
    action.release(receipt, clients)
    assert shop.standing() == untouched


def test_the_deny_reaches_past_the_first_page_of_policies(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[DENY_USER], order_of(shop, DENY_USER)
    for number in range(100):  # a page holds 100, and one is attached already
        arn = shop.iam.create_policy(PolicyName=f"p{number:03d}", PolicyDocument=POLICY)
        shop.iam.attach_user_policy(UserName=USER, PolicyArn=arn["Policy"]["Arn"])
    action.apply(order, clients)
    assert action.verify(order, clients)


# ---- iam.deactivate_key


@pytest.mark.parametrize("status", ["Inactive", "gone"])
def test_a_key_that_is_off_or_gone_is_contained_and_stays_so(
    shop: Shop, clients: Clients, status: str
) -> None:
    action, order = actions.BY_ID[DEACTIVATE_KEY], order_of(shop, DEACTIVATE_KEY)
    key = {"UserName": USER, "AccessKeyId": shop.key_id}
    if status == "gone":
        shop.iam.delete_access_key(**key)
    else:
        shop.iam.update_access_key(**key, Status=status)
    untouched = shop.standing()
    before = action.observe(order, clients)
    assert (before.state["status"], before.state["in_force"]) == (status, True)
    action.apply(order, clients)
    assert action.verify(order, clients)
    action.release(a_receipt(order, before), clients)
    assert shop.standing() == untouched


def test_the_key_of_a_user_that_is_gone_is_gone(shop: Shop, clients: Clients) -> None:
    action = actions.BY_ID[DEACTIVATE_KEY]
    principal = shop.user.model_copy(update={"name": "nobody"})
    order = order_of(shop, DEACTIVATE_KEY, principal=principal)
    before = action.observe(order, clients)
    assert (before.state["arn"], before.state["status"]) == (None, "gone")
    action.apply(order, clients)
    assert action.verify(order, clients)


def test_the_other_key_of_the_user_stays_on(shop: Shop, clients: Clients) -> None:
    actions.BY_ID[DEACTIVATE_KEY].apply(order_of(shop, DEACTIVATE_KEY), clients)
    assert shop.standing()["keys"] == {shop.key_id: "Inactive", shop.other_key_id: "Active"}


def test_a_key_deleted_since_the_cut_cannot_be_given_back(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[DEACTIVATE_KEY], order_of(shop, DEACTIVATE_KEY)
    receipt = a_receipt(order, action.observe(order, clients))
    action.apply(order, clients)
    shop.iam.delete_access_key(UserName=USER, AccessKeyId=shop.key_id)
    with pytest.raises(Refused, match="gone now"):
        action.release(receipt, clients)


def test_an_order_that_names_no_key_is_broken(shop: Shop, clients: Clients) -> None:
    principal = shop.user.model_copy(update={"access_key_id": None})
    with pytest.raises(Broken, match="names no access key"):
        actions.BY_ID[DEACTIVATE_KEY].apply(
            order_of(shop, DEACTIVATE_KEY, principal=principal), clients
        )


# ---- iam.cut_role_sessions


def test_sessions_up_to_half_a_minute_ahead_are_denied_and_later_ones_are_not(
    shop: Shop, clients: Clients
) -> None:
    act_at = NOON + timedelta(milliseconds=700)
    order = order_of(shop, CUT_ROLE_SESSIONS, act_at=act_at)
    actions.BY_ID[CUT_ROLE_SESSIONS].apply(order, clients)
    assert shop.standing()["role"][f"BreachResponder-{order.order_id}"] == {
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


def test_a_cut_whose_text_was_changed_does_not_hold(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[CUT_ROLE_SESSIONS], order_of(shop, CUT_ROLE_SESSIONS)
    action.apply(order, clients)
    cut = shop.standing()
    shop.iam.put_role_policy(
        RoleName=ROLE,
        PolicyName=f"BreachResponder-{order.order_id}",
        PolicyDocument=POLICY,
    )
    assert not action.verify(order, clients)
    action.apply(order, clients)
    assert shop.standing() == cut


def test_without_an_instant_nothing_is_cut(shop: Shop, clients: Clients) -> None:
    untouched = shop.standing()
    with pytest.raises(Broken, match="no instant"):
        actions.BY_ID[CUT_ROLE_SESSIONS].apply(
            order_of(shop, CUT_ROLE_SESSIONS, act_at=None), clients
        )
    assert shop.standing() == untouched
