"""Proof of what each order did, and of what stood before it.

A receipt is written before the change it is about. What stood before is written once: whoever
retries an order, or comes second, finds the state from before our first touch, not after it.
"""

from dataclasses import dataclass

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, incident_pk
from responder.domain.errors import Broken, Unavailable
from responder.domain.order import Receipt

PERMISSIONS = table.PERMISSIONS
RECEIPT = "RECEIPT#"


@dataclass(frozen=True)
class Filed:
    """A receipt as it is stored, for whoever replaces it."""

    item: Item
    receipt: Receipt


@dataclass(frozen=True)
class Receipts:
    """The receipts of incidents, one to an order."""

    ledger: Ledger

    def all(self, incident_id: str) -> list[Receipt]:
        """Every receipt of an incident, in order of order id."""
        found = self.ledger.items(incident_pk(incident_id), RECEIPT)
        return [Receipt.model_validate_json(item.body) for item in found]

    def get(self, incident_id: str, order_id: str) -> Receipt | None:
        """The receipt of one order; None if nothing was begun."""
        filed = self.filed(incident_id, order_id)
        return None if filed is None else filed.receipt

    def filed(self, incident_id: str, order_id: str) -> Filed | None:
        """The same, as it is stored."""
        found = self.ledger.get(incident_pk(incident_id), RECEIPT + order_id)
        if found is None:
            return None
        return Filed(found, Receipt.model_validate_json(found.body))

    def file(self, receipt: Receipt) -> Filed:
        """Write the first receipt of an order. The answer is the one that stands: the first."""
        order = receipt.order
        self.ledger.add(incident_pk(order.incident_id), RECEIPT + order.order_id, receipt)
        filed = self.filed(order.incident_id, order.order_id)
        if filed is None:
            raise Unavailable(f"the receipt of {order.order_id} is not on record yet")
        return filed

    def replace(self, filed: Filed, receipt: Receipt) -> Filed:
        """Replace a receipt we read. Raises `Unavailable` if somebody wrote it since.

        What stood before can be added, and never changed.
        """
        stood = filed.receipt
        if receipt.order.order_id != stood.order.order_id:
            raise Broken(f"{receipt.order.order_id} is not the order of this receipt")
        if stood.before is not None and (receipt.before, receipt.observed_at) != (
            stood.before,
            stood.observed_at,
        ):
            raise Broken(f"what stood before {stood.order.order_id} is on record, and stays")
        return Filed(self.ledger.replace(filed.item, receipt), receipt)
