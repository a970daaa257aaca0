"""Reads versions from the vault to hash them, and keeps how far each incident's round is."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws import ledger as table
from responder.aws.errors import asking_aws, code_of
from responder.aws.ledger import Due, Item, Ledger, incident_pk
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.evidence import EvidenceItem
from responder.domain.rehash import EVERY, Fault, Rehash, Wrong

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PERMISSIONS = table.PERMISSIONS
# Without the right to list, S3 says 403 also of what is not there (Amazon S3 API Reference,
# "GetObject", Permissions), and a missing version could not be told from a refused one.
READING = frozenset({"kms:Decrypt", "s3:GetObjectVersion", "s3:ListBucket"})
_SK = "REHASH"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A round as it is stored, for whoever replaces it."""

    item: Item
    rehash: Rehash


@dataclass(frozen=True)
class Rehashes:
    """The rounds of incidents, each in the due index at the instant its next one is to begin."""

    ledger: Ledger

    def schedule(self, incident_id: str, *, now: datetime) -> None:
        """Have an incident hashed again from now on. The first call counts."""
        new = Rehash(incident_id=incident_id, due_at=now + EVERY)
        self.ledger.add(incident_pk(incident_id), _SK, new, due=Due(_SK, new.due_at))

    def stored(self, incident_id: str) -> Stored | None:
        """How far an incident is; None for one that was never sealed."""
        found = self.ledger.get(incident_pk(incident_id), _SK)
        return None if found is None else Stored(found, Rehash.model_validate_json(found.body))

    def due(self, *, until: datetime) -> list[str]:
        """Incidents to go on with, the longest waiting first. Eventually consistent."""
        head = len(incident_pk(""))
        return [pk[head:] for pk, _ in self.ledger.due(_SK, until=until)]

    def save(self, seen: Stored, rehash: Rehash) -> Stored:
        """Replace what we read. Raises `Unavailable` if another run wrote it since."""
        item = self.ledger.replace(seen.item, rehash, due=Due(_SK, rehash.due_at))
        return Stored(item, rehash)


class Seen(StrEnum):
    """What came of looking at one version with which nothing is wrong."""

    AS_RECORDED = "as recorded"
    IN_ARCHIVE = "in archive: it has to be restored before anybody can read it"
    NOT_TO_ITS_END = "the run ended before it was read"


@dataclass(frozen=True)
class VersionReader:
    """Reads versions, block by block, and keeps none of them."""

    account: str
    client: "S3Client"

    def look(
        self, item: EvidenceItem, *, read_at: Callable[[], datetime], until: datetime
    ) -> Wrong | Seen:
        """Hash one version, unless `until` comes first. Raises `Unavailable`, and judges the rest.

        What S3 refuses counts as wrong: not having seen it is no reason to call it good.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with asking_aws(f"reading {item.key}, version {item.version_id}"):
                try:
                    body = self.client.get_object(
                        Bucket=item.bucket,
                        Key=item.key,
                        VersionId=item.version_id,
                        ExpectedBucketOwner=self.account,
                    )["Body"]
                except ClientError as error:
                    # Amazon S3 API Reference, "GetObject", Errors, and "Error responses".
                    code = code_of(error)
                    if code == "InvalidObjectState":
                        return Seen.IN_ARCHIVE
                    if code in ("NoSuchKey", "NoSuchVersion"):
                        return _wrong(item, Fault.MISSING, code)
                    raise
                with body:
                    for block in body.iter_chunks(_BLOCK):
                        digest.update(block)
                        size += len(block)
                        if read_at() >= until:
                            return Seen.NOT_TO_ITS_END
        except Broken as error:
            return _wrong(item, Fault.UNREADABLE, one_line(str(error), 300))
        if (digest.hexdigest(), size) != (item.sha256, item.size_bytes):
            return _wrong(item, Fault.CHANGED, digest.hexdigest())
        return Seen.AS_RECORDED


def _wrong(item: EvidenceItem, fault: Fault, found: str) -> Wrong:
    return Wrong(name=item.name, key=item.key, version_id=item.version_id, fault=fault, found=found)
