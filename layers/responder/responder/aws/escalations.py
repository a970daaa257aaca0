"""Who was called about an incident, and whether somebody answered: kept with the incident."""

from collections.abc import Callable
from dataclasses import dataclass

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, incident_pk
from responder.domain.errors import Unavailable
from responder.domain.escalation import Acknowledgement, Escalation

PERMISSIONS = table.PERMISSIONS - table.LISTING
READING = table.READ - table.LISTING
_SK, _SAID = "ESCALATION", "ACKNOWLEDGED"


@dataclass(frozen=True)
class Stored:
    """An escalation as it is stored, for whoever replaces it."""

    item: Item
    escalation: Escalation


@dataclass(frozen=True)
class Escalations:
    """Typed access to both items of an incident."""

    ledger: Ledger

    def stored(self, incident_id: str) -> Stored | None:
        """The calls so far, or None where none was recorded."""
        found = self.ledger.get(incident_pk(incident_id), _SK)
        if found is None:
            return None
        return Stored(found, Escalation.model_validate_json(found.body))

    def begin(self, incident_id: str, escalation: Escalation) -> bool:
        """Record the first calls. False if another did."""
        return self.ledger.add(incident_pk(incident_id), _SK, escalation)

    def replace(self, seen: Stored, escalation: Escalation) -> Stored:
        """Write it anew. Raises `Unavailable` if another wrote since it was `seen`."""
        return Stored(self.ledger.replace(seen.item, escalation), escalation)

    def acknowledge(
        self,
        incident_id: str,
        said: Acknowledgement,
        *,
        counts: Callable[[Acknowledgement], bool],
    ) -> Acknowledgement:
        """Record that a person answered. The first that counts stays; the answer is that one."""
        pk = incident_pk(incident_id)
        if self.ledger.add(pk, _SAID, said):
            return said
        item = self.ledger.get(pk, _SAID)
        if item is None:
            raise Unavailable(f"who has {incident_id} in hand is not on record yet")
        first = Acknowledgement.model_validate_json(item.body)
        if counts(first):
            return first
        self.ledger.replace(item, said)
        return said

    def acknowledged(self, incident_id: str) -> Acknowledgement | None:
        """What a person said with `responder acknowledge` or its document in the console."""
        found = self.ledger.get(incident_pk(incident_id), _SAID)
        return None if found is None else Acknowledgement.model_validate_json(found.body)
