"""Each action: twice is the same as once, an undone cut is seen, and a release leaves what was."""

from datetime import timedelta
from typing import Any

import pytest

from responder import actions
from responder.actions.action import acting
from responder.aws.clients import Clients
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.ladder import ACTION_IDS as EVERY
from responder.domain.ladder import CUT_ROLE_SESSIONS, DEACTIVATE_KEY, DENY_USER
from responder.domain.order import Before, Order, Receipt, ReceiptStatus
from responder.domain.principal import Principal
from tests.builders import NOON, an_order
from tests.consoles import refusing
from tests.containing import (
    ACTION_IDS,
    DENY_ALL,
    POLICY,
    ROLE,
    USER,
    Member,
    Shop,
    a_small_member_account,
)


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    return Shop()


@pytest.fixture
def clients(shop: Shop) -> Clients:
    return Member()


def order_of(shop: Shop, action_id: str, **given: Any) -> Order:
    principal: Principal = shop.session if action_id == CUT_ROLE_SESSIONS else shop.user
    return an_order(action_id, **({"principal": principal, "act_at": NOON} | given))


def a_receipt(order: Order, before: Before, **given: Any) -> Receipt:
    plain = {"order": order, "status": ReceiptStatus.APPLIED, "before": before, "applied_at": NOON}
    return Receipt(**(plain | given))


def observed(order: Order, clients: Clients, **given: Any) -> Receipt:
    """A receipt with what stands now."""
    return a_receipt(order, actions.BY_ID[order.action_id].observe(order, clients), **given)


def undo_as_the_attacker(shop: Shop, order: Order) -> None:
    if order.action_id == DENY_USER:
        shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    elif order.action_id == DEACTIVATE_KEY:
        shop.iam.update_access_key(UserName=USER, AccessKeyId=shop.key_id, Status="Active")
    else:
        name = f"BreachResponder-{order.order_id}"
        shop.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)


def test_the_catalog_is_what_the_policy_can_ask_for() -> None:
    assert set(actions.BY_ID) == set(EVERY)


class Renaming:
    """IAM at the worst moment: the attacker renames the user just before the first deny."""

    def __init__(self, iam: Any, shop: Shop) -> None:
        self._iam, self._shop, self._renamed = iam, shop, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iam, name)

    def attach_user_policy(self, **given: Any) -> Any:
        if not self._renamed:
            self._renamed = True
            self._shop.rename_user("orders-exporter")
        return self._iam.attach_user_policy(**given)


def test_a_user_renamed_in_the_middle_of_the_cut_is_cut_by_the_next_try(
    shop: Shop, clients: Clients
) -> None:
    order = order_of(shop, DENY_USER)
    receipt = observed(order, clients)
    with pytest.raises(Unavailable, match="was renamed or deleted"):
        actions.BY_ID[DENY_USER].apply(receipt, Member(lambda iam: Renaming(iam, shop)))
    actions.BY_ID[DENY_USER].apply(receipt, clients)
    assert actions.BY_ID[DENY_USER].verify(receipt, clients)
    assert DENY_ALL in shop.standing()["attached"]


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_twice_is_the_same_as_once(shop: Shop, clients: Clients, action_id: str) -> None:
    action = actions.BY_ID[action_id]
    receipt = observed(order_of(shop, action_id), clients)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    once = shop.standing()
    action.apply(receipt, clients)
    assert shop.standing() == once
    assert action.verify(receipt, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_release_leaves_what_was_there(shop: Shop, clients: Clients, action_id: str) -> None:
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    untouched = shop.standing()
    receipt = a_receipt(order, action.observe(order, clients))
    assert shop.standing() == untouched
    action.apply(receipt, clients)
    assert shop.standing() != untouched
    for is_first in (True, False):
        assert action.release(receipt, clients) is is_first
        assert shop.standing() == untouched
    assert not action.verify(receipt, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_what_an_attacker_undoes_is_seen_and_put_back(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    action = actions.BY_ID[action_id]
    receipt = observed(order_of(shop, action_id), clients)
    action.apply(receipt, clients)
    cut = shop.standing()
    undo_as_the_attacker(shop, receipt.order)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert shop.standing() == cut


@pytest.mark.parametrize("action_id", [DENY_USER, CUT_ROLE_SESSIONS])
def test_what_does_not_exist_any_more_is_refused(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    action = actions.BY_ID[action_id]
    receipt = observed(order_of(shop, action_id), clients)
    nobody = {"name": "nobody", "access_key_id": "AKIAEXAMPLEEXAMPLE09"}
    principal = acting(receipt.order).model_copy(update=nobody)
    order = order_of(shop, action_id, principal=principal)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, clients)
    receipt = receipt.model_copy(update={"order": order})
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(receipt, clients)
    assert not action.verify(receipt, clients)


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
    principal = acting(order_of(shop, action_id)).model_copy(update={"name": None})
    with pytest.raises(Broken, match="names no user or role"):
        actions.BY_ID[action_id].observe(order_of(shop, action_id, principal=principal), clients)


# ---- Another identity of the same name, and the same under another name


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_another_identity_than_the_findings_is_refused(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    old = "AROAOLDOLDOLDOLD0000:s1" if action_id == CUT_ROLE_SESSIONS else "AIDAOLDOLDOLDOLD0000"
    principal = acting(order_of(shop, action_id)).model_copy(update={"principal_id": old})
    order = order_of(shop, action_id, principal=principal)
    with pytest.raises(Refused, match="another identity of the same name"):
        actions.BY_ID[action_id].observe(order, clients)


@pytest.mark.parametrize("action_id", ACTION_IDS)
@pytest.mark.parametrize("unique", [None, "GENERATEDFINDING", "111122223333"])
def test_an_id_that_a_finding_leaves_out_or_makes_up_is_not_compared(
    shop: Shop, clients: Clients, action_id: str, unique: str | None
) -> None:
    principal = acting(order_of(shop, action_id)).model_copy(update={"principal_id": unique})
    order = order_of(shop, action_id, principal=principal)
    assert observed(order, clients).before is not None


@pytest.mark.parametrize("action_id", [DENY_USER, CUT_ROLE_SESSIONS])
def test_an_identity_that_was_made_anew_since_the_look_is_left_alone(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    principal = acting(order).model_copy(update={"principal_id": None})
    receipt = observed(order.model_copy(update={"principal": principal}), clients)
    action.apply(receipt, clients)
    shop.remake_role() if action_id == CUT_ROLE_SESSIONS else shop.remake_user()
    standing = shop.standing()
    for step in (action.apply, action.verify, action.release):
        with pytest.raises(Refused, match="another identity of the same name"):
            step(receipt, clients)
    assert shop.standing() == standing


@pytest.mark.parametrize("action_id", [DENY_USER, DEACTIVATE_KEY])
@pytest.mark.parametrize("since", ["before the look", "since the look", "since the cut"])
@pytest.mark.parametrize("has_decoy", [False, True])
def test_a_user_that_was_renamed_is_followed_by_its_key(
    shop: Shop, clients: Clients, action_id: str, since: str, has_decoy: bool
) -> None:
    """Also where the attacker makes another user with the old name."""
    action, order = actions.BY_ID[action_id], order_of(shop, action_id)
    untouched = shop.standing()

    def rename() -> None:
        shop.rename_user("orders-exporter")
        if has_decoy:
            shop.iam.create_user(UserName=USER)

    if since == "before the look":
        rename()
    receipt = observed(order, clients)
    if since == "since the look":
        rename()
    action.apply(receipt, clients)
    if since == "since the cut":
        rename()
    cut = shop.standing()
    assert cut != untouched
    assert action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert shop.standing() == cut
    assert action.release(receipt, clients)
    assert shop.standing() == untouched
    assert not action.verify(receipt, clients)
    if has_decoy:
        assert shop.iam.list_attached_user_policies(UserName=USER)["AttachedPolicies"] == []


@pytest.mark.parametrize("action_id", [DENY_USER, DEACTIVATE_KEY])
def test_a_key_whose_owner_iam_does_not_show_is_not_gone(
    shop: Shop, clients: Clients, action_id: str
) -> None:
    """Just renamed: one answer of IAM knows of it, and another does not yet."""
    receipt = observed(order_of(shop, action_id), clients)
    shop.iam.update_user(UserName=USER, NewUserName="orders-exporter")
    for step in (actions.BY_ID[action_id].verify, actions.BY_ID[action_id].apply):
        with pytest.raises(Unavailable, match="does not show that user"):
            step(receipt, clients)


def test_a_key_that_iam_does_not_tell_of_is_not_taken_for_gone(shop: Shop) -> None:
    class Silent:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            if name == "get_access_key_last_used":
                return refusing("AccessDenied")
            return getattr(self._client, name)

    receipt = observed(order_of(shop, DEACTIVATE_KEY), Member())
    untold = receipt.model_copy(update={"before": Before(state={"arn": None, "user_id": None})})
    shop.rename_user("orders-exporter")
    with pytest.raises(Refused, match="does not say whose access key"):
        actions.BY_ID[DEACTIVATE_KEY].verify(untold, Member(Silent))


# ---- iam.deny_user


def test_a_deny_that_stands_without_us_is_not_ours(shop: Shop, clients: Clients) -> None:
    """Another incident's release, or whoever attached it, may take it away at any time."""
    action, order = actions.BY_ID[DENY_USER], order_of(shop, DENY_USER)
    shop.iam.attach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    receipt = observed(order, clients)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    assert action.verify(receipt, clients)
    assert f"BreachResponder-{order.order_id}" in shop.standing()["inline"]


def test_a_deny_that_stood_before_us_stays(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[DENY_USER], order_of(shop, DENY_USER)
    shop.iam.attach_user_policy(UserName=USER, PolicyArn=DENY_ALL)
    untouched = shop.standing()
    receipt = a_receipt(order, action.observe(order, clients))
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, clients)
    action.release(receipt, clients)
    assert shop.standing() == untouched


def test_the_deny_reaches_past_the_first_page_of_policies(shop: Shop, clients: Clients) -> None:
    action = actions.BY_ID[DENY_USER]
    receipt = observed(order_of(shop, DENY_USER), clients)
    for number in range(100):  # a page holds 100, and one is attached already
        arn = shop.iam.create_policy(PolicyName=f"p{number:03d}", PolicyDocument=POLICY)
        shop.iam.attach_user_policy(UserName=USER, PolicyArn=arn["Policy"]["Arn"])
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)


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
    receipt = a_receipt(order, before)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    action.release(receipt, clients)
    assert shop.standing() == untouched


def test_the_key_of_a_user_that_is_gone_is_gone(shop: Shop, clients: Clients) -> None:
    action = actions.BY_ID[DEACTIVATE_KEY]
    nobody = {"name": "nobody", "access_key_id": "AKIAEXAMPLEEXAMPLE09"}
    principal = shop.user.model_copy(update=nobody)
    receipt = observed(order_of(shop, DEACTIVATE_KEY, principal=principal), clients)
    assert receipt.before is not None
    assert (receipt.before.state["arn"], receipt.before.state["status"]) == (None, "gone")
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)


def test_a_key_that_was_gone_and_is_there_was_never_asked_about(
    shop: Shop, clients: Clients
) -> None:
    """The protect list is asked about the user that is found, and none was."""
    action, order = actions.BY_ID[DEACTIVATE_KEY], order_of(shop, DEACTIVATE_KEY)
    receipt = a_receipt(order, Before(state={"arn": None, "user_id": None, "status": "gone"}))
    untouched = shop.standing()
    assert not action.verify(receipt, clients)
    with pytest.raises(Refused, match="Nobody asked the protect list"):
        action.apply(receipt, clients)
    assert shop.standing() == untouched


def test_the_other_key_of_the_user_stays_on(shop: Shop, clients: Clients) -> None:
    receipt = observed(order_of(shop, DEACTIVATE_KEY), clients)
    actions.BY_ID[DEACTIVATE_KEY].apply(receipt, clients)
    assert shop.standing()["keys"] == {shop.key_id: "Inactive", shop.other_key_id: "Active"}


def test_a_key_deleted_since_the_cut_cannot_be_given_back(shop: Shop, clients: Clients) -> None:
    action, order = actions.BY_ID[DEACTIVATE_KEY], order_of(shop, DEACTIVATE_KEY)
    receipt = a_receipt(order, action.observe(order, clients))
    action.apply(receipt, clients)
    shop.iam.delete_access_key(UserName=USER, AccessKeyId=shop.key_id)
    with pytest.raises(Refused, match="gone now"):
        action.release(receipt, clients)
    released = receipt.model_copy(update={"status": ReceiptStatus.RELEASED})
    assert not action.release(released, clients)


def test_an_order_that_names_no_key_is_broken(shop: Shop, clients: Clients) -> None:
    principal = shop.user.model_copy(update={"access_key_id": None})
    with pytest.raises(Broken, match="names no access key"):
        actions.BY_ID[DEACTIVATE_KEY].observe(
            order_of(shop, DEACTIVATE_KEY, principal=principal), clients
        )


# ---- iam.cut_role_sessions


def test_sessions_up_to_half_a_minute_ahead_are_denied_and_later_ones_are_not(
    shop: Shop, clients: Clients
) -> None:
    act_at = NOON + timedelta(milliseconds=700)
    order = order_of(shop, CUT_ROLE_SESSIONS, act_at=act_at)
    actions.BY_ID[CUT_ROLE_SESSIONS].apply(observed(order, clients), clients)
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
    receipt = observed(order, clients)
    action.apply(receipt, clients)
    cut = shop.standing()
    shop.iam.put_role_policy(
        RoleName=ROLE,
        PolicyName=f"BreachResponder-{order.order_id}",
        PolicyDocument=POLICY,
    )
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert shop.standing() == cut


def test_without_an_instant_nothing_is_cut(shop: Shop, clients: Clients) -> None:
    untouched = shop.standing()
    with pytest.raises(Broken, match="no instant"):
        actions.BY_ID[CUT_ROLE_SESSIONS].apply(
            observed(order_of(shop, CUT_ROLE_SESSIONS, act_at=None), clients), clients
        )
    assert shop.standing() == untouched
