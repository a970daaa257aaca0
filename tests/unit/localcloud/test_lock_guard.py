"""What protects evidence holds here as it does in S3, against everybody."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import HOME, REGION
from tests.unit.localcloud.judging import STARTS_AT, World, a_world, allow, code

YEAR = timedelta(days=365)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def a_vault(world: World, mode: str | None = None) -> Any:
    """A bucket with Object Lock, and the operator's client for it."""
    s3 = world.operator("s3")
    where = {"LocationConstraint": REGION}
    s3.create_bucket(
        Bucket="vault", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    if mode is not None:
        rule = {"DefaultRetention": {"Mode": mode, "Days": 365}}
        s3.put_object_lock_configuration(
            Bucket="vault",
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
    return s3


def put(s3: Any, **more: Any) -> dict[str, str]:
    """One object, and how to name it."""
    answer = s3.put_object(Bucket="vault", Key="a", Body=b"evidence", **more)
    return {"Bucket": "vault", "Key": "a", "VersionId": answer["VersionId"]}


@pytest.mark.parametrize("bypass", [True, False])
def test_nobody_deletes_a_version_locked_for_compliance(world: World, bypass: bool) -> None:
    s3 = a_vault(world, "COMPLIANCE")
    which = put(s3)
    admin = world.user("admin", allow("*"))("s3")
    given = {**which, "BypassGovernanceRetention": bypass}
    for client in (s3, admin):
        assert code(client.delete_object, **given) == "AccessDenied"
        one = {"Key": "a", "VersionId": which["VersionId"]}
        answer = client.delete_objects(
            Bucket="vault", Delete={"Objects": [one]}, BypassGovernanceRetention=bypass
        )
        assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert s3.get_object(**which)["Body"].read() == b"evidence"


def test_after_the_lock_it_can_be_deleted(world: World) -> None:
    s3 = a_vault(world, "COMPLIANCE")
    which = put(s3)
    world.clock.advance(YEAR + timedelta(seconds=1))
    assert code(s3.delete_object, **which) is None


def test_governance_gives_way_to_the_right_and_the_header(world: World) -> None:
    s3 = a_vault(world, "GOVERNANCE")
    which = put(s3)
    deletes = world.user("deletes", allow(["s3:DeleteObject", "s3:DeleteObjectVersion"]))("s3")
    passes = world.user("passes", allow("s3:*"))("s3")
    assert code(passes.delete_object, **which) == "AccessDenied"
    given = {**which, "BypassGovernanceRetention": True}
    assert code(deletes.delete_object, **given) == "AccessDenied"
    assert code(passes.delete_object, **given) is None


def test_the_retention_of_an_object_can_be_read(world: World) -> None:
    s3 = a_vault(world, "COMPLIANCE")
    which = put(s3)
    found = s3.get_object_retention(**which)["Retention"]
    assert found == {"Mode": "COMPLIANCE", "RetainUntilDate": STARTS_AT + YEAR}
    missing = {"Bucket": "vault", "Key": "missing"}
    assert code(s3.get_object_retention, **missing) == "NoSuchKey"
    assert world.switchboard.faked == ("s3:GetObjectRetention",)


def test_an_object_without_a_lock_says_so(world: World) -> None:
    s3 = a_vault(world)
    which = put(s3)
    assert code(s3.get_object_retention, **which) == "NoSuchObjectLockConfiguration"


def test_compliance_is_only_ever_lengthened(world: World) -> None:
    s3 = a_vault(world, "COMPLIANCE")
    which = put(s3)
    for mode, span in (("COMPLIANCE", YEAR / 2), ("GOVERNANCE", YEAR * 2)):
        retention = {"Mode": mode, "RetainUntilDate": STARTS_AT + span}
        given = {**which, "Retention": retention, "BypassGovernanceRetention": True}
        assert code(s3.put_object_retention, **given) == "AccessDenied"
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": STARTS_AT + YEAR * 2}
    assert code(s3.put_object_retention, **which, Retention=longer) is None
    assert s3.get_object_retention(**which)["Retention"] == longer


def test_governance_is_shortened_only_past_the_lock(world: World) -> None:
    s3 = a_vault(world, "GOVERNANCE")
    which = put(s3)
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": STARTS_AT + YEAR / 2}
    assert code(s3.put_object_retention, **which, Retention=shorter) == "AccessDenied"
    given = {**which, "Retention": shorter, "BypassGovernanceRetention": True}
    assert code(s3.put_object_retention, **given) is None


def test_a_lock_into_the_past_is_refused(world: World) -> None:
    s3 = a_vault(world)
    past = STARTS_AT - timedelta(days=1)
    given: dict[str, Any] = {
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": past,
    }
    upload = {"Bucket": "vault", "Key": "b", "Body": b"b", **given}
    assert code(s3.put_object, **upload) == "InvalidArgument"
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": past}
    assert code(s3.put_object_retention, **put(s3), Retention=retention) == "InvalidArgument"


def test_versions_of_a_locked_bucket_cannot_be_suspended(world: World) -> None:
    s3 = a_vault(world)
    given = {"Bucket": "vault", "VersioningConfiguration": {"Status": "Suspended"}}
    assert code(s3.put_bucket_versioning, **given) == "InvalidBucketState"


def test_a_bucket_without_the_lock_takes_no_lock(world: World) -> None:
    s3 = world.operator("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    until = STARTS_AT + YEAR
    given = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    upload = {"Bucket": "plain", "Key": "a", "Body": b"a"}
    assert code(s3.put_object, **upload, **given) == "InvalidRequest"


def test_a_digest_that_does_not_fit_is_refused(world: World) -> None:
    s3 = a_vault(world, "COMPLIANCE")
    right = base64.b64encode(hashlib.sha256(b"evidence").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    upload = {"Bucket": "vault", "Key": "a", "Body": b"evidence", "ChecksumAlgorithm": "SHA256"}
    assert code(s3.put_object, **upload, ChecksumSHA256=wrong) == "BadDigest"
    assert code(s3.head_object, Bucket="vault", Key="a") == "404"
    assert code(s3.put_object, **upload, ChecksumSHA256=right) is None


def test_another_owner_than_expected_is_refused(world: World) -> None:
    s3 = a_vault(world)
    upload = {"Bucket": "vault", "Key": "a", "Body": b"a"}
    assert code(s3.put_object, **upload, ExpectedBucketOwner="111122223333") == "AccessDenied"
    assert code(s3.put_object, **upload, ExpectedBucketOwner=HOME) is None


def test_who_is_denied_the_right_learns_nothing_of_the_lock(world: World) -> None:
    which = put(a_vault(world, "COMPLIANCE"))
    nobody = world.user("nobody")("s3")
    assert code(nobody.get_object_retention, **which) == "AccessDenied"


def test_an_upload_needs_a_key_that_works(world: World) -> None:
    s3, kms = a_vault(world), world.operator("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    upload = {"Bucket": "vault", "Key": "a", "Body": b"a", "ServerSideEncryption": "aws:kms"}
    missing = f"{key[:-12]}000000000000"
    assert code(s3.put_object, **upload, SSEKMSKeyId=missing) == "KMS.NotFoundException"
    assert code(s3.put_object, **upload, SSEKMSKeyId=key) is None
    kms.disable_key(KeyId=key.rpartition("/")[2])  # moto knows it by its id alone
    assert code(s3.put_object, **upload, SSEKMSKeyId=key) == "KMS.DisabledException"
    assert code(s3.get_object, Bucket="vault", Key="a") == "KMS.DisabledException"


def test_a_bucket_whose_owner_is_enforced_takes_no_acl_from_anybody(world: World) -> None:
    s3 = a_vault(world)
    rules: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket="vault", OwnershipControls=rules)
    refused = "AccessControlListNotSupported"
    assert code(s3.put_bucket_acl, Bucket="vault", ACL="public-read") == refused
    assert code(s3.put_object_acl, **put(s3), ACL="public-read") == refused


def test_a_held_version_is_deleted_by_nobody_until_the_hold_is_off(world: World) -> None:
    s3 = a_vault(world)
    which = put(s3)
    assert code(s3.get_object_legal_hold, **which) == "NoSuchObjectLockConfiguration"
    s3.put_object_legal_hold(**which, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**which)["LegalHold"] == {"Status": "ON"}
    assert code(s3.delete_object, **which, BypassGovernanceRetention=True) == "AccessDenied"
    s3.put_object_legal_hold(**which, LegalHold={"Status": "OFF"})
    s3.delete_object(**which)
    for call in (s3.get_object_legal_hold, s3.put_object_legal_hold):
        more = {} if call == s3.get_object_legal_hold else {"LegalHold": {"Status": "ON"}}
        assert code(call, **which, **more) == "NoSuchVersion"


def test_the_right_to_hold_can_be_given_without_the_right_to_lift(world: World) -> None:
    s3 = a_vault(world)
    which = put(s3)
    on = {"StringEquals": {"s3:object-lock-legal-hold": "ON"}}
    holder = world.user("holder", {**allow("s3:PutObjectLegalHold"), "Condition": on})("s3")
    holder.put_object_legal_hold(**which, LegalHold={"Status": "ON"})
    off = {"LegalHold": {"Status": "OFF"}}
    assert code(holder.put_object_legal_hold, **which, **off) == "AccessDenied"
    assert s3.get_object_legal_hold(**which)["LegalHold"] == {"Status": "ON"}
