"""Judge what a person decided about one order, and write it into the request. Tells nobody.

A principal of the incident can neither approve its own containment nor veto it: its answer does
not count, and the order waits as if nobody had answered. Where two people have to approve, the
first yes is kept, and the order waits for the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from responder.aws import approvals as requests
from responder.aws import receipts as proof
from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.domain.answer import Answer, is_late, is_party, objection
from responder.domain.approval import Approval, ApprovalStatus, Yes
from responder.domain.escaping import one_line
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.report.wording import in_utc
from responder.steps.unsettled import why_left

PERMISSIONS = requests.PERMISSIONS | proof.PERMISSIONS
SKEW = timedelta(seconds=5)  # more than two clocks of AWS ever differ by
ANSWERED = (ApprovalStatus.APPROVED, ApprovalStatus.DENIED)
_UNDO = " If the order was carried out without an answer, release it to undo that."


class Verdict(StrEnum):
    """What became of an answer."""

    COUNTS = "counts"
    ONE_OF_MORE = "counts, and another person is needed"
    LATE = "late"  # its time was over, or the question was closed
    VOID = "void"  # it does not count, whenever it came


@dataclass(frozen=True)
class Outcome:
    """What an answer did to one order."""

    order: Order
    approval: Approval  # as it stands now
    verdict: Verdict
    text: str  # for the timeline
    against: str | None = None  # why it does not count
    too_late: str | None = None  # a yes to what was left, which its person has to hear of

    @property
    def key(self) -> str:
        """The first word of its event's key."""
        return {
            Verdict.COUNTS: "answered",
            Verdict.ONE_OF_MORE: "answered-one",
            Verdict.LATE: "answered-late",
            Verdict.VOID: "answered-void",
        }[self.verdict]


def judge(
    approval: Approval,
    answer: Answer,
    *,
    incidents: Incidents,
    approvals: Approvals,
    receipts: Receipts,
    approvers: Sequence[str],
) -> Outcome:
    """Write what a person decided into the request, if it counts and nothing was decided before.

    A no counts for as long as nothing else was recorded; a yes only inside its time, and while the
    order was not left to a person for another reason. An order that a stronger one replaced is not
    decided about any more. Tells nobody.
    """
    order = incidents.order(approval.incident_id, approval.order_id)
    receipt = receipts.get(order.incident_id, order.order_id)
    left = receipt if receipt is not None and receipt.status is ReceiptStatus.LEFT else None
    replaced = left is not None and left.replaced_by is not None
    before = any(yes.automation_id == approval.automation_id for yes in approval.yeses)
    against = None if before else _against(order, approval, answer, incidents, approvers)
    stand, fell = _standing(approval, incidents)
    if approval.status in ANSWERED:
        verdict = Verdict.COUNTS
    elif before and approval.status is ApprovalStatus.WAITING:
        verdict = Verdict.ONE_OF_MORE
    elif against is not None and not replaced:
        verdict = Verdict.VOID
    elif (
        replaced
        or approval.status is ApprovalStatus.EXPIRED
        or (answer.approves and (left is not None or is_late(answer, approval)))
    ):
        verdict = Verdict.LATE
        if left is not None and approval.status is ApprovalStatus.WAITING:
            approval = approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    elif answer.approves and len(stand) + 1 < order.people_needed:
        verdict = Verdict.ONE_OF_MORE
        approval = approvals.replace(approval, yeses=(*stand, _yes(answer, approval)))
    else:
        verdict = Verdict.COUNTS
        several = answer.approves and order.people_needed > 1
        approval = approvals.replace(
            approval,
            status=ApprovalStatus.APPROVED if answer.approves else ApprovalStatus.DENIED,
            yeses=(*stand, _yes(answer, approval)) if several else approval.yeses,
            decided_by=answer.by,
            decided_at=answer.decided_at,
            comment=answer.comment,
        )
    late_yes = None
    if verdict is Verdict.COUNTS:
        text = _said(approval)
    elif verdict is Verdict.ONE_OF_MORE:
        text = f"Approved the order. Another person has to approve it too.{fell}"
    elif verdict is Verdict.LATE:
        text = _said_late(approval, answer, left)
        if answer.approves and left is not None and not replaced:
            said = f"{answer.who} approved it, and the yes came too late."
            late_yes = f"{said} {why_left(left.note)}"
    else:
        text = f"{verb(answer)} the order, and it does not count: {against}"
    return Outcome(
        order,
        approval,
        verdict,
        text,
        against if verdict is Verdict.VOID else None,
        late_yes,
    )


def _standing(approval: Approval, incidents: Incidents) -> tuple[tuple[Yes, ...], str]:
    """The yeses before this one that still count, and what became of the others.

    A finding that joined since may be about somebody who approved.
    """
    orders = incidents.orders(approval.incident_id) if approval.yeses else []
    findings = incidents.findings(approval.incident_id) if approval.yeses else []
    fell = [y for y in approval.yeses if is_party(y.by, orders=orders, findings=findings)]
    said = "".join(
        f" The yes of {one_line(yes.by, 300)} counts no more: this incident is about that identity."
        for yes in fell
    )
    return tuple(yes for yes in approval.yeses if yes not in fell), said


def _yes(answer: Answer, approval: Approval) -> Yes:
    # An answer that counts for one of several people names its person and its automation.
    return Yes(
        by=answer.by or "",
        at=answer.decided_at,
        automation_id=approval.automation_id or "",
        comment=answer.comment,
    )


def _against(
    order: Order,
    approval: Approval,
    answer: Answer,
    incidents: Incidents,
    approvers: Sequence[str],
) -> str | None:
    return objection(
        answer,
        approval,
        incidents.plan_of(approval.incident_id, approval.order_id).hash,
        approvers,
        people_needed=order.people_needed,
        asked_for_by=incidents.asked_for_by(order),
        orders=incidents.orders(approval.incident_id),
        findings=incidents.findings(approval.incident_id),
    )


def verb(answer: Answer) -> str:
    """What a person did, to begin a sentence with."""
    return "Approved" if answer.approves else "Denied"


def _said(approval: Approval) -> str:
    verb = "Approved" if approval.status is ApprovalStatus.APPROVED else "Denied"
    comment = f": {approval.comment}" if approval.comment else "."
    return f"{verb} the order{comment}"


def _said_late(approval: Approval, answer: Answer, left: Receipt | None) -> str:
    said = f"{verb(answer)} the order too late."
    if left is not None and left.replaced_by is not None:
        return f"{said} Order {left.replaced_by} took its place, and is decided about by itself."
    if is_late(answer, approval):
        why = f"The time to answer ended at {in_utc(approval.expires_at)}."
    elif left is not None:
        return f"{said} {why_left(left.note)}"
    else:
        why = "The question was closed by then."
    then = "" if answer.approves else _UNDO
    return f"{said} {why} Nothing was done because of it.{then}"
