"""The shipped guard policy, deployed: what an administrator of the account can still do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.deploy import deploy
from localcloud.organization import found
from responder.domain.protection import MEMBER_ROLES
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import (
    DENY_ALL,
    World,
    a_world,
    allow,
    code,
    opening,
    policy,
)

MANAGER = "222233334444"
GUARD = Path(__file__).parents[3] / "stacks/guard-policy.yaml"
KEY = "breach-responder-quarantine"
TAGS = [{"Key": KEY, "Value": "ord-00000000000000000000"}]
EVERYTHING = allow("*")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
PIPELINE = "arn:aws:iam::*:role/stacksets-exec-*"
TRUST = policy(allow("sts:AssumeRole", None) | {"Principal": {"AWS": SHOP}})

type Keys = Callable[..., Any]


def guarded(world: World, pipeline: str = "") -> None:
    found(world.operator("organizations", MANAGER), [SHOP, HOME])
    deploy(
        GUARD,
        stack_name="guard",
        parameters={
            "TargetIds": f"{SHOP},{HOME}",
            "ResponderAccount": HOME,
            "PipelineRoles": pipeline,
        },
        account=MANAGER,
        region=REGION,
        registry=world.registry,
        clients=world.accounts,
    )


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        guarded(world)
        yield world


@pytest.fixture
def admin(world: World) -> Keys:
    """An administrator of the shop's account, who is not under quarantine."""
    return world.user("admin", EVERYTHING, account=SHOP)


@pytest.fixture
def contain(world: World) -> Keys:
    return world.session(world.role("breach-responder-contain", EVERYTHING, account=SHOP))


@pytest.fixture
def victim(world: World) -> Keys:
    """The stolen identity: an administrator, with what can be changed about it."""
    keys = world.user("victim", EVERYTHING, account=SHOP)
    iam = world.operator("iam", SHOP)
    iam.attach_user_policy(UserName="victim", PolicyArn=DENY_ALL)
    iam.put_user_permissions_boundary(UserName="victim", PermissionsBoundary=DENY_ALL)
    iam.create_login_profile(UserName="victim", Password="a-Passw0rd!")
    world.role("victim-role", EVERYTHING, account=SHOP)
    iam.attach_role_policy(RoleName="victim-role", PolicyArn=DENY_ALL)
    iam.put_role_permissions_boundary(RoleName="victim-role", PermissionsBoundary=DENY_ALL)
    return keys


def quarantine(iam: Any) -> None:
    iam.tag_user(UserName="victim", Tags=TAGS)
    iam.tag_role(RoleName="victim-role", Tags=TAGS)


USER, ROLE = {"UserName": "victim"}, {"RoleName": "victim-role"}
INLINE = {"PolicyName": "own", "PolicyDocument": policy(EVERYTHING)}
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("detach_user_policy", USER | {"PolicyArn": DENY_ALL}),
    ("detach_role_policy", ROLE | {"PolicyArn": DENY_ALL}),
    ("attach_user_policy", USER | {"PolicyArn": ADMIN}),
    ("attach_role_policy", ROLE | {"PolicyArn": ADMIN}),
    ("put_user_policy", USER | INLINE),
    ("put_role_policy", ROLE | INLINE),
    ("delete_user_policy", USER | {"PolicyName": "own"}),
    ("delete_role_policy", ROLE | {"PolicyName": "own"}),
    ("delete_user_permissions_boundary", USER),
    ("delete_role_permissions_boundary", ROLE),
    ("put_user_permissions_boundary", USER | {"PermissionsBoundary": BOUNDARY}),
    ("put_role_permissions_boundary", ROLE | {"PermissionsBoundary": BOUNDARY}),
    ("create_access_key", USER),
    ("update_login_profile", USER | {"Password": "another-Passw0rd!"}),
    ("delete_login_profile", USER),
    ("update_assume_role_policy", ROLE | {"PolicyDocument": TRUST}),
    ("update_role", ROLE | {"MaxSessionDuration": 43200}),
    ("update_user", USER | {"NewUserName": "somebody-else"}),
    ("tag_user", USER | {"Tags": [{"Key": "team", "Value": "orders"}]}),
    ("untag_user", USER | {"TagKeys": [KEY]}),
    ("untag_role", ROLE | {"TagKeys": [KEY]}),
    ("untag_user", USER | {"TagKeys": [KEY.upper()]}),
    ("tag_user", USER | {"Tags": [{"Key": KEY, "Value": ""}]}),
]


@pytest.mark.parametrize(("operation", "given"), CHANGES)
def test_an_administrator_changes_nothing_about_who_is_under_quarantine(
    world: World, admin: Keys, victim: Keys, operation: str, given: dict[str, Any]
) -> None:
    quarantine(world.operator("iam", SHOP))
    assert code(getattr(admin("iam"), operation), **given) == "AccessDenied"


def test_the_contain_role_may_do_each_of_these(world: World, victim: Keys, contain: Keys) -> None:
    iam = contain("iam")
    quarantine(iam)
    done = [code(getattr(iam, operation), **given) for operation, given in CHANGES[:-6]]
    assert done == [None] * len(done)
    assert code(iam.untag_user, **USER, TagKeys=[KEY]) is None
    assert code(iam.untag_role, **ROLE, TagKeys=[KEY]) is None


def test_everybody_may_still_look(world: World, admin: Keys, victim: Keys) -> None:
    quarantine(world.operator("iam", SHOP))
    assert code(admin("iam").get_user, **USER) is None
    assert code(admin("iam").list_access_keys, **USER) is None
    assert code(admin("iam").get_role, **ROLE) is None


# Of who carries no tag: what cut it stays, and the rest is the account's own business.
_STAYS = {
    "detach_user_policy",
    "detach_role_policy",
    "delete_user_permissions_boundary",
    "delete_role_permissions_boundary",
}


@pytest.mark.parametrize(("operation", "given"), CHANGES[:-4])
def test_without_the_tag_only_the_denies_are_guarded(
    admin: Keys, victim: Keys, operation: str, given: dict[str, Any]
) -> None:
    expected = "AccessDenied" if operation in _STAYS else None
    assert code(getattr(admin("iam"), operation), **given) == expected


def test_who_is_under_quarantine_may_do_nothing_whatever_the_account_allows(
    world: World, contain: Keys
) -> None:
    thief = world.user("victim", EVERYTHING, account=SHOP)
    role = world.role("victim-role", EVERYTHING, account=SHOP)
    session = world.session(role)
    assert code(thief("s3").list_buckets) is None
    quarantine(contain("iam"))
    key = world.operator("iam", SHOP).create_access_key(**USER)["AccessKey"]
    minted = opening(key["AccessKeyId"], key["SecretAccessKey"])
    for keys in (thief, minted, session, world.session(role, "made-since")):
        assert code(keys("s3").list_buckets) == "AccessDenied"
        assert code(keys("iam").untag_user, **USER, TagKeys=[KEY]) == "AccessDenied"
        assert code(keys("sts").assume_role, RoleArn=role, RoleSessionName="one") == "AccessDenied"
    contain("iam").untag_user(**USER, TagKeys=[KEY])
    assert code(thief("s3").list_buckets) is None


def test_a_session_that_brings_the_tag_itself_is_no_way_out(
    world: World, admin: Keys, contain: Keys
) -> None:
    role = world.role("victim-role", EVERYTHING, account=SHOP)
    trust = allow(["sts:AssumeRole", "sts:TagSession"], None) | {"Principal": {"AWS": SHOP}}
    world.operator("iam", SHOP).update_assume_role_policy(**ROLE, PolicyDocument=policy(trust))
    which = {"RoleArn": role, "RoleSessionName": "one"}
    for key in (KEY, KEY.title()):
        for keys in (admin, contain):
            assume = keys("sts").assume_role
            assert code(assume, **which, Tags=[{"Key": key, "Value": ""}]) == "AccessDenied"
    assert code(admin("sts").assume_role, **which, Tags=[{"Key": "a", "Value": ""}]) is None
    contain("iam").tag_role(**ROLE, Tags=TAGS)
    # As an identity provider from outside would make it, whom this policy does not bind.
    brought = world.session(role, Tags=[{"Key": KEY, "Value": ""}])
    assert code(brought("s3").list_buckets) == "AccessDenied"


def test_nobody_else_puts_anybody_under_quarantine(world: World, admin: Keys) -> None:
    world.user("honest", account=SHOP)
    iam = admin("iam")
    assert code(iam.tag_user, UserName="honest", Tags=TAGS) == "AccessDenied"
    assert code(iam.create_user, UserName="new", Tags=TAGS) == "AccessDenied"
    given = {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}
    assert code(iam.create_role, **given, Tags=TAGS) == "AccessDenied"
    assert code(iam.create_role, **given, Tags=[{"Key": "team", "Value": "a"}]) is None


# ---- who may become the contain role


@pytest.mark.parametrize("name", MEMBER_ROLES)
def test_nobody_makes_or_changes_a_role_of_ours(world: World, admin: Keys, name: str) -> None:
    made = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert code(admin("iam").create_role, **made) == "AccessDenied"
    world.role(name, account=SHOP)
    ours, iam = {"RoleName": name}, admin("iam")
    assert code(iam.update_assume_role_policy, **ours, PolicyDocument=TRUST) == "AccessDenied"
    assert code(iam.attach_role_policy, **ours, PolicyArn=ADMIN) == "AccessDenied"
    assert code(iam.delete_role, **ours) == "AccessDenied"
    assert code(iam.get_role, **ours) is None


def test_nobody_makes_a_role_that_the_contain_role_trusts(world: World) -> None:
    admin = world.user("admin", EVERYTHING, account=HOME)
    name = "breach-responder-ContainFunctionRole-mine"
    made = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert code(admin("iam").create_role, **made) == "AccessDenied"
    assert code(admin("iam").create_role, **(made | {"RoleName": "web"})) is None


def test_a_role_of_the_same_name_with_a_path_is_not_excepted(world: World, admin: Keys) -> None:
    made = admin("iam").create_role(
        RoleName="breach-responder-contain", Path="/mine/", AssumeRolePolicyDocument=TRUST
    )["Role"]["Arn"]
    admin("iam").put_role_policy(RoleName="breach-responder-contain", **INLINE)
    world.user("victim", account=SHOP)
    mine = world.session(made)
    assert code(mine("iam").tag_user, **USER, Tags=TAGS) == "AccessDenied"


def test_the_contain_role_is_entered_as_its_trust_policy_says(world: World) -> None:
    function = "breach-responder-ContainFunctionRole-1"
    responder = world.role(function, EVERYTHING, account=HOME)
    role = world.role("breach-responder-contain", account=SHOP, trusts={"AWS": responder})
    which = {"RoleArn": role, "RoleSessionName": "one"}
    assert code(world.session(responder)("sts").assume_role, **which) is None
    admin = world.user("admin", EVERYTHING, account=SHOP)
    assert code(admin("sts").assume_role, **which) == "AccessDenied"


def test_the_pipeline_changes_our_roles_and_nobody_else_becomes_it() -> None:
    with a_world() as world:
        guarded(world, PIPELINE)
        pipeline = world.session(world.role("stacksets-exec-1a2b", EVERYTHING, account=SHOP))
        made = {"RoleName": "breach-responder-contain", "AssumeRolePolicyDocument": TRUST}
        assert code(pipeline("iam").create_role, **made) is None
        admin = world.user("admin", EVERYTHING, account=SHOP)("iam")
        mine = {"RoleName": "stacksets-exec-mine", "AssumeRolePolicyDocument": TRUST}
        assert code(admin.create_role, **mine) == "AccessDenied"
        given = {"RoleName": "stacksets-exec-1a2b", "PolicyDocument": TRUST}
        assert code(admin.update_assume_role_policy, **given) == "AccessDenied"


def test_no_account_leaves_the_organization(admin: Keys) -> None:
    assert code(admin("organizations").leave_organization) == "AccessDeniedException"
