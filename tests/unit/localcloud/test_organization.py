"""What an organization's policies forbid, and what IAM tells them, asked with people's keys."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.organization import found
from localcloud.stack import Unsupported
from tests.builders import HOME, SHOP
from tests.unit.localcloud.judging import (
    DENY_ALL,
    World,
    a_world,
    allow,
    code,
    deny,
    opening_session,
    policy,
)

MANAGER = "222233334444"
EVERYTHING = allow("*")
KEY = "quarantine"
FULL = "p-FullAWSAccess"
READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def root(world: World) -> str:
    """The root of an organization that the shop belongs to, and HOME does not."""
    return found(organizations(world), [SHOP])


def organizations(world: World) -> Any:
    return world.operator("organizations", MANAGER)


def attach(world: World, target: str, *statements: dict[str, Any], name: str = "guard") -> str:
    made = organizations(world).create_policy(
        Name=name, Type="SERVICE_CONTROL_POLICY", Description="d", Content=policy(*statements)
    )
    policy_id: str = made["Policy"]["PolicySummary"]["Id"]
    organizations(world).attach_policy(PolicyId=policy_id, TargetId=target)
    return policy_id


# ---- whom it binds


@pytest.mark.parametrize("level", ["root", "unit", "account"])
def test_a_deny_at_any_level_wins_over_what_the_account_allows(
    world: World, root: str, level: str
) -> None:
    unit = organizations(world).create_organizational_unit(ParentId=root, Name="shops")
    unit_id = unit["OrganizationalUnit"]["Id"]
    organizations(world).move_account(
        AccountId=SHOP, SourceParentId=root, DestinationParentId=unit_id
    )
    keys = world.user("admin", EVERYTHING, account=SHOP)
    assert code(keys("iam").list_users) is None
    attach(world, {"root": root, "unit": unit_id, "account": SHOP}[level], deny("iam:ListUsers"))
    assert code(keys("iam").list_users) == "AccessDenied"
    assert code(keys("iam").list_roles) is None


def test_a_detached_policy_binds_nobody(world: World, root: str) -> None:
    keys = world.user("admin", EVERYTHING, account=SHOP)
    policy_id = attach(world, SHOP, deny("iam:ListUsers"))
    assert code(keys("iam").list_users) == "AccessDenied"
    organizations(world).detach_policy(PolicyId=policy_id, TargetId=SHOP)
    assert code(keys("iam").list_users) is None


def test_sessions_of_roles_are_bound_and_the_denial_says_by_what(world: World, root: str) -> None:
    session = world.session(world.role("web", EVERYTHING, account=SHOP))
    policy_id = attach(world, root, deny("iam:ListUsers", Sid="NotThis"))
    with pytest.raises(ClientError) as refused:
        session("iam").list_users()
    assert refused.value.response["Error"]["Message"].endswith(
        f"with an explicit deny in a service control policy: {policy_id} (guard) (NotThis)"
    )


def test_the_management_account_and_strangers_are_not_bound(world: World, root: str) -> None:
    attach(world, root, deny("*"))
    for account in (MANAGER, HOME):
        keys = world.user("admin", EVERYTHING, account=account)
        assert code(keys("iam").list_users) is None


def test_service_linked_roles_are_not_bound(world: World, root: str) -> None:
    attach(world, root, deny("*"))
    iam = world.operator("iam", SHOP)
    made = iam.create_service_linked_role(AWSServiceName="guardduty.amazonaws.com")["Role"]
    iam.put_role_policy(
        RoleName=made["RoleName"], PolicyName="own", PolicyDocument=policy(EVERYTHING)
    )
    assert ":role/aws-service-role/" in made["Arn"]
    assert code(world.session(made["Arn"])("iam").list_users) is None


def test_who_asks_is_bound_and_not_who_is_asked(world: World, root: str) -> None:
    """A policy of the shop's organization says nothing to callers from elsewhere."""
    s3 = world.operator("s3", SHOP)
    s3.create_bucket(
        Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    grant = allow("s3:ListBucket", "arn:aws:s3:::exports")
    both = {"Principal": {"AWS": [HOME, SHOP]}}
    s3.put_bucket_policy(Bucket="exports", Policy=policy(grant | both))
    attach(world, root, deny("s3:ListBucket"))
    stranger = world.user("admin", EVERYTHING, account=HOME)
    own = world.user("admin", EVERYTHING, account=SHOP)
    assert code(stranger("s3").list_objects_v2, Bucket="exports") is None
    assert code(own("s3").list_objects_v2, Bucket="exports") == "AccessDenied"


def test_every_level_has_to_allow_and_none_grants(world: World, root: str) -> None:
    bare = world.user("bare", account=SHOP)
    admin = world.user("admin", EVERYTHING, account=SHOP)
    attach(world, SHOP, allow("iam:List*"))
    organizations(world).detach_policy(PolicyId=FULL, TargetId=SHOP)
    assert code(bare("iam").list_users) == "AccessDenied"
    assert code(admin("iam").list_users) is None
    with pytest.raises(ClientError, match="no service control policy allows the s3:ListAllMyBuck"):
        admin("s3").list_buckets()


def test_what_a_resource_grants_needs_the_organization_s_leave(world: World, root: str) -> None:
    keys = world.user("alice", account=SHOP)
    alice = {"AWS": f"arn:aws:iam::{SHOP}:user/alice"}
    which = {"RoleArn": world.role("web", account=SHOP, trusts=alice), "RoleSessionName": "one"}
    assert code(keys("sts").assume_role, **which) is None
    attach(world, SHOP, allow("iam:*"))
    organizations(world).detach_policy(PolicyId=FULL, TargetId=SHOP)
    assert code(keys("sts").assume_role, **which) == "AccessDenied"


def test_policies_that_are_switched_off_bind_nobody(world: World, root: str) -> None:
    keys = world.user("admin", EVERYTHING, account=SHOP)
    attach(world, root, deny("*"))
    organizations(world).disable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    assert code(keys("iam").list_users) is None


def test_a_call_tells_which_organization_it_comes_from(world: World, root: str) -> None:
    own = organizations(world).describe_organization()["Organization"]["Id"]
    condition = {
        "StringEquals": {"aws:PrincipalOrgID": own, "aws:ResourceOrgID": own},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{own}/{root}/*"},
    }
    inside = world.user("inside", allow("iam:ListUsers", Condition=condition), account=SHOP)
    outside = world.user("outside", allow("iam:ListUsers", Condition=condition), account=HOME)
    assert code(inside("iam").list_users) is None
    assert code(outside("iam").list_users) == "AccessDenied"


# ---- what IAM tells of the identity that is asked for


def tagged(world: World, name: str = "victim") -> None:
    iam = world.operator("iam", SHOP)
    iam.create_user(UserName=name, Tags=[{"Key": KEY, "Value": "yes"}])


def test_the_tags_of_a_user_decide_about_calls_on_it(world: World, root: str) -> None:
    tagged(world)
    world.user("other", account=SHOP)
    attach(world, root, deny("iam:*", Condition={"Null": {f"aws:ResourceTag/{KEY}": "false"}}))
    keys = world.user("admin", EVERYTHING, account=SHOP)
    for user, expected in (("victim", "AccessDenied"), ("other", None)):
        iam = keys("iam")
        assert code(iam.create_access_key, UserName=user) == expected
        assert code(iam.create_login_profile, UserName=user, Password="a-Passw0rd!") == expected
        given = {"UserName": user, "PolicyName": "p", "PolicyDocument": policy(EVERYTHING)}
        assert code(iam.put_user_policy, **given) == expected
        assert code(iam.attach_user_policy, UserName=user, PolicyArn=READ_ONLY) == expected


def test_a_tag_that_was_put_later_counts_and_so_does_its_removal(world: World, root: str) -> None:
    attach(world, root, deny("iam:*", Condition={"StringEquals": {f"iam:ResourceTag/{KEY}": "a"}}))
    keys, iam = world.user("admin", EVERYTHING, account=SHOP), world.operator("iam", SHOP)
    world.user("victim", account=SHOP)
    iam.tag_user(UserName="victim", Tags=[{"Key": KEY, "Value": "a"}])
    assert code(keys("iam").create_access_key, UserName="victim") == "AccessDenied"
    iam.untag_user(UserName="victim", TagKeys=[KEY])
    assert code(keys("iam").create_access_key, UserName="victim") is None


def test_the_tags_of_a_role_decide_who_changes_passes_and_assumes_it(
    world: World, root: str
) -> None:
    arn = world.role("web", EVERYTHING, account=SHOP)
    attach(world, root, deny("*", Condition={"Null": {f"aws:ResourceTag/{KEY}": "false"}}))
    keys, iam = world.user("admin", EVERYTHING, account=SHOP), world.operator("iam", SHOP)
    trust = {"RoleName": "web", "PolicyDocument": policy(allow("sts:AssumeRole", None) | WORLD)}
    assume = {"RoleArn": arn, "RoleSessionName": "one"}
    assert code(keys("iam").update_assume_role_policy, **trust) is None
    assert code(keys("sts").assume_role, **assume) is None
    iam.tag_role(RoleName="web", Tags=[{"Key": KEY, "Value": ""}])
    assert code(keys("iam").update_assume_role_policy, **trust) == "AccessDenied"
    assert code(keys("sts").assume_role, **assume) == "AccessDenied"


WORLD = {"Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"}}


def test_tags_of_anything_else_are_not_known_here(world: World) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/team": "orders"}}
    keys = world.user("alice", allow("s3:ListAllMyBuckets", Condition=condition))
    with pytest.raises(Unsupported, match="aws:ResourceTag/team"):
        keys("s3").list_buckets()


@pytest.mark.parametrize("kind", ["user", "role"])
def test_taking_a_boundary_away_tells_the_one_in_force(world: World, root: str, kind: str) -> None:
    world.user("victim", account=SHOP)
    world.role("victim", account=SHOP)
    which, iam = {f"{kind.title()}Name": "victim"}, world.operator("iam", SHOP)
    keys = world.user("admin", EVERYTHING, account=SHOP)
    condition = {"ArnEquals": {"iam:PermissionsBoundary": DENY_ALL}}
    attach(world, root, deny(f"iam:Delete{kind.title()}*", Condition=condition))
    put = getattr(iam, f"put_{kind}_permissions_boundary")
    take = getattr(keys("iam"), f"delete_{kind}_permissions_boundary")
    put(**which, PermissionsBoundary=DENY_ALL)
    assert code(take, **which) == "AccessDenied"
    put(**which, PermissionsBoundary=READ_ONLY)
    assert code(take, **which) is None


def test_putting_a_boundary_tells_the_one_that_is_asked_for(world: World) -> None:
    condition = {"ArnEquals": {"iam:PermissionsBoundary": READ_ONLY}}
    keys = world.user("delegate", allow("iam:PutUserPermissionsBoundary", Condition=condition))
    world.user("bob")
    put = keys("iam").put_user_permissions_boundary
    assert code(put, UserName="bob", PermissionsBoundary=DENY_ALL) == "AccessDenied"
    assert code(put, UserName="bob", PermissionsBoundary=READ_ONLY) is None
    assert code(put, UserName="bob", PermissionsBoundary=DENY_ALL) == "AccessDenied"


def test_every_call_that_names_tags_tells_their_keys(world: World) -> None:
    condition = {"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": [KEY]}}
    keys = world.user("admin", EVERYTHING, deny("*", Condition=condition))
    iam = keys("iam")
    world.user("bob")
    for key, expected in ((KEY, "AccessDenied"), (KEY.upper(), "AccessDenied"), ("team", None)):
        tags = [{"Key": "cost", "Value": "1"}, {"Key": key, "Value": "1"}]
        assert code(iam.tag_user, UserName="bob", Tags=tags) == expected
        assert code(iam.untag_user, UserName="bob", TagKeys=["cost", key]) == expected
        assert code(iam.create_user, UserName=f"new-{key}", Tags=tags) == expected


# ---- session tags


def a_tagged_role(world: World) -> str:
    role = world.role("web", EVERYTHING)
    tags = [{"Key": "Team", "Value": "orders"}]
    world.operator("iam").tag_role(RoleName="web", Tags=tags)
    return role


@pytest.mark.parametrize("key", ["Team", "team"])
def test_a_session_tag_stands_in_the_place_of_the_role_s(world: World, key: str) -> None:
    role = a_tagged_role(world)
    plain, tagged = world.session(role), world.session(role, Tags=[{"Key": key, "Value": "thief"}])
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "orders"}}
    world.operator("iam").put_role_policy(
        RoleName="web", PolicyName="cut", PolicyDocument=policy(deny("*", Condition=condition))
    )
    assert code(plain("s3").list_buckets) == "AccessDenied"
    assert code(tagged("s3").list_buckets) is None


def test_a_tag_that_is_there_cannot_be_brought_away(world: World) -> None:
    role = a_tagged_role(world)
    sessions = [
        world.session(role, Tags=[{"Key": "team", "Value": value}]) for value in ("", "thief")
    ]
    condition = {"Null": {"aws:PrincipalTag/team": "false"}}
    world.operator("iam").put_role_policy(
        RoleName="web", PolicyName="cut", PolicyDocument=policy(deny("*", Condition=condition))
    )
    for session in sessions:
        assert code(session("s3").list_buckets) == "AccessDenied"


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_transitive_tag_goes_on_to_the_next_role(world: World, goes_on: bool) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "orders"}}
    second = world.role("second", allow("s3:ListAllMyBuckets", Condition=condition))
    first = world.session(
        world.role("first", EVERYTHING),
        Tags=[{"Key": "team", "Value": "orders"}],
        TransitiveTagKeys=["team"] if goes_on else [],
    )
    assumed = first("sts").assume_role(RoleArn=second, RoleSessionName="on")
    refused = code(opening_session(assumed)("s3").list_buckets)
    assert refused == (None if goes_on else "AccessDenied")


def test_passing_a_session_tag_is_a_right_of_its_own_that_tells_its_keys(world: World) -> None:
    role = world.role("web", EVERYTHING)
    trust = allow(["sts:AssumeRole", "sts:TagSession"], None)
    trust |= {"Principal": {"AWS": f"arn:aws:iam::{HOME}:root"}}
    world.operator("iam").update_assume_role_policy(RoleName="web", PolicyDocument=policy(trust))
    condition = {"ForAnyValue:StringEquals": {"aws:TagKeys": [KEY]}}
    keys = world.user("admin", EVERYTHING, deny("sts:TagSession", Condition=condition))
    which = {"RoleArn": role, "RoleSessionName": "one"}
    for key, expected in ((KEY, "AccessDenied"), ("team", None)):
        tags = [{"Key": key, "Value": "1"}]
        assert code(keys("sts").assume_role, **which, Tags=tags) == expected


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_tag_key_in_another_case_is_not_taken_for_another_key(world: World, kind: str) -> None:
    """IAM takes the two for one, and what holds the tags here does not."""
    iam = world.operator("iam")
    world.user("alice")
    world.role("alice")
    which = {f"{kind.title()}Name": "alice"}
    tag, untag = getattr(iam, f"tag_{kind}"), getattr(iam, f"untag_{kind}")
    for value in ("1", "2"):
        tag(**which, Tags=[{"Key": "Team", "Value": value}])
    with pytest.raises(Unsupported, match="the tag Team by the name team"):
        tag(**which, Tags=[{"Key": "team", "Value": "3"}])
    with pytest.raises(Unsupported, match="the tag Team by the name TEAM"):
        untag(**which, TagKeys=["TEAM"])
    untag(**which, TagKeys=["Team", "cost"])
    assert getattr(iam, f"list_{kind}_tags")(**which)["Tags"] == []
