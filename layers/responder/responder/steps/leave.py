"""Record why an order now waits for a person, and what that person does next.

Undoes nothing: a cut that was made half way stays, and its receipt still tells how to undo it.
People are paged, unless they know: one of them denied it, or the time to answer ran out and that
was told as the plan says.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime

from responder.aws import approvals as asked
from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import snoozable as snoozing
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.snoozable import Snoozable
from responder.aws.timeline import Timeline
from responder.domain import next_steps
from responder.domain.approval import ApprovalStatus
from responder.domain.escaping import ascii_line, one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Receipt, ReceiptStatus

PERMISSIONS = (
    table.PERMISSIONS
    | proof.PERMISSIONS
    | asked.PERMISSIONS
    | events.PERMISSIONS
    | snoozing.PERMISSIONS
)
_MOST = 400  # of a reason, which may be an attacker's or an approver's text
_SETTLED = (ReceiptStatus.CONTAINED, ReceiptStatus.RELEASED)
_NOT_ANSWERED = {
    "denied": "A person denied it.",
    "expired": "Nobody answered in time.",
}


class LeaveRequest(Model):
    """What the machine sends. `item` is all it knows of the order, and has no shape to rely on."""

    incident_id: IncidentId
    order_id: OrderId
    item: Any = None
    now: AwareDatetime


class LeaveAnswer(Model):
    """Where the order stands now."""

    order_id: str
    status: ReceiptStatus
    note: str | None


def leave(
    request: LeaveRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    receipts: Receipts,
    pager: Snoozable,
    timeline: Timeline,
    titles: Mapping[str, str],
) -> LeaveAnswer:
    """Leave the order to a person, who is paged once. What is contained or released stays so."""
    order = incidents.order(request.incident_id, request.order_id)
    note = reason_of(request.item)
    filed = receipts.filed(order.incident_id, order.order_id)
    if filed is None:
        filed = receipts.file(Receipt(order=order, status=ReceiptStatus.LEFT, note=note))
    receipt = filed.receipt
    if receipt.status in _SETTLED or receipt.released_by is not None:
        return _answer(receipt)
    if receipt.replaced_by is not None:  # a stronger order does it, and is told of by itself
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
    if not _is_known(request, approvals):
        what = f"{titles.get(order.action_id, order.action_id)}: {one_line(order.resource, 250)}"
        pager.page(
            order.incident_id,
            subject=ascii_line(f"[LEFT TO A PERSON] {what} in {order.account}", 99),
            text=_page(receipt, what),
            now=request.now,
            about=f"left:{order.order_id}",
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


def _is_known(request: LeaveRequest, approvals: Approvals) -> bool:
    """Whether people know already: one of them said no, or `expire` told them, or was not to."""
    approval = approvals.of_order(request.incident_id, request.order_id)
    if approval is not None and approval.status is ApprovalStatus.DENIED:
        return approval.decided_by is not None  # else nobody can say who knows
    answer = request.item.get("answer") if isinstance(request.item, Mapping) else None
    return isinstance(answer, Mapping) and answer.get("proceed") is False


def _page(receipt: Receipt, what: str) -> str:
    order = receipt.order
    lines = [
        "The responder gave this order up, and a person has it now.",
        "",
        f"Incident: {order.incident_id}",
        f"Order: {order.order_id}",
        f"What: {what}",
        f"Account: {order.account}",
        f"Why it was ordered: {one_line(order.reason, 600)}",
        f"Why it was given up: {one_line(receipt.note or 'nobody said', 600)}",
        f"Next: {one_line(_next_step(receipt), 1200)}",
    ]
    return "\n".join(lines) + "\n"


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
    return f"Nothing was changed. {next_steps.by_hand(receipt.order)}"


def _answer(receipt: Receipt) -> LeaveAnswer:
    return LeaveAnswer(order_id=receipt.order.order_id, status=receipt.status, note=receipt.note)
