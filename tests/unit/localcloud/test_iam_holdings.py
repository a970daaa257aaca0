"""A change of IAM is felt as late as the cloud was told, and is shown at once to who reads it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.organization import found
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import (
    DENY_ALL,
    STARTS_AT,
    World,
    a_world,
    allow,
    code,
    deny,
    opening,
    opening_session,
    policy,
)

EVERYTHING = allow("*")
LATE = timedelta(seconds=4)
BEFORE, REST = timedelta(seconds=3, milliseconds=900), timedelta(milliseconds=100)
TAGS = [{"Key": "team", "Value": "orders"}]


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def late(world: World) -> None:
    """From now on. What stands has been spread."""
    world.holdings.spread_over(LATE)


def felt(
    world: World, call: Callable[[], str | None], before: str | None, after: str | None
) -> None:
    """The answer changes when the change has been spread, and not earlier."""
    assert call() == before
    world.clock.advance(BEFORE)
    assert call() == before
    world.clock.advance(REST)
    assert call() == after


def test_what_stood_before_needs_no_time(world: World) -> None:
    keys = world.user("alice", EVERYTHING)
    session = world.session(world.role("web", EVERYTHING))
    late(world)
    assert code(keys("s3").list_buckets) is None
    assert code(session("s3").list_buckets) is None


@pytest.mark.parametrize("how", ["attached", "inline", "in a group", "boundary"])
def test_a_deny(world: World, how: str) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    iam.create_group(GroupName="cut")
    iam.put_group_policy(GroupName="cut", PolicyName="cut", PolicyDocument=policy(deny("*")))
    late(world)
    if how == "attached":
        iam.attach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
    elif how == "inline":
        iam.put_user_policy(UserName="alice", PolicyName="cut", PolicyDocument=policy(deny("*")))
    elif how == "in a group":
        iam.add_user_to_group(GroupName="cut", UserName="alice")
    else:
        iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=DENY_ALL)
    felt(world, lambda: code(keys("s3").list_buckets), None, "AccessDenied")


def test_a_deny_that_is_taken_away_again(world: World) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    iam.attach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
    late(world)
    iam.detach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
    felt(world, lambda: code(keys("s3").list_buckets), "AccessDenied", None)


def test_a_new_version_of_a_managed_policy(world: World) -> None:
    keys, iam = world.user("alice"), world.operator("iam")
    arn = iam.create_policy(PolicyName="own", PolicyDocument=policy(EVERYTHING))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    late(world)
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy(allow("iam:*")), SetAsDefault=True
    )
    felt(world, lambda: code(keys("s3").list_buckets), None, "AccessDenied")


@pytest.mark.parametrize("how", ["switched off", "deleted"])
def test_a_key_works_on_in_its_own_account(world: World, how: str) -> None:
    keys, iam = world.user("alice", EVERYTHING, account=SHOP), world.operator("iam", SHOP)
    world.operator("s3", SHOP).create_bucket(
        Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    [key] = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    which = {"UserName": "alice", "AccessKeyId": key["AccessKeyId"]}
    late(world)
    if how == "deleted":
        iam.delete_access_key(**which)
    else:
        iam.update_access_key(**which, Status="Inactive")
    assert keys("sts").get_caller_identity()["Account"] == SHOP
    assert [one["Name"] for one in keys("s3").list_buckets()["Buckets"]] == ["exports"]
    felt(world, lambda: code(keys("s3").list_buckets), None, "InvalidAccessKeyId")


def test_a_new_key_and_a_new_user(world: World) -> None:
    world.user("alice", EVERYTHING)
    late(world)
    made = world.operator("iam").create_access_key(UserName="alice")["AccessKey"]
    minted = opening(made["AccessKeyId"], made["SecretAccessKey"])
    felt(world, lambda: code(minted("s3").list_buckets), "InvalidAccessKeyId", None)
    bob = world.user("bob", EVERYTHING, account=SHOP)
    felt(world, lambda: code(bob("s3").list_buckets), "InvalidAccessKeyId", None)


def test_trust(world: World) -> None:
    keys, role = world.user("alice", EVERYTHING), world.role("web", EVERYTHING)
    late(world)
    nobody = policy(deny("sts:AssumeRole", None) | {"Principal": "*"})
    world.operator("iam").update_assume_role_policy(RoleName="web", PolicyDocument=nobody)
    which = {"RoleArn": role, "RoleSessionName": "one"}
    felt(world, lambda: code(keys("sts").assume_role, **which), None, "AccessDenied")


def test_a_session_is_judged_by_its_role_as_late(world: World) -> None:
    keys, role = world.user("alice", EVERYTHING), world.role("web", EVERYTHING)
    late(world)
    session = opening_session(keys("sts").assume_role(RoleArn=role, RoleSessionName="one"))
    world.operator("iam").put_role_policy(
        RoleName="web", PolicyName="cut", PolicyDocument=policy(deny("*"))
    )
    felt(world, lambda: code(session("s3").list_buckets), None, "AccessDenied")
    world.operator("iam").delete_role_policy(RoleName="web", PolicyName="own")
    world.operator("iam").delete_role_policy(RoleName="web", PolicyName="cut")
    world.operator("iam").delete_role(RoleName="web")
    who = session("sts").get_caller_identity
    felt(world, lambda: code(who), None, "InvalidClientTokenId")


def test_the_tags_of_who_asks_and_of_who_is_asked_about(world: World) -> None:
    asking = {"Null": {"aws:PrincipalTag/team": "false"}}
    asked = {"Null": {"aws:ResourceTag/team": "false"}}
    tagged = world.user("tagged", EVERYTHING, deny("s3:*", Condition=asking))
    other = world.user("other", EVERYTHING, deny("iam:*", Condition=asked))
    late(world)
    world.operator("iam").tag_user(UserName="tagged", Tags=TAGS)
    felt(world, lambda: code(tagged("s3").list_buckets), None, "AccessDenied")
    world.operator("iam").untag_user(UserName="tagged", TagKeys=["team"])
    look = other("iam").get_user
    felt(world, lambda: code(look, UserName="tagged"), "AccessDenied", None)


def test_what_a_call_itself_says_needs_no_time(world: World) -> None:
    """So an untagging that is forbidden by its key is forbidden from the first moment on."""
    condition = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}
    keys = world.user("alice", EVERYTHING, deny("iam:*", Condition=condition))
    world.user("bob")
    late(world)
    world.operator("iam").tag_user(UserName="bob", Tags=TAGS)
    assert code(keys("iam").untag_user, UserName="bob", TagKeys=["team"]) == "AccessDenied"


def test_whoever_reads_sees_what_is_written(world: World) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    late(world)
    iam.attach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
    attached = keys("iam").list_attached_user_policies(UserName="alice")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [DENY_ALL]


def test_each_of_several_changes_is_felt_at_its_own_time(world: World) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    late(world)
    seen = []
    for second in range(12):
        if second in (1, 5):
            iam.attach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
        if second in (3, 7):
            iam.detach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
        seen.append(code(keys("s3").list_buckets) is None)
        world.clock.advance(timedelta(seconds=1))
    assert [second for second, works in enumerate(seen) if not works] == [5, 6, 9, 10]


def test_an_organization_s_policies_are_felt_at_once(world: World) -> None:
    """They are in place before an incident; how long AWS takes to spread them is not rehearsed."""
    organizations = world.operator("organizations", "222233334444")
    root = found(organizations, [SHOP])
    keys = world.user("alice", EVERYTHING, account=SHOP)
    late(world)
    made = organizations.create_policy(
        Name="a", Type="SERVICE_CONTROL_POLICY", Description="d", Content=policy(deny("*"))
    )
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    assert code(keys("s3").list_buckets) == "AccessDenied"


def test_a_cloud_spreads_what_it_is_told_to_and_nothing_by_default() -> None:
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        iam: Any = cloud.client("iam", account=HOME)
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        given = {"access_key_id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        who = cloud.keys("sts", **given).get_caller_identity
        off = {"UserName": "alice", "AccessKeyId": key["AccessKeyId"]}
        iam.update_access_key(**off, Status="Inactive")
        assert code(who) == "InvalidClientTokenId"
        cloud.spread_iam_over(LATE)
        iam.update_access_key(**off, Status="Active")
        assert code(who) == "InvalidClientTokenId"
        cloud.advance(LATE)
        assert code(who) is None
