"""Write the page that an engineer and a lawyer can both read.

Each page bears a number that was taken before it was made, and that no other page bears. A run that
died leaves a number without a page, and the pages after it say so. A page is no evidence, and no
manifest names it: it is made of the record afterwards. But it is held, hashed again and disclosed
like evidence, and the custody log says who put it, when, with which hash and size.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime

from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import progress as progress_of
from responder.aws import reports as numbers
from responder.aws import timeline as events
from responder.aws import vault as store
from responder.aws.approvals import Approvals
from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.progress import Progress
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.reports import Reports, Taken
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.vault import Content, Vault
from responder.collectors import by_volatility
from responder.collectors.collector import Collector, called_for, part_of
from responder.domain.custody import NOT_COLLECTED
from responder.domain.evidence import CustodyEntry, EvidenceItem
from responder.domain.identifiers import IncidentId
from responder.domain.manifest import name_of
from responder.domain.model import Model
from responder.report.failures import failures
from responder.report.model import Failure, Here, Looked, Numbered, Report
from responder.report.page import render
from responder.report.register import row
from responder.steps.collect import MAX_LENGTH
from responder.steps.register import KEEPING

PERMISSIONS = (
    table.READ
    | events.PERMISSIONS
    | kept.PERMISSIONS
    | numbers.PERMISSIONS
    | progress_of.PERMISSIONS
    | store.PERMISSIONS
)
_REPORTED = "reported:"
# How the timeline names pages of before numbers were taken: by the beginning of their hash.
_UNNUMBERED = re.compile(f"{_REPORTED}[0-9a-f]{{16}}")
# After this none goes on. One that kept something and was cut off has not come to its end for all
# that; of one that kept nothing, such as one that a version of before did not have, that is said.
_NO_LONGER = MAX_LENGTH + timedelta(hours=1)
_COVERS = "a page about the incident, as the record stood when it was made"


class ReportRequest(Model):
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


class ReportAnswer(Model):
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
    uses: Uses,
    evidence: Evidence,
    timeline: Timeline,
    progress: Progress,
    reports: Reports,
    vault: Vault,
    titles: Mapping[str, str],
    collectors: Sequence[Collector],
    here: Here,
    privilege: str,
    by: str,
    asked: str,
    now: datetime,
) -> ReportAnswer:
    """Put the page into the vault. May run again: what an asking has put is its page from then on.

    Where a run takes a number and hangs before it puts its page, the next takes another number.
    A machine's asking is known by its instant, and a person's by `asked`. Its key ends in the
    SHA-256 of the page. Every page stays; the timeline names each.
    """
    incident_id, incidents = request.incident_id, records.incidents
    incident = incidents.get(incident_id)
    generation = request.generation or incident.generation
    by_hand = request.response is None
    asking = f"by hand: {asked}" if by_hand else f"generation {generation}: {now.isoformat()}"
    taken = reports.taken(incident_id)
    for one in taken:
        if one.asked == asking:
            name = _name(one.version)
            put = evidence.take_up(incident_id, Shelf.REPORT, name, vault=vault, by=by)
            if put is not None:
                return _told(put, one.version, timeline)
    happened = timeline.events(incident_id)
    unnumbered = sum(_UNNUMBERED.fullmatch(one.key) is not None for one in happened)
    free = 1 + max([unnumbered, *(one.version for one in taken)])
    ours = reports.take(incident_id, Taken(version=free, asked=asking, at=now))
    orders = incidents.orders(incident_id)
    items = by_volatility(evidence.items(incident_id))
    findings = incidents.findings(incident_id)
    wanted = [one.ID for one in called_for(collectors, findings)]
    custody = evidence.custody(incident_id)
    seals = evidence.items(incident_id, Shelf.SEAL)
    at_work = _at_work(collectors, generation, progress.ended(incident_id, generation), seals)
    plan = incidents.plan(incident_id, generation)
    if plan is not None and now - plan.planned_at > _NO_LONGER:
        at_work &= {item.collector_id for item in items}
    proofs, clocks = receipts.all(incident_id), records.clocks.all(incident_id)
    page = Content(
        render(
            Report(
                incident=incident,
                generation=generation,
                made_at=now,
                here=here,
                version=ours.version,
                unnumbered=unnumbered,
                pages=_pages(incident_id, reports, evidence, ours),
                privilege=privilege,
                register_row=row(
                    incident,
                    findings=findings,
                    facts=records.standing(incident_id),
                    clocks=clocks,
                    receipts=proofs,
                    keeping=KEEPING,
                ),
                looked=tuple(
                    _looked(one, wanted, custody, generation, at_work) for one in collectors
                ),
                titles=dict(titles),
                findings=tuple(findings),
                orders=tuple(orders),
                receipts=tuple(proofs),
                approvals=tuple(approvals.all(incident_id)),
                uses=tuple(uses.all(incident_id)),
                refusals=tuple(incidents.refusals(incident_id)),
                evidence=tuple(items),
                seals=tuple(seals),
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
                by_hand=by_hand,
                faked=request.faked,
            )
        ),
        ".html",
        "text/html; charset=utf-8",
    )
    draft = Draft(Shelf.REPORT, "report", _name(ours.version), page, _COVERS)
    return _told(
        evidence.keep(incident_id, draft, vault=vault, by=by, at=now), ours.version, timeline
    )


def _name(version: int) -> str:
    return f"report/{version:04d}"


def _told(put: EvidenceItem, version: int, timeline: Timeline) -> ReportAnswer:
    timeline.record(
        put.incident_id,
        f"{_REPORTED}version-{version:06d}",
        at=put.collected_at,
        by="report",
        text=f"Put version {version} of the report into the evidence vault: {put.key},"
        f" version {put.version_id} of that object.",
    )
    return ReportAnswer(bucket=put.bucket, key=put.key, version_id=put.version_id)


def _pages(
    incident_id: str, reports: Reports, evidence: Evidence, ours: Taken
) -> tuple[Numbered, ...]:
    """Every other number, with its page where one is on record: read in this order, so that one
    without a page is not one that was just put.
    """
    taken = [one for one in reports.taken(incident_id) if one.version != ours.version]
    there = {one.name: one for one in evidence.items(incident_id, Shelf.REPORT)}
    return tuple(
        Numbered(version=one.version, at=one.at, page=there.get(_name(one.version)))
        for one in taken
    )


def _at_work(
    collectors: Sequence[Collector],
    generation: int,
    ended: Collection[str],
    seals: Sequence[EvidenceItem],
) -> set[str]:
    """Those of which nobody said that they ended, in a part that is not sealed."""
    sealed = {item.name for item in seals}
    return {
        one.ID
        for one in collectors
        if one.ID not in ended and name_of(generation, part_of(one)) not in sealed
    }


def _looked(
    collector: Collector,
    wanted: Collection[str],
    custody: Sequence[CustodyEntry],
    generation: int,
    at_work: Collection[str],
) -> Looked:
    failed = [
        link
        for link in custody
        if link.event == NOT_COLLECTED and link.subject.startswith(f"{collector.ID}/")
    ]
    has_failed = any(link.subject == f"{collector.ID}/{generation:04d}" for link in failed)
    return Looked(
        collector_id=collector.ID,
        title=collector.TITLE,
        limits=collector.LIMITS,
        called_for=collector.ID in wanted,
        ended=has_failed or collector.ID not in at_work,
        failures=tuple(link.detail for link in failed),
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
