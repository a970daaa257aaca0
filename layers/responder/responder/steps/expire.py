"""Do what the plan said silence would mean.

A wait that ended is not silence yet: a person may have answered, and the answer could not be handed
in. So AWS is asked once more. Where it cannot say, nothing is carried out and people are paged.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder.aws import approvals as requests
from responder.aws import automations as console
from responder.aws import pager as paging
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.pager import Paged, Pager
from responder.aws.timeline import Timeline
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import ascii_line, one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.order import Order, Silence
from responder.report.wording import span
from responder.steps.approve import settle

PERMISSIONS = (
    requests.PERMISSIONS
    | events.PERMISSIONS
    | paging.PERMISSIONS
    | console.READING
    | console.STOPPING
)


class ExpireRequest(BaseModel):
    """What the machine sends when nobody answered in time."""

    incident_id: IncidentId
    order_id: OrderId
    now: AwareDatetime


class ExpireAnswer(BaseModel):
    """Whether the order is carried out, and how the request stands."""

    proceed: bool
    status: ApprovalStatus | None


def expire(
    request: ExpireRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    automations: Automations,
    pager: Pager,
    timeline: Timeline,
    approvers: Sequence[str],
    titles: Mapping[str, str],
) -> ExpireAnswer:
    """Close the question and say how it goes on. May run again: one record, and one page."""
    order = incidents.order(request.incident_id, request.order_id)
    approval = approvals.of_order(order.incident_id, order.order_id)
    doubt: str | None = None
    if approval is None or approval.automation_id is None:
        doubt = "nobody could be asked"
    elif approval.status is ApprovalStatus.WAITING:
        try:
            # Taken back first, so that nothing can be answered after it was looked for.
            automations.stop(approval.automation_id)
            answer = automations.answer(approval.automation_id)
        except (Broken, Refused) as error:
            doubt = one_line(str(error), 300)
        else:
            if answer is not None:
                approval = settle(
                    approval,
                    answer,
                    incidents=incidents,
                    approvals=approvals,
                    timeline=timeline,
                    approvers=approvers,
                )
            if approval.status is ApprovalStatus.WAITING:
                approval = approvals.replace(approval, status=ApprovalStatus.EXPIRED)
    if approval is not None and approval.status is ApprovalStatus.APPROVED:
        return ExpireAnswer(proceed=True, status=approval.status)
    if approval is not None and approval.status is ApprovalStatus.DENIED:
        return ExpireAnswer(proceed=False, status=approval.status)
    _tell(order, doubt, pager=pager, timeline=timeline, titles=titles, now=request.now)
    return ExpireAnswer(
        proceed=doubt is None and order.on_silence is Silence.PROCEED,
        status=None if approval is None else approval.status,
    )


def _tell(
    order: Order,
    doubt: str | None,
    *,
    pager: Pager,
    timeline: Timeline,
    titles: Mapping[str, str],
    now: datetime,
) -> None:
    what = f"{titles.get(order.action_id, order.action_id)}: {one_line(order.resource, 250)}"
    waited = f"Nobody answered within {span(order.answer_within)}."
    said = waited if doubt is None else f"Whether anybody answered is not known: {doubt}."
    if doubt is None and order.on_silence is Silence.PROCEED:
        then = "The plan says to carry it out without an answer."
    elif doubt is None and order.on_silence is Silence.LEAVE:
        then = "The plan leaves it to a person."
    else:
        subject = ascii_line(f"[NO ANSWER] {what} in {order.account}", 99)
        lines = [
            f"{said} It was not carried out, and a person has it now.",
            "",
            f"Incident: {order.incident_id}",
            f"Order: {order.order_id}",
            f"What: {what}",
            f"Account: {order.account}",
            f"Why: {one_line(order.reason, 600)}",
            "Next: look at the resource, and cut it by hand if it still does harm.",
        ]
        paged = pager.page(
            order.incident_id,
            subject=subject,
            text="\n".join(lines) + "\n",
            now=now,
            about=f"approval:{order.order_id}",
        )
        then = {
            Paged.NOBODY: "A person has it now; nobody was paged, for there is no pager topic.",
        }.get(paged, "A person has it now; people were paged.")
    timeline.record(
        order.incident_id,
        f"expired:{order.order_id}",
        at=now,
        by="expire",
        text=f"{what}. {said} {then}",
    )
