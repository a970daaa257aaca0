"""A named person's recorded yes or no, with a reason."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model


class ApprovalStatus(StrEnum):
    """Where a request for approval stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class Yes(Model):
    """A yes that counts, of one of several people who have to say so."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: AwareDatetime
    automation_id: str
    comment: str | None = None


class Approval(Model):
    """A request for approval and its answer. The task token is kept beside it, never in it."""

    model_config = ConfigDict(frozen=True)

    approval_id: str
    incident_id: IncidentId
    order_id: OrderId
    plan_hash: str
    status: ApprovalStatus = ApprovalStatus.WAITING
    requested_at: AwareDatetime
    expires_at: AwareDatetime
    automation_id: str | None = None  # the one that asks now, or asked last
    ended: tuple[str, ...] = ()  # automations that asked before it, and led to no decision
    yeses: tuple[Yes, ...] = ()  # where more than one person has to approve
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    comment: str | None = None
    handed_in_at: AwareDatetime | None = None  # when the waiting execution took the answer
    group: str | None = None  # of the plan: it was asked about with others
    dropped: str | None = None  # why the answer to that question did nothing for this order

    @property
    def answers(self) -> tuple[tuple[str, datetime], ...]:
        """Who gave an answer that counts, and when; also the first of several yeses."""
        found = tuple((yes.by, yes.at) for yes in self.yeses)
        if self.decided_by is None or self.decided_at is None:
            return found
        return (*found, (self.decided_by, self.decided_at))

    @property
    def who(self) -> str | None:
        """Everybody whose answer it is."""
        if self.status is ApprovalStatus.APPROVED and self.yeses:
            return " and ".join(yes.by for yes in self.yeses)
        return self.decided_by
