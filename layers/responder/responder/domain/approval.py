"""A named person's recorded yes or no, with a reason."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.domain.identifiers import IncidentId, OrderId


class ApprovalStatus(StrEnum):
    """Where a request for approval stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class Approval(BaseModel):
    """A request for approval and its answer. The task token is kept beside it, never in it."""

    model_config = ConfigDict(frozen=True)

    approval_id: str
    incident_id: IncidentId
    order_id: OrderId
    plan_hash: str
    status: ApprovalStatus = ApprovalStatus.WAITING
    requested_at: AwareDatetime
    expires_at: AwareDatetime
    automation_id: str | None = None
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    comment: str | None = None
    handed_in_at: AwareDatetime | None = None  # when the waiting execution took the answer
