"""The list of everything kept about an incident, as of one sealing. Signed, and never replaced."""

import json
from collections.abc import Sequence
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.evidence import CustodyEntry, EvidenceItem
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

FORMAT = "breach-responder-manifest/1"
FOLDER = "manifest/"
CUSTODY_FORMAT = "breach-responder-custody/1"


class Part(StrEnum):
    """What is sealed together. Reads take minutes, copies of disks and memory hours, and what is
    taken over into the evidence account as long again.
    """

    READS = "reads"
    COPIES = "copies"
    KEPT = "kept"


def label(generation: int, part: Part) -> str:
    """The name of one manifest among those of an incident: 0001, or 0001-copies."""
    return f"{generation:04d}" if part is Part.READS else f"{generation:04d}-{part}"


def name_of(generation: int, part: Part) -> str:
    """Under which a manifest is on record."""
    return f"{FOLDER}{label(generation, part)}"


def of_label(name: str) -> tuple[int, Part]:
    """The generation and the part that a label names."""
    generation, _, part = name.partition("-")
    return int(generation), Part(part or Part.READS)


class ManifestItem(Model):
    """One item of evidence, and who put it there."""

    model_config = ConfigDict(frozen=True)

    name: str
    collector_id: str
    bucket: str
    key: str
    version_id: str
    size_bytes: int
    sha256: str
    collected_at: AwareDatetime
    by: str
    covers: str
    gaps: tuple[str, ...]


class Uncollected(Model):
    """A collector that kept nothing, and why."""

    model_config = ConfigDict(frozen=True)

    collector_id: str
    error: str
    cause: str


class Predecessor(Model):
    """The manifest sealed before, so that none can be left out unseen."""

    model_config = ConfigDict(frozen=True)

    generation: int
    part: Part
    key: str
    version_id: str
    sha256: str


class CustodyHead(Model):
    """The last link of the custody log when the manifest was written."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    entry_sha256: str


class SigningKey(Model):
    """Which key signs it. `public_key_sha256` is over the DER of the public half."""

    model_config = ConfigDict(frozen=True)

    arn: str
    algorithm: str
    public_key_sha256: str


class Manifest(Model):
    """What was kept, what could not be, and what came before."""

    model_config = ConfigDict(frozen=True)

    format: str = FORMAT
    incident_id: IncidentId
    generation: int
    part: Part
    drill: bool
    sealed_at: AwareDatetime
    sealed_by: str
    tool: str
    expected_collectors: tuple[str, ...]  # those that the findings called for
    items: tuple[ManifestItem, ...]
    uncollected: tuple[Uncollected, ...]
    predecessor: Predecessor | None
    custody_head: CustodyHead | None
    signing_key: SigningKey


def listed(items: Sequence[EvidenceItem], chain: Sequence[CustodyEntry]) -> list[ManifestItem]:
    """Items with who put them there, as the custody log says."""
    by = {link.subject: link.by for link in chain if link.event == "collected"}
    return [
        ManifestItem(
            **item.model_dump(exclude={"incident_id"}), by=by.get(item.name, "not in the log")
        )
        for item in items
    ]


def custody_document(incident_id: str, chain: Sequence[CustodyEntry]) -> bytes:
    """The custody log as it is kept: every link, first to last."""
    return as_bytes(
        {
            "format": CUSTODY_FORMAT,
            "incident_id": incident_id,
            "entries": [link.model_dump(mode="json") for link in chain],
        }
    )


def as_bytes(document: dict[str, object]) -> bytes:
    """JSON that a person can read and any tool can parse; the same document is the same bytes."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"
