"""What a detector reported, in one shape whatever the feed."""

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import AccountId, Region
from responder.domain.model import Model
from responder.domain.principal import Principal


class Source(StrEnum):
    """The feed a finding came by."""

    GUARDDUTY = "guardduty"
    SECURITY_HUB = "security-hub"
    SECURITY_HUB_ACTION = "security-hub-custom-action"
    SECURITY_HUB_V2 = "security-hub-v2"


class Request(StrEnum):
    """What a person asks for by one of our custom actions of Security Hub."""

    CONTAIN = "contain"
    PRESERVE = "preserve"
    RELEASE = "release"
    KNOWN = "known"


class Severity(StrEnum):
    """GuardDuty's five bands, lowest first."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (informational) to 4 (critical)."""
        return list(Severity).index(self)


type Worth = Literal["normal", "high"]


class Resource(Model):
    """A thing a finding is about: a bucket, an instance, a function, a cluster."""

    model_config = ConfigDict(frozen=True)

    kind: str
    id: str
    name: str | None = None
    account: AccountId | None = None
    region: str | None = None
    tagged: Worth | None = None  # what its own tag says that it is worth


class Finding(Model):
    """One finding. `key` is the GuardDuty finding ARN in all three feeds.

    Everything here may have been chosen by an attacker and is validated or cut to length on the
    way in; it is escaped again wherever it is shown.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    type: str
    severity: Severity
    account: AccountId
    region: Region
    source: Source
    title: str
    description: str
    sample: bool
    archived: bool
    replayed: bool  # delivered by an EventBridge archive replay, not by the detector
    own_write_back: bool  # an update that we caused
    known_type: bool  # False: we never contain on it by ourselves; a person looks
    count: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime
    principals: tuple[Principal, ...] = ()
    resources: tuple[Resource, ...] = ()
    addresses: tuple[str, ...] = ()
    sequence_key: str | None = (
        None  # the attack sequence this belongs to (its own key if it is one)
    )
    requested_action: str | None = None  # the custom action a person chose in Security Hub
    request: Request | None = None  # what that asks for, where the action is ours


def short_key(finding_key: str) -> str:
    """A finding's key as a part of another key."""
    return hashlib.sha256(finding_key.encode()).hexdigest()[:16]
