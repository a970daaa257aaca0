"""One question about several orders: begun once, asked once, and asked again where it was spent.

Whichever order comes first begins it, and the others find it. What is shown is written down before
people are asked, so that each attempt asks in the same words.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.aws import automations as console
from responder.aws import uses as used
from responder.aws.uses import Uses
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Unavailable
from responder.domain.order import Order, Plan
from responder.domain.question import Question
from responder.report.model import Here
from responder.steps import hearing
from responder.steps import question as single
from responder.steps.hearing import Hearing
from responder.steps.question import UNSEEN, what
from responder.steps.shown import Asked, message
from responder.steps.unsettled import numbered, silence, silence_of
from responder.steps.weigh import unweighed

PERMISSIONS = hearing.PERMISSIONS | used.PERMISSIONS | console.STARTING


@dataclass(frozen=True)
class Together(Hearing):
    """What it takes to ask about several orders at once, and about one of them by itself."""

    uses: Uses
    titles: Mapping[str, str]
    here: Here

    def begin(self, order: Order, plan: Plan, group: str, *, now: datetime) -> Question:
        """The question that asks about this order. Asks nobody yet. May run again."""
        order_ids = tuple(one.order_id for one in plan.members(group))
        return self.questions.begin(
            Question(
                question_id=f"qst-{secrets.token_hex(16)}",
                incident_id=order.incident_id,
                group=group,
                order_ids=order_ids,
                plan_hash=plan.hash,
                requested_at=now,
                expires_at=now + order.answer_within,
                asks=order_ids,
            )
        )

    def orders(self, question: Question) -> list[Order]:
        """Those that its automation is about."""
        return [self.incidents.order(question.incident_id, one) for one in question.asks]

    def put(self, question: Question) -> Question:
        """Start the automation that asks, unless it was started. What is shown is written first."""
        if question.automation_id is not None:
            return question
        if not question.shown:
            question = self._worded(question)
        started = self.automations.start(
            question.question_id, question.shown, before=len(question.ended)
        )
        try:
            return self.questions.replace(question, automation_id=started)
        except Unavailable:
            found = self.latest(question)
            if started == found.automation_id or started in found.ended:
                return found
            raise

    def told(self, question: Question) -> None:
        """Say on the timeline that people were asked."""
        orders = self.orders(question)
        number = "one order" if len(orders) == 1 else f"{len(orders)} orders at once"
        named = "; ".join(f"{one.order_id} {what(one, self.titles)}" for one in orders)
        self.timeline.record(
            question.incident_id,
            f"{numbered('asked', question.ended)}:{question.group}",
            at=question.requested_at,
            by="ask",
            text=f"Asked the approvers one question about {number}: {named}. "
            f"{silence_of(orders, question.expires_at)} Automation {question.automation_id}.",
        )

    def told_alone(self, approval: Approval, order: Order) -> None:
        """Say on the timeline that people were asked about one order by itself."""
        self.timeline.record(
            order.incident_id,
            f"asked:{order.order_id}",
            at=approval.requested_at,
            by="ask",
            text=f"Asked the approvers whether to carry out {what(order, self.titles)}. "
            f"{silence(order, approval.expires_at)} Automation {approval.automation_id}.",
        )

    def ask_again(self, question: Question, about: Sequence[str]) -> Question:
        """Ask about what still waits, by another automation. May run again."""
        assert question.automation_id is not None
        ended = (*question.ended, question.automation_id)
        question = self.questions.replace(
            question, automation_id=None, ended=ended, asks=tuple(about), shown={}
        )
        return self.go_on(question)

    def go_on(self, question: Question) -> Question:
        """Ask as far as it was prepared, and let each order know by what it is asked about."""
        question = self.put(question)
        for approval in self.registered(question):
            self.keep_up(approval, question)
        return question

    def keep_up(self, approval: Approval, question: Question) -> Approval:
        """A request that waits names the automation that asks about it."""
        is_asked = approval.order_id in question.asks
        now_by = {"automation_id": question.automation_id, "ended": question.ended}
        stands = {"automation_id": approval.automation_id, "ended": approval.ended}
        if approval.status is not ApprovalStatus.WAITING or not is_asked or stands == now_by:
            return approval
        return self.approvals.replace(approval, **now_by)

    def alone(self, approval: Approval) -> Approval:
        """Ask about one order by itself, for the time that is left. May run again.

        Whatever automations asked about it with others are no questions of its own.
        """
        order = self.incidents.order(approval.incident_id, approval.order_id)
        fresh = approval.model_copy(update={"ended": ()})
        started = single.put(
            order,
            fresh,
            uses=self.uses,
            automations=self.automations,
            asked_for_by=self.incidents.asked_for_by(order),
            approvers=self.approvers,
            titles=self.titles,
            here=self.here,
        )
        try:
            return self.approvals.replace(approval, group=None, automation_id=started, ended=())
        except Unavailable:
            latest = self.again(approval)
            if latest.automation_id == started:
                return latest  # another run was first
            if latest.status is ApprovalStatus.WAITING:
                raise
            self.automations.stop(started)  # it was decided or closed meanwhile
            return latest

    def _worded(self, question: Question) -> Question:
        """Put what is asked into words, for all attempts: AWS refuses the same in other words."""
        held = {one.order_id: one for one in self.registered(question)}
        about = self.waiting(question) or list(question.asks)
        asked = list[Asked]()
        for order_id in about:
            order = self.incidents.order(question.incident_id, order_id)
            # From here on it stays: a look that ends later changes no question.
            use = self.uses.first(unweighed(order, UNSEEN, question.requested_at))
            yeses = held[order_id].yeses if order_id in held else ()
            asked.append(
                Asked(
                    question.order_ids.index(order_id) + 1,
                    order,
                    use,
                    tuple(yes.by for yes in yeses),
                    self.incidents.asked_for_by(order),
                )
            )
        if len(asked) == 1:
            [one] = asked
            words = single.message(
                one.order,
                one.use,
                expires_at=question.expires_at,
                yeses=one.yeses,
                asked_for_by=one.asked_for_by,
                approvers=self.approvers,
                titles=self.titles,
                here=self.here,
            )
        else:
            words = message(
                question,
                asked,
                approvers=self.approvers,
                titles=self.titles,
                here=self.here,
            )
        try:
            return self.questions.replace(question, asks=tuple(about), shown=words)
        except Unavailable:
            found = self.latest(question)
            if found.shown and found.ended == question.ended:
                return found  # another run found the words
            raise
