"""A trail that has delivered: log files and signed digests in a bucket, as the User Guide says."""

import gzip
import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.builders import NOON, REGION, SHOP
from tests.refusals import Refusing

BUCKET, TRAIL = "log-archive", "shop"
FINGERPRINT = "0a" * 16


@cache
def a_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    )


def sign(message: bytes) -> str:
    return a_key().sign(message, padding.PKCS1v15(), hashes.SHA256()).hex()


class Member(Refusing):
    """The shop's account. The pretend CloudTrail has no public keys; they are answered here."""

    def cloudtrail(self, account: str, region: str) -> Any:
        client: Any = super().cloudtrail(account, region)
        operation = "before-call.cloudtrail.ListPublicKeys"
        client.meta.events.register(operation, self._keys, unique_id="keys")
        return client

    def _keys(self, **given: Any) -> Any:
        answer = public_keys() | {"ResponseMetadata": {"HTTPStatusCode": 200}}
        return SimpleNamespace(status_code=200, headers={}), answer


def public_keys() -> dict[str, Any]:
    """What ListPublicKeys answers, whatever the time: the key that `sign` uses."""
    key = {
        "Value": public_key(a_key()),
        "ValidityStartTime": NOON - timedelta(days=30),
        "ValidityEndTime": NOON + timedelta(days=30),
        "Fingerprint": FINGERPRINT,
    }
    return {"PublicKeyList": [key]}


class Delivery:
    """A trail's bucket, and what is delivered into it hour by hour."""

    def __init__(self, prefix: str = "", organization: str = "", s3: Any = None) -> None:
        self.s3: Any = s3 or boto3.client("s3", region_name=REGION)
        here: Any = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=here)
        self.folder = f"{prefix}/AWSLogs/" if prefix else "AWSLogs/"
        self.folder += f"{organization}/" if organization else ""
        self.before: dict[str, Any] = {
            "previousDigestS3Bucket": None,
            "previousDigestS3Object": None,
            "previousDigestHashValue": None,
            "previousDigestHashAlgorithm": None,
            "previousDigestSignature": None,
        }

    def log_file(self, at: datetime, unique: str = "abcdefgh", records: Any = ()) -> str:
        """Deliver one log file; its key."""
        name = f"{SHOP}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"
        key = f"{self.folder}{SHOP}/CloudTrail/{REGION}/{at:%Y/%m/%d}/{name}"
        self.put(key, json.dumps({"Records": list(records) or [{"eventID": unique}]}).encode())
        return key

    def put(self, key: str, content: bytes) -> None:
        """Put a gzip file there, as anybody might who may."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(content, mtime=0))

    def digest(self, ends_at: datetime, *keys: str, **changed: Any) -> str:
        """Deliver the digest of an hour that names these log files; its key."""
        name = (
            f"{SHOP}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{ends_at:%Y%m%dT%H%M%SZ}.json.gz"
        )
        key = f"{self.folder}{SHOP}/CloudTrail-Digest/{REGION}/{ends_at:%Y/%m/%d}/{name}"
        told: dict[str, Any] = {
            "awsAccountId": SHOP,
            "digestStartTime": f"{ends_at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "digestEndTime": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
            "digestS3Bucket": BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA",
            **self.before,
            "logFiles": [self._named(one) for one in keys],
        } | changed
        content = json.dumps(told).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        before = told["previousDigestSignature"] or "null"
        signature = sign(f"{told['digestEndTime']}\n{BUCKET}/{key}\n{sha256}\n{before}".encode())
        self.s3.put_object(
            Bucket=BUCKET,
            Key=key,
            Body=gzip.compress(content, mtime=0),
            Metadata={"signature": signature, "signature-algorithm": "SHA256withRSA"},
        )
        self.before = {
            "previousDigestS3Bucket": BUCKET,
            "previousDigestS3Object": key,
            "previousDigestHashValue": sha256,
            "previousDigestHashAlgorithm": "SHA-256",
            "previousDigestSignature": signature,
        }
        return key

    def _named(self, key: str) -> dict[str, str]:
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return {
            "s3Bucket": BUCKET,
            "s3Object": key,
            "hashValue": hashlib.sha256(gzip.decompress(body)).hexdigest(),
            "hashAlgorithm": "SHA-256",
        }


def a_trail(**given: Any) -> None:
    """A trail of the shop that writes into the bucket, and is switched on."""
    client = Member().cloudtrail(SHOP, REGION)
    plain = {"Name": TRAIL, "S3BucketName": BUCKET, "IsMultiRegionTrail": True}
    client.create_trail(**plain | given)
    client.start_logging(Name=TRAIL)
