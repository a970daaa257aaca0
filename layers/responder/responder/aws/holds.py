"""Legal holds: on record in the ledger, and in force on each object version in the vault.

A hold keeps a version from being deleted for as long as it stands, also after its lock ended, and
binds everybody (Amazon S3 User Guide, "Locking objects with Object Lock", Legal holds). The one
right that sets it also lifts it; the vault's policy lets our role use it for ON only, by the
condition key `s3:object-lock-legal-hold` (Service Authorization Reference, "Amazon S3").
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.errors import asking_aws, code_of
from responder.aws.ledger import Due, Item, Ledger, Write, incident_pk
from responder.domain.evidence import EvidenceItem
from responder.domain.hold import Hold
from responder.domain.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

READING = table.READ  # what it takes to ask whether a hold is in force
PERMISSIONS = table.PERMISSIONS
SETTING = frozenset({"s3:GetObjectLegalHold", "s3:PutObjectLegalHold"})
_SK = "HOLD"
_ALWAYS = datetime.max.replace(tzinfo=UTC)


class _Mark(Model):
    """Says that one version was seen to: so that no later run does it again."""

    model_config = ConfigDict(frozen=True)

    key: str
    version_id: str
    at: AwareDatetime


@dataclass(frozen=True)
class Stored:
    """A hold as it is stored, for whoever replaces it."""

    item: Item
    hold: Hold


@dataclass(frozen=True)
class Holds:
    """What is on record of holds. Whatever would remove or shorten anything asks `in_force`."""

    ledger: Ledger

    def in_force(self, incident_id: str) -> bool:
        """Whether nothing of this incident may be removed."""
        stored = self.stored(incident_id)
        return stored is not None and stored.hold.in_force

    def stored(self, incident_id: str) -> Stored | None:
        """The hold, also one that was lifted; None where there never was one."""
        found = self.ledger.get(incident_pk(incident_id), _SK)
        return None if found is None else Stored(found, Hold.model_validate_json(found.body))

    def held(self) -> list[str]:
        """Incidents whose hold is in force, the longest held first. Eventually consistent."""
        head = len(incident_pk(""))
        return [pk[head:] for pk, _ in self.ledger.due(_SK, until=_ALWAYS)]

    def save(self, hold: Hold, seen: Stored | None) -> bool:
        """Write a hold in the place of the one we read. False if another was faster."""
        due = Due(_SK, hold.grounds[0].at) if hold.in_force else None
        item = None if seen is None else seen.item
        return self.ledger.together([Write(incident_pk(hold.incident_id), _SK, hold, item, due)])

    def mark(self, done: str, hold: Hold, item: EvidenceItem, *, at: datetime) -> None:
        """Note that one version was `done` in this round of the hold."""
        mark = _Mark(key=item.key, version_id=item.version_id, at=at)
        sk = f"{_prefix(done, hold)}{_digest(item)}"
        self.ledger.add(incident_pk(hold.incident_id), sk, mark)

    def unmarked(self, done: str, hold: Hold, items: list[EvidenceItem]) -> list[EvidenceItem]:
        """Those of `items` that were not `done` in this round."""
        prefix = _prefix(done, hold)
        found = self.ledger.items(incident_pk(hold.incident_id), prefix)
        marks = {one.sk.removeprefix(prefix) for one in found}
        return [one for one in items if _digest(one) not in marks]


@dataclass(frozen=True)
class VersionHolds:
    """The holds themselves, on object versions."""

    account: str
    client: "S3Client"

    def set_on(self, item: EvidenceItem) -> None:
        """Hold one version. May run again."""
        with asking_aws(f"holding {item.key}, version {item.version_id}"):
            self.client.put_object_legal_hold(
                Bucket=item.bucket,
                Key=item.key,
                VersionId=item.version_id,
                LegalHold={"Status": "ON"},
                ExpectedBucketOwner=self.account,
            )

    def is_on(self, item: EvidenceItem) -> bool:
        """Whether one version is held."""
        with asking_aws(f"looking whether {item.key}, version {item.version_id}, is held"):
            try:
                answer = self.client.get_object_legal_hold(
                    Bucket=item.bucket,
                    Key=item.key,
                    VersionId=item.version_id,
                    ExpectedBucketOwner=self.account,
                )
            except ClientError as error:
                # What was never held nor locked has no such settings (S3 API Reference, "Error
                # responses", List of error codes).
                if code_of(error) == "NoSuchObjectLockConfiguration":
                    return False
                raise
        return answer.get("LegalHold", {}).get("Status") == "ON"


def _prefix(done: str, hold: Hold) -> str:
    return f"HOLD-{done}#{hold.round:06d}#"


def _digest(item: EvidenceItem) -> str:
    return hashlib.sha256(f"{item.key}\n{item.version_id}".encode()).hexdigest()
