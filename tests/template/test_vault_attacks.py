"""Attempts to publish, re-route or weaken the vault, by every role and by people with every right.

Here everybody has what an administrator has: what refuses is the vault's own policy alone.
"""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from localcloud.iam_identities import Identity
from tests.builders import HOME
from tests.template.roles import KEPT, VAULT, Thing, everybody, may, one_of, written

STRANGER = "999988887777"
VAULTS = [VAULT, HOME]
PEOPLE = ("administrator", "counsel", "custodian", "investigator")
OBJECT = "arn:aws:s3:::EvidenceBucket/inc-20261123-0a1b2c3d4e/x"
PUBLIC = {
    "Sid": "Public",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::EvidenceBucket", "arn:aws:s3:::EvidenceBucket/*"],
}


def policy(vault: str) -> dict[str, Any]:
    found: dict[str, Any] = written(KEPT, vault, vault)["EvidenceBucketPolicy"]["PolicyDocument"]
    return found


def an_object(vault: str, **told: str) -> Thing:
    return Thing(OBJECT, vault, policy(vault), told=told)


def the_bucket(vault: str) -> Thing:
    return Thing("arn:aws:s3:::EvidenceBucket", vault, policy(vault))


def a_key(name: str, vault: str, **told: str) -> Thing:
    document = written(KEPT, vault, vault)[name]["KeyPolicy"]
    return Thing(f"arn:aws:kms:us-west-2:{vault}:key/{name}", vault, document, True, told)


def anybody(vault: str) -> dict[str, Identity]:
    """Every role of the responder and every person, each with every right."""
    roles = {
        name: one_of(one.account, one.arn.rpartition("/")[2])
        for name, one in everybody(vault).items()
    }
    return roles | {name: one_of(vault, name) for name in PEOPLE}


def who(action: str, thing: Thing, vault: str) -> set[str]:
    return {name for name, one in anybody(vault).items() if may(one, action, thing)}


READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectLegalHold")


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("action", [*READS, "s3:PutObject", "s3:PutObjectLegalHold"])
def test_nobody_reaches_evidence_through_an_access_point(action: str, vault: str) -> None:
    point = f"arn:aws:s3:us-west-2:{vault}:accesspoint/side-door"
    told = {
        "s3:dataaccesspointarn": point,
        "s3:dataaccesspointaccount": vault,
        "s3:if-none-match": "*",
        "s3:object-lock-legal-hold": "ON",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": a_key("EvidenceKey", vault).arn,
    }
    assert who(action, an_object(vault, **told), vault) == set()
    without = {key: value for key, value in told.items() if "accesspoint" not in key}
    assert who(action, an_object(vault, **without), vault)  # the point is what refuses


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("action", [*READS, "s3:PutObject", "s3:DeleteObjectVersion"])
def test_a_public_statement_lets_no_stranger_in(action: str, vault: str) -> None:
    """As if the block of public access were off, and somebody had added it to the policy."""
    opened = copy.deepcopy(policy(vault))
    opened["Statement"].append(PUBLIC)
    thing = replace(an_object(vault), policy=opened)
    for name in ("administrator", "custodian"):
        assert not may(one_of(STRANGER, name), action, thing)
    # The same statement alone would let them in: it is the others that refuse.
    bare = {"Version": "2012-10-17", "Statement": [PUBLIC]}
    assert may(one_of(STRANGER, "administrator"), action, replace(thing, policy=bare))


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    "action",
    [
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:DeleteBucketWebsite",
        "s3:PutBucketAcl",
        "s3:PutBucketCORS",
        "s3:PutBucketLogging",
        "s3:PutBucketNotification",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutBucketWebsite",
        "s3:PutEncryptionConfiguration",
        "s3:PutInventoryConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    ],
)
def test_the_custodian_alone_changes_the_bucket(action: str, vault: str) -> None:
    assert who(action, the_bucket(vault), vault) == {"custodian"}


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    "action",
    [
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectTagging",
        "s3:DeleteObjectVersion",
        "s3:PutObjectAcl",
        "s3:PutObjectRetention",
        "s3:PutObjectTagging",
        "s3:PutObjectVersionAcl",
        "s3:ReplicateDelete",
        "s3:ReplicateObject",
    ],
)
def test_the_custodian_alone_changes_what_lies_in_it(action: str, vault: str) -> None:
    assert who(action, an_object(vault), vault) == {"custodian"}


WRITERS = {"Collect", "Seal", "Report", "Scope"}
GOOD = {"s3:if-none-match": "*", "s3:x-amz-content-sha256": "0" * 64}


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
        {"s3:x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
        {"s3:if-none-match": ""},
        {"s3:object-lock-mode": "GOVERNANCE"},
        {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:of:another"},
        {"s3:x-amz-server-side-encryption-aws-kms-key-id": ""},
    ],
    ids=str,
)
def test_only_writers_put_and_only_new_signed_and_encrypted_with_the_key(
    change: dict[str, str], vault: str
) -> None:
    """The custodian too puts nothing: what is in the vault, the responder put there."""
    by_key = {"s3:x-amz-server-side-encryption-aws-kms-key-id": a_key("EvidenceKey", vault).arn}
    told = {key: value for key, value in (GOOD | by_key | change).items() if value}
    assert who("s3:PutObject", an_object(vault, **told), vault) == (set() if change else WRITERS)
    assert not may(one_of(STRANGER, "administrator"), "s3:PutObject", an_object(vault, **told))


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("name", ["EvidenceKey", "SigningKey"])
@pytest.mark.parametrize(
    "action",
    [
        "kms:CreateAlias",
        "kms:CreateGrant",
        "kms:DeleteAlias",
        "kms:DeleteImportedKeyMaterial",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:ImportKeyMaterial",
        "kms:PutKeyPolicy",
        "kms:ReplicateKey",
        "kms:RevokeGrant",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateAlias",
    ],
)
def test_the_custodian_alone_ends_changes_or_grants_a_key(
    action: str, name: str, vault: str
) -> None:
    assert who(action, a_key(name, vault), vault) == {"custodian"}


@pytest.mark.parametrize("vault", VAULTS)
def test_rotation_is_turned_on_by_whoever_deploys_and_slowed_by_the_custodian_alone(
    vault: str,
) -> None:
    action = "kms:EnableKeyRotation"
    for told in ({}, {"kms:rotationperiodindays": "365"}):
        assert "administrator" in who(action, a_key("EvidenceKey", vault, **told), vault)
    slower = a_key("EvidenceKey", vault, **{"kms:rotationperiodindays": "2560"})
    assert who(action, slower, vault) == {"custodian"}


def test_the_policies_fit_into_what_aws_takes() -> None:
    """20 KB of a bucket (S3 User Guide, "Bucket policies"), 32 KB of a key (KMS quotas)."""
    said = written(KEPT, VAULT, VAULT)
    assert len(json.dumps(policy(VAULT))) < 20 * 1024
    for name in ("EvidenceKey", "SigningKey"):
        assert len(json.dumps(said[name]["KeyPolicy"])) < 32 * 1024
