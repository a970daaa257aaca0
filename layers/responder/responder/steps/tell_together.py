"""Tell of an answer to a question about several orders: once of what is the same for all of them.

Each is an event on the timeline, and a page where people have to know at once. May run again: one
event, and one page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from responder.aws import timeline as events
from responder.aws.automations import Ended
from responder.aws.incidents import Incidents
from responder.aws.pager import Pager
from responder.aws.timeline import Timeline
from responder.domain.escaping import one_line
from responder.domain.order import Order
from responder.domain.question import Heard, Question
from responder.report.wording import closed, counted, listed
from responder.steps import unsettled
from responder.steps.settle import said_void
from responder.steps.unsettled import call_people_of, numbered, silence_of, too_late_of
from responder.steps.verdict import Outcome, Verdict

PERMISSIONS = events.PERMISSIONS | unsettled.PERMISSIONS


@dataclass(frozen=True)
class Telling:
    """Where it is told."""

    incidents: Incidents
    timeline: Timeline
    pager: Pager
    titles: Mapping[str, str]

    def answered(
        self, question: Question, heard: Heard, outcomes: Sequence[Outcome], *, asks_again: bool
    ) -> None:
        """One event for what is the same for all, and one for each order that it differs for."""
        alike = dict[tuple[Verdict, str], list[Outcome]]()
        for outcome in outcomes:
            alike.setdefault((outcome.verdict, outcome.text), []).append(outcome)
        for those in alike.values():
            self._alike(question, heard, those, is_all=len(those) == len(outcomes))
        void = [one for one in outcomes if one.verdict is Verdict.VOID]
        if void:
            orders = [one.order for one in void]
            said = said_void(void[0], heard.answer, asks_again=asks_again)
            call_people_of(
                orders,
                "ANSWER DOES NOT COUNT",
                said + silence_of(orders, question.expires_at),
                about=f"{'void' if asks_again else 'void-last'}:{question.group}",
                pager=self.pager,
                titles=self.titles,
                now=heard.answer.decided_at,
            )
        late = [one for one in outcomes if one.too_late is not None]
        if late:
            self._too_late(
                question,
                heard,
                [one.order for one in late],
                " ".join(dict.fromkeys(one.too_late or "" for one in late)),
            )

    def asks_each(self, question: Question, heard: Heard) -> None:
        """A no that decided nothing, because it asked for a question about each order."""
        said = f"Denied the question about {counted(len(heard.about), 'order')} at once, and asked "
        said += "for a question about each. Nothing was decided by that."
        self._record(question, f"each:{question.group}", heard, said)

    def died(
        self,
        question: Question,
        ended: Ended,
        why: str,
        order_ids: Sequence[str],
        *,
        asks_again: bool,
    ) -> None:
        """Nobody can answer it any more, though these orders wait for one."""
        at = question.requested_at if ended.at is None else ended.at.astimezone(UTC)
        then = "People are asked again." if asks_again else "Nobody is asked any more."
        said = (
            f"The automation {question.automation_id} that asked people ended as {ended.status}, "
            f"and nobody had decided. {f'{closed(why)} ' if why else ''}Whoever stopped it is in "
            f"CloudTrail (StopAutomationExecution). {then}"
        )
        self.timeline.record(
            question.incident_id,
            f"{numbered('question-died', question.ended)}:{question.group}",
            at=at,
            by="approve",
            text=said,
        )
        orders = [self.incidents.order(question.incident_id, one) for one in order_ids]
        call_people_of(
            orders,
            "QUESTION DIED",
            f"{said} {silence_of(orders, question.expires_at)}",
            # The last is told of by itself: from then on nobody can answer.
            about=f"{'died' if asks_again else 'died-last'}:{question.group}",
            pager=self.pager,
            titles=self.titles,
            now=at,
        )

    def unheard(
        self, question: Question, heard: Heard, orders: Sequence[Order], whys: Sequence[str]
    ) -> None:
        """A yes that no execution of these orders waited for any more."""
        why = " ".join(dict.fromkeys(whys))
        ids = listed([one.order_id for one in orders])
        said = f"The yes reached nobody for {ids}. {why}"
        self._record(question, f"unheard:{question.group}", heard, said, by="approve")
        self._too_late(question, heard, orders, f"{heard.answer.who} approved. {why}")

    def _alike(
        self, question: Question, heard: Heard, those: Sequence[Outcome], *, is_all: bool
    ) -> None:
        ids, first = [one.order.order_id for one in those], those[0]
        by_itself = not is_all and first.verdict in (Verdict.VOID, Verdict.LATE)
        key = f"{numbered(first.key, question.ended)}:{ids[0] if by_itself else question.group}"
        number = f"{len(ids)} orders"
        said = first.text if len(ids) == 1 else first.text.replace("the order", number, 1)
        self._record(question, key, heard, f"{closed(said)} By one answer: {listed(ids)}.")

    def _record(
        self, question: Question, key: str, heard: Heard, text: str, by: str | None = None
    ) -> None:
        self.timeline.record(
            question.incident_id,
            key,
            at=heard.answer.decided_at,
            by=by or one_line(heard.answer.by or "approve", 300),
            text=text,
        )

    def _too_late(
        self, question: Question, heard: Heard, orders: Sequence[Order], said: str
    ) -> None:
        too_late_of(
            orders,
            said,
            about=question.group,
            pager=self.pager,
            titles=self.titles,
            now=heard.answer.decided_at,
        )
