"""What has to be over before an incident is closed, as sentences. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.clock import Clock
from responder.domain.escaping import one_line
from responder.domain.evidence import EvidenceItem
from responder.domain.identifiers import OrderId
from responder.domain.manifest import FOLDER, Part, name_of
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus

_SHOWN = 10  # of deadlines, and of things that were kept
_LONGEST = 300  # of what an attacker may have named


def of_orders(
    orders: Iterable[Order],
    receipts: Iterable[Receipt],
    approvals: Iterable[Approval],
    left: Collection[OrderId],
) -> Iterator[str]:
    """Orders that wait, are being carried out or put back, or that nobody said anything of.

    What monitor mode held, what a stronger order replaced and what a person denied is over.
    """
    filed = {receipt.order.order_id: receipt for receipt in receipts}
    asked = {approval.order_id: approval.status for approval in approvals}
    for order in orders:
        receipt, status = filed.get(order.order_id), asked.get(order.order_id)
        what = f"{order.order_id} ({order.action_id} on {one_line(order.resource, _LONGEST)})"
        if receipt is None:
            waits = order.mode is OrderMode.APPROVAL and status in (None, ApprovalStatus.WAITING)
            if waits and not order.held:
                yield f"{what} waits for a yes or a no"
            elif not order.held:
                yield f"{what} was not carried out yet"
        elif receipt.replaced_by is not None:
            continue
        elif receipt.released_by is not None:
            if receipt.status is not ReceiptStatus.RELEASED:
                yield f"{what} is being put back"
        elif receipt.status in (ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED):
            yield f"{what} is being carried out"
        elif (
            receipt.status is ReceiptStatus.LEFT
            and status is not ApprovalStatus.DENIED
            and order.order_id not in left
        ):
            yield f"{what} was left to a person, and nobody said what became of it"


def of_what_was_left(left: Collection[OrderId], receipts: Iterable[Receipt]) -> Iterator[str]:
    """Whatever a person says became of an order that no person was left."""
    there = {
        receipt.order.order_id
        for receipt in receipts
        if receipt.status is ReceiptStatus.LEFT and receipt.replaced_by is None
    }
    for order_id in sorted(set(left) - there):
        yield f"{order_id} was not left to a person, so nothing became of it there"


def of_evidence(
    generation: int, seals: Sequence[EvidenceItem], kept: Iterable[EvidenceItem]
) -> Iterator[str]:
    """Generations without a manifest, and what was kept after the last one.

    A manifest names everything that was kept before it.
    """
    sealed = {item.name: item.collected_at for item in seals if item.name.startswith(FOLDER)}
    for number in range(1, generation + 1):
        if name_of(number, Part.READS) not in sealed:
            yield f"evidence of generation {number} is not sealed"
    last = max(sealed.values(), default=None)
    later = [] if last is None else [item.name for item in kept if item.collected_at > last]
    if later:
        yield f"kept after the last seal, and not sealed: {_some(sorted(later))}"


def of_clocks(clocks: Sequence[Clock], *, is_counted: bool) -> Iterator[str]:
    """Deadlines that are neither met nor waived nor found not to be owed.

    `is_counted` says whether any are to be counted here at all.
    """
    if is_counted and not clocks:
        yield "no deadline was counted yet"
    still = [one.clock_id for one in clocks if one.is_open]
    if still:
        are = "deadline is" if len(still) == 1 else "deadlines are"
        yield f"{len(still)} {are} open: {_some(still)}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, _LONGEST) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
