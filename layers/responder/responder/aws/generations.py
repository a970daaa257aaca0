"""Claims the next run of the response to an incident, and starts it, each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime

from responder.aws import ledger as table
from responder.aws import machine as response
from responder.aws import timeline as events
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.aws.machine import Machine
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS | events.PERMISSIONS | response.PERMISSIONS


class _Started(Model):
    at: AwareDatetime


@dataclass(frozen=True)
class Generations:
    """The runs of the response to incidents."""

    ledger: Ledger
    machine: Machine

    def claim(
        self, item: Item, *, at: datetime, by: str, text: str, together_with: Sequence[Write]
    ) -> bool:
        """Make the next generation, with these writes or not at all.

        `item` is the incident as it was read. False, and nothing changed, if anybody wrote one of
        these items since: read again.
        """
        incident = Incident.model_validate_json(item.body)
        number = incident.generation + 1
        event = TimelineEvent(
            incident_id=incident.id, key=f"generation:{number}", at=at, by=by, text=text
        )
        larger = incident.model_copy(update={"generation": number})
        return self.ledger.together(
            [
                Write(item.pk, item.sk, larger, seen=item),
                Write(item.pk, events.PREFIX + event.key, event),
                *together_with,
            ]
        )

    def start(self, incident: Incident, now: datetime) -> None:
        """Start the response to the incident as it stands, unless that is on record."""
        pk, sk = incident_pk(incident.id), f"STARTED#{incident.generation}"
        if self.ledger.get(pk, sk) is None:
            self.machine.start(incident)
            self.ledger.add(pk, sk, _Started(at=now))
