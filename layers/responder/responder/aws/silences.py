"""Snoozes and known activities, and which incidents each kept quiet.

They stand in the table and in no parameter: each has who asked for it, why, and an end, and nobody
but the function that checks all three can write one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Due, Ledger
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident
from responder.domain.model import Model
from responder.domain.silence import Ended, Silence, silencing

PERMISSIONS = table.PERMISSIONS
_PK, _DUE = "SILENCES", "SILENCE"


class Covered(Model):
    """That a silence kept an incident quiet, and since when."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    at: AwareDatetime


@dataclass(frozen=True)
class Silences:
    """All of them. Read anew each time: one that ended a moment ago does nothing."""

    ledger: Ledger

    def all(self) -> list[Silence]:
        """Every silence there ever was, the first to end first."""
        found = [Silence.model_validate_json(one.body) for one in self.ledger.items(_PK, "sil-")]
        return sorted(found, key=lambda one: (one.over_at, one.silence_id))

    def get(self, silence_id: str) -> Silence | None:
        """One of them."""
        found = self.ledger.get(_PK, silence_id)
        return None if found is None else Silence.model_validate_json(found.body)

    def add(self, silence: Silence) -> Silence:
        """Put it in force. Asked for again, the first stays; the answer is that one."""
        due = Due(_DUE, silence.ends_at)
        if self.ledger.add(_PK, silence.silence_id, silence, due=due):
            return silence
        kept = self.get(silence.silence_id)
        if kept is None:
            raise Unavailable(f"{silence.silence_id} is being written by another")
        return kept

    def end(self, silence_id: str, ended: Ended) -> Silence:
        """End it before its time. One that is over already stays as it is."""
        item = self.ledger.get(_PK, silence_id)
        if item is None:
            raise Broken(f"there is no silence {silence_id}")
        kept = Silence.model_validate_json(item.body)
        if not kept.is_in_force(ended.at):
            return kept
        new = kept.model_copy(update={"ended": ended})
        self.ledger.replace(item, new, due=Due(_DUE, new.over_at))
        return new

    def over(self, *, until: datetime) -> list[Silence]:
        """Those that have ended, and whose end was not told yet."""
        due = [sk for _, sk in self.ledger.due(_DUE, until=until)]
        found = [self.get(silence_id) for silence_id in due]
        return [one for one in found if one and one.told_at is None and one.over_at <= until]

    def told(self, silence_id: str, *, now: datetime) -> None:
        """Note that its end needs no word any more."""
        item = self.ledger.get(_PK, silence_id)
        if item is not None:
            kept = Silence.model_validate_json(item.body)
            self.ledger.replace(item, kept.model_copy(update={"told_at": now}))

    def covering(
        self, incident: Incident, findings: Sequence[Finding], *, now: datetime
    ) -> Silence | None:
        """The silence that keeps pages about an incident quiet just now; noted that it did."""
        found = silencing(self.all(), incident, findings, now)
        if found is not None:
            self.cover(found, incident.id, now=now)
        return found

    def cover(self, silence: Silence, incident_id: str, *, now: datetime) -> None:
        """Note that a silence keeps an incident quiet."""
        covered = Covered(incident_id=incident_id, at=now)
        self.ledger.add(_covered(silence.silence_id), incident_id, covered)

    def covered(self, silence_id: str) -> list[Covered]:
        """The incidents that a silence kept quiet."""
        found = self.ledger.items(_covered(silence_id), "inc-")
        return [Covered.model_validate_json(item.body) for item in found]


def _covered(silence_id: str) -> str:
    return f"SILENCED#{silence_id}"
