"""A role is denied everything in the way that has room, and a release leaves what was.

The pretend IAM has no quotas on what a role holds; `crowded` answers as if they were reached.
"""

from typing import Any

import pytest

from responder.actions import iam_deny_role as action
from responder.domain.errors import Refused
from responder.domain.order import Order
from tests.builders import SHOP, an_order
from tests.containing import (
    DENY_ALL,
    POLICY,
    READ_ONLY,
    ROLE,
    Member,
    Shop,
    a_small_member_account,
)
from tests.unit.actions.proving import (
    SORTED,
    crowded,
    cuts_twice_as_once,
    observed,
    sorts_what_iam_answers,
    survives_a_crash_before_any_call,
)

OWN_BOUNDARY = f"arn:aws:iam::{SHOP}:policy/tier-boundary"
NO_ATTACHING = ("attach_role_policy",)
NO_POLICIES = ("attach_role_policy", "put_role_policy")


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    shop = Shop()
    shop.iam.attach_role_policy(RoleName=ROLE, PolicyArn=READ_ONLY)
    shop.iam.create_policy(PolicyName="tier-boundary", PolicyDocument=POLICY)
    return shop


@pytest.fixture
def order(shop: Shop) -> Order:
    return an_order(action.ID, principal=shop.session)


def standing(shop: Shop) -> dict[str, Any]:
    """All that could be touched of the role, and the user beside it."""
    role = shop.iam.get_role(RoleName=ROLE)["Role"]
    attached = shop.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    return shop.standing() | {
        "role attached": sorted(one["PolicyArn"] for one in attached),
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "trust": role["AssumeRolePolicyDocument"],
    }


def set_boundary(shop: Shop, arn: str | None) -> None:
    if arn is not None:
        shop.iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=arn)


def test_it_attaches_the_deny_and_nothing_else(shop: Shop, order: Order) -> None:
    untouched = standing(shop)
    action.apply(observed(action, order), Member())
    assert standing(shop) == untouched | {"role attached": sorted([DENY_ALL, READ_ONLY])}


def test_twice_is_once_and_release_leaves_what_was(shop: Shop, order: Order) -> None:
    cuts_twice_as_once(action, order, lambda: standing(shop))


def test_a_crash_anywhere_ends_the_same(shop: Shop, order: Order) -> None:
    survives_a_crash_before_any_call(action, order, lambda: standing(shop))


def test_an_inline_deny_where_no_policy_can_be_attached(shop: Shop, order: Order) -> None:
    untouched, clients = standing(shop), crowded(*NO_ATTACHING)
    receipt, name = observed(action, order), f"BreachResponder-{order.order_id}"
    for _ in range(2):
        action.apply(receipt, clients)
        stands = standing(shop)
        assert stands["role attached"] == [READ_ONLY]
        assert stands["role"][name]["Statement"] == [
            {"Effect": "Deny", "Action": "*", "Resource": "*"}
        ]
        assert action.verify(receipt, clients)
    shop.iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=POLICY)
    assert not action.verify(receipt, clients)
    for is_first in (True, False):
        assert action.release(receipt, clients) is is_first
        assert standing(shop) == untouched


@pytest.mark.parametrize("former", [None, OWN_BOUNDARY])
def test_the_boundary_denies_where_there_is_no_room_and_the_former_comes_back(
    shop: Shop, order: Order, former: str | None
) -> None:
    set_boundary(shop, former)
    untouched, clients = standing(shop), crowded(*NO_POLICIES)
    receipt = observed(action, order)
    for _ in range(2):
        action.apply(receipt, clients)
        assert standing(shop) == untouched | {"boundary": DENY_ALL}
        assert action.verify(receipt, clients)
    for is_first in (True, False):
        assert action.release(receipt, clients) is is_first
        assert standing(shop) == untouched
        assert not action.verify(receipt, clients)


@pytest.mark.parametrize(
    ("full", "ways"),
    [
        ((), {"role attached", "role"}),
        (NO_ATTACHING, {"role", "boundary"}),
        (("put_role_policy",), {"role attached", "boundary"}),
    ],
)
def test_what_was_undone_is_denied_in_two_ways_at_once(
    shop: Shop, order: Order, full: tuple[str, ...], ways: set[str]
) -> None:
    untouched, clients = standing(shop), crowded(*full)
    receipt = observed(action, order, undone=1)
    action.apply(receipt, clients)
    assert {slot for slot, value in standing(shop).items() if value != untouched[slot]} == ways
    assert action.release(receipt, clients)
    assert standing(shop) == untouched


def test_what_the_attacker_undid_is_seen_and_put_back(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    action.apply(receipt, Member())
    cut = standing(shop)
    shop.iam.detach_role_policy(RoleName=ROLE, PolicyArn=DENY_ALL)
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    assert standing(shop) == cut


def test_a_deny_that_stood_before_us_does_not_count_and_stays(shop: Shop, order: Order) -> None:
    shop.iam.attach_role_policy(RoleName=ROLE, PolicyArn=DENY_ALL)
    untouched, receipt = standing(shop), observed(action, order)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    shop.iam.detach_role_policy(RoleName=ROLE, PolicyArn=DENY_ALL)
    assert action.verify(receipt, Member())
    shop.iam.attach_role_policy(RoleName=ROLE, PolicyArn=DENY_ALL)
    assert action.release(receipt, Member())
    assert standing(shop) == untouched


def test_without_room_for_a_deny_of_our_own_a_person_is_told(shop: Shop, order: Order) -> None:
    set_boundary(shop, DENY_ALL)
    untouched, receipt = standing(shop), observed(action, order)
    with pytest.raises(Refused, match="no room for a deny of our own"):
        action.apply(receipt, crowded(*NO_POLICIES))
    assert not action.verify(receipt, Member())
    assert not action.release(receipt, Member())
    assert standing(shop) == untouched


def test_a_boundary_that_somebody_set_since_is_left_alone(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    action.apply(receipt, crowded(*NO_POLICIES))
    set_boundary(shop, OWN_BOUNDARY)
    assert not action.verify(receipt, Member())
    assert not action.release(receipt, Member())
    assert standing(shop)["boundary"] == OWN_BOUNDARY


def test_another_role_of_that_name_is_left_alone(shop: Shop, order: Order) -> None:
    shop.iam.detach_role_policy(RoleName=ROLE, PolicyArn=READ_ONLY)
    receipt = observed(action, order)
    shop.remake_role()
    untouched = standing(shop)
    for step in (action.apply, action.verify, action.release):
        with pytest.raises(Refused, match="another identity of the same name"):
            step(receipt, Member())
    assert standing(shop) == untouched


def test_a_role_that_is_gone_is_refused(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    shop.iam.detach_role_policy(RoleName=ROLE, PolicyArn=READ_ONLY)
    shop.iam.delete_role_policy(RoleName=ROLE, PolicyName="own")
    shop.iam.delete_role(RoleName=ROLE)
    for step in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            step(receipt, Member())
    assert not action.verify(receipt, Member())


@pytest.mark.parametrize(("code", "error"), SORTED)
def test_what_iam_answers_is_sorted(
    shop: Shop, order: Order, code: str, error: type[Exception]
) -> None:
    sorts_what_iam_answers(action, order, code, error)
