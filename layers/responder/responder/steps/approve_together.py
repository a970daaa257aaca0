"""Take in the answer to a question about several orders, or notice that the question died.

The answer is recorded once, with the question, before it does anything. Then it is judged for each
order by itself: one that was left, replaced, or that this person may not decide about drops out
with its reason, and the others go on. A run that dies in between is completed by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from responder.aws.automations import Ended
from responder.aws.pager import Pager
from responder.aws.waiting import Waiting
from responder.domain.answer import Answer, is_party
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.order import ReceiptStatus
from responder.domain.question import Heard, Question, wants_each_asked
from responder.report.wording import closed, counted, listed
from responder.steps import settle as decisions
from responder.steps import together as several
from responder.steps.hand_in import hand_in
from responder.steps.question import ENOUGH, MOST_QUESTIONS
from responder.steps.settle import ANSWERED, SKEW, Outcome, Verdict, said_void
from responder.steps.together import Together
from responder.steps.unsettled import (
    call_people_of,
    numbered,
    silence_of,
    too_late_of,
    why_left,
)

PERMISSIONS = several.PERMISSIONS | decisions.PERMISSIONS
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
        return (self._each(question), None) if self._of(question).each else self._take_in(question)

    def _take_in(self, question: Question) -> tuple[Question, Verdict | None]:
        heard = self._of(question)
        outcomes = list[Outcome]()
        for approval in self.together.registered(question):
            _, led_to = self.together.take_in(approval, question)
            outcomes += [outcome for by, outcome in led_to if by == heard]
        again = self._again(question, outcomes)
        self._tell(question, heard, outcomes, again=again)
        self._hand_in(question)
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

    def _each(self, question: Question) -> Question:
        """Ask about each order that waits by itself."""
        heard = self._of(question)
        waiting = self.together.waiting(question)
        self._record(
            question,
            f"each:{question.group}",
            heard,
            f"Denied the question about {counted(len(heard.about), 'order')} at once, and asked "
            "for a question about each. Nothing was decided by that.",
        )
        for approval in self.together.registered(question):
            if approval.order_id in waiting:
                alone = self.together.alone(approval)
                order = self.together.incidents.order(alone.incident_id, alone.order_id)
                self.together.told_alone(alone, order)
        return self.together.over(question)

    # ---- telling of it

    def _tell(
        self,
        question: Question,
        heard: Heard,
        outcomes: Sequence[Outcome],
        *,
        again: Sequence[str],
    ) -> None:
        """One event for what is the same for all, and one for each order that it differs for."""
        alike = dict[tuple[Verdict, str], list[Outcome]]()
        for outcome in outcomes:
            alike.setdefault((outcome.verdict, outcome.text), []).append(outcome)
        for (_, text), those in alike.items():
            self._tell_of(question, heard, text, those, is_all=len(those) == len(outcomes))
        void = [one for one in outcomes if one.verdict is Verdict.VOID]
        if void:
            orders = [one.order for one in void]
            said = said_void(void[0], heard.answer, asks_again=bool(again))
            call_people_of(
                orders,
                "ANSWER DOES NOT COUNT",
                said + silence_of(orders, question.expires_at),
                about=f"{'void' if again else 'void-last'}:{question.group}",
                pager=self.pager,
                titles=self.together.titles,
                now=heard.answer.decided_at,
            )
        late = [one for one in outcomes if one.too_late is not None]
        if late:
            too_late_of(
                [one.order for one in late],
                " ".join(dict.fromkeys(one.too_late or "" for one in late)),
                about=question.group,
                pager=self.pager,
                titles=self.together.titles,
                now=heard.answer.decided_at,
            )

    def _tell_of(
        self,
        question: Question,
        heard: Heard,
        text: str,
        those: Sequence[Outcome],
        *,
        is_all: bool,
    ) -> None:
        ids = [one.order.order_id for one in those]
        key, of = numbered(those[0].key, question.ended), question.group
        if not is_all and those[0].verdict in (Verdict.VOID, Verdict.LATE):
            of = ids[0]
        said = text if len(ids) == 1 else text.replace("the order", f"{len(ids)} orders", 1)
        told = f"{closed(said)} By one answer: {listed(ids)}."
        self._record(question, f"{key}:{of}", heard, told)

    def _record(self, question: Question, key: str, heard: Heard, text: str) -> None:
        self.together.timeline.record(
            question.incident_id,
            key,
            at=heard.answer.decided_at,
            by=one_line(heard.answer.by or "approve", 300),
            text=text,
        )

    def _died(self, question: Question, ended: Ended, why: str) -> Question:
        """Tell of a question that nobody can answer any more, and ask again while there is time.

        Quiet where nothing waits for it, or at its end, which the machine tells of.
        """
        waiting = self.together.waiting(question)
        if not waiting or self.now >= question.expires_at - SKEW or question.is_over:
            return question
        again = self._may_ask_again(question)
        at = question.requested_at if ended.at is None else ended.at.astimezone(UTC)
        then = "People are asked again." if again else "Nobody is asked any more."
        said = (
            f"The automation {question.automation_id} that asked people ended as {ended.status}, "
            f"and nobody had decided. {f'{closed(why)} ' if why else ''}Whoever stopped it is in "
            f"CloudTrail (StopAutomationExecution). {then}"
        )
        self.together.timeline.record(
            question.incident_id,
            f"{numbered('question-died', question.ended)}:{question.group}",
            at=at,
            by="approve",
            text=said,
        )
        incidents = self.together.incidents
        orders = [incidents.order(question.incident_id, one) for one in waiting]
        call_people_of(
            orders,
            "QUESTION DIED",
            f"{said} {silence_of(orders, question.expires_at)}",
            # The last is told of by itself: from then on nobody can answer.
            about=f"{'died' if again else 'died-last'}:{question.group}",
            pager=self.pager,
            titles=self.together.titles,
            now=at,
        )
        return self._after(question, again)

    # ---- handing it in

    def _hand_in(self, question: Question) -> None:
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
        self._unheard(question, unheard)

    def _unheard(self, question: Question, approvals: Sequence[Approval]) -> None:
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
        if not orders:
            return
        heard, why = self._of(question), " ".join(dict.fromkeys(whys))
        self.together.timeline.record(
            question.incident_id,
            f"unheard:{question.group}",
            at=heard.answer.decided_at,
            by="approve",
            text=f"The yes reached nobody for {listed([one.order_id for one in orders])}. {why}",
        )
        too_late_of(
            orders,
            f"{heard.answer.who} approved. {why}",
            about=question.group,
            pager=self.pager,
            titles=self.together.titles,
            now=heard.answer.decided_at,
        )

    def _of(self, question: Question) -> Heard:
        found = question.of(question.automation_id or "")
        if found is None:
            raise Broken(f"{question.group} holds no answer of {question.automation_id}")
        return found


def _verdict(outcomes: Sequence[Outcome]) -> Verdict | None:
    """Of all, the one that did most."""
    held = {outcome.verdict for outcome in outcomes}
    return next((one for one in Verdict if one in held), None)
