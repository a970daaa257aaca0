"""Record why an order now waits for a person, and what that person does next.

Undoes nothing: a cut that was made half way stays, and its receipt still tells how to undo it.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel

from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import timeline as events
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain import next_steps
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.order import Receipt, ReceiptStatus

PERMISSIONS = table.PERMISSIONS | proof.PERMISSIONS | events.PERMISSIONS
_MOST = 400  # of a reason, which may be an attacker's or an approver's text
_SETTLED = (ReceiptStatus.CONTAINED, ReceiptStatus.RELEASED)
_NOT_ANSWERED = {
    "denied": "A person denied it.",
    "expired": "Nobody answered in time.",
}


class LeaveRequest(BaseModel):
    """What the machine sends. `item` is all it knows of the order, and has no shape to rely on."""

    incident_id: IncidentId
    order_id: OrderId
    item: Any = None
    now: AwareDatetime


class LeaveAnswer(BaseModel):
    """Where the order stands now."""

    order_id: str
    status: ReceiptStatus
    note: str | None


def leave(
    request: LeaveRequest, *, incidents: Incidents, receipts: Receipts, timeline: Timeline
) -> LeaveAnswer:
    """Leave the order to a person. May run again; what is contained or released stays so."""
    order = incidents.order(request.incident_id, request.order_id)
    note = reason_of(request.item)
    filed = receipts.filed(order.incident_id, order.order_id)
    if filed is None:
        filed = receipts.file(Receipt(order=order, status=ReceiptStatus.LEFT, note=note))
    receipt = filed.receipt
    if receipt.status in _SETTLED or receipt.released_by is not None:
        return _answer(receipt)
    if receipt.status is not ReceiptStatus.LEFT:
        left = receipt.model_copy(update={"status": ReceiptStatus.LEFT, "note": note})
        receipt = receipts.replace(filed, left).receipt
    timeline.record(
        order.incident_id,
        f"left:{order.order_id}",
        at=request.now,
        by="leave",
        text=f"Left to a person: {order.resource}. {receipt.note} {_next_step(receipt)}",
    )
    return _answer(receipt)


def reason_of(item: Any) -> str:
    """Why the machine gave an order up, as one bounded line without anything unseen in it."""
    known = item if isinstance(item, Mapping) else {}
    answer, failure = known.get("answer"), known.get("failure")
    if isinstance(answer, Mapping) and answer.get("proceed") is False:
        status = answer.get("status")
        return _NOT_ANSWERED.get(status if isinstance(status, str) else "", "It was not approved.")
    if isinstance(failure, Mapping):
        error = one_line(str(failure.get("Error") or "An error without a name"), 80)
        cause = one_line(_message(failure.get("Cause")), _MOST)
        return f"{error}: {cause or 'it said no more'}."
    return "The workflow did not say why."


def _message(cause: object) -> str:
    """What a function said: Lambda puts its error into the cause as JSON."""
    if not isinstance(cause, str):
        return ""
    try:
        document = json.loads(cause)
    except (ValueError, RecursionError):
        return cause
    message = document.get("errorMessage") if isinstance(document, dict) else None
    return message if isinstance(message, str) else cause


def _next_step(receipt: Receipt) -> str:
    if receipt.before is not None:
        return (
            "Something may have been changed. Look at it; then finish the cut by hand, or undo it "
            "with the release function."
        )
    by_hand = next_steps.left_to_a_person(receipt.order.principal, "").next_step
    return f"Nothing was changed. {by_hand}"


def _answer(receipt: Receipt) -> LeaveAnswer:
    return LeaveAnswer(order_id=receipt.order.order_id, status=receipt.status, note=receipt.note)
