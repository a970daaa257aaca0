"""Authorization details come page by page, and name no policy of AWS that nothing holds."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import SHOP
from tests.unit.localcloud.judging import World, a_world, code

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def iam() -> Iterator[Any]:
    with a_world() as world:
        yield stocked(world)


def stocked(world: World) -> Any:
    client = world.operator("iam", SHOP)
    for name in ("one", "two"):
        client.create_user(UserName=name)
    client.create_group(GroupName="all")
    client.attach_user_policy(UserName="one", PolicyArn=READ_ONLY)
    return client


def names(answer: dict[str, Any]) -> list[str]:
    return [one["Arn"] for kind in LISTS for one in answer[kind]]


def test_pages_hold_every_one_once(iam: Any) -> None:
    whole = iam.get_account_authorization_details()
    assert whole["IsTruncated"] is False
    assert [one["Arn"] for one in whole["Policies"]] == [READ_ONLY]
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(MaxItems=3))
    single = iam.get_account_authorization_details(MaxItems=1)
    assert len(names(single)) == 1
    assert [name for page in pages for name in names(page)] == names(whole)


def test_a_marker_that_was_not_given_out_is_refused(iam: Any) -> None:
    assert code(iam.get_account_authorization_details, Marker="x") == "ValidationError"
