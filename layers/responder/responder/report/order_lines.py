"""How each order stands, for a reader who has a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus, Silence
from responder.domain.use import Use
from responder.report import commands, use_lines
from responder.report.commands import Command
from responder.report.model import Report
from responder.report.wording import called_of, said_yes, span

_SILENCE = {
    Silence.LEAVE: "left to a person.",
    Silence.ESCALATE: "escalated and left to a person.",
    Silence.PROCEED: "carried out.",
}


class Stands(StrEnum):
    """Where an order stands. The value is what the reader sees."""

    CONTAINED = "contained, verified"
    CUT = "cut, not verified yet"
    BEGUN = "begun, outcome unknown"
    RELEASED = "released"
    LEFT = "left to a person"
    WAITING = "waits for approval"
    HELD = "held: monitor mode"
    PLANNED = "planned, not begun"


@dataclass(frozen=True)
class OrderLine:
    """One order with everything that is known of it."""

    order: Order
    stands: Stands
    title: str
    subject: str
    receipt: Receipt | None
    approval: Approval | None
    undo: Command | None  # set while there is something to put back
    use: Use | None = None  # set where people were asked about it

    @property
    def so_far(self) -> str:
        """How many of the people who have to approve it did; empty where any one will do."""
        if self.order.people_needed == 1:
            return ""
        yeses = [] if self.approval is None else [yes.by for yes in self.approval.yeses]
        return said_yes(yeses, self.order.people_needed)

    @property
    def used(self) -> str | None:
        """What else uses it, and what of that is not known, as sentences."""
        if self.use is None:
            return None
        return f"{use_lines.known(self.use)} {use_lines.not_known(self.use)}"

    @property
    def said(self) -> str | None:
        """A person's answer, as a sentence."""
        answer = self.approval
        if answer is None:
            return None
        if answer.who is None:
            return answer.dropped
        said = f"{answer.status.value} by {answer.who}"
        if answer.group is not None:
            said += ", by one answer for several orders"
        return f"{said}: “{answer.comment}”" if answer.comment else said

    def took(self, since: datetime) -> timedelta | None:
        """How long from `since` until it was verified."""
        if self.receipt is None or self.receipt.contained_at is None:
            return None
        return self.receipt.contained_at - since


def lines(report: Report) -> list[OrderLine]:
    """Every order that no stronger one took the place of, in the order of the plan."""
    receipts = {receipt.order.order_id: receipt for receipt in report.receipts}
    replaced = {receipt.order.order_id for receipt in report.receipts if receipt.replaced_by}
    asked = sorted(report.approvals, key=lambda approval: approval.requested_at)
    answers = {approval.order_id: approval for approval in asked}
    return [
        _line(report, order, receipts.get(order.order_id), answers.get(order.order_id))
        for order in report.orders
        if order.order_id not in replaced
    ]


def on_silence(those: Sequence[OrderLine]) -> str:
    """What happens when nobody answers about orders to which silence means the same."""
    they = "it is" if len(those) == 1 else "they are"
    return f"If nobody answers, {they} {_SILENCE[those[0].order.on_silence]}"


def why_left(line: OrderLine) -> str:
    """Why a person has this order now, as a sentence."""
    if line.receipt is not None and line.receipt.note:
        return line.receipt.note
    if line.approval is not None and line.approval.status is ApprovalStatus.DENIED:
        return "A person denied it."
    if line.approval is not None and line.approval.status is ApprovalStatus.EXPIRED:
        return f"Nobody answered within {span(line.order.answer_within)}."
    return "The workflow could not carry it out."


def next_step(line: OrderLine) -> str:
    """What the person who has it now does, as a sentence."""
    if line.approval is not None and line.approval.status is ApprovalStatus.DENIED:
        return "Nothing, unless the one who denied it changes their mind: then cut it by hand."
    if line.undo is not None:
        return (
            "Something may have been changed before it was given up. Look at the resource; then"
            " either finish the cut by hand, or undo it with the command beside it."
        )
    return "Nothing was changed. Look at the resource, and cut it by hand if it still does harm."


def _line(
    report: Report, order: Order, receipt: Receipt | None, approval: Approval | None
) -> OrderLine:
    undo = None
    if receipt is not None and receipt.before is not None and receipt.released_at is None:
        undo = commands.release(report.here, order)
    return OrderLine(
        order=order,
        stands=_stands(order, receipt, approval),
        title=report.titles.get(order.action_id, order.action_id),
        subject=called_of(order),
        receipt=receipt,
        approval=approval,
        undo=undo,
        use=next((one for one in report.uses if one.order_id == order.order_id), None),
    )


def _stands(order: Order, receipt: Receipt | None, approval: Approval | None) -> Stands:
    if receipt is not None:
        return {
            ReceiptStatus.OBSERVED: Stands.BEGUN,
            ReceiptStatus.APPLIED: Stands.CUT,
            ReceiptStatus.CONTAINED: Stands.CONTAINED,
            ReceiptStatus.RELEASED: Stands.RELEASED,
            ReceiptStatus.LEFT: Stands.LEFT,
        }[receipt.status]
    if order.held:
        return Stands.HELD
    if approval is not None and approval.status in (
        ApprovalStatus.DENIED,
        ApprovalStatus.EXPIRED,
    ):
        return Stands.LEFT
    if order.mode is OrderMode.APPROVAL and (
        approval is None or approval.status is ApprovalStatus.WAITING
    ):
        return Stands.WAITING
    return Stands.PLANNED
