"""What is protected is protected by whatever name a finding uses for it."""

import pytest

from responder.domain.protection import MEMBER_ROLES, ProtectList, own_roles
from tests.builders import HOME, SHOP, a_session, a_user


@pytest.mark.parametrize(
    "pattern",
    [
        f"arn:aws:iam::{SHOP}:user/orders-export",
        "arn:*:iam::*:user/orders-*",
        "orders-export",
        "ORDERS-*",
        "orders-expor?",
        "arn:aws:iam::*:user/shop/teams/orders-export",
    ],
)
def test_a_user_is_covered_by_arn_by_name_and_by_a_path_that_findings_leave_out(
    pattern: str,
) -> None:
    assert ProtectList(patterns=(pattern,)).covers(a_user()) == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        f"arn:aws:iam::{HOME}:user/orders-export",
        "orders",
        "arn:aws:iam::*:user/shop/*",
        "orders-expor[t]",
        f"arn:aws:iam::{SHOP}:role/orders-export",
        "orders.export",
    ],
)
def test_others_are_not_covered(pattern: str) -> None:
    assert ProtectList(patterns=(pattern,)).covers(a_user()) is None


def test_a_role_is_covered_by_its_session_too() -> None:
    session = a_session("deploy", "pipeline")
    pattern = f"arn:aws:sts::{SHOP}:assumed-role/deploy/pipe*"
    assert ProtectList(patterns=(pattern,)).covers(session) == pattern


def test_our_own_roles_are_covered_without_being_listed() -> None:
    own = ProtectList(own=own_roles(account=HOME, member_roles=("custom-contain",)))
    for role in (*MEMBER_ROLES, "custom-contain"):
        assert own.covers(a_session(role))
    function_role = "breach-responder-ContainFunctionRole-ABC123"
    assert own.match(f"arn:aws:iam::{HOME}:role/{function_role}")


def test_a_role_that_only_takes_a_name_like_ours_is_not_covered() -> None:
    own = ProtectList(own=own_roles(account=HOME))
    assert own.covers(a_session("breach-responder-evil")) is None
    assert own.covers(a_session("breach-responder-ContainFunctionRole-ABC123")) is None


SPARED = (
    "arn:aws:iam::*:role/breach-responder-contain",
    "arn:aws:iam::*:role/breach-responder-collect",
    "arn:aws:iam::*:role/breach-responder-preserve",
    "arn:aws:iam::*:user/break-glass-*",
)


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:*:iam::*:user/break-glass-*",  # spared, by the same text in its own partition
        f"arn:aws:iam::{HOME}:role/deploy",  # of another account
        "arn:aws:s3:::shop-exports",  # a thing, whose ARN tells no account
    ],
)
def test_a_whole_account_may_be_denied_where_the_protected_are_spared(pattern: str) -> None:
    protect = ProtectList(patterns=(pattern,), own=own_roles(account=HOME))
    assert protect.not_spared(SHOP, SPARED) is None


@pytest.mark.parametrize(
    "pattern",
    [
        f"arn:aws:iam::{SHOP}:role/deploy",
        "arn:aws:iam::*:role/deploy",
        f"arn:aws:iam::{SHOP[:6]}*:role/deploy",
        "arn:aws:iam::*:user/break-glass-1",  # covered by what is spared, but not the same text
        "break-glass-*",  # a name may be in any account
        "arn:*deploy",
        f"arn:aws:rds:us-west-2:{SHOP}:db:orders",
    ],
)
def test_it_may_not_where_somebody_protected_may_be_in_it(pattern: str) -> None:
    assert ProtectList(patterns=(pattern,)).not_spared(SHOP, SPARED) == pattern


def test_a_session_is_spared_by_no_pattern_of_principals() -> None:
    """`aws:PrincipalArn` is its role's ARN. IAM User Guide, "AWS global condition context keys"."""
    pattern = "arn:aws:sts::*:assumed-role/deploy/pipeline"
    assert ProtectList(patterns=(pattern,)).not_spared(SHOP, (*SPARED, pattern)) == pattern


def test_the_account_that_we_run_in_is_home_and_is_never_spared() -> None:
    own = ProtectList(own=own_roles(account=HOME))
    assert (own.is_home(HOME), own.is_home(SHOP), own.is_home(None)) == (True, False, False)
    assert own.not_spared(HOME, SPARED) == f"arn:*:iam::{HOME}:role/breach-responder-*Role-*"


def test_roles_that_stand_elsewhere_are_our_own_too() -> None:
    arn = "arn:aws:iam::222233334444:role/breach-responder-deny-accounts"
    assert ProtectList(own=own_roles(more=(arn, ""))).match(arn) == arn
    assert ProtectList(own=own_roles(more=("",))).match(arn) is None


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{SHOP}:user/:iam::{SHOP}:role/breach-responder-contain",
        f"arn:aws:iam::{SHOP}:role/x:iam::{HOME}:role/breach-responder-xRole-/mallory",
        f"arn:aws:iam::{SHOP}:user/:iam::{SHOP}:user/break-glass",
    ],
)
def test_a_path_that_looks_like_a_protected_arn_protects_nobody(arn: str) -> None:
    protect = ProtectList(patterns=("arn:*:iam::*:user/break-glass",), own=own_roles(account=HOME))
    assert protect.match(arn) is None


def test_a_pattern_of_fewer_parts_than_an_arn_still_goes_over_all_of_it() -> None:
    for pattern in ("arn:*:user/orders-export", "arn:aws:iam::*", "*:user/orders-*"):
        assert ProtectList(patterns=(pattern,)).covers(a_user()) == pattern
