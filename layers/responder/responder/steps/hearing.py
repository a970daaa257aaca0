"""What was answered to a question about several orders, taken in order by order.

An answer is recorded once, with the question; what it does to each order is judged by itself. An
order that comes when there is an answer already takes that one, and none is lost between two runs:
whoever registers an order reads the question afterwards, and whoever records an answer reads the
orders afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.aws import automations as console
from responder.aws import questions as table
from responder.aws import receipts as proof
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.questions import Questions
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.answer import Answer
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import one_line
from responder.domain.question import Heard, Question
from responder.steps.verdict import Outcome, Verdict, judge

PERMISSIONS = table.PERMISSIONS | proof.PERMISSIONS | events.PERMISSIONS | console.STOPPING


@dataclass(frozen=True)
class Hearing:
    """What it takes to know what was answered."""

    incidents: Incidents
    approvals: Approvals
    questions: Questions
    receipts: Receipts
    automations: Automations
    timeline: Timeline
    approvers: Sequence[str]

    def of(self, approval: Approval) -> Question:
        """The question that asks about an order together with others, as it stands now."""
        return self._question(approval.incident_id, approval.group or "")

    def again(self, approval: Approval) -> Approval:
        """The request as it stands now."""
        found = self.approvals.of_order(approval.incident_id, approval.order_id)
        if found is None:
            raise Broken(f"the request about {approval.order_id} is gone")
        return found

    def latest(self, question: Question) -> Question:
        """The question as it stands now."""
        return self._question(question.incident_id, question.group)

    def registered(self, question: Question) -> list[Approval]:
        """The requests of its orders, but for those that are asked about by themselves now."""
        found = {
            one.order_id: one
            for one in self.approvals.all(question.incident_id)
            if one.group == question.group
        }
        return [found[one] for one in question.order_ids if one in found]

    def waiting(self, question: Question) -> list[str]:
        """Those that wait for an answer to this question, or will once they are registered."""
        held = {one.order_id: one for one in self.approvals.all(question.incident_id)}
        return [
            one
            for one in question.asks
            if (one not in held or _waits_for(held[one], question))
            and self.receipts.get(question.incident_id, one) is None
        ]

    def hear(self, question: Question, answer: Answer, *, each: bool) -> Question:
        """Record what its automation brought. The first record stays."""
        automation_id = question.automation_id
        assert automation_id is not None
        if question.of(automation_id) is not None:
            return question
        heard = Heard(automation_id=automation_id, answer=answer, about=question.asks, each=each)
        try:
            return self.questions.replace(question, heard=(*question.heard, heard))
        except Unavailable:
            found = self.latest(question)
            if found.of(automation_id) is None:
                raise
            return found  # another run was first

    def take_in(
        self, approval: Approval, question: Question, *, is_end: bool = False
    ) -> tuple[Approval, list[tuple[Heard, Outcome]]]:
        """Judge what was answered for one order, in turn. The request since, and what each did.

        A no that asked for a question about each is a no where, at the end, there was none.
        """
        outcomes = list[tuple[Heard, Outcome]]()
        for heard in question.heard:
            by, waits = heard.automation_id, approval.status is ApprovalStatus.WAITING
            if approval.order_id not in heard.about or by in approval.ended:
                continue
            if heard.each and not is_end:
                continue
            if waits and outcomes and approval.automation_id != by:
                ended = (*approval.ended, approval.automation_id)
                approval = self.approvals.replace(approval, automation_id=by, ended=ended)
            elif waits and approval.automation_id != by:
                approval = self.approvals.replace(approval, automation_id=by)
            elif approval.automation_id != by:
                continue  # it was decided by another
            outcome = judge(
                approval,
                heard.answer,
                incidents=self.incidents,
                approvals=self.approvals,
                receipts=self.receipts,
                approvers=self.approvers,
            )
            approval = outcome.approval
            if outcome.verdict in (Verdict.VOID, Verdict.LATE) and approval.dropped is None:
                approval = self.approvals.replace(approval, dropped=outcome.text)
            outcomes.append((heard, outcome))
        return approval, outcomes

    def take_in_late(
        self, approval: Approval, question: Question, *, is_end: bool = False
    ) -> Approval:
        """The same for an order that the others did not wait for, told of by itself."""
        approval, outcomes = self.take_in(approval, question, is_end=is_end)
        for heard, outcome in outcomes:
            self.timeline.record(
                approval.incident_id,
                f"{outcome.key}-{heard.automation_id}:{approval.order_id}",
                at=heard.answer.decided_at,
                by=one_line(heard.answer.by or "approve", 300),
                text=f"{outcome.text} It was said about all orders of one question.",
            )
        return approval

    def over(self, question: Question) -> Question:
        """Nobody is asked by this question any more. Its orders that come late look elsewhere."""
        return question if question.is_over else self.questions.replace(question, is_over=True)

    def stop_unless_asked(self, question: Question) -> None:
        """Take the automation back once no order waits for it."""
        if question.automation_id is not None and not self.waiting(question):
            self.automations.stop(question.automation_id)

    def _question(self, incident_id: str, group: str) -> Question:
        found = self.questions.get(incident_id, group)
        if found is None:
            raise Broken(f"the question {group} of {incident_id} is gone")
        return found


def _waits_for(approval: Approval, question: Question) -> bool:
    return approval.group == question.group and approval.status is ApprovalStatus.WAITING
