"""What IAM is documented to answer, asked through real clients with the keys of people."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.stack import Unsupported
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import (
    DENY_ALL,
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


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def exports(world: World) -> str:
    """A bucket in the shop's account, with one object."""
    s3 = world.operator("s3", SHOP)
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="exports", Key="2026/orders.csv", Body=b"a,b")
    return "exports"


# ---- identity policies


def test_what_was_never_granted_is_refused(world: World) -> None:
    keys = world.user("alice")
    assert code(keys("iam").list_users) == "AccessDenied"
    assert code(keys("ec2").describe_instances) == "UnauthorizedOperation"
    assert code(keys("dynamodb").list_tables) == "AccessDeniedException"
    assert code(keys("sns").list_topics) == "AuthorizationError"
    assert code(keys("s3").list_buckets) == "AccessDenied"


def test_anybody_with_a_valid_key_may_ask_who_they_are(world: World) -> None:
    keys = world.user("alice", deny("*"))
    assert keys("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{HOME}:user/alice"


def test_a_user_who_may_do_everything_lists_functions(world: World) -> None:
    assert code(world.user("admin", EVERYTHING)("lambda").list_functions) is None


@pytest.mark.parametrize("how", ["attached", "inline", "in a group"])
def test_an_explicit_deny_wins_wherever_it_stands(world: World, how: str) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    assert code(keys("ec2").describe_instances) is None
    if how == "attached":
        iam.attach_user_policy(UserName="alice", PolicyArn=DENY_ALL)
    elif how == "inline":
        iam.put_user_policy(UserName="alice", PolicyName="cut", PolicyDocument=policy(deny("*")))
    else:
        iam.create_group(GroupName="cut")
        iam.put_group_policy(GroupName="cut", PolicyName="cut", PolicyDocument=policy(deny("*")))
        iam.add_user_to_group(GroupName="cut", UserName="alice")
    assert code(keys("ec2").describe_instances) == "UnauthorizedOperation"
    assert code(keys("s3").list_buckets) == "AccessDenied"
    assert code(keys("sts").get_caller_identity) is None


def test_a_group_grants(world: World) -> None:
    keys, iam = world.user("alice"), world.operator("iam")
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(
        GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    )
    iam.add_user_to_group(GroupName="readers", UserName="alice")
    assert code(keys("iam").list_users) is None
    assert code(keys("iam").create_user, UserName="bob") == "AccessDenied"


def test_actions_match_in_any_case_and_with_a_question_mark(world: World) -> None:
    keys = world.user("alice", EVERYTHING, deny(["IAM:listUSERS", "iam:ListRole?"]))
    assert code(keys("iam").list_users) == "AccessDenied"
    assert code(keys("iam").list_roles) == "AccessDenied"
    assert code(keys("iam").list_groups) is None


def test_deny_everything_but_one_resource(world: World) -> None:
    own = f"arn:aws:iam::{HOME}:user/alice"
    statement = deny("iam:*") | {"NotResource": own}
    del statement["Resource"]
    keys = world.user("alice", EVERYTHING, statement)
    world.user("bob")
    assert code(keys("iam").get_user, UserName="alice") is None
    assert code(keys("iam").get_user, UserName="bob") == "AccessDenied"


def test_not_action_allows_the_rest(world: World) -> None:
    statement = allow("iam:*") | {"NotAction": ["iam:*"]}
    del statement["Action"]
    keys = world.user("alice", statement)
    assert code(keys("s3").list_buckets) is None
    assert code(keys("iam").list_users) == "AccessDenied"


def test_policy_variables_stand_for_the_caller(world: World) -> None:
    mine = allow("iam:GetUser", "arn:aws:iam::*:user/${aws:username}")
    keys = world.user("alice", mine)
    world.user("bob")
    assert code(keys("iam").get_user, UserName="alice") is None
    assert code(keys("iam").get_user, UserName="bob") == "AccessDenied"


def test_the_paths_of_resources_count(world: World) -> None:
    world.operator("iam").create_user(UserName="root-of-all", Path="/break-glass/")
    keys = world.user("alice", EVERYTHING, deny("iam:*", f"arn:aws:iam::{HOME}:user/break-glass/*"))
    assert code(keys("iam").get_user, UserName="root-of-all") == "AccessDenied"


# ---- keys


def test_an_inactive_key_is_refused_in_the_words_of_each_service(world: World) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    [key] = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    which = {"UserName": "alice", "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**which, Status="Inactive")
    assert code(keys("sts").get_caller_identity) == "InvalidClientTokenId"
    assert code(keys("iam").list_users) == "InvalidClientTokenId"
    assert code(keys("ec2").describe_instances) == "AuthFailure"
    assert code(keys("s3").list_buckets) == "InvalidAccessKeyId"
    assert code(keys("dynamodb").list_tables) == "UnrecognizedClientException"
    iam.update_access_key(**which, Status="Active")
    assert code(keys("sts").get_caller_identity) is None
    iam.delete_access_key(**which)
    assert code(keys("sts").get_caller_identity) == "InvalidClientTokenId"


def test_a_wrong_secret_and_a_wrong_token_are_refused(world: World) -> None:
    world.user("alice", EVERYTHING)
    [key] = world.operator("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"]
    guessed = opening(key["AccessKeyId"], "guessed")
    assert code(guessed("sts").get_caller_identity) == "SignatureDoesNotMatch"
    role = world.role("web", EVERYTHING)
    made = world.operator("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    forged = opening(made["AccessKeyId"], made["SecretAccessKey"], "forged")
    assert code(forged("s3").list_buckets) == "InvalidAccessKeyId"


def test_a_key_that_never_was_is_refused(world: World) -> None:
    keys = opening("AKIANEVERMADE0000000", "x")
    assert code(keys("sts").get_caller_identity) == "InvalidClientTokenId"


# ---- sessions


def test_a_role_is_assumed_only_by_whom_it_trusts_and_with_the_external_id(world: World) -> None:
    keys = world.user("alice", allow("sts:AssumeRole"))
    world.user("bob", allow("sts:AssumeRole"))
    condition = {"StringEquals": {"sts:ExternalId": "a-long-external-id"}}
    arn = world.role("narrow", trusts={"AWS": f"arn:aws:iam::{HOME}:user/alice"})
    trust = allow("sts:AssumeRole", None, Condition=condition) | {
        "Principal": {"AWS": f"arn:aws:iam::{HOME}:user/alice"}
    }
    world.operator("iam").update_assume_role_policy(RoleName="narrow", PolicyDocument=policy(trust))
    which = {"RoleArn": arn, "RoleSessionName": "one"}
    assume = keys("sts").assume_role
    assert code(assume, **which) == "AccessDenied"
    assert code(assume, **which, ExternalId="a-guess") == "AccessDenied"
    assert code(assume, **which, ExternalId="a-long-external-id") is None


def test_trust_in_the_account_leaves_it_to_the_account(world: World) -> None:
    role = world.role("web", EVERYTHING)
    which = {"RoleArn": role, "RoleSessionName": "one"}
    assert code(world.user("none")("sts").assume_role, **which) == "AccessDenied"
    granted = world.user("some", allow("sts:AssumeRole", role))
    assert code(granted("sts").assume_role, **which) is None


def test_trust_in_the_user_needs_no_right_of_the_user_in_the_same_account(world: World) -> None:
    keys = world.user("alice")
    role = world.role("web", EVERYTHING, trusts={"AWS": f"arn:aws:iam::{HOME}:user/alice"})
    assert code(keys("sts").assume_role, RoleArn=role, RoleSessionName="one") is None


def test_another_account_needs_both_sides(world: World) -> None:
    role = world.role("there", EVERYTHING, account=SHOP, trusts={"AWS": f"{HOME}"})
    other = world.role("closed", EVERYTHING, account=SHOP, trusts={"AWS": f"{SHOP}"})
    both, one = world.user("both", allow("sts:AssumeRole")), world.user("one")
    assert code(both("sts").assume_role, RoleArn=role, RoleSessionName="one") is None
    assert code(one("sts").assume_role, RoleArn=role, RoleSessionName="one") == "AccessDenied"
    assert code(both("sts").assume_role, RoleArn=other, RoleSessionName="one") == "AccessDenied"


def test_trust_by_the_pattern_of_a_role(world: World) -> None:
    """As the member roles trust the responder's functions."""
    pattern = f"arn:aws:iam::{HOME}:role/responder-ContainFunctionRole-*"
    trust = allow("sts:AssumeRole", None, Condition={"ArnLike": {"aws:PrincipalArn": pattern}})
    narrow = world.role("narrow", account=SHOP)
    world.operator("iam", SHOP).update_assume_role_policy(
        RoleName="narrow", PolicyDocument=policy(trust | {"Principal": {"AWS": HOME}})
    )
    right = world.session(world.role("responder-ContainFunctionRole-1", allow("sts:AssumeRole")))
    wrong = world.session(world.role("responder-PlanFunctionRole-1", allow("sts:AssumeRole")))
    assert code(right("sts").assume_role, RoleArn=narrow, RoleSessionName="one") is None
    assert code(wrong("sts").assume_role, RoleArn=narrow, RoleSessionName="one") == "AccessDenied"


def test_a_role_that_is_not_there_cannot_be_assumed(world: World) -> None:
    keys = world.user("alice", EVERYTHING)
    missing = f"arn:aws:iam::{HOME}:role/missing"
    refused = code(keys("sts").assume_role, RoleArn=missing, RoleSessionName="one")
    assert refused == "AccessDenied"


def test_a_session_made_by_a_user_has_the_role_s_rights_and_not_the_user_s(world: World) -> None:
    keys = world.user("alice", EVERYTHING)
    role = world.role("narrow", allow("s3:ListAllMyBuckets"))
    session = opening_session(keys("sts").assume_role(RoleArn=role, RoleSessionName="one"))
    assert code(session("s3").list_buckets) is None
    assert code(session("iam").list_users) == "AccessDenied"
    assert session("sts").get_caller_identity()["Arn"].endswith("assumed-role/narrow/one")


def test_sessions_from_before_the_cut_are_dead_and_later_ones_serve(world: World) -> None:
    role = world.role("web", EVERYTHING)
    old = world.session(role)
    assert code(old("s3").list_buckets) is None
    world.clock.advance(timedelta(minutes=10))
    cut = world.clock.now() + timedelta(seconds=30)
    condition = {"DateLessThan": {"aws:TokenIssueTime": cut.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    world.operator("iam").put_role_policy(
        RoleName="web", PolicyName="cut", PolicyDocument=policy(deny("*", Condition=condition))
    )
    during = world.session(role)
    world.clock.advance(timedelta(seconds=31))
    after = world.session(role)
    assert code(old("s3").list_buckets) == "AccessDenied"
    assert code(during("s3").list_buckets) == "AccessDenied"
    assert code(after("s3").list_buckets) is None


def test_a_cut_by_issue_time_does_nothing_to_a_long_term_key(world: World) -> None:
    condition = {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}}
    keys = world.user("alice", EVERYTHING, deny("*", Condition=condition))
    assert code(keys("s3").list_buckets) is None


def test_one_session_can_be_denied_by_its_name(world: World) -> None:
    role = world.role("web", EVERYTHING)
    role_id = world.operator("iam").get_role(RoleName="web")["Role"]["RoleId"]
    condition = {"StringEquals": {"aws:userid": f"{role_id}:thief"}}
    world.operator("iam").put_role_policy(
        RoleName="web", PolicyName="cut", PolicyDocument=policy(deny("*", Condition=condition))
    )
    assert code(world.session(role, "thief")("s3").list_buckets) == "AccessDenied"
    assert code(world.session(role, "honest")("s3").list_buckets) is None


def test_sessions_end(world: World) -> None:
    session = world.session(world.role("web", EVERYTHING), DurationSeconds=900)
    assert code(session("s3").list_buckets) is None
    world.clock.advance(timedelta(minutes=16))
    assert code(session("s3").list_buckets) == "ExpiredToken"
    assert code(session("dynamodb").list_tables) == "ExpiredTokenException"


def test_a_session_policy_limits_and_never_grants(world: World) -> None:
    role = world.role("web", allow(["s3:*", "iam:*"]))
    session = world.session(role, Policy=policy(allow(["s3:ListAllMyBuckets", "sns:*"])))
    assert code(session("s3").list_buckets) is None
    assert code(session("iam").list_users) == "AccessDenied"
    assert code(session("sns").list_topics) == "AuthorizationError"


def test_a_managed_session_policy_limits(world: World) -> None:
    read_only = {"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}
    session = world.session(world.role("web", EVERYTHING), PolicyArns=[read_only])
    assert code(session("iam").list_users) is None
    assert code(session("s3").list_buckets) == "AccessDenied"


def test_a_deleted_role_s_sessions_are_dead(world: World) -> None:
    session = world.session(world.role("web"))
    world.operator("iam").delete_role(RoleName="web")
    assert code(session("sts").get_caller_identity) == "InvalidClientTokenId"


def test_session_tags_are_principal_tags(world: World) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "orders"}}
    role = world.role("web", allow("s3:ListAllMyBuckets", Condition=condition))
    tagged = world.session(role, Tags=[{"Key": "team", "Value": "orders"}])
    assert code(tagged("s3").list_buckets) is None
    assert code(world.session(role)("s3").list_buckets) == "AccessDenied"


# ---- boundaries


def test_a_user_s_boundary_limits(world: World) -> None:
    keys, iam = world.user("alice", EVERYTHING), world.operator("iam")
    assert code(keys("s3").list_buckets) is None
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=DENY_ALL)
    boundary = iam.get_user(UserName="alice")["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == DENY_ALL
    assert code(keys("s3").list_buckets) == "AccessDenied"
    iam.delete_user_permissions_boundary(UserName="alice")
    assert "PermissionsBoundary" not in iam.get_user(UserName="alice")["User"]
    assert code(keys("s3").list_buckets) is None
    assert code(iam.delete_user_permissions_boundary, UserName="alice") == "NoSuchEntity"
    assert "iam:PutUserPermissionsBoundary" in world.switchboard.faked


def test_a_role_s_boundary_limits(world: World) -> None:
    role = world.role("web", EVERYTHING)
    world.operator("iam").put_role_permissions_boundary(
        RoleName="web", PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    )
    session = world.session(role)
    assert code(session("iam").list_users) is None
    assert code(session("s3").list_buckets) == "AccessDenied"


@pytest.mark.parametrize("kind", ["user", "role"])
def test_who_may_delete_one_boundary_may_not_delete_another(world: World, kind: str) -> None:
    own_boundary = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    deleting = f"iam:Delete{kind.title()}PermissionsBoundary"
    only_the_deny = {"ArnEquals": {"iam:PermissionsBoundary": DENY_ALL}}
    deleter = world.user("deleter", allow(deleting, Condition=only_the_deny))("iam")
    owner, named = world.operator("iam"), {f"{kind.title()}Name": "web"}
    if kind == "user":
        owner.create_user(UserName="web")
    else:
        world.role("web")
    put = getattr(owner, f"put_{kind}_permissions_boundary")
    delete = getattr(deleter, f"delete_{kind}_permissions_boundary")
    put(**named, PermissionsBoundary=own_boundary)
    assert code(delete, **named) == "AccessDenied"
    put(**named, PermissionsBoundary=DENY_ALL)
    assert code(delete, **named) is None


# ---- bucket policies


def test_the_bucket_s_policy_denies_whom_iam_allows(world: World, exports: str) -> None:
    keys = world.user("alice", EVERYTHING, account=SHOP)
    statement = deny("s3:ListBucket", "arn:aws:s3:::exports")
    principal = {"Principal": {"AWS": f"arn:aws:iam::{SHOP}:user/alice"}}
    world.operator("s3", SHOP).put_bucket_policy(
        Bucket=exports, Policy=policy(statement | principal)
    )
    assert code(keys("s3").list_objects_v2, Bucket=exports) == "AccessDenied"
    assert code(keys("s3").get_object, Bucket=exports, Key="2026/orders.csv") is None


def test_the_bucket_s_policy_alone_grants_in_the_same_account(world: World, exports: str) -> None:
    keys = world.user("alice", account=SHOP)
    which = {"Bucket": exports, "Key": "2026/orders.csv"}
    assert code(keys("s3").get_object, **which) == "AccessDenied"
    statement = allow("s3:GetObject", "arn:aws:s3:::exports/*")
    principal = {"Principal": {"AWS": f"arn:aws:iam::{SHOP}:user/alice"}}
    world.operator("s3", SHOP).put_bucket_policy(
        Bucket=exports, Policy=policy(statement | principal)
    )
    assert code(keys("s3").get_object, **which) is None


def test_another_account_s_bucket_needs_both_sides(world: World, exports: str) -> None:
    granted, bare = world.user("granted", allow("s3:*")), world.user("bare")
    which = {"Bucket": exports, "Key": "2026/orders.csv"}
    assert code(granted("s3").get_object, **which) == "AccessDenied"
    statement = allow("s3:GetObject", "arn:aws:s3:::exports/*")
    world.operator("s3", SHOP).put_bucket_policy(
        Bucket=exports,
        Policy=policy(statement | {"Principal": {"AWS": f"arn:aws:iam::{HOME}:root"}}),
    )
    assert code(granted("s3").get_object, **which) is None
    assert code(bare("s3").get_object, **which) == "AccessDenied"


def test_a_policy_against_plain_http_hinders_nobody(world: World, exports: str) -> None:
    """Moto reads it without its condition, and would refuse every upload."""
    statement = deny("s3:*", ["arn:aws:s3:::exports", "arn:aws:s3:::exports/*"])
    condition = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}, "Principal": "*"}
    world.operator("s3", SHOP).put_bucket_policy(
        Bucket=exports, Policy=policy(statement | condition)
    )
    keys = world.user("alice", EVERYTHING, account=SHOP)
    assert code(keys("s3").put_object, Bucket=exports, Key="a", Body=b"a") is None


def test_not_principal_denies_everybody_else(world: World, exports: str) -> None:
    alice = world.user("alice", EVERYTHING, account=SHOP)
    bob = world.user("bob", EVERYTHING, account=SHOP)
    names = [f"arn:aws:iam::{SHOP}:user/alice", f"arn:aws:iam::{SHOP}:root"]
    statement = deny("s3:ListBucket", "arn:aws:s3:::exports") | {"NotPrincipal": {"AWS": names}}
    world.operator("s3", SHOP).put_bucket_policy(Bucket=exports, Policy=policy(statement))
    assert code(alice("s3").list_objects_v2, Bucket=exports) is None
    assert code(bob("s3").list_objects_v2, Bucket=exports) == "AccessDenied"


def test_deleting_a_version_is_a_right_of_its_own(world: World, exports: str) -> None:
    s3 = world.operator("s3", SHOP)
    s3.put_bucket_versioning(Bucket=exports, VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket=exports, Key="a", Body=b"a")
    keys = world.user("alice", allow("s3:DeleteObject"), account=SHOP)
    which = {"Bucket": exports, "Key": "a"}
    assert code(keys("s3").delete_object, **which) is None
    refused = code(keys("s3").delete_object, **which, VersionId=put["VersionId"])
    assert refused == "AccessDenied"


def test_a_name_that_is_not_there_is_told_only_to_who_may_list(world: World, exports: str) -> None:
    reads = world.user("reads", allow("s3:GetObject"), account=SHOP)
    lists = world.user("lists", allow(["s3:GetObject", "s3:ListBucket"]), account=SHOP)
    nobody = world.user("nobody", account=SHOP)
    assert code(nobody("s3").head_object, Bucket=exports, Key="2026/orders.csv") == "403"
    which = {"Bucket": exports, "Key": "missing"}
    assert code(reads("s3").get_object, **which) == "AccessDenied"
    assert code(lists("s3").get_object, **which) == "NoSuchKey"


def test_copying_needs_reading_there_and_writing_here(world: World, exports: str) -> None:
    writes = world.user("writes", allow("s3:PutObject"), account=SHOP)
    both = world.user("both", allow(["s3:PutObject", "s3:GetObject"]), account=SHOP)
    which: dict[str, Any] = {
        "Bucket": exports,
        "Key": "copy",
        "CopySource": {"Bucket": exports, "Key": "2026/orders.csv"},
    }
    assert code(writes("s3").copy_object, **which) == "AccessDenied"
    assert code(both("s3").copy_object, **which) is None


# ---- keys of KMS


def _key(world: World, *statements: dict[str, Any]) -> str:
    kms = world.operator("kms")
    given = {"Policy": policy(*statements)} if statements else {}
    return str(kms.create_key(**given)["KeyMetadata"]["Arn"])


ACCOUNT = {"Principal": {"AWS": f"arn:aws:iam::{HOME}:root"}}


def test_without_the_key_policy_iam_grants_nothing(world: World) -> None:
    only_bob = allow("kms:*") | {"Principal": {"AWS": f"arn:aws:iam::{HOME}:user/bob"}}
    alice, bob = world.user("alice", EVERYTHING), world.user("bob")
    key = _key(world, only_bob)
    assert code(alice("kms").encrypt, KeyId=key, Plaintext=b"a") == "AccessDeniedException"
    assert code(bob("kms").encrypt, KeyId=key, Plaintext=b"a") is None


def test_the_default_key_policy_leaves_it_to_iam(world: World) -> None:
    key = _key(world)
    granted, bare = world.user("granted", allow("kms:Encrypt", key)), world.user("bare")
    assert code(granted("kms").encrypt, KeyId=key, Plaintext=b"a") is None
    assert code(bare("kms").encrypt, KeyId=key, Plaintext=b"a") == "AccessDeniedException"


def test_an_alias_and_an_id_are_the_same_key(world: World) -> None:
    key = _key(world)
    world.operator("kms").create_alias(AliasName="alias/one", TargetKeyId=key)
    keys = world.user("alice", allow("kms:Encrypt", key))
    for given in (key, key.rpartition("/")[2], "alias/one"):
        assert code(keys("kms").encrypt, KeyId=given, Plaintext=b"a") is None


def test_a_key_that_locks_investigators_out_locks_the_object(world: World, exports: str) -> None:
    """S3 asks KMS in the caller's name: reading the bucket is not enough."""
    s3 = world.operator("s3")
    s3.create_bucket(Bucket="vault", CreateBucketConfiguration={"LocationConstraint": REGION})
    key = _key(world, allow("kms:*") | ACCOUNT)
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket="vault", Key="a", Body=b"a", **encrypted)
    reads = world.user("reads", allow(["s3:GetObject", "s3:PutObject", "s3:ListBucket"]))
    both = world.user("both", allow(["s3:*", "kms:Decrypt", "kms:GenerateDataKey"]))
    assert code(reads("s3").get_object, Bucket="vault", Key="a") == "AccessDenied"
    put = {"Bucket": "vault", "Key": "b", "Body": b"b"}
    assert code(reads("s3").put_object, **put, **encrypted) == "AccessDenied"
    assert code(both("s3").get_object, Bucket="vault", Key="a") is None
    assert code(both("s3").put_object, **put, **encrypted) is None


def test_the_bucket_s_default_key_counts_too(world: World) -> None:
    s3, key = world.operator("s3"), _key(world, allow("kms:*") | ACCOUNT)
    s3.create_bucket(Bucket="vault", CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
    s3.put_bucket_encryption(Bucket="vault", ServerSideEncryptionConfiguration=rules)
    keys = world.user("alice", allow("s3:*"))
    assert code(keys("s3").put_object, Bucket="vault", Key="a", Body=b"a") == "AccessDenied"


def test_a_topic_s_key_is_used_in_the_publisher_s_name(world: World) -> None:
    condition = {
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": HOME,
                "kms:ViaService": f"sns.{REGION}.amazonaws.com",
            }
        }
    }
    use = allow(["kms:GenerateDataKey*", "kms:Decrypt"]) | {"Principal": {"AWS": "*"}} | condition
    open_key, closed_key = _key(world, use), _key(world)
    sns, keys = world.operator("sns"), world.user("alice", allow("sns:Publish"))
    topics = {
        name: sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
        for name, key in (("open", open_key), ("closed", closed_key))
    }
    assert code(keys("sns").publish, TopicArn=topics["open"], Message="a") is None
    refused = code(keys("sns").publish, TopicArn=topics["closed"], Message="a")
    assert refused == "KMSAccessDenied"
    assert [page.message for page in world.switchboard.published] == ["a"]


def test_a_table_s_key_is_used_in_the_reader_s_name(world: World) -> None:
    dynamodb, key = world.operator("dynamodb"), _key(world)
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    which = {"TableName": "t", "Key": {"pk": {"S": "a"}}}
    bare = world.user("bare", allow("dynamodb:GetItem"))
    both = world.user("both", allow(["dynamodb:GetItem", "kms:Decrypt"]))
    assert code(bare("dynamodb").get_item, **which) == "AccessDeniedException"
    assert code(both("dynamodb").get_item, **which) is None


def test_encryption_context_and_signing_conditions(world: World) -> None:
    context = {"StringEquals": {"kms:EncryptionContext:incident": "one"}}
    keys = world.user("alice", allow("kms:Encrypt", Condition=context))
    key = _key(world)
    given = {"KeyId": key, "Plaintext": b"a"}
    right, wrong = {"incident": "one"}, {"incident": "two"}
    assert code(keys("kms").encrypt, **given, EncryptionContext=right) is None
    refused = code(keys("kms").encrypt, **given, EncryptionContext=wrong)
    assert refused == "AccessDeniedException"


# ---- what else the product calls


def test_a_transaction_needs_the_right_of_each_of_its_parts(world: World) -> None:
    world.operator("dynamodb").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    put = {"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}}}}
    check = {
        "ConditionCheck": {
            "TableName": "t",
            "Key": {"pk": {"S": "b"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    table = f"arn:aws:dynamodb:{REGION}:{HOME}:table/t"
    puts = world.user("puts", allow("dynamodb:PutItem", table))
    both = world.user("both", allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], table))
    items = {"TransactItems": [put, check]}
    assert code(puts("dynamodb").transact_write_items, **items) == "AccessDeniedException"
    assert code(both("dynamodb").transact_write_items, **items) is None


def test_an_index_is_a_resource_of_its_own(world: World) -> None:
    table = f"arn:aws:dynamodb:{REGION}:{HOME}:table/t"
    keys = world.user("alice", allow("dynamodb:Query", table))
    given = {"TableName": "t", "IndexName": "by-due", "KeyConditionExpression": "a = :a"}
    assert code(keys("dynamodb").query, **given) == "AccessDeniedException"


def test_queues_let_other_accounts_in_by_their_policy(world: World) -> None:
    sqs, keys = world.operator("sqs"), world.user("alice", allow("sqs:*"), account=SHOP)
    url = sqs.create_queue(QueueName="intake")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{HOME}:intake"
    given = {"QueueUrl": url, "MessageBody": "a"}
    assert code(keys("sqs").send_message, **given) == "AccessDenied"
    statement = allow("sqs:SendMessage", arn) | {"Principal": {"AWS": SHOP}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
    before = code(keys("sqs").send_message, **given)
    assert before != "AccessDenied"


def test_a_queue_s_key_is_used_in_the_sender_s_name(world: World) -> None:
    key = _key(world)
    attributes = {"KmsMasterKeyId": key}
    url = world.operator("sqs").create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]
    bare = world.user("bare", allow("sqs:*"))
    both = world.user("both", allow(["sqs:*", "kms:GenerateDataKey", "kms:Decrypt"]))
    given = {"QueueUrl": url, "MessageBody": "a"}
    assert code(bare("sqs").send_message, **given) == "AccessDenied"
    assert code(both("sqs").send_message, **given) is None


def test_attaching_is_limited_to_one_policy(world: World) -> None:
    condition = {"ArnEquals": {"iam:PolicyARN": DENY_ALL}}
    keys = world.user("responder", allow("iam:AttachUserPolicy", Condition=condition))
    world.user("bob")
    attach = keys("iam").attach_user_policy
    assert code(attach, UserName="bob", PolicyArn=DENY_ALL) is None
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert code(attach, UserName="bob", PolicyArn=admin) == "AccessDenied"


def test_the_denial_says_who_what_where_and_why(world: World) -> None:
    keys = world.user("alice")
    with pytest.raises(ClientError) as refused:
        keys("iam").get_user(UserName="alice")
    assert refused.value.response["Error"]["Message"] == (
        f"User: arn:aws:iam::{HOME}:user/alice is not authorized to perform: iam:GetUser on"
        f" resource: arn:aws:iam::{HOME}:user/alice because no identity-based policy allows the"
        " iam:GetUser action"
    )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


# ---- never a guess


def test_an_unknown_key_is_refused_by_name(world: World) -> None:
    condition = {"StringEquals": {"ec2:Vpc": "vpc-1"}}
    keys = world.user("alice", allow("s3:ListAllMyBuckets", Condition=condition))
    with pytest.raises(Unsupported, match="ec2:Vpc"):
        keys("s3").list_buckets()
    [gap] = world.switchboard.unsupported
    assert "ec2:Vpc" in gap


def test_an_unknown_key_in_a_statement_about_something_else_is_no_matter(world: World) -> None:
    condition = {"StringEquals": {"ec2:Vpc": "vpc-1"}}
    statement = deny("ec2:RunInstances", Condition=condition)
    keys = world.user("alice", allow("s3:ListAllMyBuckets"), statement)
    assert code(keys("s3").list_buckets) is None


def test_a_call_whose_needs_are_not_known_is_refused_by_name(world: World) -> None:
    keys = world.user("alice", EVERYTHING)
    with pytest.raises(Unsupported, match="ec2:RunInstances"):
        keys("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    with pytest.raises(Unsupported, match="secretsmanager:ListSecrets"):
        keys("secretsmanager").list_secrets()


def test_bodies_are_not_read_into_the_record(world: World, exports: str) -> None:
    keys = world.user("alice", EVERYTHING, account=SHOP)
    secret = base64.b64encode(b"x" * 5000).decode()
    keys("s3").put_object(Bucket=exports, Key="a", Body=secret.encode())
    assert secret not in json.dumps(world.switchboard.calls[-1].params)
