"""Collect one kind of evidence about an incident and keep it in the vault."""

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder.aws import clients as member
from responder.aws import evidence as kept
from responder.aws import ledger, timeline
from responder.aws import vault as store
from responder.aws.clients import Clients
from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.vault import Vault
from responder.collectors.collector import Collector, Scene
from responder.domain.errors import Broken
from responder.domain.identifiers import IncidentId

PERMISSIONS = (
    ledger.PERMISSIONS
    | timeline.PERMISSIONS
    | kept.PERMISSIONS
    | store.PERMISSIONS
    | member.PERMISSIONS
)
_GAPS_SHOWN = 20  # a state machine carries pointers, and 256 KiB; the manifest has every gap


class CollectRequest(BaseModel):
    """What the machine sends for each collector."""

    incident_id: IncidentId
    generation: int
    collector_id: str
    now: AwareDatetime


class CollectAnswer(BaseModel):
    """Pointers to what was kept, and what it does not show."""

    collector_id: str
    evidence: list[str]
    gaps: list[str]


def collect(
    request: CollectRequest,
    *,
    collectors: Mapping[str, Collector],
    incidents: Incidents,
    receipts: Receipts,
    evidence: Evidence,
    vault: Vault,
    timeline: Timeline,
    clients: Clients,
    by: str,
    read_at: Callable[[], datetime],
    pause: Callable[[float], None],
) -> CollectAnswer:
    """Collect and keep. May run again: what is already in the vault stays as it was first read."""
    collector = collectors.get(request.collector_id)
    if collector is None:
        raise Broken(f"there is no collector {request.collector_id}; nothing was collected")
    scene = Scene(
        incident=incidents.get(request.incident_id),
        generation=request.generation,
        findings=tuple(incidents.findings(request.incident_id)),
        receipts=lambda: receipts.all(request.incident_id),
        clients=clients,
        now=request.now,
        read_at=read_at,
        pause=pause,
    )
    names: list[str] = []
    gaps: list[str] = []
    for found in collector.collect(scene):
        draft = Draft(
            shelf=Shelf.EVIDENCE,
            collector_id=collector.ID,
            name=found.name,
            content=found.content,
            covers=found.covers,
            gaps=found.gaps,
        )
        item = evidence.keep(request.incident_id, draft, vault=vault, by=by, at=read_at())
        names.append(item.name)
        gaps.extend(gap for gap in item.gaps if gap not in gaps)
    timeline.record(
        request.incident_id,
        f"collected:{request.generation}:{collector.ID}",
        at=request.now,
        by="collect",
        text=f"Kept in the evidence vault: {collector.TITLE}.",
    )
    if len(gaps) > _GAPS_SHOWN:
        gaps = [*gaps[:_GAPS_SHOWN], f"and {len(gaps) - _GAPS_SHOWN} more, in the manifest"]
    return CollectAnswer(collector_id=collector.ID, evidence=names, gaps=gaps)
