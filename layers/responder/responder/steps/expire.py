"""Do what the plan said silence would mean.

A wait that ended is not silence yet: a person may have answered, and the answer could not be handed
in. So AWS is asked once more. Where it cannot say, nothing is carried out and people are paged.
While it is busy this is tried again; an order that is given up over that goes to `leave`, and its
question stays open, but a yes to it comes too late. A question whose order a stronger one replaced
ends quietly, because people are told of the stronger one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import AwareDatetime

from responder.aws import approvals as requests
from responder.aws import automations as console
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.pager import Paged, Pager
from responder.aws.questions import Questions
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Order, Silence
from responder.report.wording import in_utc, span
from responder.steps import settle as decisions
from responder.steps.hearing import Hearing
from responder.steps.settle import settle
from responder.steps.unsettled import call_people_of, named
from responder.steps.verdict import ANSWERED, SKEW

PERMISSIONS = requests.PERMISSIONS | decisions.PERMISSIONS | console.READING | console.STOPPING
_PAGED = {
    Paged.SENT: "people were paged.",
    Paged.BEFORE: "people were paged.",
    Paged.BY_ANOTHER: "another run is paging people.",
    Paged.BY_CHANNEL: "the channel calls people.",
    Paged.NOBODY: "nobody was paged, for there is no pager topic.",
}


_LEFT_ONE = "It was not carried out, and a person has it now."
_LEFT = "None of them was carried out, and a person has them now."


class ExpireRequest(Model):
    """What the machine sends when nobody answered in time."""

    incident_id: IncidentId
    order_id: OrderId
    now: AwareDatetime


class ExpireAnswer(Model):
    """Whether the order is carried out, and how the request stands."""

    proceed: bool
    status: ApprovalStatus | None


def expire(
    request: ExpireRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    questions: Questions,
    receipts: Receipts,
    automations: Automations,
    pager: Pager,
    timeline: Timeline,
    approvers: Sequence[str],
    titles: Mapping[str, str],
    now: datetime,
) -> ExpireAnswer:
    """Close the question and say how it goes on. May run again: one record, and one page.

    `now` is the instant itself; the request only says when its state was entered, and whoever
    calls this could ask for any other.
    """
    order = incidents.order(request.incident_id, request.order_id)
    approval = approvals.of_order(order.incident_id, order.order_id)
    receipt = receipts.get(order.incident_id, order.order_id)
    hearing = Hearing(
        incidents=incidents,
        approvals=approvals,
        questions=questions,
        receipts=receipts,
        automations=automations,
        timeline=timeline,
        approvers=approvers,
    )
    if receipt is not None and receipt.replaced_by is not None:
        return _replaced(approval, hearing)
    if approval is not None and approval.status is ApprovalStatus.WAITING:
        _is_over(approval, now)
    doubt: str | None = None
    answered = False
    if approval is None or (approval.automation_id is None and approval.group is None):
        doubt = "nobody could be asked"
    elif approval.status is ApprovalStatus.WAITING and approval.group is not None:
        try:
            approval, answered = _answered_with_others(approval, hearing, now)
        except (Broken, Refused) as error:
            doubt = one_line(str(error), 300)
        else:
            if approval.status is ApprovalStatus.WAITING:
                approval = approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    elif approval.status is ApprovalStatus.WAITING and approval.automation_id is not None:
        try:
            # Taken back first, so that nothing can be answered after it was looked for.
            automations.stop(approval.automation_id)
            answer = automations.answer(approval.automation_id)
        except (Broken, Refused) as error:
            doubt = one_line(str(error), 300)
        else:
            if answer is not None:
                answered = True
                approval, _ = settle(
                    approval,
                    answer,
                    incidents=incidents,
                    approvals=approvals,
                    receipts=receipts,
                    timeline=timeline,
                    pager=pager,
                    approvers=approvers,
                    titles=titles,
                )
            if approval.status is ApprovalStatus.WAITING:
                approval = approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    if approval is not None and approval.status is ApprovalStatus.APPROVED:
        return ExpireAnswer(proceed=True, status=approval.status)
    if approval is not None and approval.status is ApprovalStatus.DENIED:
        return ExpireAnswer(proceed=False, status=approval.status)
    spent = approval is not None and bool(approval.ended)
    nobody = "No answer that counts came" if answered or spent else "Nobody answered"
    if approval is not None and approval.yeses:
        nobody = f"{approval.yeses[0].by} approved it, and no second person did"
    said = f"{nobody} within {span(order.answer_within)}."
    if doubt is not None:
        said = f"Whether anybody answered is not known: {doubt}."
    silence = order.on_silence if doubt is None else Silence.ESCALATE
    group = None if approval is None or doubt is not None else approval.group
    _tell(
        [order] if approval is None or group is None else _silent(approval, hearing),
        group or order.order_id,
        said,
        silence,
        pager=pager,
        timeline=timeline,
        titles=titles,
        now=request.now,
    )
    return ExpireAnswer(
        proceed=silence is Silence.PROCEED, status=None if approval is None else approval.status
    )


def _is_over(approval: Approval, now: datetime) -> None:
    if now < approval.expires_at - SKEW:
        raise Refused(
            f"{approval.order_id} can be answered until {in_utc(approval.expires_at)}; "
            "the question stays open"
        )


def _answered_with_others(
    approval: Approval, hearing: Hearing, now: datetime
) -> tuple[Approval, bool]:
    """The request with what was answered for all orders of its question, and whether any was."""
    question = hearing.of(approval)
    asked_by = question.automation_id
    if asked_by is None and not question.ended:
        raise Refused("nobody could be asked")
    if asked_by is not None and not question.is_over:
        if now >= question.expires_at - SKEW:  # else others may still be answered for
            hearing.automations.stop(asked_by)
        answer = hearing.automations.answer(asked_by)
        if answer is not None:
            question = hearing.hear(question, answer, each=False)
    if question.heard:
        # For all of them, so that whoever is told of those left without an answer reads no others.
        for one in hearing.registered(question):
            if one.status is ApprovalStatus.WAITING and one.order_id != approval.order_id:
                hearing.take_in_late(one, question, is_end=True)
    return hearing.take_in_late(approval, question, is_end=True), bool(question.heard)


def _silent(approval: Approval, hearing: Hearing) -> list[Order]:
    """The orders of its question that nobody decided about."""
    silent, incident_id = list[Order](), approval.incident_id
    for one in hearing.registered(hearing.of(approval)):
        left = hearing.receipts.get(incident_id, one.order_id)
        if one.status not in ANSWERED and (left is None or left.replaced_by is None):
            silent.append(hearing.incidents.order(incident_id, one.order_id))
    return silent


def _replaced(approval: Approval | None, hearing: Hearing) -> ExpireAnswer:
    """Take back the question about an order that a stronger one took the place of."""
    if approval is None:
        return ExpireAnswer(proceed=False, status=None)
    if approval.automation_id is not None and approval.group is None:
        hearing.automations.stop(approval.automation_id)
    if approval.status is ApprovalStatus.WAITING:
        approval = hearing.approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    if approval.group is not None:
        hearing.stop_unless_asked(hearing.of(approval))
    return ExpireAnswer(proceed=False, status=approval.status)


def _tell(
    orders: Sequence[Order],
    about: str,
    said: str,
    silence: Silence,
    *,
    pager: Pager,
    timeline: Timeline,
    titles: Mapping[str, str],
    now: datetime,
) -> None:
    """Once about all orders of one question, and about each other order by itself."""
    one = len(orders) == 1
    if silence is Silence.PROCEED:
        then = f"The plan says to carry {'it' if one else 'them'} out without an answer."
    elif silence is Silence.LEAVE:
        then = f"The plan leaves {'it' if one else 'them'} to a person."
    else:
        paged = call_people_of(
            orders,
            "NO ANSWER",
            f"{said} {_LEFT_ONE if one else _LEFT}",
            about=f"approval:{about}",
            pager=pager,
            titles=titles,
            now=now,
        )
        then = f"A person has {'it' if one else 'them'} now; {_PAGED[paged]}"
    timeline.record(
        orders[0].incident_id,
        f"expired:{about}",
        at=now,
        by="expire",
        text=f"{'; '.join(named(order, titles) for order in orders)}. {said} {then}",
    )
