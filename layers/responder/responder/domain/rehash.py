"""Whether what the vault has is still what was put: one round after the other, per incident."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

EVERY = timedelta(days=7)
AGAIN = timedelta(days=1)  # how often a person is told of what is wrong, until one answers


class Fault(StrEnum):
    """What can be wrong with one version. Each counts as bad as the others."""

    CHANGED = "its bytes are not those on record"
    MISSING = "there is no such version any more"
    UNREADABLE = "it could not be read"


class Wrong(Model):
    """One version that is not as recorded."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    version_id: str
    fault: Fault
    found: str  # the SHA-256 that was found, or what S3 answered


class Accepted(Model):
    """A person has seen what is wrong. It stays wrong and on record; it pages no more."""

    model_config = ConfigDict(frozen=True)

    by: str
    reason: str
    at: AwareDatetime
    wrong: tuple[Wrong, ...]


class Rehash(Model):
    """The rounds of one incident: the one that runs, and what the last one found."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    due_at: AwareDatetime
    began_at: AwareDatetime | None = None  # of the round that runs
    after: str = ""  # the last one looked at in it
    read: int = 0
    read_bytes: int = 0
    archived: int = 0  # in a storage class that takes hours to read: never counted as good
    wrong: tuple[Wrong, ...] = ()
    last_began_at: AwareDatetime | None = None
    standing: tuple[Wrong, ...] = ()  # what the last whole round found
    accepted: tuple[Accepted, ...] = ()

    @property
    def unanswered(self) -> tuple[Wrong, ...]:
        """What the last round found wrong and nobody has answered."""
        seen = {one for each in self.accepted for one in each.wrong}
        return tuple(one for one in self.standing if one not in seen)

    def begun(self, now: datetime) -> "Rehash":
        """At the start of a new round."""
        fresh = {"began_at": now, "after": "", "read": 0, "read_bytes": 0, "archived": 0}
        return self.model_copy(update={**fresh, "wrong": ()})

    def ended(self) -> "Rehash":
        """After a whole round."""
        began = self.began_at
        if began is None:
            return self
        after = self.model_copy(
            update={"began_at": None, "last_began_at": began, "standing": self.wrong}
        )
        return after.model_copy(update={"due_at": began + (AGAIN if after.unanswered else EVERY)})
