"""Ask a person, in the console, whether an order may be carried out.

People are asked once for each order. Another attempt of the waiting state brings another task token
for the same question, and an answer that came in between is handed to it at once. Where asking
fails for good, the question is taken back: nobody is left to answer what nothing waits for. Where
AWS stays busy it cannot be, and a yes is then found to be too late, because the order was left.
"""

import secrets
from collections.abc import Mapping, Sequence

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from responder.aws import timeline as events
from responder.aws import waiting as executions
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.waiting import Waiting
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Refused, Unavailable
from responder.domain.identifiers import IncidentId, OrderId
from responder.report.model import Here
from responder.report.wording import in_utc
from responder.steps import question
from responder.steps.approve import hand_in
from responder.steps.question import put, what
from responder.steps.settle import ANSWERED, silence

PERMISSIONS = question.PERMISSIONS | events.PERMISSIONS | executions.PERMISSIONS


class AskRequest(BaseModel):
    """What the machine sends. The token is a secret, and no error shows it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    incident_id: IncidentId
    order_id: OrderId
    task_token: str = Field(min_length=1, max_length=2048, repr=False)
    now: AwareDatetime


class AskAnswer(BaseModel):
    """Which question is open, or how it was answered before."""

    approval_id: str
    status: ApprovalStatus
    automation_id: str | None


def ask(
    request: AskRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    automations: Automations,
    uses: Uses,
    waiting: Waiting,
    timeline: Timeline,
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
) -> AskAnswer:
    """Ask, or take up what was asked before. May run again: one request, and one automation."""
    order = incidents.order(request.incident_id, request.order_id)
    if not order.asks_people:
        raise Refused(f"{order.order_id} is not an order that people are asked about")
    approval = approvals.create(
        Approval(
            approval_id=f"apr-{secrets.token_hex(16)}",
            incident_id=order.incident_id,
            order_id=order.order_id,
            plan_hash=incidents.plan_of(order.incident_id, order.order_id).hash,
            requested_at=request.now,
            expires_at=request.now + order.answer_within,
        ),
        request.task_token,
    )
    if approval.status in ANSWERED:
        approval = hand_in(approval, approvals=approvals, waiting=waiting, now=request.now)
    elif approval.status is ApprovalStatus.EXPIRED or request.now >= approval.expires_at:
        _take_back(approval, approval.automation_id, approvals, automations)
        raise Refused(
            f"the question about {order.order_id} is closed, which could be answered until "
            f"{in_utc(approval.expires_at)}; people are not asked again"
        )
    else:
        automation_id = approval.automation_id
        try:
            if automation_id is None:
                automation_id = put(
                    order,
                    approval,
                    uses=uses,
                    automations=automations,
                    asked_for_by=incidents.asked_for_by(order),
                    approvers=approvers,
                    titles=titles,
                    here=here,
                )
                approval = approvals.replace(approval, automation_id=automation_id)
            timeline.record(
                order.incident_id,
                f"asked:{order.order_id}",
                at=approval.requested_at,
                by="ask",
                text=f"Asked the approvers whether to carry out {what(order, titles)}. "
                f"{silence(order, approval)} Automation {automation_id}.",
            )
        except Unavailable:
            raise  # the machine tries again
        except Exception:
            _take_back(approval, automation_id, approvals, automations)
            raise
    return AskAnswer(
        approval_id=approval.approval_id,
        status=approval.status,
        automation_id=approval.automation_id,
    )


def _take_back(
    approval: Approval, automation_id: str | None, approvals: Approvals, automations: Automations
) -> None:
    """Leave no question behind that nothing waits for."""
    # Closed first: a question that is found stopped while it is open is asked again.
    if approval.status is ApprovalStatus.WAITING:
        approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    if automation_id is not None:
        automations.stop(automation_id)
