"""What is protected is protected by whatever name a finding uses for it."""

import pytest

from responder.domain.protection import ProtectList, own_roles
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
    for role in ("breach-responder-contain", "breach-responder-collect", "custom-contain"):
        assert own.covers(a_session(role))
    function_role = "breach-responder-ContainFunctionRole-ABC123"
    assert own.match(f"arn:aws:iam::{HOME}:role/{function_role}")


def test_a_role_that_only_takes_a_name_like_ours_is_not_covered() -> None:
    own = ProtectList(own=own_roles(account=HOME))
    assert own.covers(a_session("breach-responder-evil")) is None
    assert own.covers(a_session("breach-responder-ContainFunctionRole-ABC123")) is None
