"""Seal what was collected: manifest, signature, public key, custody log."""

import base64
import hashlib
import json
from collections.abc import Sequence

from pydantic import AwareDatetime, Field

import responder
from responder.aws import evidence as kept
from responder.aws import ledger, signer, timeline, vault
from responder.aws import rehashes as rounds
from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.rehashes import Rehashes
from responder.aws.signer import Signer
from responder.aws.timeline import Timeline
from responder.aws.vault import Content, Vault
from responder.collectors.collector import Collector, called_for, part_of
from responder.domain.custody import NOT_COLLECTED, SEALED
from responder.domain.evidence import EvidenceItem
from responder.domain.identifiers import IncidentId
from responder.domain.manifest import (
    FOLDER,
    CustodyHead,
    Manifest,
    Part,
    Predecessor,
    SigningKey,
    Uncollected,
    as_bytes,
    custody_document,
    label,
    listed,
    name_of,
    of_label,
)
from responder.domain.model import Model

PERMISSIONS = (
    ledger.PERMISSIONS
    | timeline.PERMISSIONS
    | kept.PERMISSIONS
    | vault.PERMISSIONS
    | signer.PERMISSIONS
    | rounds.PERMISSIONS
)
_BY = "seal"
_MOST_CAUSE = 4000  # what a collector says of all that failed has room in it


class Failure(Model):
    """What Step Functions caught."""

    error: str = Field(alias="Error", default="unknown")
    cause: str = Field(alias="Cause", default="")


class CollectorResult(Model):
    """What the machine says of one collector: its answer, or the failure it caught."""

    collector_id: str
    failure: Failure | None = None


class SealRequest(Model):
    """What the machine sends once every collector of a part has ended."""

    incident_id: IncidentId
    generation: int
    part: Part
    collected: list[CollectorResult]
    now: AwareDatetime


class SealAnswer(Model):
    """Where the manifest is. By its version, since a key could be hidden behind a delete marker."""

    manifest_key: str
    manifest_version_id: str
    manifest_sha256: str


def seal(
    request: SealRequest,
    *,
    collectors: Sequence[Collector],
    incidents: Incidents,
    evidence: Evidence,
    vault: Vault,
    signer: Signer,
    timeline: Timeline,
    rehashes: Rehashes,
    by: str,
) -> SealAnswer:
    """Write and sign one manifest of one generation's part. May run again: the first one stays.

    From its first sealing on, an incident is hashed again each week.
    """

    def keep(name: str, body: bytes, suffix: str, media_type: str, covers: str) -> EvidenceItem:
        draft = Draft(Shelf.SEAL, _BY, name, Content(body, suffix, media_type), covers)
        return evidence.keep(request.incident_id, draft, vault=vault, by=by, at=request.now)

    public_key = signer.public_key()
    paper = label(request.generation, request.part)
    name = name_of(request.generation, request.part)
    manifest = evidence.item(request.incident_id, Shelf.SEAL, name)
    if manifest is None:
        expected = _expected(request, collectors, incidents)
        uncollected = _uncollected(request.collected, expected)
        _log_what_failed(request, uncollected, evidence, by)
        content = _manifest(
            request, expected, uncollected, incidents, evidence, signer, public_key, by
        )
        manifest = keep(name, content, ".json", "application/json", "what was kept, and what not")
    evidence.append(
        request.incident_id, SEALED, manifest.key, manifest.sha256, by=by, at=manifest.collected_at
    )
    fingerprint = hashlib.sha256(public_key).hexdigest()
    keep(
        f"public-key/{fingerprint[:16]}",
        _pem(public_key),
        ".pem",
        "application/x-pem-file",
        "public half of the signing key",
    )
    chain = evidence.custody(request.incident_id)
    keep(
        f"custody/{paper}",
        custody_document(request.incident_id, chain),
        ".json",
        "application/json",
        "the custody log up to this manifest",
    )
    rehashes.schedule(request.incident_id, now=request.now)
    # Last: a key that refuses leaves all of it to be checked, and only the signature to be missed.
    signature = f"signature/{paper}"
    if evidence.item(request.incident_id, Shelf.SEAL, signature) is None:
        signed = signer.sign(bytes.fromhex(manifest.sha256))
        keep(signature, signed, ".sig", "application/octet-stream", "signature of the manifest")
    timeline.record(
        request.incident_id,
        f"sealed:{paper}",
        at=request.now,
        by=_BY,
        text=_told(request, paper, manifest.sha256),
    )
    return SealAnswer(
        manifest_key=manifest.key,
        manifest_version_id=manifest.version_id,
        manifest_sha256=manifest.sha256,
    )


def _told(request: SealRequest, paper: str, sha256: str) -> str:
    kept = [one.collector_id for one in request.collected if one.failure is None]
    failed = [one.collector_id for one in request.collected if one.failure is not None]
    text = f"Sealed and signed the evidence manifest {paper}, {sha256[:16]}…, after"
    text += f" {', '.join(kept) or 'no collector'}."
    return f"{text} Not collected: {', '.join(failed)}." if failed else text


def _expected(
    request: SealRequest, collectors: Sequence[Collector], incidents: Incidents
) -> list[str]:
    wanted = called_for(collectors, incidents.findings(request.incident_id))
    return [one.ID for one in wanted if part_of(one) is request.part]


def _log_what_failed(
    request: SealRequest, uncollected: Sequence[Uncollected], evidence: Evidence, by: str
) -> None:
    """Put the captures that failed into the custody log too: nobody can leave them out later."""
    for one in uncollected:
        evidence.append(
            request.incident_id,
            NOT_COLLECTED,
            f"{one.collector_id}/{request.generation:04d}",
            "",
            by=by,
            at=request.now,
            detail=f"{one.error}: {one.cause}",
        )


def _manifest(
    request: SealRequest,
    expected: Sequence[str],
    uncollected: Sequence[Uncollected],
    incidents: Incidents,
    evidence: Evidence,
    signer: Signer,
    public_key: bytes,
    by: str,
) -> bytes:
    items = evidence.items(request.incident_id)  # first, so that each has its link in the chain
    chain = evidence.custody(request.incident_id)
    manifest = Manifest(
        incident_id=request.incident_id,
        generation=request.generation,
        part=request.part,
        drill=incidents.get(request.incident_id).drill,
        sealed_at=request.now,
        sealed_by=by,
        tool=f"breach-responder {responder.__version__}",
        expected_collectors=tuple(expected),
        items=tuple(listed(items, chain)),
        uncollected=tuple(uncollected),
        predecessor=_predecessor(request, evidence),
        custody_head=CustodyHead(sequence=chain[-1].sequence, entry_sha256=chain[-1].entry_sha256)
        if chain
        else None,
        signing_key=SigningKey(
            arn=signer.key_arn,
            algorithm="ECDSA_SHA_256",
            public_key_sha256=hashlib.sha256(public_key).hexdigest(),
        ),
    )
    return as_bytes(manifest.model_dump(mode="json"))


def _uncollected(collected: list[CollectorResult], expected: Sequence[str]) -> list[Uncollected]:
    """Every collector that did not end well, also one that nobody says anything of."""
    failed = [
        Uncollected(
            collector_id=one.collector_id,
            error=one.failure.error[:200],
            cause=_message(one.failure.cause)[:_MOST_CAUSE],
        )
        for one in collected
        if one.failure is not None
    ]
    silent = set(expected) - {one.collector_id for one in collected}
    return failed + [
        Uncollected(collector_id=one, error="never ran", cause="the machine reported nothing of it")
        for one in sorted(silent)
    ]


def _message(cause: str) -> str:
    """Lambda puts its error into the cause as JSON: Step Functions Developer Guide, "Lambda"."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    message = document.get("errorMessage") if isinstance(document, dict) else None
    return message if isinstance(message, str) else cause


def _predecessor(request: SealRequest, evidence: Evidence) -> Predecessor | None:
    """The latest manifest before this one. One still being sealed cannot be named."""
    ours = label(request.generation, request.part)
    papers = [
        (item.name.removeprefix(FOLDER), item)
        for item in evidence.items(request.incident_id, Shelf.SEAL)
        if item.name.startswith(FOLDER)
    ]
    before = [(paper, item) for paper, item in papers if paper < ours]
    if not before:
        return None
    paper, item = max(before, key=lambda one: one[0])
    generation, part = of_label(paper)
    return Predecessor(
        generation=generation,
        part=part,
        key=item.key,
        version_id=item.version_id,
        sha256=item.sha256,
    )


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    framed = ["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]
    return "\n".join(framed).encode("ascii")
