"""The evidence vault: puts exact bytes under a name that is used once, and cannot read them back.

A key ends in the SHA-256 of its content, and the bucket refuses a second object under a key. So a
key is one content for ever, and finding the key taken means that this very content is in the vault.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# S3 asks KMS for the data key in our name: AWS KMS Developer Guide, "S3 and AWS KMS".
# GetObjectTagging is the one call that names an object's version without reading the object.
PERMISSIONS = frozenset({"kms:GenerateDataKey", "s3:GetObjectTagging", "s3:PutObject"})


@dataclass(frozen=True)
class Content:
    """Bytes to be kept, with their hash, and how a browser or a person would call them."""

    body: bytes
    suffix: str  # .json, .json.gz
    media_type: str

    @property
    def sha256(self) -> str:
        """Lower-case hex over the exact bytes."""
        return hashlib.sha256(self.body).hexdigest()

    def key(self, stem: str) -> str:
        """Where these bytes go: the same bytes go to the same key, others to another."""
        return f"{stem}-{self.sha256}{self.suffix}"


@dataclass(frozen=True)
class Kept:
    """One object in the vault."""

    key: str
    version_id: str
    sha256: str


@dataclass(frozen=True)
class Vault:
    """The bucket, the account that owns it, and the key that encrypts it."""

    bucket: str
    account: str
    key_arn: str
    client: "S3Client"

    def put(self, stem: str, content: Content) -> Kept:
        """Put `content` under `stem`, once. May run again: the same content stays one object."""
        key = content.key(stem)
        digest = base64.b64encode(hashlib.sha256(content.body).digest()).decode()
        with asking_aws(f"putting {key} into the vault"):
            try:
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=content.body,
                    ContentType=content.media_type,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=digest,
                    IfNoneMatch="*",
                    ServerSideEncryption="aws:kms",
                    SSEKMSKeyId=self.key_arn,
                    BucketKeyEnabled=True,
                    ExpectedBucketOwner=self.account,
                )
            except ClientError as error:
                # Amazon S3 User Guide, "How to prevent object overwrites with conditional writes":
                # 412 when the name is taken, 409 when another upload is just taking it.
                code = code_of(error)
                if code == "ConditionalRequestConflict":
                    raise Unavailable(f"{key} is being put by another") from error
                if code != "PreconditionFailed":
                    raise
                return self._already_there(key, content)
        version_id = answer.get("VersionId")
        if not version_id:
            raise Broken(f"the vault {self.bucket} keeps no versions; {key} was put unlocked")
        return Kept(key, version_id, content.sha256)

    def find(self, key: str) -> str | None:
        """The version that stands under `key`. None when there is none, or when S3 will not say."""
        with asking_aws(f"looking for {key} in the vault"):
            try:
                answer = self.client.get_object_tagging(
                    Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account
                )
            except ClientError as error:
                # Who may not list a bucket is told 403 for a key that is not there (Amazon S3 API
                # Reference, "GetObject", Permissions). Reading it as absent keeps too much at
                # worst, never too little.
                if code_of(error) in ("NoSuchKey", "AccessDenied"):
                    return None
                raise
        return answer.get("VersionId")

    def _already_there(self, key: str, content: Content) -> Kept:
        version_id = self.find(key)
        if version_id is None:
            raise Broken(
                f"{key} is in the vault, but its version cannot be named: this role needs"
                " s3:GetObjectTagging"
            )
        return Kept(key, version_id, content.sha256)
