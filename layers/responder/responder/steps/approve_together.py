"""Take in the answer to a question about several orders, or notice that the question died.

The answer is recorded once, with the question, before it does anything. Then it is judged for each
order by itself: one that was left, replaced, or that this person may not decide about drops out
with its reason, and the others go on. A run that dies in between is completed by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.aws.automations import Ended
from responder.aws.pager import Pager
from responder.aws.waiting import Waiting
from responder.domain.answer import Answer, is_party
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.order import ReceiptStatus
from responder.domain.question import Heard, Question, wants_each_asked
from responder.steps import tell_together as told
from responder.steps import together as several
from responder.steps.hand_in import hand_in
from responder.steps.question import ENOUGH, MOST_QUESTIONS
from responder.steps.tell_together import Telling
from responder.steps.together import Together
from responder.steps.unsettled import why_left
from responder.steps.verdict import ANSWERED, SKEW, Outcome, Verdict

PERMISSIONS = several.PERMISSIONS | told.PERMISSIONS
_NOT_ANY_MORE = "No execution waits for the answer any more, and nothing was begun so far. "
_NOT_ANY_MORE += "What is not cut in a few minutes, nothing will cut."


@dataclass(frozen=True)
class Answering:
    """One run of `approve` about a question, and what it works with."""

    together: Together
    waiting: Waiting
    pager: Pager
    now: datetime

    def approve(
        self, found: Question, automation_id: str, *, by_event: bool
    ) -> tuple[Question, Verdict | None]:
        """Record an answer, and pass it on. May run again: the first answer is what counts."""
        if found.automation_id is None:
            if automation_id in found.ended:  # a run died between two automations
                return self.together.go_on(found), None
            raise Unavailable(f"{found.group} is still being asked about; try again")
        if found.automation_id != automation_id:
            # It was taken in, and people were asked again; or it was taken back by us.
            if automation_id in found.ended or by_event:
                return found, None
            raise Refused(f"{found.group} is asked about elsewhere; nothing was changed")
        automations, why = self.together.automations, ""
        try:
            answer = automations.answer(automation_id)
        except Broken as error:
            answer, why = None, one_line(str(error), 300)
        if answer is None:
            ended = automations.ended(automation_id)
            return (found if ended is None else self._died(found, ended, why)), None
        question = self.together.hear(found, answer, each=self._asks_each(found, answer))
        heard = question.of(automation_id)
        if heard is None or question.automation_id != automation_id:
            return question, None  # another run took it in, and went on
        if heard.each:
            return self._each(question, heard), None
        return self._take_in(question, heard)

    def _take_in(self, question: Question, heard: Heard) -> tuple[Question, Verdict | None]:
        outcomes = list[Outcome]()
        for approval in self.together.registered(question):
            _, led_to = self.together.take_in(approval, question)
            outcomes += [outcome for by, outcome in led_to if by == heard]
        again = self._again(question, outcomes)
        self._telling.answered(question, heard, outcomes, asks_again=bool(again))
        self._hand_in(question, heard)
        return self._after(question, again), _verdict(outcomes)

    def _again(self, question: Question, outcomes: Sequence[Outcome]) -> list[str]:
        """Which orders another automation asks about; none where this answer settled them all."""
        undecided = any(one.verdict in (Verdict.VOID, Verdict.ONE_OF_MORE) for one in outcomes)
        return self._may_ask_again(question) if undecided else []

    def _may_ask_again(self, question: Question) -> list[str]:
        """The orders that wait, where there is time for an answer, and people may be asked."""
        first = question.order_ids[0]
        plan = self.together.incidents.plan_of(question.incident_id, first)
        if (
            question.is_over
            or plan.hash != question.plan_hash
            or self.now >= question.expires_at - ENOUGH
            or len(question.ended) + 1 >= MOST_QUESTIONS
        ):
            return []
        return self.together.waiting(question)

    def _after(self, question: Question, again: Sequence[str]) -> Question:
        if again:
            return self.together.ask_again(question, again)
        return self.together.over(question)

    # ---- one by one

    def _asks_each(self, question: Question, answer: Answer) -> bool:
        incident_id, incidents = question.incident_id, self.together.incidents
        return wants_each_asked(answer, question, ENOUGH) and not is_party(
            answer.by or "",
            orders=incidents.orders(incident_id),
            findings=incidents.findings(incident_id),
        )

    def _each(self, question: Question, heard: Heard) -> Question:
        """Ask about each order that waits by itself."""
        waiting = self.together.waiting(question)
        self._telling.asks_each(question, heard)
        for approval in self.together.approvals.all(question.incident_id):
            if approval.order_id in waiting:
                approval = self.together.alone(approval)
            # Also of one that a run which died left asked about, and untold.
            if approval.order_id in heard.about and approval.group is None:
                order = self.together.incidents.order(approval.incident_id, approval.order_id)
                self.together.told_alone(approval, order)
        return self.together.over(question)

    def _died(self, question: Question, ended: Ended, why: str) -> Question:
        """Tell of a question that nobody can answer any more, and ask again while there is time.

        Quiet where nothing waits for it, or at its end, which the machine tells of.
        """
        waiting = self.together.waiting(question)
        if not waiting or self.now >= question.expires_at - SKEW or question.is_over:
            return question
        again = self._may_ask_again(question)
        self._telling.died(question, ended, why, waiting, asks_again=bool(again))
        return self._after(question, again)

    # ---- handing it in

    def _hand_in(self, question: Question, heard: Heard) -> None:
        """Tell each execution that waits; and people, of a yes that none waited for any more."""
        unheard = list[Approval]()
        for approval in self.together.registered(question):
            if approval.status not in ANSWERED or approval.handed_in_at is not None:
                continue
            approval = hand_in(
                approval,
                approvals=self.together.approvals,
                waiting=self.waiting,
                now=self.now,
            )
            # Once the time is over, the execution stopped waiting to look at the record by itself.
            if approval.handed_in_at is None and self.now < approval.expires_at - SKEW:
                unheard.append(approval)
        self._unheard(question, heard, unheard)

    def _unheard(self, question: Question, heard: Heard, approvals: Sequence[Approval]) -> None:
        """A yes that nobody waited for any more, and of which no trace is seen."""
        orders, whys = [], list[str]()
        for approval in approvals:
            receipt = self.together.receipts.get(approval.incident_id, approval.order_id)
            if approval.status is not ApprovalStatus.APPROVED or (
                receipt is not None
                and (receipt.status is not ReceiptStatus.LEFT or receipt.replaced_by)
            ):
                continue  # a no, or it is being carried out, or a stronger order is
            orders.append(self.together.incidents.order(approval.incident_id, approval.order_id))
            whys.append(_NOT_ANY_MORE if receipt is None else why_left(receipt.note))
        if orders:
            self._telling.unheard(question, heard, orders, whys)

    @property
    def _telling(self) -> Telling:
        of = self.together
        return Telling(of.incidents, of.timeline, self.pager, of.titles)


def _verdict(outcomes: Sequence[Outcome]) -> Verdict | None:
    """Of all, the one that did most."""
    held = {outcome.verdict for outcome in outcomes}
    return next((one for one in Verdict if one in held), None)
