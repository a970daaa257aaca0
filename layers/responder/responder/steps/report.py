"""Write the page that an engineer and a lawyer can both read."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AwareDatetime, BaseModel

from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws import vault as store
from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.vault import Content, Vault
from responder.collectors.collector import Collector, called_for
from responder.domain.identifiers import IncidentId
from responder.domain.incident import TimelineEvent
from responder.report.failures import failures
from responder.report.model import Failure, Here, Report
from responder.report.page import render

PERMISSIONS = table.READ | events.PERMISSIONS | kept.PERMISSIONS | store.PERMISSIONS
_REPORTED = "reported:"


class ReportRequest(BaseModel):
    """What the machine sends at its end, or a person who wants the page as it is now.

    A person sends no `response`: only the machine knows what its branches could not do. A drill
    says what it `faked`.
    """

    incident_id: IncidentId
    generation: int
    response: list[Any] | None = None
    faked: tuple[str, ...] = ()
    now: AwareDatetime


class ReportAnswer(BaseModel):
    """Where the page is."""

    bucket: str
    key: str
    version_id: str


def report(
    request: ReportRequest,
    *,
    incidents: Incidents,
    receipts: Receipts,
    approvals: Approvals,
    evidence: Evidence,
    clocks: Clocks,
    timeline: Timeline,
    vault: Vault,
    titles: Mapping[str, str],
    collectors: Sequence[Collector],
    here: Here,
) -> ReportAnswer:
    """Put the page into the vault. May run again: what has not changed since is the same object.

    Its key ends in the SHA-256 of the page. Every page stays; the timeline names each.
    """
    incident_id = request.incident_id
    orders = incidents.orders(incident_id)
    items = evidence.items(incident_id)
    findings = incidents.findings(incident_id)
    wanted = [one.ID for one in called_for(collectors, findings)]
    page = Content(
        render(
            Report(
                incident=incidents.get(incident_id),
                generation=request.generation,
                made_at=request.now,
                here=here,
                titles=dict(titles),
                findings=tuple(findings),
                orders=tuple(orders),
                receipts=tuple(receipts.all(incident_id)),
                approvals=tuple(approvals.all(incident_id)),
                refusals=tuple(incidents.refusals(incident_id)),
                evidence=tuple(items),
                seals=tuple(evidence.items(incident_id, Shelf.SEAL)),
                custody=tuple(evidence.custody(incident_id)),
                clocks=tuple(clocks.all(incident_id)),
                timeline=tuple(_so_far(timeline.events(incident_id), request)),
                failures=tuple(
                    [
                        *failures(request.response or []),
                        *_uncollected(wanted, {item.collector_id for item in items}),
                    ]
                    if request.response is not None
                    else []
                ),
                by_hand=request.response is None,
                faked=request.faked,
            )
        ),
        ".html",
        "text/html; charset=utf-8",
    )
    put = vault.put(f"{incident_id}/report/{request.generation:04d}", page)
    timeline.record(
        incident_id,
        f"{_REPORTED}{put.sha256[:16]}",
        at=request.now,
        by="report",
        text=f"Put the report into the evidence vault: {put.key}, version {put.version_id}.",
    )
    return ReportAnswer(bucket=vault.bucket, key=put.key, version_id=put.version_id)


def _so_far(happened: Sequence[TimelineEvent], request: ReportRequest) -> list[TimelineEvent]:
    """The timeline without this very page, which a run before this one may have recorded."""
    return [
        event
        for event in happened
        if not (event.key.startswith(_REPORTED) and event.at >= request.now)
    ]


def _uncollected(expected: Sequence[str], kept_by: set[str]) -> list[Failure]:
    return [
        Failure(
            what=f"No evidence is on record from {collector}",
            error="nothing kept",
            cause="the manifest says why",
        )
        for collector in expected
        if collector not in kept_by
    ]
