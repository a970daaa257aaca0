"""What else uses what an order would cut: one record to an order, which nobody changes again.

So whoever asks about the order shows the same at each attempt, also when a slow look ends later.
"""

from dataclasses import dataclass

from responder.aws import ledger as table
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.errors import Unavailable
from responder.domain.use import Use

PERMISSIONS = table.PERMISSIONS
PREFIX = "USE#"


@dataclass(frozen=True)
class Uses:
    """Typed access to these records."""

    ledger: Ledger

    def get(self, incident_id: str, order_id: str) -> Use | None:
        """The record of one order."""
        found = self.ledger.get(incident_pk(incident_id), PREFIX + order_id)
        return None if found is None else Use.model_validate_json(found.body)

    def all(self, incident_id: str) -> list[Use]:
        """Every record of an incident."""
        found = self.ledger.items(incident_pk(incident_id), PREFIX)
        return [Use.model_validate_json(item.body) for item in found]

    def first(self, use: Use) -> Use:
        """Record it, unless the order has a record. The answer is the one that stands."""
        self.ledger.add(incident_pk(use.incident_id), PREFIX + use.order_id, use)
        found = self.get(use.incident_id, use.order_id)
        if found is None:
            raise Unavailable(f"what else uses the thing of {use.order_id} is not on record yet")
        return found
