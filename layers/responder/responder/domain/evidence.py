"""A sealed item of evidence, and the chain of who held it."""

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import IncidentId
from responder.domain.model import Model


class EvidenceItem(Model):
    """One object in the vault. `sha256` is lower-case hex over its exact bytes."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    collector_id: str
    name: str  # unique in the incident, stable across retries
    bucket: str
    key: str
    version_id: str
    size_bytes: int
    sha256: str
    collected_at: AwareDatetime
    covers: str  # what it shows
    gaps: tuple[str, ...] = ()  # what it does not show


class Pointer(Model):
    """Where the bytes of one kept thing are: what a person needs to look at it in the vault."""

    model_config = ConfigDict(frozen=True)

    name: str
    bucket: str
    key: str
    version_id: str
    size_bytes: int
    sha256: str


def pointer(item: EvidenceItem) -> Pointer:
    """Where an item is."""
    return Pointer.model_validate(item.model_dump(include=set(Pointer.model_fields)))


class CustodyEntry(Model):
    """One link of the custody log. `entry_sha256` covers every other field."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    sequence: int
    at: AwareDatetime
    by: str
    event: str  # a word of `custody`
    subject: str  # evidence name or manifest key
    subject_sha256: str  # empty where there is nothing whose bytes could be hashed
    detail: str = ""  # why something was read, held or not collected
    previous_sha256: str  # 64 zeros for the first link
    entry_sha256: str
