"""What we opened because of findings, and what happened since."""

from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from responder.domain.closing import Closed
from responder.domain.finding import Severity
from responder.domain.identifiers import AccountId, IncidentId, Region
from responder.domain.model import Model


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    CLOSED = "closed"


class Channel(Model):
    """Where the incident was opened for people: which adapter, and its own reference."""

    model_config = ConfigDict(frozen=True)

    id: str  # a module of `channels`
    reference: str
    opened_at: AwareDatetime


class Incident(Model):
    """One campaign against one account. Findings join it through correlation.

    `generation` grows when a finding adds a principal, or asks for more about a known one than is
    being done; each generation is one run of the incident-response machine, named `id` for the
    first and `id-<generation>` after it.
    """

    model_config = ConfigDict(frozen=True)

    id: IncidentId
    title: str
    severity: Severity
    account: AccountId
    region: Region
    status: IncidentStatus = IncidentStatus.OPEN
    drill: bool = False
    generation: int = 1
    opened_at: AwareDatetime
    first_seen_at: AwareDatetime  # when the detector first saw the activity
    channel: Channel | None = None
    closed: Closed | None = None  # set while its status says so
    follows: tuple[IncidentId, ...] = ()  # earlier ones about the same, the surest first

    @model_validator(mode="after")
    def _closed_by_somebody(self) -> Self:
        if (self.status is IncidentStatus.CLOSED) is (self.closed is None):
            raise ValueError("an incident is closed when somebody closed it")
        return self

    @property
    def execution_name(self) -> str:
        """The name of this generation's execution; a second start of it is refused by AWS."""
        return self.id if self.generation == 1 else f"{self.id}-{self.generation}"


def incident_of(execution_name: str) -> str:
    """The id of the incident that an execution answers, whichever generation it is."""
    return "-".join(execution_name.split("-")[:3])


class TimelineEvent(Model):
    """One thing that happened in an incident. `key` makes a repeated write the same event.

    `by` says who did it: a step of ours, `AWS`, a person's ARN, or the detector.
    """

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    key: str
    at: AwareDatetime
    by: str
    text: str
