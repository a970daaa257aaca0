"""Take in what a person decided about an order that is asked about by itself, and tell of it.

An answer that does not count is on the timeline and nowhere else: the question is spent, the order
waits as if nobody had answered, and people are paged at once. They are asked again where there is
time.
"""

from collections.abc import Mapping, Sequence

from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.pager import Pager
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.answer import Answer
from responder.domain.approval import Approval
from responder.domain.escaping import one_line
from responder.steps import unsettled, verdict
from responder.steps.unsettled import call_people, numbered, silence, too_late
from responder.steps.verdict import Outcome, Verdict, judge, verb

PERMISSIONS = verdict.PERMISSIONS | events.PERMISSIONS | unsettled.PERMISSIONS


def settle(
    approval: Approval,
    answer: Answer,
    *,
    incidents: Incidents,
    approvals: Approvals,
    receipts: Receipts,
    timeline: Timeline,
    pager: Pager,
    approvers: Sequence[str],
    titles: Mapping[str, str],
    asks_again: bool = False,
) -> tuple[Approval, Verdict]:
    """Write what a person decided into the request, and tell of it where that is called for.

    `asks_again` where people are asked once more if this decides nothing.
    """
    outcome = judge(
        approval,
        answer,
        incidents=incidents,
        approvals=approvals,
        receipts=receipts,
        approvers=approvers,
    )
    approval, order = outcome.approval, outcome.order
    timeline.record(
        approval.incident_id,
        f"{numbered(outcome.key, approval.ended)}:{approval.order_id}",
        at=answer.decided_at,
        by=one_line(answer.by or "approve", 300),
        text=outcome.text,
    )
    if outcome.verdict is Verdict.VOID:
        call_people(
            order,
            "ANSWER DOES NOT COUNT",
            said_void(outcome, answer, asks_again=asks_again) + silence(order, approval.expires_at),
            # The last is told of by itself: from then on the order waits for nobody.
            about=f"{'void' if asks_again else 'void-last'}:{order.order_id}",
            pager=pager,
            titles=titles,
            now=answer.decided_at,
        )
    if outcome.too_late is not None:
        too_late(order, outcome.too_late, pager=pager, titles=titles, now=answer.decided_at)
    return approval, outcome.verdict


def said_void(outcome: Outcome, answer: Answer, *, asks_again: bool) -> str:
    """What people are paged with about an answer that does not count, up to what silence means."""
    then = "People are asked again. " if asks_again else "Nobody else can answer any more. "
    return f"{verb(answer)}, and it does not count: {outcome.against} {then}"
