"""The password becomes one that nobody knows, and what can be read of it is told honestly.

The pretend IAM takes the day the user was made for the day the password was, and drops a password
that is not given again: `profile_made` and `keeping` answer as IAM does.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.iam.models import iam_backends

from responder.actions import iam_cut_console_sign_in as action
from responder.domain.errors import Broken, Refused
from responder.domain.ladder import NOT_GIVEN_BACK
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import SHOP, an_order
from tests.consoles import refusing
from tests.containing import USER, Member, Shop, a_small_member_account
from tests.unit.actions.proving import (
    SORTED,
    Instead,
    observed,
    sorts_what_iam_answers,
)
from tests.vaults import DiedHereError, Life

PASSWORD = "Not-a-secret-1"


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    shop = Shop()
    shop.iam.create_login_profile(UserName=USER, Password=PASSWORD)
    return shop


@pytest.fixture
def act_at(shop: Shop) -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def order(shop: Shop, act_at: datetime) -> Order:
    return an_order(action.ID, principal=shop.user, act_at=act_at)


def held(shop: Shop) -> Any:
    """The user as moto keeps it, which knows the password."""
    return iam_backends[SHOP]["aws"].users[shop.name]


def readable(shop: Shop) -> Callable[[], Any]:
    """All that could be touched, as far as IAM tells it."""

    def standing() -> Any:
        user = held(shop)
        profile = None
        if user.password:
            profile = shop.iam.get_login_profile(UserName=shop.name)["LoginProfile"]
        return shop.standing() | {"profile": profile}

    return standing


def profile_made(at: datetime, asks_change: bool = False) -> Member:
    profile = {"UserName": USER, "CreateDate": at, "PasswordResetRequired": asks_change}
    answer = {"LoginProfile": profile}
    return Member(lambda client: Instead(client, get_login_profile=lambda **_: answer))


def keeping(shop: Shop) -> Member:
    """IAM that keeps a password when only the rest of the profile is changed."""

    def update(**given: Any) -> Any:
        known = {"Password": held(shop).password}
        return shop.iam.update_login_profile(**(known | given))

    return Member(lambda client: Instead(client, update_login_profile=update))


def test_the_password_is_one_of_every_kind_and_never_the_same(shop: Shop, order: Order) -> None:
    receipt, seen = observed(action, order), set()
    for _ in range(20):
        action.apply(receipt, Member())
        password = held(shop).password
        seen.add(password)
        assert len(password) == 128
        assert password.isascii()
        assert any(c.isupper() for c in password)
        assert any(c.islower() for c in password)
        assert any(c.isdigit() for c in password)
        assert any(c in "!@#$%^&*()_+-=[]{}|'" for c in password)
    assert len(seen) == 20
    assert not any(password in receipt.model_dump_json() for password in seen)


@pytest.mark.parametrize("asks_change", [False, True])
def test_twice_is_once_and_release_leaves_what_can_be_read(
    shop: Shop, order: Order, asks_change: bool
) -> None:
    held(shop).password_reset_required = asks_change
    untouched, receipt = readable(shop)(), observed(action, order)
    assert receipt.before is not None
    assert receipt.before.state["profile"]["asks_change"] is asks_change
    for _ in range(2):
        action.apply(receipt, Member())
        assert readable(shop)() == untouched
        assert held(shop).password != PASSWORD
        assert action.verify(receipt, Member())
    unknown = held(shop).password
    assert action.release(receipt, Member())
    released = receipt.model_copy(update={"status": ReceiptStatus.RELEASED})
    assert not action.release(released, Member())
    assert not action.verify(released, Member())
    assert readable(shop)() == untouched
    assert held(shop).password == unknown
    assert action.observe(order, Member()) == receipt.before
    assert "update-login-profile" in NOT_GIVEN_BACK[action.ID]


def test_a_crash_anywhere_ends_the_same(shop: Shop, order: Order) -> None:
    receipt, untouched = observed(action, order), readable(shop)()
    for step in (action.apply, action.release):
        whole = Life()
        step(receipt, Member().living(whole))
        assert whole.calls > 1
        for ends_at in range(whole.calls):
            held(shop).password = PASSWORD
            with pytest.raises(DiedHereError):
                step(receipt, Member().living(Life(ends_at)))
            assert held(shop).password == PASSWORD
            step(receipt, Member())
            assert (held(shop).password == PASSWORD) is (step is action.release)
            assert readable(shop)() == untouched


def test_a_cut_that_was_not_made_is_not_called_one(shop: Shop, order: Order) -> None:
    receipt = observed(action, order, status=ReceiptStatus.OBSERVED)
    assert not action.verify(receipt, Member())


def test_a_profile_made_since_is_seen_and_cut_too(
    shop: Shop, order: Order, act_at: datetime
) -> None:
    receipt = observed(action, order)
    action.apply(receipt, Member())
    shop.iam.delete_login_profile(UserName=USER)
    assert action.verify(receipt, Member())  # without a password nobody signs in
    theirs = "Their-password-1"
    shop.iam.create_login_profile(UserName=USER, Password=theirs)
    made_anew = profile_made(act_at + timedelta(seconds=1))
    assert not action.verify(receipt, made_anew)
    action.apply(receipt, made_anew)
    assert held(shop).password != theirs
    assert action.verify(cut_again(receipt, act_at + timedelta(seconds=30)), made_anew)


def test_a_sign_in_since_the_cut_is_seen(shop: Shop, order: Order, act_at: datetime) -> None:
    receipt, user = observed(action, order), held(shop)
    action.apply(receipt, Member())
    user.password_last_used = act_at - timedelta(minutes=10)
    assert action.verify(receipt, Member())
    user.password_last_used = act_at + timedelta(minutes=10)
    assert not action.verify(receipt, Member())
    assert action.verify(cut_again(receipt, act_at + timedelta(minutes=11)), Member())


def test_a_profile_that_was_changed_since_is_seen_and_put_back(shop: Shop, order: Order) -> None:
    untouched, receipt, clients = readable(shop)(), observed(action, order), keeping(shop)
    action.apply(receipt, clients)
    shop.iam.update_login_profile(UserName=USER, Password="Their-1", PasswordResetRequired=True)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert held(shop).password != "Their-1"
    unknown = held(shop).password
    held(shop).password_reset_required = True
    assert action.release(receipt, clients)
    assert (readable(shop)(), held(shop).password) == (untouched, unknown)


def test_a_user_without_a_password_is_cut_and_one_made_since_stays_unknown(
    shop: Shop, order: Order, act_at: datetime
) -> None:
    shop.iam.delete_login_profile(UserName=USER)
    receipt = observed(action, order)
    assert receipt.before is not None
    assert (receipt.before.state["profile"], receipt.before.state["in_force"]) == (None, True)
    action.apply(receipt, Member())
    assert action.verify(receipt, Member())
    theirs = "Their-password-1"
    shop.iam.create_login_profile(UserName=USER, Password=theirs, PasswordResetRequired=False)
    made_since = profile_made(act_at + timedelta(seconds=1))
    assert not action.verify(receipt, made_since)
    action.apply(receipt, made_since)
    unknown = held(shop).password
    assert unknown not in (None, theirs)
    assert not action.release(receipt, Member())
    assert held(shop).password == unknown


def test_a_password_that_was_deleted_since_cannot_come_back(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    action.apply(receipt, Member())
    shop.iam.delete_login_profile(UserName=USER)
    with pytest.raises(Refused, match="was deleted since"):
        action.release(receipt, Member())
    assert held(shop).password is None


def test_a_user_that_was_renamed_is_followed_by_its_key(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    shop.rename_user("orders-exporter")
    shop.iam.create_user(UserName=USER)
    shop.iam.create_login_profile(UserName=USER, Password=PASSWORD)
    action.apply(receipt, Member())
    assert held(shop).password != PASSWORD
    assert iam_backends[SHOP]["aws"].users[USER].password == PASSWORD
    assert action.verify(receipt, Member())


def test_without_an_instant_nothing_can_be_said(shop: Shop) -> None:
    order = an_order(action.ID, principal=shop.user)
    with pytest.raises(Broken, match="no instant"):
        action.verify(observed(action, order), Member())


def test_a_password_that_the_account_does_not_take_is_broken(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    refuses = {"update_login_profile": refusing("PasswordPolicyViolation")}
    with pytest.raises(Broken, match="PasswordPolicyViolation"):
        action.apply(receipt, Member(lambda client: Instead(client, **refuses)))
    assert held(shop).password == PASSWORD


@pytest.mark.parametrize(("code", "error"), SORTED)
def test_what_iam_answers_is_sorted(
    shop: Shop, order: Order, code: str, error: type[Exception]
) -> None:
    sorts_what_iam_answers(action, order, code, error)


def cut_again(receipt: Receipt, at: datetime) -> Receipt:
    """As the next cut finds it, which has an instant of its own."""
    return receipt.model_copy(
        update={"order": receipt.order.model_copy(update={"act_at": at}), "undone": 1}
    )
