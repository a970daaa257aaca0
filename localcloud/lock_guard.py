"""S3 as it protects evidence, where moto does not: Object Lock, checksums, and who owns a bucket.

It binds everybody, the operator too: that is what COMPLIANCE means. Deleting a locked version is
refused by moto itself, with and without the bypass.
AWS: S3 User Guide, "Locking objects with Object Lock", "Checking object integrity".
"""

import base64
import hashlib
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from localcloud.authorizing import kms
from localcloud.authorizing.s3 import bucket_named, find_object
from localcloud.fault import Fault
from localcloud.instants import aware
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked, Switchboard

_DIGESTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "ChecksumCRC32": lambda body: zlib.crc32(body).to_bytes(4),
    "ChecksumSHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "ChecksumSHA256": lambda body: hashlib.sha256(body).digest(),
    "ChecksumSHA512": lambda body: hashlib.sha512(body).digest(),
    "ContentMD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
}
_WRITES: Final = frozenset({"CopyObject", "CreateMultipartUpload", "PutObject"})
_UNCHECKED: Final = frozenset({"ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumXXHASH64"})


def install(switchboard: Switchboard) -> None:
    """Guard S3, and serve what moto answers wrongly."""
    switchboard.guard(_check)
    switchboard.serve("s3", "GetObjectRetention", _retention)
    switchboard.serve("s3", "GetObjectLegalHold", _legal_hold)


def _check(asked: Asked) -> None:
    if asked.service != "s3":
        return
    owner = asked.params.get("ExpectedBucketOwner")
    bucket = bucket_named(str(asked.params.get("Bucket", "")))
    if bucket is not None and owner not in (None, bucket.account_id):
        raise _denied("The bucket is not owned by the expected account")
    if asked.operation in _WRITES and asked.params.get("SSEKMSKeyId"):
        _key_works(asked.params["SSEKMSKeyId"], asked)
    if asked.operation == "GetObject" and (key := getattr(find_object(asked), "kms_key_id", None)):
        _key_works(key, asked)
    if (check := _CHECKS.get(asked.operation)) is not None and bucket is not None:
        check(asked, bucket)


def _key_works(key_id: str, asked: Asked) -> None:
    """What a key encrypted is lost while the key is disabled, and when it is gone."""
    if (key := kms.find(key_id, asked)) is None:
        raise Fault("KMS.NotFoundException", f"Key '{key_id}' does not exist")
    if key.key_state != "Enabled":
        disabled = key.key_state == "Disabled"
        code = "KMS.DisabledException" if disabled else "KMS.KMSInvalidStateException"
        raise Fault(code, f"{key.arn} is {key.key_state}")


def _uploads(asked: Asked, bucket: Any) -> None:
    _digests(asked)
    given = asked.params
    mode, until = given.get("ObjectLockMode"), given.get("ObjectLockRetainUntilDate")
    if (mode is None) != (until is None):
        raise _invalid("x-amz-object-lock-retain-until-date and -mode must both be supplied")
    held = given.get("ObjectLockLegalHoldStatus")
    if (mode or held) and not bucket.object_lock_enabled:
        raise Fault("InvalidRequest", "Bucket is missing ObjectLockConfiguration")
    if until is not None and aware(until) <= asked.at:
        raise _invalid("The retain until date must be in the future!")


def _digests(asked: Asked) -> None:
    sent = {name: asked.params[name] for name in (*_DIGESTS, *_UNCHECKED) if name in asked.params}
    if not sent:
        return
    body = _bytes(asked.params.get("Body", b""))
    for name, value in sent.items():
        if name in _UNCHECKED:
            raise Unsupported(f"checking the {name} of an upload")
        if base64.b64encode(_DIGESTS[name](body)).decode() != value:
            what = name.removeprefix("Checksum").removeprefix("Content")
            raise Fault("BadDigest", f"The {what} you specified did not match the content.")


def _retains(asked: Asked, bucket: Any) -> None:
    if not bucket.object_lock_enabled:
        raise Fault("InvalidRequest", "Bucket is missing Object Lock Configuration")
    retention = asked.params.get("Retention", {})
    mode, until = retention.get("Mode"), retention.get("RetainUntilDate")
    found = find_object(asked)
    if found is None:
        return  # moto says that there is no such object
    if until is not None and aware(until) <= asked.at:
        raise _invalid("The retain until date must be in the future!")
    stands_until = _until(found)
    if stands_until is None or stands_until <= asked.at:
        return
    shorter = until is None or aware(until) < stands_until
    if found.lock_mode == "COMPLIANCE" and (shorter or mode != "COMPLIANCE"):
        raise _denied("Access Denied because object protected by object lock.")
    weaker = shorter or mode != found.lock_mode
    if found.lock_mode == "GOVERNANCE" and weaker and not _bypasses(asked):
        raise _denied("Access Denied because object protected by object lock.")


def _bypasses(asked: Asked) -> bool:
    # Whether the caller may was asked of IAM before: see authorizing.s3.
    return bool(asked.params.get("BypassGovernanceRetention"))


def _versions(asked: Asked, bucket: Any) -> None:
    if (
        bucket.object_lock_enabled
        and asked.params["VersioningConfiguration"]["Status"] != "Enabled"
    ):
        text = "An Object Lock configuration is present on this bucket, so the versioning state"
        raise Fault("InvalidBucketState", f"{text} cannot be changed.", status=409)


def _locks(asked: Asked, bucket: Any) -> None:
    configuration = asked.params.get("ObjectLockConfiguration", {})
    if bucket.object_lock_enabled and configuration.get("ObjectLockEnabled") != "Enabled":
        raise Fault("MalformedXML", "Object Lock cannot be disabled once it is enabled")


def _retention(asked: Asked) -> dict[str, Any] | None:
    """GetObjectRetention, which moto takes for GetObject."""
    found = find_object(asked)
    if found is None:
        if bucket_named(asked.params["Bucket"]) is None:
            raise Fault("NoSuchBucket", "The specified bucket does not exist", status=404)
        raise Fault("NoSuchKey", "The specified key does not exist.", status=404)
    until = _until(found)
    if until is None:
        text = "The specified object does not have a ObjectLock configuration"
        raise Fault("NoSuchObjectLockConfiguration", text, status=404)
    return {"Retention": {"Mode": found.lock_mode, "RetainUntilDate": until}}


def _takes_no_acl(_: Asked, bucket: Any) -> None:
    """S3 User Guide, "Controlling ownership of objects": such a bucket refuses every ACL."""
    if bucket.ownership_rule == "BucketOwnerEnforced":
        raise Fault("AccessControlListNotSupported", "The bucket does not allow ACLs")


def _holds(asked: Asked, bucket: Any) -> None:
    if not bucket.object_lock_enabled:
        raise Fault("InvalidRequest", "Bucket is missing Object Lock Configuration")
    _version(asked)


def _legal_hold(asked: Asked) -> dict[str, Any] | None:
    """GetObjectLegalHold, for which moto fails where there is no such version."""
    held = getattr(_version(asked), "lock_legal_status", None)
    if held is None:
        text = "The specified object does not have a ObjectLock configuration"
        raise Fault("NoSuchObjectLockConfiguration", text, status=404)
    return {"LegalHold": {"Status": held}}


def _version(asked: Asked) -> Any:
    if (found := find_object(asked)) is None:
        what = "Version" if asked.params.get("VersionId") else "Key"
        raise Fault(f"NoSuch{what}", f"The specified {what.lower()} does not exist.", status=404)
    return found


_CHECKS: Final[dict[str, Callable[[Asked, Any], None]]] = {
    "CopyObject": _uploads,
    "CreateMultipartUpload": _uploads,
    "PutBucketAcl": _takes_no_acl,
    "PutBucketVersioning": _versions,
    "PutObject": _uploads,
    "PutObjectAcl": _takes_no_acl,
    "PutObjectLockConfiguration": _locks,
    "PutObjectLegalHold": _holds,
    "PutObjectRetention": _retains,
    "UploadPart": lambda asked, _: _digests(asked),
}


def _until(found: Any) -> datetime | None:
    text = getattr(found, "lock_until", None)
    return datetime.fromisoformat(text) if text and found.lock_mode else None


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    at = body.tell()
    content: bytes = body.read()
    body.seek(at)
    return content


def _denied(text: str) -> Fault:
    return Fault("AccessDenied", text, status=403)


def _invalid(text: str) -> Fault:
    return Fault("InvalidArgument", text)
