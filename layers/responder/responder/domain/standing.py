"""How an incident's orders about one thing stand: all that it has ordered, and how far it came."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from responder.domain.order import About, Order, Receipt, ReceiptStatus

_CARRIED_OUT = (ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED)


@dataclass(frozen=True)
class Standing:
    """Everything one incident has ordered about one thing, and the receipts of that."""

    orders: tuple[Order, ...]
    receipts: tuple[Receipt, ...]

    @property
    def last(self) -> Order:
        """The order that no other took the place of."""
        replaced = {order.replaces for order in self.orders}
        last = [order for order in self.orders if order.order_id not in replaced]
        return max(last, key=lambda order: order.strength)

    @property
    def is_carried_out(self) -> bool:
        """Whether a cut stands, or is being made."""
        return any(r.status in _CARRIED_OUT and not _is_given_back(r) for r in self.receipts)

    @property
    def contained_at(self) -> datetime | None:
        """Since when it is known to be cut; None while it is not, or not any more."""
        standing = [
            receipt.contained_at
            for receipt in self.receipts
            if receipt.status is ReceiptStatus.CONTAINED
            and receipt.contained_at is not None
            and not _is_given_back(receipt)
        ]
        return max(standing, default=None)

    @property
    def was_given_back(self) -> bool:
        """Whether a person ever released it: then nothing cuts it again without asking."""
        return any(_is_given_back(receipt) for receipt in self.receipts)

    @property
    def is_given_back(self) -> bool:
        """Whether a person released the last of the orders."""
        return any(_is_given_back(receipt) for receipt in self._of_the_last)

    def may_be_asked_again(self, since: datetime) -> bool:
        """Whether a finding that came at `since` is news to whoever released it."""
        released = (receipt.released_at for receipt in self._of_the_last)
        return self.is_given_back and all(at is None or at <= since for at in released)

    @property
    def _of_the_last(self) -> tuple[Receipt, ...]:
        return tuple(r for r in self.receipts if r.order.order_id == self.last.order_id)


def standings(orders: Iterable[Order], receipts: Iterable[Receipt]) -> dict[About, Standing]:
    """How everything stands that an incident has ordered."""
    filed = {receipt.order.order_id: receipt for receipt in receipts}
    found = defaultdict[About, list[Order]](list)
    for order in orders:
        found[order.about].append(order)
    return {
        key: Standing(
            orders=tuple(several),
            receipts=tuple(filed[o.order_id] for o in several if o.order_id in filed),
        )
        for key, several in found.items()
    }


def _is_given_back(receipt: Receipt) -> bool:
    return receipt.status is ReceiptStatus.RELEASED or receipt.released_by is not None
