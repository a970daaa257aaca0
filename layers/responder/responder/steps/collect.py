"""Collect one kind of evidence about an incident and keep it in the vault.

What takes longer than a function may run is collected in several runs. Each says whether there is
more, and leaves a bookmark for the next; the machine waits in between, which costs nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from responder.aws import clients as member
from responder.aws import evidence as kept
from responder.aws import ledger
from responder.aws import progress as progress_of
from responder.aws import vault as store
from responder.aws.clients import Clients
from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.progress import Progress
from responder.aws.receipts import Receipts
from responder.aws.vault import Vault
from responder.collectors.collector import Collected, Collector, Later, Scene, called_for
from responder.domain.collecting import Options
from responder.domain.errors import Broken
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

PERMISSIONS = (
    ledger.PERMISSIONS
    | kept.PERMISSIONS
    | store.PERMISSIONS
    | progress_of.PERMISSIONS
    | member.PERMISSIONS
)
_SHOWN = 20  # a state machine carries pointers, and 256 KiB; the manifest has everything
# An execution of Step Functions holds 25,000 events (its quotas), and a round of one collector is
# nine of them: with all at work for the longest, room is left for what cuts.
MAX_ROUNDS = 100
MAX_LENGTH = timedelta(hours=12)
_MORE_EACH_ROUND = timedelta(seconds=5)
_MORE_EACH_WAIT = timedelta(seconds=10)  # so that all rounds of who waits for AWS last MAX_LENGTH
_LONGEST_WAIT = timedelta(minutes=30)


class CollectRequest(Model):
    """What the machine sends for each collector."""

    incident_id: IncidentId
    generation: int
    collector_id: str
    now: AwareDatetime


class CollectAnswer(Model):
    """Pointers to what this run kept, what it does not show, and when to come again."""

    collector_id: str
    evidence: list[str]
    gaps: list[str]
    more: bool = False
    wait_seconds: int = 1


def collect(
    request: CollectRequest,
    *,
    collectors: Mapping[str, Collector],
    incidents: Incidents,
    receipts: Receipts,
    evidence: Evidence,
    vault: Vault,
    progress: Progress,
    clients: Clients,
    copies: Clients,
    keeps: Clients,
    options: Options,
    by: str,
    read_at: Callable[[], datetime],
    ends_at: datetime,
    pause: Callable[[float], None],
) -> CollectAnswer:
    """Collect and keep. May run again: what is already in the vault stays as it was first read.

    Raises `Broken` where more is left after `MAX_ROUNDS` runs, or `MAX_LENGTH`: what was kept
    stays, and the manifest says that it is not all.
    """
    collector = collectors.get(request.collector_id)
    if collector is None:
        raise Broken(f"there is no collector {request.collector_id}; nothing was collected")
    findings = tuple(incidents.findings(request.incident_id))
    if not called_for([collector], findings):
        return CollectAnswer(collector_id=collector.ID, evidence=[], gaps=[])
    stand = progress.of(request.incident_id, request.generation, collector.ID, at=request.now)
    scene = Scene(
        incident=incidents.get(request.incident_id),
        generation=request.generation,
        findings=findings,
        receipts=lambda: receipts.all(request.incident_id),
        clients=clients,
        copies=copies,
        keeps=keeps,
        now=request.now,
        read_at=read_at,
        pause=pause,
        ends_at=ends_at,
        bookmark=stand.bookmark,
        options=options,
    )
    names: list[str] = []
    gaps: list[str] = []
    for found in collector.collect(scene):
        if isinstance(found, Later):
            if stand.rounds >= MAX_ROUNDS or request.now - stand.began_at >= MAX_LENGTH:
                raise Broken(
                    f"{collector.ID} had more to collect after {stand.rounds} runs since"
                    f" {stand.began_at.isoformat()}; what it kept until then is in the vault"
                )
            progress.go_on(stand, found.bookmark)
            return CollectAnswer(
                collector_id=collector.ID,
                evidence=_first(names, "in the vault"),
                gaps=_first(gaps, "in the manifest"),
                more=True,
                wait_seconds=_wait_seconds(found, stand.rounds),
            )
        draft = _draft(collector, found)
        item = evidence.keep(request.incident_id, draft, vault=vault, by=by, at=read_at())
        names.append(item.name)
        gaps.extend(gap for gap in item.gaps if gap not in gaps)
    progress.end(request.incident_id, request.generation, collector.ID, at=read_at())
    return CollectAnswer(
        collector_id=collector.ID,
        evidence=_first(names, "in the vault"),
        gaps=_first(gaps, "in the manifest"),
    )


def _wait_seconds(later: Later, rounds: int) -> int:
    """As long as was asked for, and longer the more often it was, so that the rounds last."""
    more = _MORE_EACH_WAIT if later.wait else _MORE_EACH_ROUND
    wait = max(later.wait, more * rounds, timedelta(seconds=1))
    return round(min(wait, _LONGEST_WAIT).total_seconds())


def _draft(collector: Collector, found: Collected) -> Draft:
    return Draft(
        shelf=Shelf.EVIDENCE,
        collector_id=collector.ID,
        name=found.name,
        content=found.content,
        covers=found.covers,
        gaps=found.gaps,
    )


def _first(texts: list[str], where: str) -> list[str]:
    if len(texts) <= _SHOWN:
        return texts
    return [*texts[:_SHOWN], f"and {len(texts) - _SHOWN} more, {where}"]
