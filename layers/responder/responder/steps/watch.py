"""Somebody touched an identity that we hold: look again at once, cut again, and tell people.

CloudTrail puts a call on the event bus within minutes, and often seconds. Touching is not undoing:
the hold-order machine reads the cut again, and cuts only what was undone. People are paged once
for an identity of an incident; every touch stands on the timeline.
"""

from datetime import datetime, timedelta

from pydantic import ConfigDict

from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import machine as holding
from responder.aws import pager as paging
from responder.aws import receipts as proof
from responder.aws import timeline as events
from responder.aws.correlations import Correlations
from responder.aws.machine import Machine
from responder.aws.pager import Pager
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.correlation import owned_key
from responder.domain.escaping import ascii_line, one_line
from responder.domain.model import Model
from responder.domain.order import Receipt, ReceiptStatus, Target
from responder.domain.touch import Touch
from responder.report.wording import in_utc

PERMISSIONS = (
    table.PERMISSIONS
    | seats.PERMISSIONS
    | proof.PERMISSIONS
    | events.PERMISSIONS
    | paging.PERMISSIONS
    | holding.PERMISSIONS
)
_WHOLE_SECONDS = timedelta(seconds=1)  # as CloudTrail tells time, cut off
_HELD = (ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED)


class WatchAnswer(Model):
    """Which orders are looked at again because of a call."""

    model_config = ConfigDict(frozen=True)

    incident_id: str | None
    order_ids: list[str]


def watch(
    touch: Touch,
    *,
    correlations: Correlations,
    receipts: Receipts,
    timeline: Timeline,
    pager: Pager,
    machine: Machine,
    own_role: str,
    now: datetime,
) -> WatchAnswer:
    """Have every order about whom the call touched looked at again. May run again: once each.

    `own_role` is the role that we act with in member accounts. `now` is the same on each retry
    about one call.
    """
    held = [] if touch.is_by(own_role) else _held(touch, correlations, receipts)
    if not held:
        return WatchAnswer(incident_id=None, order_ids=[])
    # The last incident of several: it is open, if any is. Each has the touch on its timeline.
    incident_ids = list(dict.fromkeys(receipt.order.incident_id for receipt in held))
    incident_id, name = incident_ids[0], touch.user or touch.role or ""
    said = f"{one_line(touch.by, 200)} called {touch.name} on {name} at {in_utc(touch.at)}"
    outcome = "AWS refused it." if touch.refused else "Its cuts are read again, and made again."
    for one in incident_ids:
        timeline.record(
            one,
            f"touched:{touch.event_id}",
            at=touch.at,
            by=one_line(touch.by, 300),
            text=f"{said}. {outcome}",
        )
    if touch.refused:
        return WatchAnswer(incident_id=incident_id, order_ids=[])
    for receipt in held:
        machine.hold(receipt.order, touch.event_id)
    pager.page(
        incident_id,
        subject=ascii_line(f"[SOMEBODY TOUCHES WHAT WE HOLD] {name} in {touch.account}", 99),
        text=f"{said}.\n\nIncident: {incident_id}\nEvent: {touch.event_id}\n"
        "What was undone is cut again, and every further touch stands on the timeline.\n"
        "Next: find out who that is. If it is you, release the order instead of undoing it.\n",
        now=now,
        about=f"touched:{touch.account}:{name}",
    )
    return WatchAnswer(
        incident_id=incident_id, order_ids=[receipt.order.order_id for receipt in held]
    )


def _held(touch: Touch, correlations: Correlations, receipts: Receipts) -> list[Receipt]:
    """What holds whom the call touched. A cut outlives its window, and the end of its incident."""
    found = list[Receipt]()
    for principal in touch.principals:
        target = Target(action_id="", resource=principal.arn or "", principal=principal)
        claim = correlations.claim(owned_key(touch.account, target) or "")
        if claim is None:
            continue
        found += [
            receipt
            for incident_id in claim.body.all
            for receipt in receipts.all(incident_id)
            if receipt.status in _HELD
            and receipt.released_by is None
            and receipt.order.resource == principal.arn
            and receipt.observed_at is not None
            and receipt.observed_at < touch.at + _WHOLE_SECONDS
        ]
    return found
