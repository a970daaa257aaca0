"""A deny finds another way where AWS's quotas leave no room, and a release takes each away.

The pretend IAM has no quotas on what a user holds and no boundaries of users. `Crowded` adds both
to it, with input held to the SDK's own model.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder import actions
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.ladder import CUT_ROLE_SESSIONS, DENY_USER
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import NOON, SHOP, an_order
from tests.consoles import fits, refusing
from tests.containing import DENY_ALL, POLICY, USER, Member, Shop, a_small_member_account

OWN_BOUNDARY = f"arn:aws:iam::{SHOP}:policy/exports-boundary"


@dataclass
class Account:
    """What the pretend IAM cannot hold."""

    full: set[str] = field(default_factory=set)
    boundary: str | None = None
    boundaries: set[str] = field(default_factory=lambda: {DENY_ALL, OWN_BOUNDARY})


class Crowded:
    """IAM of an account where some calls find no room."""

    def __init__(self, client: Any, account: Account) -> None:
        self._client, self._account = client, account

    def __getattr__(self, name: str) -> Any:
        return (
            refusing("LimitExceeded") if name in self._account.full else getattr(self._client, name)
        )

    def get_user(self, **given: Any) -> Any:
        answer = self._client.get_user(**given)
        if self._account.boundary is not None:
            answer["User"]["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": self._account.boundary,
            }
        return answer

    def put_user_permissions_boundary(self, **given: Any) -> Any:
        fits("iam", "PutUserPermissionsBoundary", given)
        if given["PermissionsBoundary"] not in self._account.boundaries:
            raise ClientError(
                {"Error": {"Code": "NoSuchEntity", "Message": "no"}}, "PutUserPermissionsBoundary"
            )
        self._account.boundary = given["PermissionsBoundary"]
        return {}

    def delete_user_permissions_boundary(self, **given: Any) -> Any:
        fits("iam", "DeleteUserPermissionsBoundary", given)
        if self._account.boundary is None:
            raise ClientError(
                {"Error": {"Code": "NoSuchEntity", "Message": "no"}},
                "DeleteUserPermissionsBoundary",
            )
        self._account.boundary = None
        return {}


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    return Shop()


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def clients(shop: Shop, account: Account) -> Member:
    return Member(lambda client: Crowded(client, account))


@pytest.fixture
def order(shop: Shop) -> Order:
    return an_order(DENY_USER, principal=shop.user, act_at=NOON)


def observed(order: Order, clients: Member) -> Receipt:
    before = actions.BY_ID[order.action_id].observe(order, clients)
    return Receipt(order=order, status=ReceiptStatus.APPLIED, before=before, applied_at=NOON)


def test_an_inline_deny_where_no_policy_can_be_attached(
    shop: Shop, account: Account, clients: Member, order: Order
) -> None:
    action, name = actions.BY_ID[DENY_USER], f"BreachResponder-{order.order_id}"
    untouched = shop.standing()
    receipt = observed(order, clients)
    account.full = {"attach_user_policy"}
    for _ in range(2):
        action.apply(receipt, clients)
        stands = shop.standing()
        assert stands["attached"] == untouched["attached"]
        assert stands["inline"][name]["Statement"] == [
            {"Effect": "Deny", "Action": "*", "Resource": "*"}
        ]
        assert action.verify(receipt, clients)
    shop.iam.put_user_policy(UserName=USER, PolicyName=name, PolicyDocument=POLICY)
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.release(receipt, clients)
        assert shop.standing() == untouched


@pytest.mark.parametrize("former", [None, OWN_BOUNDARY])
def test_the_boundary_denies_where_there_is_no_room_at_all_and_the_former_comes_back(
    shop: Shop, account: Account, clients: Member, order: Order, former: str | None
) -> None:
    action = actions.BY_ID[DENY_USER]
    untouched = shop.standing()
    account.boundary = former
    receipt = observed(order, clients)
    account.full = {"attach_user_policy", "put_user_policy"}
    for _ in range(2):
        action.apply(receipt, clients)
        assert account.boundary == DENY_ALL
        assert action.verify(receipt, clients)
    for _ in range(2):
        action.release(receipt, clients)
        assert account.boundary == former
        assert not action.verify(receipt, clients)
    assert shop.standing() == untouched


def test_two_denies_after_a_retry_that_found_room_are_both_taken_away(
    shop: Shop, account: Account, clients: Member, order: Order
) -> None:
    action = actions.BY_ID[DENY_USER]
    untouched = shop.standing()
    receipt = observed(order, clients)
    for full in ({"attach_user_policy", "put_user_policy"}, {"attach_user_policy"}, set[str]()):
        account.full = full
        action.apply(receipt, clients)
    assert DENY_ALL in shop.standing()["attached"]
    action.release(receipt, clients)
    assert shop.standing() == untouched
    assert account.boundary is None


def test_what_was_undone_is_denied_in_two_ways_where_only_two_have_room(
    shop: Shop, account: Account, clients: Member, order: Order
) -> None:
    action, name = actions.BY_ID[DENY_USER], f"BreachResponder-{order.order_id}"
    untouched = shop.standing()
    receipt = observed(order, clients).model_copy(update={"undone": 1})
    account.full = {"attach_user_policy"}
    action.apply(receipt, clients)
    assert (account.boundary, name in shop.standing()["inline"]) == (DENY_ALL, True)
    action.release(receipt, clients)
    assert (account.boundary, shop.standing()) == (None, untouched)


def test_without_room_for_a_deny_of_our_own_a_person_is_told(
    shop: Shop, account: Account, clients: Member, order: Order
) -> None:
    """What stood before us goes when its maker takes it away, so it is not called contained."""
    action = actions.BY_ID[DENY_USER]
    account.boundary = DENY_ALL
    receipt = observed(order, clients)
    account.full = {"attach_user_policy", "put_user_policy"}
    untouched = shop.standing()
    with pytest.raises(Refused, match="no room for a deny of our own"):
        action.apply(receipt, clients)
    assert not action.verify(receipt, clients)
    assert (account.boundary, shop.standing()) == (DENY_ALL, untouched)


def test_a_boundary_that_somebody_set_since_is_left_alone(
    account: Account, clients: Member, order: Order
) -> None:
    action = actions.BY_ID[DENY_USER]
    receipt = observed(order, clients)
    account.full = {"attach_user_policy", "put_user_policy"}
    action.apply(receipt, clients)
    account.boundary = OWN_BOUNDARY
    assert not action.verify(receipt, clients)
    action.release(receipt, clients)
    assert account.boundary == OWN_BOUNDARY


def test_a_boundary_of_denial_that_stood_before_us_stays(
    account: Account, clients: Member, order: Order
) -> None:
    account.boundary = DENY_ALL
    receipt = observed(order, clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    actions.BY_ID[DENY_USER].release(receipt, clients)
    assert account.boundary == DENY_ALL


def test_a_former_boundary_that_was_deleted_is_refused_and_the_deny_stays(
    account: Account, clients: Member, order: Order
) -> None:
    action = actions.BY_ID[DENY_USER]
    account.boundary = OWN_BOUNDARY
    receipt = observed(order, clients)
    account.full = {"attach_user_policy", "put_user_policy"}
    action.apply(receipt, clients)
    account.boundaries.remove(OWN_BOUNDARY)
    with pytest.raises(Refused, match="does not exist any more; the deny was left"):
        action.release(receipt, clients)
    assert action.verify(receipt, clients)


def test_a_role_without_room_is_left_to_a_person(
    shop: Shop, account: Account, clients: Member
) -> None:
    untouched = shop.standing()
    account.full = {"put_role_policy"}
    cut = observed(an_order(CUT_ROLE_SESSIONS, principal=shop.session, act_at=NOON), clients)
    with pytest.raises(Refused, match="no room for another inline policy"):
        actions.BY_ID[CUT_ROLE_SESSIONS].apply(cut, clients)
    assert shop.standing() == untouched


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("UnmodifiableEntity", Refused),
        ("ServiceUnavailable", Unavailable),
        ("EntityTemporarilyUnmodifiable", Unavailable),
        ("AccessDenied", Broken),
    ],
)
def test_what_iam_answers_is_sorted_by_who_has_to_act(
    shop: Shop, order: Order, code: str, error: type[Exception]
) -> None:
    class Answering:
        def __getattr__(self, name: str) -> Any:
            return refusing(code)

    clients = Member(lambda client: Answering())
    cut = an_order(CUT_ROLE_SESSIONS, principal=shop.session, act_at=NOON)
    for one in (order, cut):
        receipt = observed(one, Member())
        with pytest.raises(error, match=one.resource):
            actions.BY_ID[one.action_id].apply(receipt, clients)
