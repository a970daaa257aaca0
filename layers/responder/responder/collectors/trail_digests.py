"""Whether CloudTrail's digest files, and the log files that they name, are as they were delivered.

AWS: CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity validation" and
"CloudTrail digest file structure". Every hash there is of uncompressed content.
"""

import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from responder.domain.errors import Broken

MAX_UNPACKED_BYTES = 512 * 1024 * 1024  # of a gzip file that may be made to fill our memory
_CHUNK_BYTES = 1024 * 1024
_STAMP = re.compile(r"_([0-9]{8}T[0-9]{6}Z)(?:_backfill)?\.json\.gz\Z", re.ASCII)
_FIELDS = ("digestEndTime", "digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object")


class Result(StrEnum):
    """What validation says of one log file."""

    VALID = "valid"
    DIFFERS = "invalid: its hash is not the one in the digest"
    MISSING = "missing: a valid digest names it, and it is not there"
    NOT_COVERED = "not covered by any valid digest"
    TOO_NEW = "delivered after the newest digest that was read"
    UNREADABLE = "not checked: it cannot be unpacked"


@dataclass(frozen=True)
class Digest:
    """One digest file: what it says but for the log files, and the signature that lay beside it."""

    bucket: str
    key: str
    told: Mapping[str, Any]
    content_sha256: str
    signature: str
    wrong: str = ""  # why it is not CloudTrail's own; empty where it is

    @property
    def stamp(self) -> str:
        """When it ends, as in its key: 20261123T130000Z."""
        return stamp_of(self.key)

    @property
    def signed(self) -> bytes:
        """What CloudTrail signed. The first digest of a chain has `null` for what came before."""
        lines = (
            self.told["digestEndTime"],
            f"{self.told['digestS3Bucket']}/{self.told['digestS3Object']}",
            self.content_sha256,
            self.told.get("previousDigestSignature") or "null",
        )
        return "\n".join(str(line) for line in lines).encode()


@dataclass(frozen=True)
class Verdict:
    """Whether one digest is CloudTrail's own, and hangs together with the one before it."""

    key: str
    valid: bool
    why: str  # empty where it is valid
    previous: str

    @property
    def breaks(self) -> bool:
        """Whether somebody has to look at it."""
        return not self.valid or self.previous not in (MATCHES, OUTSIDE)


MATCHES = "matches"
OUTSIDE = "lies outside of what was read"
BEGINS = "none: validation was begun here, or logging was interrupted"
GONE = "missing: it is not there"
UNREAD = "could not be read"
CHANGED = "differs: it is not the one that this digest was made after"


def stamp_of(key: str) -> str:
    """The end of the hour in the key of a digest; empty where it has none."""
    found = _STAMP.search(key)
    return found[1] if found else ""


def unpacked_sha256(body: bytes) -> str:
    """Of the content of a gzip file, without ever holding it. Raises `Broken` if it is none."""
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in _unpacked(body):
        size_bytes += len(chunk)
        if size_bytes > MAX_UNPACKED_BYTES:
            raise Broken(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes")
        digest.update(chunk)
    return digest.hexdigest()


def _unpacked(body: bytes) -> Iterable[bytes]:
    """As `gzip -d` does: one member after the other, to the end of the last."""
    if not body:
        raise Broken("it is empty")
    rest = body
    while rest:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while not member.eof:
                chunk = member.decompress(rest, _CHUNK_BYTES)
                rest = member.unconsumed_tail
                if not chunk and not rest and not member.eof:
                    raise Broken("it ends before its content does")
                yield chunk
        except zlib.error as error:
            raise Broken("it is no gzip file") from error
        rest = member.unused_data


def read_digest(
    bucket: str,
    key: str,
    body: bytes,
    metadata: Mapping[str, str],
    public_keys: Mapping[str, bytes],
    *,
    most_bytes: int,
) -> tuple[Digest, dict[tuple[str, str], str]]:
    """A digest file as it was read, and, where it is CloudTrail's own, the hash of each log file
    that it names, by bucket and key. Raises `Broken` for what cannot be one.
    """
    content = bytearray()
    for chunk in _unpacked(body):
        content += chunk
        if len(content) > most_bytes:
            raise Broken("it unpacks to more than a digest has")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Broken("its content is no JSON") from error
    if not isinstance(told, dict) or any(not isinstance(told.get(f), str) for f in _FIELDS):
        raise Broken("it has not the fields of a digest")
    named = told.pop("logFiles", None)
    sha256, signature = hashlib.sha256(content).hexdigest(), metadata.get("signature", "")
    digest = Digest(bucket, key, told, sha256, signature)
    wrong = _wrong(digest, public_keys)
    return replace(digest, wrong=wrong), {} if wrong else _claims(named)


def _claims(named: Any) -> dict[tuple[str, str], str]:
    found = dict[tuple[str, str], str]()
    for one in named if isinstance(named, list) else []:
        match one:
            case {"s3Bucket": str(bucket), "s3Object": str(key), "hashValue": str(sha256)}:
                found[bucket, key] = sha256
    return found


def judge(
    digests: Iterable[Digest], *, read_from: str, unread: Collection[str] = ()
) -> list[Verdict]:
    """Each digest, and how it hangs together with the digest before it.

    `read_from` is the stamp of the earliest digest that was looked for, and `unread` are keys of
    those that are there, and could not be read.
    """
    by_key = {(one.bucket, one.key): one for one in digests}
    return [
        Verdict(one.key, not one.wrong, one.wrong, _previous(one, by_key, read_from, unread))
        for one in by_key.values()
    ]


def _wrong(digest: Digest, public_keys: Mapping[str, bytes]) -> str:
    told = digest.told
    if (told["digestS3Bucket"], told["digestS3Object"]) != (digest.bucket, digest.key):
        return "it was moved from where CloudTrail put it"
    if told.get("digestSignatureAlgorithm", "SHA256withRSA") != "SHA256withRSA":
        return "it is signed in a way that is not known here"
    public_key = public_keys.get(told["digestPublicKeyFingerprint"])
    if public_key is None:
        return "no public key with its fingerprint was in use then"
    if not is_signed(digest.signed, digest.signature, public_key):
        return "its signature does not fit it"
    return ""


def is_signed(message: bytes, signature_hex: str, public_key_der: bytes) -> bool:
    """Whether the signature is one of the message (RSA, PKCS #1 v1.5, SHA-256; key in PKCS #1)."""
    # Here, since only a run that has a digest to judge should pay for loading it.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = serialization.load_der_public_key(public_key_der)
        signature = binascii.unhexlify(signature_hex)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _previous(
    digest: Digest,
    by_key: Mapping[tuple[str, str], Digest],
    read_from: str,
    unread: Collection[str],
) -> str:
    told = digest.told
    bucket, key = told.get("previousDigestS3Bucket"), told.get("previousDigestS3Object")
    if not isinstance(bucket, str) or not isinstance(key, str):
        return BEGINS
    before = by_key.get((bucket, key))
    if before is None and key in unread:
        return UNREAD
    if before is None:
        # Of a trail that has changed its bucket, the one before lies in the other.
        return GONE if bucket == digest.bucket and stamp_of(key) >= read_from else OUTSIDE
    same = before.content_sha256 == told.get(
        "previousDigestHashValue"
    ) and before.signature == told.get("previousDigestSignature")
    return MATCHES if same else CHANGED
