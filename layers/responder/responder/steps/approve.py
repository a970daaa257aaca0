"""Check a person's answer, and hand it to the waiting execution.

Whoever calls this is not believed: only the ids it brings are used, to find our own record, and AWS
is asked what was decided, when, and by whom. The record is written before the execution is told,
so that a run which dies in between is completed by the next, or by the state that waits.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from responder.aws import approvals as requests
from responder.aws import automations as console
from responder.aws import timeline as events
from responder.aws import waiting as executions
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.aws.waiting import Waiting
from responder.domain.answer import Answer, is_late, objection
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.report.wording import in_utc

PERMISSIONS = requests.PERMISSIONS | events.PERMISSIONS | console.READING | executions.PERMISSIONS
_UNDO = " If the order was carried out without an answer, release it to undo that."
_ANSWERED = (ApprovalStatus.APPROVED, ApprovalStatus.DENIED)


class ApproveRequest(BaseModel):
    """What the document's last step sends, or somebody who pretends to be it."""

    approval_id: Annotated[str, StringConstraints(pattern=r"^apr-[0-9a-f]{32}$")]
    automation_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


class ApproveAnswer(BaseModel):
    """Where the request stands now. `late` is an answer that came after its time."""

    incident_id: IncidentId
    order_id: OrderId
    status: ApprovalStatus
    late: bool


def approve(
    request: ApproveRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    automations: Automations,
    waiting: Waiting,
    timeline: Timeline,
    approvers: Sequence[str],
) -> ApproveAnswer:
    """Record an answer and pass it on. May run again: the first answer is the one that counts."""
    approval = approvals.find(request.approval_id)
    if approval is None:
        raise Refused("there is no such request for approval; nothing was changed")
    if approval.automation_id is None:
        raise Unavailable(f"{approval.order_id} is still being asked about; try again")
    if approval.automation_id != request.automation_id:
        raise Refused(f"{approval.order_id} was asked about elsewhere; nothing was changed")
    answer = automations.answer(approval.automation_id)
    if answer is not None:
        approval = settle(
            approval,
            answer,
            incidents=incidents,
            approvals=approvals,
            timeline=timeline,
            approvers=approvers,
        )
    if approval.status in _ANSWERED:
        hand_in(approval, approvals=approvals, waiting=waiting)
    return ApproveAnswer(
        incident_id=approval.incident_id,
        order_id=approval.order_id,
        status=approval.status,
        late=answer is not None and approval.status not in _ANSWERED,
    )


def settle(
    approval: Approval,
    answer: Answer,
    *,
    incidents: Incidents,
    approvals: Approvals,
    timeline: Timeline,
    approvers: Sequence[str],
) -> Approval:
    """Write what a person decided into the request, unless it is decided or the time is over.

    A no counts for as long as nothing else was recorded; a yes only inside its time.
    """
    if approval.status is ApprovalStatus.WAITING and not (
        answer.approves and is_late(answer, approval)
    ):
        approval = _decide(approval, answer, incidents, approvals, approvers)
    if approval.status in _ANSWERED:
        key, text = "answered", _said(approval)
    else:
        key, text = "answered-late", _said_late(approval, answer)
    timeline.record(
        approval.incident_id,
        f"{key}:{approval.order_id}",
        at=answer.decided_at,
        by=one_line(answer.by or "approve", 300),
        text=text,
    )
    return approval


def hand_in(approval: Approval, *, approvals: Approvals, waiting: Waiting) -> None:
    """Tell the execution that waits, with the newest token. One that waits no more looks itself."""
    token = approvals.token(approval.approval_id)
    if approval.status is ApprovalStatus.APPROVED:
        waiting.go_on(token)
    else:
        waiting.refuse(token, _denial(approval))


def _decide(
    approval: Approval,
    answer: Answer,
    incidents: Incidents,
    approvals: Approvals,
    approvers: Sequence[str],
) -> Approval:
    decided_by, comment = answer.by, answer.comment
    status = ApprovalStatus.APPROVED if answer.approves else ApprovalStatus.DENIED
    if answer.approves:
        order = incidents.order(approval.incident_id, approval.order_id)
        plan_hash = incidents.plan_of(approval.incident_id, approval.order_id).hash
        against = objection(answer, approval, order, plan_hash, approvers)
        if against is not None:
            # The question is spent and cannot be answered again, so a person has to act by hand.
            status, decided_by, comment = ApprovalStatus.DENIED, None, f"Not accepted: {against}"
    return approvals.replace(
        approval,
        status=status,
        decided_by=decided_by,
        decided_at=answer.decided_at,
        comment=comment,
    )


def _denial(approval: Approval) -> str:
    if approval.decided_by is None:
        return approval.comment or "It was denied."
    said = f": {approval.comment}" if approval.comment else "."
    return f"Denied by {one_line(approval.decided_by, 300)}{said}"


def _said(approval: Approval) -> str:
    if approval.status is ApprovalStatus.DENIED and approval.decided_by is None:
        return f"{_denial(approval)} Nothing was cut because of it."
    verb = "Approved" if approval.status is ApprovalStatus.APPROVED else "Denied"
    comment = f": {approval.comment}" if approval.comment else "."
    return f"{verb} the order{comment}"


def _said_late(approval: Approval, answer: Answer) -> str:
    verb, then = ("Approved", "") if answer.approves else ("Denied", _UNDO)
    return (
        f"{verb} the order too late: the time to answer ended at "
        f"{in_utc(approval.expires_at)}. Nothing was done because of it.{then}"
    )
