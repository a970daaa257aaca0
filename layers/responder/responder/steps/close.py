"""Close an incident, because a person says that it is over. Refused while anything of it is not.

It undoes no cut: what is cut stays cut, is cut again if somebody undoes it, and can be released.
Nothing opens a closed incident again: what comes later and is news opens one that follows it. From
the console, `by` is whom AWS names; from a direct call it is what the caller says of themselves.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, Field, field_validator

from responder.aws import approvals as questions
from responder.aws import automations as console
from responder.aws import clocks as deadlines
from responder.aws import closings as ends
from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import machine as response
from responder.aws import receipts as proof
from responder.aws import reporter as pages
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.closings import Closings
from responder.aws.evidence import Evidence, Shelf
from responder.aws.machine import Machine
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.reporter import Reporter
from responder.aws.timeline import Timeline
from responder.domain import unfinished
from responder.domain.answer import is_party
from responder.domain.closing import Closed, held_since, known
from responder.domain.errors import Refused, ResponderError, Unavailable
from responder.domain.escaping import OneLine, one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.incident import Incident, incident_of
from responder.domain.model import Model
from responder.domain.order import Receipt, ReceiptStatus
from responder.steps.resolve import stays_closed

READING = (
    table.READ
    | questions.PERMISSIONS
    | deadlines.PERMISSIONS
    | proof.PERMISSIONS
    | kept.PERMISSIONS
)
PERMISSIONS = (
    table.PERMISSIONS
    | READING
    | ends.PERMISSIONS
    | events.PERMISSIONS
    | response.LOOKING
    | console.READING
    | pages.PERMISSIONS
)
_TRIES = 5
_OF_ONE = re.compile(r"(ord-[0-9a-f]{20})\s*=\s*")


class CloseRequest(Model):
    """Which incident, who closes it and why, and what became of each order that people were left.

    In the console, and in any text, those are `ord-…=what became of it; ord-…=and of the next`.
    """

    incident_id: IncidentId
    by: OneLine
    because: OneLine
    left: dict[OrderId, OneLine] = Field(default_factory=dict)

    @field_validator("left", mode="before")
    @classmethod
    def _of_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        start, *parts = _OF_ONE.split(value)
        if start.strip() or not parts:
            raise ValueError("say what became of an order as ord-…=what became of it")
        ids = parts[0::2]
        if len(set(ids)) < len(ids):
            raise ValueError("the same order twice")
        return dict(zip(ids, (text.strip().rstrip("; ") for text in parts[1::2]), strict=True))


class StillCut(Model):
    """A cut that stands, and goes on being watched."""

    order_id: str
    action_id: str
    resource: str
    since: AwareDatetime


class CloseAnswer(Model):
    """Who closed it first and why, and what stays cut."""

    incident_id: str
    by: str
    at: AwareDatetime
    why: str
    still_cut: list[StillCut]


@dataclass(frozen=True)
class Reads:
    """Everything that is looked at before an incident is closed."""

    records: Records
    receipts: Receipts
    approvals: Approvals
    evidence: Evidence


def close(
    request: CloseRequest,
    *,
    reads: Reads,
    closings: Closings,
    machine: Machine,
    timeline: Timeline,
    reporter: Reporter,
    now: datetime,
) -> CloseAnswer:
    """Close it, or say all that stands against it. Twice is once, and the first who and why stay.

    The table's stream resolves it where it is open for people.
    """
    incidents = reads.records.incidents
    for _ in range(_TRIES):
        item = incidents.item(request.incident_id)
        if item is None:
            raise Refused(f"there is no incident {request.incident_id}; nothing was changed")
        incident = Incident.model_validate_json(item.body)
        if incident.closed is None:
            closed = _closed(request, incident, reads, machine, now)
            if not closings.close(item, closed, _said(closed)):
                continue
            if stays_closed(
                incident.id, incidents=incidents, closings=closings, by="close", now=now
            ):
                _last_page(incident, reporter, timeline, now)
                return _answer(incident.id, closed, reads.receipts.all(incident.id))
            raise Refused(
                f"a finding joined {incident.id} at this very moment, so it stays open. Look at "
                "it, and ask again"
            )
        if stays_closed(incident.id, incidents=incidents, closings=closings, by="close", now=now):
            return _answer(incident.id, incident.closed, reads.receipts.all(incident.id))
    raise Unavailable(f"{request.incident_id} is being written by others; try again")


def what_is_missing(
    incident: Incident, reads: Reads, *, left: Collection[OrderId] = (), running: Sequence[str] = ()
) -> list[str]:
    """All that stands against closing it, as sentences without their end."""
    receipts = reads.receipts.all(incident.id)
    names = [name for name in running if incident_of(name) == incident.id]
    clocks = reads.records.clocks.all(incident.id)
    return [
        *(f"its response still runs ({name})" for name in names),
        *unfinished.of_orders(
            reads.records.incidents.orders(incident.id),
            receipts,
            reads.approvals.all(incident.id),
            left,
        ),
        *unfinished.of_what_was_left(left, receipts),
        *unfinished.of_clocks(clocks, is_counted=bool(reads.records.jurisdictions)),
        *unfinished.of_evidence(
            incident.generation,
            reads.evidence.items(incident.id, Shelf.SEAL),
            reads.evidence.items(incident.id),
        ),
    ]


def _closed(
    request: CloseRequest, incident: Incident, reads: Reads, machine: Machine, now: datetime
) -> Closed:
    """The end of it, with what is known by now; `Refused` while something stands against it."""
    incidents = reads.records.incidents
    running = machine.running()
    findings, orders = incidents.findings(incident.id), incidents.orders(incident.id)
    why_not = what_is_missing(incident, reads, left=request.left, running=running)
    if is_party(request.by, orders=orders, findings=findings):
        why_not.insert(0, f"{one_line(request.by, 300)} is a principal of it, and ends nothing")
    if why_not:
        raise Refused(
            f"{incident.id} stays open, and nothing was changed. {len(why_not)} "
            f"{'thing stands' if len(why_not) == 1 else 'things stand'} against closing it: "
            f"{'; '.join(why_not)}"
        )
    held = held_since(orders, reads.receipts.all(incident.id))
    return Closed.model_validate(
        {
            "by": request.by,
            "at": now,
            "why": request.because,
            "left": request.left,
            **known(
                severity=incident.severity,
                findings=findings,
                held=held,
                opened=incident.opened_at,
            ),
        }
    )


def _said(closed: Closed) -> str:
    of_each = "".join(f" {order_id}: {what}." for order_id, what in closed.left.items())
    return f"Closed: {closed.why}." + (f" Of what was left to people:{of_each}" if of_each else "")


def _last_page(incident: Incident, reporter: Reporter, timeline: Timeline, now: datetime) -> None:
    """Ask for the report as it stands at the end. It is closed all the same if that fails."""
    try:
        reporter.write(incident.id, now=now)
    except ResponderError as error:
        text = f"No last page was written: {one_line(str(error), 300)}. Do it: responder report"
        timeline.record(incident.id, "no-last-page", at=now, by="close", text=text)


def _answer(incident_id: str, closed: Closed, receipts: Sequence[Receipt]) -> CloseAnswer:
    return CloseAnswer(
        incident_id=incident_id,
        by=closed.by,
        at=closed.at,
        why=closed.why,
        still_cut=[
            StillCut(
                order_id=one.order.order_id,
                action_id=one.order.action_id,
                resource=one.order.resource,
                since=one.contained_at,
            )
            for one in receipts
            if one.status is ReceiptStatus.CONTAINED
            and one.released_by is None
            and one.contained_at is not None
        ],
    )
