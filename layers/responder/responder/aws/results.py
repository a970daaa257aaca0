"""What those who read logs leave for each other: whole objects in a bucket, each put once.

A key says what was asked, of what, and from where on; so whoever does the same again finds it done,
and a reader that dies leaves nothing half.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Who may not list a bucket is told 403 for a key that is not there (Amazon S3 API Reference,
# "GetObject", Permissions).
PERMISSIONS = frozenset({"s3:GetObject", "s3:ListBucket", "s3:PutObject"})


@dataclass(frozen=True)
class Results:
    """The bucket, which is ours. Its own settings encrypt it, and let go of what is old."""

    bucket: str
    client: "S3Client"

    def put(self, key: str, body: bytes) -> bool:
        """Put it, unless something stands there: False, and that is left as it is."""
        with asking_aws(f"putting {key}"):
            try:
                self.client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                code = code_of(error)
                if code == "ConditionalRequestConflict":
                    raise Unavailable(f"{key} is being put by another") from error
                if code != "PreconditionFailed":
                    raise
                return False
        return True

    def get(self, key: str) -> bytes | None:
        """What stands there, or None."""
        with asking_aws(f"reading {key}"):
            try:
                return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                return None

    def keys(self, prefix: str) -> set[str]:
        """Every key that begins so."""
        found, more = set[str](), dict[str, str]()
        while True:
            with asking_aws(f"listing {prefix}"):
                page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **more)  # type: ignore[arg-type]
            found.update(one["Key"] for one in page.get("Contents", []))
            if not (token := page.get("NextContinuationToken")):
                return found
            more = {"ContinuationToken": token}
