"""S3: which action each operation needs, with the bucket's policy and the key that encrypts."""

from typing import Any, Final
from urllib.parse import unquote

from moto.s3.models import s3_backends

from localcloud.authorizing import kms
from localcloud.authorizing.identities import passing
from localcloud.authorizing.needed import PARTITION, Needed, keys
from localcloud.iam_holdings import Policy
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

# AWS: Service Authorization Reference, "Actions defined by Amazon S3".
_ON_BUCKETS: Final = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# A second name is for calls that name a version.
_ON_OBJECTS: Final = {
    "AbortMultipartUpload": ("AbortMultipartUpload", None),
    "CompleteMultipartUpload": ("PutObject", None),
    "CreateMultipartUpload": ("PutObject", None),
    "DeleteObject": ("DeleteObject", "DeleteObjectVersion"),
    "DeleteObjectTagging": ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "GetObject": ("GetObject", "GetObjectVersion"),
    "GetObjectAcl": ("GetObjectAcl", "GetObjectVersionAcl"),
    "GetObjectLegalHold": ("GetObjectLegalHold", None),
    "GetObjectRetention": ("GetObjectRetention", None),
    "GetObjectTagging": ("GetObjectTagging", "GetObjectVersionTagging"),
    "HeadObject": ("GetObject", "GetObjectVersion"),
    "ListParts": ("ListMultipartUploadParts", None),
    "PutObject": ("PutObject", None),
    "PutObjectAcl": ("PutObjectAcl", "PutObjectVersionAcl"),
    "PutObjectLegalHold": ("PutObjectLegalHold", None),
    "PutObjectRetention": ("PutObjectRetention", None),
    "PutObjectTagging": ("PutObjectTagging", "PutObjectVersionTagging"),
    "UploadPart": ("PutObject", None),
}
_WRITES: Final = frozenset({"CompleteMultipartUpload", "CreateMultipartUpload", "PutObject"})
_READS: Final = frozenset({"GetObject", "HeadObject"})


def bucket_named(name: str) -> Any:
    """The bucket of this name in any account, or None."""
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


def find_object(asked: Asked) -> Any:
    """The object or version that a call names, or None."""
    bucket, key = bucket_named(str(asked.params.get("Bucket", ""))), asked.params.get("Key")
    if bucket is None or key is None or key not in bucket.keys:
        return None
    version = asked.params.get("VersionId")
    if version is None:
        return bucket.keys[key]
    return next(
        (one for one in bucket.keys.getlist(key) if str(one.version_id) == str(version)), None
    )


def needs(asked: Asked) -> list[Needed]:
    """What a call of S3 needs."""
    given = asked.params
    if asked.operation == "ListBuckets":
        return [Needed("s3:ListAllMyBuckets", "*", asked.account)]
    bucket = bucket_named(str(given.get("Bucket", "")))
    if asked.operation in _ON_BUCKETS:
        if bucket is None and asked.operation != "CreateBucket":
            return []  # moto says that there is no such bucket
        action = f"s3:{_ON_BUCKETS[asked.operation]}"
        needed = [_on_bucket(action, given["Bucket"], bucket, asked)]
        if asked.operation == "PutBucketReplication":
            role = given["ReplicationConfiguration"]["Role"]
            needed.append(passing(asked, role, "s3.amazonaws.com"))
        return needed
    if asked.operation == "DeleteObjects" and bucket is not None:
        return [
            one
            for each in given["Delete"]["Objects"]
            for one in _deletes(each["Key"], each.get("VersionId"), bucket, asked)
        ]
    if asked.operation == "CopyObject" and bucket is not None:
        return [*_copies(asked), *_puts(given["Key"], bucket, asked)]
    if asked.operation in _ON_OBJECTS:
        return [] if bucket is None else _on_object(bucket, asked)
    if bucket is None and asked.operation in ("CopyObject", "DeleteObjects"):
        return []
    raise Unsupported(f"what s3:{asked.operation} needs")


def of_account(asked: Asked) -> list[Needed]:
    """What a call of S3 Control needs: of it, only the account's block of public access is here."""
    if asked.operation != "GetPublicAccessBlock":
        raise Unsupported(f"what s3control:{asked.operation} needs")
    return [Needed("s3:GetAccountPublicAccessBlock", "*", asked.account)]


def _on_object(bucket: Any, asked: Asked) -> list[Needed]:
    key, version = asked.params["Key"], asked.params.get("VersionId")
    if asked.operation == "DeleteObject":
        return _deletes(key, version, bucket, asked)
    if asked.operation in _WRITES:
        return _puts(key, bucket, asked)
    plain, versioned = _ON_OBJECTS[asked.operation]
    action = versioned if version is not None and versioned else plain
    needed = [_object(f"s3:{action}", key, bucket, asked)]
    if asked.operation == "PutObjectRetention" and asked.params.get("BypassGovernanceRetention"):
        needed.append(_object("s3:BypassGovernanceRetention", key, bucket, asked))
    found = find_object(asked)
    if asked.operation in _READS and found is None:
        # Who may not list is told 403 for a name that is not there, not 404 (S3 API Reference,
        # "GetObject", Permissions).
        needed.append(_on_bucket("s3:ListBucket", bucket.name, bucket, asked))
    elif asked.operation in _READS:
        needed += _decrypts(found, bucket, asked)
    return needed


def _deletes(key: str, version: str | None, bucket: Any, asked: Asked) -> list[Needed]:
    action = "s3:DeleteObject" if version is None else "s3:DeleteObjectVersion"
    needed = [_object(action, key, bucket, asked, version=version)]
    if asked.params.get("BypassGovernanceRetention"):
        needed.append(_object("s3:BypassGovernanceRetention", key, bucket, asked))
    return needed


def _puts(key: str, bucket: Any, asked: Asked) -> list[Needed]:
    given, needed = asked.params, [_object("s3:PutObject", key, bucket, asked)]
    if given.get("ObjectLockMode") or given.get("ObjectLockRetainUntilDate"):
        needed.append(_object("s3:PutObjectRetention", key, bucket, asked))
    if given.get("ObjectLockLegalHoldStatus"):
        needed.append(_object("s3:PutObjectLegalHold", key, bucket, asked))
    if given.get("Tagging"):
        needed.append(_object("s3:PutObjectTagging", key, bucket, asked))
    if given.get("ACL"):
        needed.append(_object("s3:PutObjectAcl", key, bucket, asked))
    by = given.get("ServerSideEncryption")
    default, default_key = _default_encryption(bucket)
    key_id = given.get("SSEKMSKeyId") or (default_key if by in (None, "aws:kms") else None)
    if (by or default) == "aws:kms" and key_id:
        used = ("kms:GenerateDataKey",)
        needed += kms.through("s3", key_id, used, asked, _context(bucket, key))
    return needed


def _copies(asked: Asked) -> list[Needed]:
    # The SDK has made one text of the source by now: bucket/key?versionId=...
    path, _, version = str(asked.params["CopySource"]).partition("?versionId=")
    name, _, key = unquote(path).lstrip("/").partition("/")
    bucket = bucket_named(name)
    if bucket is None:
        return []
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    needed = [_object(action, key, bucket, asked, version=version or None)]
    if key in bucket.keys:
        needed += _decrypts(bucket.keys[key], bucket, asked)
    return needed


def _decrypts(found: Any, bucket: Any, asked: Asked) -> list[Needed]:
    # Moto notes on the object only what the upload said; the bucket's default counts as well.
    by, key_id = getattr(found, "encryption", None), getattr(found, "kms_key_id", None)
    default, default_key = _default_encryption(bucket)
    if (by or default) != "aws:kms" or not (key_id or default_key):
        return []
    context = _context(bucket, found.name)
    return kms.through("s3", key_id or default_key or "", ("kms:Decrypt",), asked, context)


def _default_encryption(bucket: Any) -> tuple[str | None, str | None]:
    rule = (bucket.encryption or {}).get("Rule", {})
    by = rule.get("ApplyServerSideEncryptionByDefault", {})
    return by.get("SSEAlgorithm"), by.get("KMSMasterKeyID")


def _context(bucket: Any, key: str) -> dict[str, str]:
    """With a bucket key, the data key is the bucket's (S3 User Guide, "S3 Bucket Keys")."""
    rule = (bucket.encryption or {}).get("Rule", {})
    whole = str(rule.get("BucketKeyEnabled", "false")).lower() == "true"
    name = bucket.name if whole else f"{bucket.name}/{key}"
    return {"aws:s3:arn": f"arn:{PARTITION}:s3:::{name}"}


def _on_bucket(action: str, name: str, bucket: Any, asked: Asked) -> Needed:
    found = keys(
        s3__prefix=asked.params.get("Prefix"),
        s3__delimiter=asked.params.get("Delimiter"),
        s3__max_keys=asked.params.get("MaxKeys"),
    )
    return _needed(action, f"arn:{PARTITION}:s3:::{name}", bucket, asked, found)


def _object(
    action: str, key: str, bucket: Any, asked: Asked, *, version: str | None = None
) -> Needed:
    given = asked.params
    retention = given.get("Retention", {})
    until = given.get("ObjectLockRetainUntilDate") or retention.get("RetainUntilDate")
    found = keys(
        s3__VersionId=version or given.get("VersionId"),
        s3__if_match=given.get("IfMatch"),
        s3__if_none_match=given.get("IfNoneMatch"),
        s3__object_lock_mode=given.get("ObjectLockMode") or retention.get("Mode"),
        s3__object_lock_retain_until_date=until.isoformat() if until else None,
        s3__object_lock_remaining_retention_days=(until - asked.at).days if until else None,
        s3__object_lock_legal_hold=given.get("ObjectLockLegalHoldStatus")
        or given.get("LegalHold", {}).get("Status"),
        s3__x_amz_acl=given.get("ACL"),
        s3__x_amz_copy_source=given.get("CopySource"),
        s3__x_amz_server_side_encryption=given.get("ServerSideEncryption"),
        s3__x_amz_server_side_encryption_aws_kms_key_id=given.get("SSEKMSKeyId"),
        s3__x_amz_storage_class=given.get("StorageClass"),
    )
    return _needed(action, f"arn:{PARTITION}:s3:::{bucket.name}/{key}", bucket, asked, found)


def _needed(
    action: str, resource: str, bucket: Any, asked: Asked, found: dict[str, tuple[str, ...]]
) -> Needed:
    owner = asked.account if bucket is None else bucket.account_id
    text = bucket.policy if bucket is not None else None
    found["s3:resourceaccount"] = (owner,)
    policy = Policy(f"the policy of bucket {bucket.name}", _written(text)) if text else None
    return Needed(action, resource, owner, found, policy)


def _written(policy: Any) -> str:
    return policy.decode() if isinstance(policy, bytes) else str(policy)
