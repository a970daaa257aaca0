"""Reads the objects of a bucket that logs are delivered to, in a member account's name.

What they are is not looked at here. A bucket of another account has to let the member role in too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from responder.aws.errors import asking_aws
from responder.domain.errors import Broken

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# S3 asks KMS in the reader's name for what SSE-KMS encrypted: CloudTrail User Guide, "Encrypting
# CloudTrail log files with AWS KMS keys". A page of a listing has 1,000 keys.
MEMBER_PERMISSIONS = frozenset({"kms:Decrypt", "s3:GetObject", "s3:ListBucket"})
VERSIONS = frozenset({"s3:GetObjectVersion", "s3:ListBucketVersions"})  # of what was deleted


@dataclass(frozen=True)
class Listed:
    """What a listing says of one object: its current version, without the version's id."""

    key: str
    size_bytes: int
    etag: str
    last_modified: datetime


@dataclass(frozen=True)
class Fetched:
    """The bytes of an object as they lie there, its own metadata, and where they were read."""

    body: bytes
    metadata: dict[str, str]
    source: dict[str, Any]  # the same whenever the same version is read
    request_id: str = ""


@dataclass(frozen=True)
class TrailPlace:
    """Which logs are read whole: the bucket of a trail, the trail's prefix; and by how many."""

    bucket: str  # empty for none
    prefix: str
    workers: int


@dataclass(frozen=True)
class LogBucket:
    """One bucket, as the member role sees it."""

    name: str
    client: "S3Client"

    def folders(self, prefix: str, *, after: str = "") -> list[str]:
        """The names of what stands one level below `prefix`, on the first page behind `after`."""
        with asking_aws(f"listing {self.name}"):
            answer = self.client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, Delimiter="/", StartAfter=after
            )
        found = [one.get("Prefix", "") for one in answer.get("CommonPrefixes", [])]
        return [one.removeprefix(prefix).rstrip("/") for one in found]

    def listed(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Every object below `prefix` whose key comes after `after`, in order of key."""
        token: str | None = None
        while True:
            more: dict[str, Any] = (
                {"StartAfter": after} if token is None else {"ContinuationToken": token}
            )
            with asking_aws(f"listing {self.name}"):
                page = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, **more)
            for one in page.get("Contents", []):
                yield Listed(one["Key"], one["Size"], one["ETag"], one["LastModified"])
            token = page.get("NextContinuationToken")
            if not token:
                return

    def newest_version(self, key: str) -> str | None:
        """The version that stood under a key before it was deleted; None where none was kept."""
        with asking_aws(f"listing versions in {self.name}"):
            page = self.client.list_object_versions(Bucket=self.name, Prefix=key)
        # S3 API Reference, "ListObjectVersions": of each key, those stored last come first.
        found = [one["VersionId"] for one in page.get("Versions", []) if one["Key"] == key]
        return found[0] if found else None

    def get(self, key: str, *, most_bytes: int, version_id: str | None = None) -> Fetched:
        """A version of an object, or the current one. Raises `Broken` where it is larger, or not
        to be had.

        A body that ends early is `Unavailable`: botocore counts what it gets.
        """
        what = f"reading an object of {self.name}"
        version: dict[str, Any] = {} if version_id is None else {"VersionId": version_id}
        with asking_aws(what):
            answer = self.client.get_object(Bucket=self.name, Key=key, **version)
            if answer["ContentLength"] > most_bytes:
                raise Broken(f"{what}: it has {answer['ContentLength']} bytes")
            body = answer["Body"].read()
        source = {
            "bucket": self.name,
            "key": key,
            "version_id": answer.get("VersionId"),
            "etag": answer["ETag"],
            "last_modified": answer["LastModified"],
            "metadata": answer["Metadata"],
        }
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        return Fetched(body, dict(answer["Metadata"]), source, request_id)
