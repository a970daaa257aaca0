"""Tell the execution that waits what was decided. The record of it was written before."""

from datetime import datetime

from responder.aws import approvals as requests
from responder.aws import waiting as executions
from responder.aws.approvals import Approvals
from responder.aws.waiting import Waiting
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.escaping import one_line

PERMISSIONS = requests.PERMISSIONS | executions.PERMISSIONS


def hand_in(
    approval: Approval, *, approvals: Approvals, waiting: Waiting, now: datetime
) -> Approval:
    """Tell the execution that waits, with the newest token, and record that it was told.

    One that waits no more looks at the record by itself, unless its wait ended otherwise.
    """
    token = approvals.token(approval.approval_id)
    if approval.status is ApprovalStatus.APPROVED:
        told = waiting.go_on(token)
    else:
        told = waiting.refuse(token, _denial(approval))
    return approvals.replace(approval, handed_in_at=now) if told else approval


def _denial(approval: Approval) -> str:
    if approval.decided_by is None:
        return approval.comment or "It was denied."
    said = f": {approval.comment}" if approval.comment else "."
    return f"Denied by {one_line(approval.decided_by, 300)}{said}"
