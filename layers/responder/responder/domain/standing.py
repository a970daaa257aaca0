"""How an incident's orders about one thing stand: all that it has ordered, and how far it came."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from responder.domain.decision import About
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.domain.policy import DEACTIVATE_KEY

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


def about(order: Order) -> About:
    """What an order cuts: the same as of the proposal that it was made of."""
    key = order.principal.access_key_id if order.action_id == DEACTIVATE_KEY else None
    return order.action_id, order.resource, key


def standings(orders: Iterable[Order], receipts: Iterable[Receipt]) -> dict[About, Standing]:
    """How everything stands that an incident has ordered."""
    filed = {receipt.order.order_id: receipt for receipt in receipts}
    found = defaultdict[About, list[Order]](list)
    for order in orders:
        found[about(order)].append(order)
    return {
        key: Standing(
            orders=tuple(several),
            receipts=tuple(filed[o.order_id] for o in several if o.order_id in filed),
        )
        for key, several in found.items()
    }


def _is_given_back(receipt: Receipt) -> bool:
    return receipt.status is ReceiptStatus.RELEASED or receipt.released_by is not None
