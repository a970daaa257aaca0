"""Evidence outlives every role: each tries to delete, overwrite, shorten, publish and blind it.

Really tried, in the deployed stacks, with a session of each role that there is in the responder's
account and in the shop's. `pytest -s tests/workflow/test_vault_attempts.py` prints the table.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

REFUSED = {"AccessDenied", "AccessDeniedException", "AccessControlListNotSupported"}
CUSTODIAN, ADMINISTRATOR = "evidence-custodian", "administrator"
_EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


@dataclass(frozen=True)
class Attempts:
    """One role, and what it would harm."""

    s3: Any
    kms: Any
    bucket: str
    key: str
    version: str
    keys: tuple[str, ...]
    night: Night

    def delete(self) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=self.key, VersionId=self.version)

    def hide(self) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=self.key)

    def overwrite(self) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=b"nothing happened")

    def put_unencrypted(self) -> None:
        key = f"{self.key}.planted"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x", IfNoneMatch="*")

    def shorten(self) -> None:
        until = self.night.cloud.now() + timedelta(minutes=1)
        self.s3.put_object_retention(
            Bucket=self.bucket,
            Key=self.key,
            VersionId=self.version,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            BypassGovernanceRetention=True,
        )

    def bypass(self) -> None:
        self.s3.delete_object(
            Bucket=self.bucket,
            Key=self.key,
            VersionId=self.version,
            BypassGovernanceRetention=True,
        )

    def publish_by_acl(self) -> None:
        self.s3.put_object_acl(
            Bucket=self.bucket, Key=self.key, VersionId=self.version, ACL="public-read"
        )

    def publish_by_policy(self) -> None:
        statement = _EVERYBODY | {"Resource": f"arn:aws:s3:::{self.bucket}/*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))

    def open_the_bucket(self) -> None:
        self.s3.put_public_access_block(
            Bucket=self.bucket,
            PublicAccessBlockConfiguration=dict.fromkeys(
                (
                    "BlockPublicAcls",
                    "BlockPublicPolicy",
                    "IgnorePublicAcls",
                    "RestrictPublicBuckets",
                ),
                False,
            ),
        )

    def expire(self) -> None:
        rule = {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
        self.s3.put_bucket_lifecycle_configuration(
            Bucket=self.bucket, LifecycleConfiguration={"Rules": [rule]}
        )

    def keep_no_versions(self) -> None:
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Suspended"}
        )

    def log_no_access(self) -> None:
        self.s3.put_bucket_logging(Bucket=self.bucket, BucketLoggingStatus={})

    def lock_no_more(self) -> None:
        self.s3.put_object_lock_configuration(
            Bucket=self.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        )

    def disable_a_key(self) -> None:
        for key in self.keys:
            self.kms.disable_key(KeyId=key)

    def delete_a_key(self) -> None:
        for key in self.keys:
            self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


ATTEMPTS = [
    name for name, member in vars(Attempts).items() if callable(member) and not name.startswith("_")
]
# The custodian looks after the vault: who may change its settings cannot be refused that. A locked
# version is not theirs to end either.
OF_THE_CUSTODIAN = {
    "hide",
    "publish_by_policy",
    "open_the_bucket",
    "expire",
    "log_no_access",
    "lock_no_more",
    "disable_a_key",
    "delete_a_key",
}


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with a_night() as night:
        night.send("GuardDuty Finding")
        night.ends()
        yield night


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, dict[str, str]]]:
    """By role, and by what it tried: what S3 or KMS answered."""
    answers: dict[str, dict[str, str]] = {}
    yield answers
    others = {name: said for name, said in answers.items() if name != CUSTODIAN}
    table = Table("tried", f"by {len(others)} roles", "by the custodian", title="The vault")
    for one in ATTEMPTS:
        counted = Counter(said[one] for said in others.values())
        cell = ", ".join(f"{number} {said}" for said, number in counted.most_common())
        table.add_row(one.replace("_", " "), cell, answers.get(CUSTODIAN, {}).get(one, "may"))
    Console(width=120).print(table)


def _roles(night: Night) -> list[str]:
    """Every role of both accounts, but those that AWS makes for itself."""
    found = []
    for account in (world.HOME, world.SHOP):
        pages = night.cloud.client("iam", account=account).get_paginator("list_roles").paginate()
        found += [role["Arn"] for page in pages for role in page["Roles"]]
    return [arn for arn in found if "/aws-service-role/" not in arn]


def _attempts(night: Night, role_arn: str) -> Attempts:
    [incident] = night.watch.incidents()
    item, *_ = night.watch.evidence.items(incident.id)
    given = night.stacks.responder.parameters

    def client(service: str) -> Any:
        return night.cloud.role(
            service, role_arn=role_arn, session_name="mallory", region=world.REGION
        )

    return Attempts(
        s3=client("s3"),
        kms=client("kms"),
        bucket=given["EvidenceBucket"],
        key=item.key,
        version=item.version_id,
        keys=(given["EvidenceKeyArn"], given["SigningKeyArn"]),
        night=night,
    )


def _answer(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "works"


def test_no_role_deletes_overwrites_shortens_publishes_or_blinds_evidence(
    night: Night, told: dict[str, dict[str, str]]
) -> None:
    roles = _roles(night)
    assert len(roles) > 25
    worked = list[str]()
    for arn in sorted(roles):
        name = arn.rpartition("/")[2]
        if name == CUSTODIAN:
            continue
        attempts = _attempts(night, arn)
        answers = {one: _answer(getattr(attempts, one)) for one in ATTEMPTS}
        worked += [f"{name} {one}: {said}" for one, said in answers.items() if said not in REFUSED]
        told[name] = answers
    assert worked == []


def test_what_is_left_to_the_custodian_ends_no_locked_version(
    night: Night, told: dict[str, dict[str, str]]
) -> None:
    [arn] = [one for one in _roles(night) if one.endswith(f"/{CUSTODIAN}")]
    attempts = _attempts(night, arn)
    tried = [one for one in ATTEMPTS if one not in OF_THE_CUSTODIAN]
    answers = {one: _answer(getattr(attempts, one)) for one in tried}
    assert set(answers.values()) <= REFUSED | {"InvalidBucketState"}, answers
    told[CUSTODIAN] = answers
    body = night.cloud.client("s3", account=world.HOME).get_object(
        Bucket=attempts.bucket, Key=attempts.key, VersionId=attempts.version
    )["Body"]
    assert body.read()
