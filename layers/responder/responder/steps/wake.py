"""Say once that a snooze is over, while what it was about is still open; and who waits for whom.

A known activity that ends is told quietly. A question that nobody expired is paged: its execution
may be dead, and then nothing else would tell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.snoozable import Snoozable
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.escaping import ascii_line, one_line
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.order import ReceiptStatus
from responder.domain.question import count_of
from responder.domain.silence import Silence, SilenceKind

_LATE = timedelta(minutes=30)  # the machine expires a question within minutes of its time
_SHOWN = 20  # incidents in one page


@dataclass(frozen=True)
class Wake:
    """What reads whether things are still open."""

    incidents: Incidents
    approvals: Approvals
    receipts: Receipts
    snoozable: Snoozable

    def after_quiet(self, *, now: datetime) -> int:
        """Tell of each silence that ended. How many had something open. May run again."""
        told = 0
        for silence in self.snoozable.silences.over(until=now):
            covered = self.snoozable.silences.covered(silence.silence_id)
            found = [self.incidents.get(one.incident_id) for one in covered]
            still = [one for one in found if one.status is IncidentStatus.OPEN]
            if still:
                self._over(silence, still, now)
                told += 1
            self.snoozable.silences.told(silence.silence_id, now=now)
        return told

    def of_stuck_questions(self, incident_ids: Iterable[str], *, now: datetime) -> int:
        """Page about each question that waits past its time. How many there are. May run again."""
        stuck = [
            one
            for incident_id in incident_ids
            for one in self.approvals.all(incident_id)
            if one.status is ApprovalStatus.WAITING and one.expires_at < now - _LATE
        ]
        for one in stuck:
            self._stuck(one, now)
        return len(stuck)

    def _over(self, silence: Silence, still: list[Incident], now: datetime) -> None:
        is_snooze = silence.kind is SilenceKind.SNOOZE
        topic = self.snoozable.pager if is_snooze else self.snoozable.quiet
        lines = [
            f"{silence.text}.",
            f"It is over, and {len(still)} of what it kept quiet is still open:",
            *(f"- {self._line(one)}" for one in still[:_SHOWN]),
            *([f"- and {len(still) - _SHOWN} more"] if len(still) > _SHOWN else []),
        ]
        topic.page(
            silence.silence_id,
            subject=ascii_line(f"[QUIET IS OVER] {len(still)} open: {silence.about}", 99),
            text="\n".join(lines) + "\n",
            now=now,
            about="over",
        )

    def _line(self, incident: Incident) -> str:
        waiting = count_of(
            one for one in self.approvals.all(incident.id) if one.status is ApprovalStatus.WAITING
        )
        left = sum(
            one.status is ReceiptStatus.LEFT and one.replaced_by is None
            for one in self.receipts.all(incident.id)
        )
        return (
            f"{incident.id} [{incident.severity.value.upper()}] {one_line(incident.title, 120)}: "
            f"{waiting} questions wait, {left} orders are left to a person"
        )

    def _stuck(self, one: Approval, now: datetime) -> None:
        also = ", and about others asked about with it," if one.group else ""
        text = (
            f"The time to answer about {one.order_id}{also} of {one.incident_id} ended at "
            f"{one.expires_at:%Y-%m-%dT%H:%M:%SZ}, and nobody did what silence means.\n"
            "Its execution may have ended. Look at it in the Step Functions console and redrive "
            "it, or cut by hand what the order names.\n"
        )
        self.snoozable.pager.page(
            one.incident_id,
            subject=ascii_line(f"[STUCK QUESTION] {one.order_id} of {one.incident_id}", 99),
            text=text,
            now=now,
            about=f"stuck:{one.group or one.order_id}",
        )
