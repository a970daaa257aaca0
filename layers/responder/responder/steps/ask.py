"""Ask a person, in the console, whether an order may be carried out.

People are asked once for each order, and once for orders that the plan put together: whichever of
them comes first asks, and the others find the question, or the answer to it. Another attempt of the
waiting state brings another task token for the same question, and an answer that came in between is
handed to it at once. Where asking fails for good, the question is taken back: nobody is left to
answer what nothing waits for. Where AWS stays busy it cannot be, and a yes is then found to be too
late, because the order was left.
"""

import secrets
from collections.abc import Mapping, Sequence

from pydantic import AwareDatetime, ConfigDict, Field

from responder.aws import timeline as events
from responder.aws import waiting as executions
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.questions import Questions
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.waiting import Waiting
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Refused, Unavailable
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Order
from responder.report.model import Here
from responder.report.wording import in_utc
from responder.steps import question
from responder.steps import together as several
from responder.steps.hand_in import hand_in
from responder.steps.together import Together
from responder.steps.verdict import ANSWERED

PERMISSIONS = (
    question.PERMISSIONS | several.PERMISSIONS | events.PERMISSIONS | executions.PERMISSIONS
)


class AskRequest(Model):
    """What the machine sends. The token is a secret, and no error shows it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    incident_id: IncidentId
    order_id: OrderId
    task_token: str = Field(min_length=1, max_length=2048, repr=False)
    now: AwareDatetime


class AskAnswer(Model):
    """Which question is open, or how it was answered before."""

    approval_id: str
    status: ApprovalStatus
    automation_id: str | None


def ask(
    request: AskRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    questions: Questions,
    receipts: Receipts,
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
    together = Together(
        incidents=incidents,
        approvals=approvals,
        questions=questions,
        receipts=receipts,
        automations=automations,
        timeline=timeline,
        approvers=approvers,
        uses=uses,
        titles=titles,
        here=here,
    )
    plan = incidents.plan_of(order.incident_id, order.order_id)
    asked = order.group and together.begin(order, plan, order.group, now=request.now)
    ends_at = request.now + order.answer_within
    approval = approvals.create(
        Approval(
            approval_id=f"apr-{secrets.token_hex(16)}",
            incident_id=order.incident_id,
            order_id=order.order_id,
            plan_hash=asked.plan_hash if asked else plan.hash,
            requested_at=request.now,
            expires_at=min(ends_at, asked.expires_at) if asked else ends_at,
            group=order.group,
        ),
        request.task_token,
    )
    if approval.group is not None and request.now < approval.expires_at:
        approval = _found(approval, together)
    if approval.status in ANSWERED:
        approval = hand_in(approval, approvals=approvals, waiting=waiting, now=request.now)
    elif approval.status is ApprovalStatus.EXPIRED or request.now >= approval.expires_at:
        _take_back(approval, together)
        raise Refused(
            f"the question about {order.order_id} is closed, which could be answered until "
            f"{in_utc(approval.expires_at)}; people are not asked again"
        )
    else:
        try:
            if approval.group is not None:
                approval = _asked_with_others(approval, together)
            else:
                approval = _asked_alone(approval, order, together)
        except Unavailable:
            raise  # the machine tries again
        except Exception:
            _take_back(together.again(approval), together)
            raise
    return AskAnswer(
        approval_id=approval.approval_id,
        status=approval.status,
        automation_id=approval.automation_id,
    )


def _found(approval: Approval, together: Together) -> Approval:
    """The request with what the question of its group led to so far."""
    question = together.of(approval)
    approval = together.take_in_late(approval, question)
    if approval.status is not ApprovalStatus.WAITING:
        return approval
    if question.is_over:
        # The others were answered for, or nobody can answer any more: it has one of its own.
        return together.alone(approval)
    if question.automation_id is not None and question.of(question.automation_id) is not None:
        raise Unavailable(f"the question about {approval.order_id} is being answered; try again")
    return approval


def _asked_with_others(approval: Approval, together: Together) -> Approval:
    question = together.put(together.of(approval))
    approval = together.keep_up(approval, question)
    together.told(question)
    return approval


def _asked_alone(approval: Approval, order: Order, together: Together) -> Approval:
    if approval.automation_id is None:
        approval = together.alone(approval)
    together.told_alone(approval, order)
    return approval


def _take_back(approval: Approval, together: Together) -> None:
    """Leave no question behind that nothing waits for."""
    # Closed first: a question that is found stopped while it is open is asked again.
    if approval.status is ApprovalStatus.WAITING:
        together.approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    if approval.group is not None:
        together.stop_unless_asked(together.of(approval))
    elif approval.automation_id is not None:
        together.automations.stop(approval.automation_id)
