"""The bucket as S3 holds it: who may reach it, what it keeps, and which versions it has.

No object is opened, so nothing of what is in them is copied. AWS: S3 API Reference,
"ListObjectVersions": versions and delete markers, by key, a thousand on a page.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from responder.aws.errors import asking_aws
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_lines
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, subjects
from responder.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ID = "s3.bucket"
TITLE = "The bucket and the versions in it"
KINDS = ("S3Bucket",)
PERMISSIONS = frozenset(
    {
        "s3:GetAccountPublicAccessBlock",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketNotification",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucketVersions",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what is in the objects: none of them is opened or copied",
    "who read an object: S3 does not know; trails with data events and access logs may",
    "versions that were deleted for good, and all that was overwritten before versions were kept",
    "access points and their policies, inventory and metrics configurations",
)

MOST_VERSIONS = 20_000  # of a bucket whose findings name no object
MOST_OF_A_KEY = 1_000
PAGE = 1_000
PAGES_EACH = 5  # of one item
_COVERS = "the bucket's settings as S3 held them, and the account's block of public access"
_VERSIONS = (
    "versions and delete markers with their times, sizes and hashes as S3 lists them, one a line,"
    " after a line that says what was asked"
)
_SETTINGS = {  # what an attacker changes to get at the data first
    "policy": "get_bucket_policy",
    "policy status": "get_bucket_policy_status",
    "ACL": "get_bucket_acl",
    "public access block": "get_public_access_block",
    "replication": "get_bucket_replication",
    "lifecycle": "get_bucket_lifecycle_configuration",
    "encryption": "get_bucket_encryption",
    "logging": "get_bucket_logging",
    "notification": "get_bucket_notification_configuration",
    "object lock": "get_object_lock_configuration",
    "ownership": "get_bucket_ownership_controls",
    "tags": "get_bucket_tagging",
    "CORS": "get_bucket_cors",
    "website": "get_bucket_website",
}
_ABSENT = frozenset(
    {
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NoSuchWebsiteConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item with the settings of each bucket, and some with its versions."""
    yield from _LOOKING.collect(scene, subjects(scene, KINDS, _PATTERN))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    client = scene.clients.s3(named.account, named.region)
    of = {"Bucket": named.name, "ExpectedBucketOwner": named.account}
    reads.ask("versioning", client, "get_bucket_versioning", **of)
    if reads.values["versioning"].get("answered") != "NoSuchBucket":
        for name, method in _SETTINGS.items():
            reads.ask(name, client, method, **of)
    if reads.failure is None and not reads.found_nothing:
        control = scene.clients.s3control(named.account, named.region)
        name = "public access block of the account"
        reads.ask(name, control, "get_public_access_block", AccountId=named.account)
    yield from ()


def _more(scene: Scene, named: Named, bookmark: Mapping[str, Any]) -> Iterator[Part | Later]:
    """The versions of the objects that the findings name; of all objects, where they name none."""
    listing = _Listing(scene, named)
    keys = _keys(scene, named.name)
    if keys:
        for key in keys:
            listing.read_key(key)
        yield listing.part("versions-of-named-objects")
        return
    number: int = bookmark.get("number", 0)
    listing.marker = dict(bookmark.get("marker", {}))
    for at in range(number, MOST_VERSIONS // (PAGE * PAGES_EACH)):
        if at > number and not scene.has_time():
            yield Later({"number": at, "marker": listing.marker})
            return
        listing.read_pages()
        is_last = (at + 1) * PAGE * PAGES_EACH >= MOST_VERSIONS
        if is_last and listing.marker:
            key = listing.marker["KeyMarker"]
            listing.gaps.append(f"cut after {MOST_VERSIONS} versions: none after {key!a} was read")
        yield listing.part(f"versions-{at:04d}")
        if not listing.marker:
            return


class _Listing:
    """Lines of what is kept next, and where S3 goes on after it."""

    def __init__(self, scene: Scene, named: Named) -> None:
        self._scene, self._named = scene, named
        self._client: S3Client = scene.clients.s3(named.account, named.region)
        self._lines: list[dict[str, Any]] = []
        self.gaps: list[str] = []
        self.marker: dict[str, str] = {}

    def part(self, what: str) -> Part:
        """What was read since the last one."""
        found = Part(what, as_lines(self._lines), _VERSIONS, tuple(self.gaps))
        self._lines, self.gaps = [], []
        return found

    def read_pages(self) -> None:
        """As many pages as one item holds, from the marker on."""
        for _ in range(PAGES_EACH):
            self._page({})
            if not self.marker:
                return

    def read_key(self, key: str) -> None:
        """The versions of one object. Keys that only begin like it come after it, and are not."""
        self.marker, read = {}, 0
        while read < MOST_OF_A_KEY:
            read += PAGE
            self._page({"Prefix": key}, only=key)
            if self.marker.get("KeyMarker") != key:
                return
        self.gaps.append(f"cut after {MOST_OF_A_KEY} versions of {key!a}")

    def _page(self, more: dict[str, Any], only: str | None = None) -> None:
        asked: dict[str, Any] = {
            "Bucket": self._named.name,
            "ExpectedBucketOwner": self._named.account,
            "MaxKeys": PAGE,
            **more,
            **self.marker,
        }
        self.marker = {}
        try:
            with asking_aws(f"listing versions of {self._named.name}"):
                answer = self._client.list_object_versions(**asked)
        except (Broken, Unavailable) as error:
            self.gaps.append(f"versions from {asked.get('KeyMarker', '')!a} on: {error}")
            return
        asked["read_at"] = self._scene.read_at()
        asked["request_id"] = answer["ResponseMetadata"]["RequestId"]
        self._lines.append({"asked": asked})
        for kind in ("Versions", "DeleteMarkers"):
            listed: list[Any] = list(answer.get(kind, []))  # type: ignore[call-overload]
            self._lines += [{kind: one} for one in listed if only in (None, one["Key"])]
        if answer["IsTruncated"]:
            self.marker = {
                "KeyMarker": answer["NextKeyMarker"],
                "VersionIdMarker": answer.get("NextVersionIdMarker", ""),
            }


def _keys(scene: Scene, bucket: str) -> list[str]:
    """The keys that findings name in this bucket. One without its bucket is looked for in each."""
    found = list[str]()
    for one in scene.things("S3Object"):
        arn = re.fullmatch(r"arn:aws[a-z-]*:s3:::([^/]+)/(.+)", one.id, re.DOTALL)
        if arn is None:
            found.append(one.id)
        elif arn[1] == bucket:
            found.append(arn[2])
    return list(dict.fromkeys(found))


_PATTERN = re.compile(r"(?:arn:aws[a-z-]*:s3:::)?(?P<name>[A-Za-z0-9._-]{3,255})", re.ASCII)
_LOOKING = Looking(
    collector_id=ID,
    absent=_ABSENT,
    covers=_COVERS,
    look=_look,
    more=_more,
)
