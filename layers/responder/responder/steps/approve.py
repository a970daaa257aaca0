"""Check a person's answer, and hand it to the waiting execution; notice a question that died.

Whoever calls this is not believed: only the ids it brings are used, to find our own record, and AWS
is asked what was decided, when, and by whom. The record is written before the execution is told,
so that a run which dies in between is completed by the next, or by the state that waits.

EventBridge tells of each automation that ended otherwise than by its last step. Where it holds an
answer, that is taken in; where nobody can answer any more, people are paged and asked again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import StringConstraints

from responder.aws import automations as console
from responder.aws import waiting as executions
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations, Ended
from responder.aws.incidents import Incidents
from responder.aws.pager import Pager
from responder.aws.questions import Questions
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.waiting import Waiting
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.domain.question import Question
from responder.report.model import Here
from responder.report.wording import closed
from responder.steps import approve_together, question
from responder.steps import settle as decisions
from responder.steps.approve_together import Answering
from responder.steps.hand_in import hand_in
from responder.steps.question import ask_again, may_ask_again
from responder.steps.settle import settle
from responder.steps.together import Together
from responder.steps.unsettled import call_people, numbered, silence, too_late, why_left
from responder.steps.verdict import ANSWERED, SKEW, Verdict

PERMISSIONS = (
    question.PERMISSIONS
    | approve_together.PERMISSIONS
    | decisions.PERMISSIONS
    | console.READING
    | executions.PERMISSIONS
)


class ApproveRequest(Model):
    """What the document's last step sends, or EventBridge, or somebody who pretends to be them."""

    # EventBridge does not say it; then AWS is asked what the automation is about.
    # An `apr-` is about one order, a `qst-` about several.
    approval_id: Annotated[str, StringConstraints(pattern=r"^(apr|qst)-[0-9a-f]{32}$")] | None = (
        None
    )
    automation_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


class ApproveAnswer(Model):
    """Where the request stands now. The verdict is None while nobody has answered."""

    incident_id: IncidentId
    order_id: OrderId | None  # None where several are asked about at once
    group: str | None
    status: ApprovalStatus
    verdict: Verdict | None


def approve(
    request: ApproveRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    questions: Questions,
    receipts: Receipts,
    automations: Automations,
    uses: Uses,
    waiting: Waiting,
    timeline: Timeline,
    pager: Pager,
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
    now: datetime,
) -> ApproveAnswer:
    """Record an answer and pass it on. May run again: the first answer is the one that counts."""
    asked = request.approval_id or automations.about(request.automation_id)
    several, approval = questions.find(asked), approvals.find(asked)
    if several is not None:
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
        answering = Answering(together, waiting, pager, now)
        several, verdict = answering.approve(
            several, request.automation_id, by_event=request.approval_id is None
        )
        return _stand(several, together, verdict)
    if approval is None:
        raise Refused("there is no such request for approval; nothing was changed")
    if approval.group is not None:
        others = questions.get(approval.incident_id, approval.group)
        if others is not None and (others.is_over or others.asks_each):
            raise Unavailable(f"{approval.order_id} is still being asked about; try again")
        raise Refused(f"{approval.order_id} is asked about with others; nothing was changed")
    if approval.automation_id is None and approval.status is ApprovalStatus.WAITING:
        raise Unavailable(f"{approval.order_id} is still being asked about; try again")
    if approval.automation_id is None or approval.automation_id != request.automation_id:
        # It was taken in, and people were asked again; or it ended, and was taken back by us.
        if request.automation_id in approval.ended or request.approval_id is None:
            return _stands(approval, None)
        raise Refused(f"{approval.order_id} was asked about elsewhere; nothing was changed")
    order = incidents.order(approval.incident_id, approval.order_id)
    receipt = receipts.get(order.incident_id, order.order_id)
    same_plan = incidents.plan_of(order.incident_id, order.order_id).hash == approval.plan_hash
    asks_again = same_plan and may_ask_again(approval, receipt, now)
    verdict, spent, why = None, False, ""
    try:
        answer = automations.answer(approval.automation_id)
    except Broken as error:
        answer, why = None, one_line(str(error), 300)
    ended = automations.ended(approval.automation_id) if answer is None else None
    if answer is not None:
        approval, verdict = settle(
            approval,
            answer,
            incidents=incidents,
            approvals=approvals,
            receipts=receipts,
            timeline=timeline,
            pager=pager,
            approvers=approvers,
            titles=titles,
            asks_again=asks_again,
        )
        spent = verdict in (Verdict.VOID, Verdict.ONE_OF_MORE)
    elif ended is not None and approval.status is ApprovalStatus.WAITING:
        spent = _died(
            order,
            approval,
            ended,
            why,
            receipt,
            asks_again=asks_again,
            timeline=timeline,
            pager=pager,
            titles=titles,
            now=now,
        )
    if spent and asks_again:
        approval = ask_again(
            order,
            approval,
            approvals=approvals,
            uses=uses,
            automations=automations,
            asked_for_by=incidents.asked_for_by(order),
            approvers=approvers,
            titles=titles,
            here=here,
        )
    if approval.status in ANSWERED:
        approval = hand_in(approval, approvals=approvals, waiting=waiting, now=now)
        # Once the time is over, the execution stopped waiting to look at the record by itself.
        if approval.handed_in_at is None and now < approval.expires_at - SKEW:
            receipt = receipts.get(order.incident_id, order.order_id)
            _unheard(approval, order, receipt, timeline=timeline, pager=pager, titles=titles)
    return _stands(approval, verdict)


def _stand(question: Question, together: Together, verdict: Verdict | None) -> ApproveAnswer:
    """How the orders of one question stand: waiting, as long as one of them waits."""
    held = {one.status for one in together.registered(question)}
    return ApproveAnswer(
        incident_id=question.incident_id,
        order_id=None,
        group=question.group,
        status=next((one for one in ApprovalStatus if one in held), ApprovalStatus.WAITING),
        verdict=verdict,
    )


def _stands(approval: Approval, verdict: Verdict | None) -> ApproveAnswer:
    return ApproveAnswer(
        incident_id=approval.incident_id,
        order_id=approval.order_id,
        group=None,
        status=approval.status,
        verdict=verdict,
    )


def _died(
    order: Order,
    approval: Approval,
    ended: Ended,
    why: str,
    receipt: Receipt | None,
    *,
    asks_again: bool,
    timeline: Timeline,
    pager: Pager,
    titles: Mapping[str, str],
    now: datetime,
) -> bool:
    """Tell of a question that nobody can answer any more, though its order waits for one.

    False where nothing waits: the order was left, or its time is over, which the machine tells of.
    """
    if receipt is not None or now >= approval.expires_at - SKEW:
        return False
    at = approval.requested_at if ended.at is None else ended.at.astimezone(UTC)
    then = "People are asked again." if asks_again else "Nobody is asked any more."
    said = (
        f"The automation {approval.automation_id} that asked people ended as {ended.status}, and "
        f"nobody had decided. {f'{closed(why)} ' if why else ''}Whoever stopped it is in "
        f"CloudTrail (StopAutomationExecution). {then}"
    )
    timeline.record(
        order.incident_id,
        f"{numbered('question-died', approval.ended)}:{order.order_id}",
        at=at,
        by="approve",
        text=said,
    )
    call_people(
        order,
        "QUESTION DIED",
        f"{said} {silence(order, approval.expires_at)}",
        # The last is told of by itself: from then on nobody can answer.
        about=f"{'died' if asks_again else 'died-last'}:{order.order_id}",
        pager=pager,
        titles=titles,
        now=at,
    )
    return True


def _unheard(
    approval: Approval,
    order: Order,
    receipt: Receipt | None,
    *,
    timeline: Timeline,
    pager: Pager,
    titles: Mapping[str, str],
) -> None:
    """A yes that nobody waited for any more, and of which no trace is seen."""
    if approval.status is not ApprovalStatus.APPROVED or approval.decided_at is None:
        return
    if receipt is not None and (receipt.status is not ReceiptStatus.LEFT or receipt.replaced_by):
        return  # it is being carried out, or a stronger order is
    if receipt is None:
        # A run that handed it in and died before it could say so looks the same for a moment.
        why = "No execution waits for the answer any more, and nothing was begun so far. "
        why += "If it is not cut in a few minutes, nothing will cut it."
    else:
        why = why_left(receipt.note)
    timeline.record(
        order.incident_id,
        f"unheard:{order.order_id}",
        at=approval.decided_at,
        by="approve",
        text=f"The yes reached nobody. {why}",
    )
    said = f"{one_line(approval.who or 'A person', 600)} approved it. {why}"
    too_late(order, said, pager=pager, titles=titles, now=approval.decided_at)
