"""Write the page that an engineer and a lawyer can both read."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel

from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws import vault as store
from responder.aws.approvals import Approvals
from responder.aws.evidence import Evidence, Shelf
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.timeline import Timeline
from responder.aws.vault import Content, Vault
from responder.collectors import by_volatility
from responder.collectors.collector import Collector, called_for
from responder.domain.custody import NOT_COLLECTED
from responder.domain.evidence import CustodyEntry
from responder.domain.identifiers import IncidentId
from responder.domain.incident import TimelineEvent
from responder.report.failures import failures
from responder.report.model import Failure, Here, Looked, Report
from responder.report.page import render
from responder.report.register import row
from responder.steps.register import KEEPING

PERMISSIONS = table.READ | events.PERMISSIONS | kept.PERMISSIONS | store.PERMISSIONS
_REPORTED = "reported:"


class ReportRequest(BaseModel):
    """What the machine sends at its end, or a person who wants the page as it is now.

    A person sends no `response`: only the machine knows what its branches could not do. Without a
    `generation` it is the incident's last, and without `now` it is the time of asking. A drill says
    what it `faked`.
    """

    incident_id: IncidentId
    generation: int | None = None
    response: list[Any] | None = None
    faked: tuple[str, ...] = ()
    now: AwareDatetime | None = None


class ReportAnswer(BaseModel):
    """Where the page is."""

    bucket: str
    key: str
    version_id: str


def report(
    request: ReportRequest,
    *,
    records: Records,
    receipts: Receipts,
    approvals: Approvals,
    evidence: Evidence,
    timeline: Timeline,
    vault: Vault,
    titles: Mapping[str, str],
    collectors: Sequence[Collector],
    here: Here,
    privilege: str,
    now: datetime,
) -> ReportAnswer:
    """Put the page into the vault. May run again: what has not changed since is the same object.

    Its key ends in the SHA-256 of the page. Every page stays; the timeline names each.
    """
    incident_id, incidents = request.incident_id, records.incidents
    incident = incidents.get(incident_id)
    generation = request.generation or incident.generation
    happened = _before(now, timeline.events(incident_id))
    orders = incidents.orders(incident_id)
    items = by_volatility(evidence.items(incident_id))
    findings = incidents.findings(incident_id)
    wanted = [one.ID for one in called_for(collectors, findings)]
    custody = evidence.custody(incident_id)
    proofs, clocks = receipts.all(incident_id), records.clocks.all(incident_id)
    page = Content(
        render(
            Report(
                incident=incident,
                generation=generation,
                made_at=now,
                here=here,
                version=1 + sum(one.key.startswith(_REPORTED) for one in happened),
                privilege=privilege,
                register_row=row(
                    incident,
                    findings=findings,
                    facts=records.standing(incident_id),
                    clocks=clocks,
                    receipts=proofs,
                    keeping=KEEPING,
                ),
                looked=tuple(_looked(one, wanted, custody) for one in collectors),
                titles=dict(titles),
                findings=tuple(findings),
                orders=tuple(orders),
                receipts=tuple(proofs),
                approvals=tuple(approvals.all(incident_id)),
                refusals=tuple(incidents.refusals(incident_id)),
                evidence=tuple(items),
                seals=tuple(evidence.items(incident_id, Shelf.SEAL)),
                custody=tuple(custody),
                clocks=tuple(clocks),
                timeline=tuple(happened),
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
    put = vault.put(f"{incident_id}/report/{generation:04d}", page)
    timeline.record(
        incident_id,
        f"{_REPORTED}{put.sha256[:16]}",
        at=now,
        by="report",
        text=f"Put the report into the evidence vault: {put.key}, version {put.version_id}.",
    )
    return ReportAnswer(bucket=vault.bucket, key=put.key, version_id=put.version_id)


def _before(now: datetime, happened: Sequence[TimelineEvent]) -> list[TimelineEvent]:
    """The timeline without this very page, which a run before this one may have recorded."""
    return [
        event for event in happened if not (event.key.startswith(_REPORTED) and event.at >= now)
    ]


def _looked(
    collector: Collector, wanted: Collection[str], custody: Sequence[CustodyEntry]
) -> Looked:
    return Looked(
        collector_id=collector.ID,
        title=collector.TITLE,
        limits=collector.LIMITS,
        called_for=collector.ID in wanted,
        failures=tuple(
            link.detail
            for link in custody
            if link.event == NOT_COLLECTED and link.subject.startswith(f"{collector.ID}/")
        ),
    )


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
