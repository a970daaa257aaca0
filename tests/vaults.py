"""An evidence vault in the pretend AWS, a signing key, and clients that die where a test says."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from responder.aws.signer import Signer
from responder.aws.vault import Vault
from tests.builders import HOME, REGION

BUCKET = "evidence-vault"


def a_vault(client: Any = None) -> Vault:
    """A locked bucket as `stacks/evidence-vault.yaml` makes it, as far as the pretend S3 goes."""
    s3 = boto3.client("s3", region_name=REGION)
    key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        ObjectLockEnabledForBucket=True,
    )
    s3.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )
    return Vault(BUCKET, HOME, key, s3 if client is None else client)


def versions(prefix: str = "") -> dict[tuple[str, str], bytes]:
    """Every version in the vault, by key and version id, with its bytes."""
    s3 = boto3.client("s3", region_name=REGION)
    found = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix).get("Versions", [])
    return {
        (one["Key"], one["VersionId"]): s3.get_object(
            Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"]
        )["Body"].read()
        for one in found
    }


def download(folder: Path, incident_id: str) -> Path:
    """What `aws s3 cp --recursive` of one incident leaves in a folder."""
    for (key, _), body in versions(f"{incident_id}/").items():
        path = folder / key.removeprefix(f"{incident_id}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


class PrehashedKms:
    """The two KMS calls of a signer, with a real key. The pretend KMS hashes a digest again."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, **given: Any) -> dict[str, Any]:
        assert (given["MessageType"], given["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        assert len(given["Message"]) == hashlib.sha256().digest_size
        prehashed = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        return {"KeyId": given["KeyId"], "Signature": self._key.sign(given["Message"], prehashed)}

    def get_public_key(self, **given: Any) -> dict[str, Any]:
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {"KeyId": given["KeyId"], "PublicKey": der}


def a_signer(kms: Any = None) -> Signer:
    """A signer whose signatures openssl accepts."""
    arn = f"arn:aws:kms:{REGION}:{HOME}:key/11111111-2222-3333-4444-555555555555"
    client: Any = PrehashedKms() if kms is None else kms
    return Signer(arn, client)


class DiedHereError(BaseException):
    """A function that was killed: nothing catches it."""


class Life:
    """Counts calls over several clients, and ends before one of them.

    To the account, ending after a call is the same as ending before the next.
    """

    def __init__(self, ends_at: int | None = None) -> None:
        self.calls, self._ends_at = 0, ends_at

    def of(self, client: Any) -> Any:
        """`client`, living this life."""
        return _Mortal(client, self)

    def call(self, operation: Callable[..., Any], given: dict[str, Any]) -> Any:
        """One call, which may be the last."""
        if self.calls == self._ends_at:
            raise DiedHereError
        self.calls += 1
        return operation(**given)


class _Mortal:
    def __init__(self, client: Any, life: Life) -> None:
        self._client, self._life = client, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found) or name in ("get_paginator", "exceptions", "meta"):
            return found
        return lambda **given: self._life.call(found, given)
