"""Look whether the cut of one order holds. Contained means two clean reads, one wait apart.

Changes nothing in the account. An attacker may undo a cut inside its first seconds, so one look
right after it proves nothing. And a policy that stands may have no effect, so before a deny is
called contained IAM is asked what it makes of it.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from responder.actions.action import Action
from responder.actions.simulation import Simulated
from responder.aws import clients as member
from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import timeline as events
from responder.aws.clients import Clients
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.errors import Broken
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Receipt, ReceiptStatus
from responder.steps.contain import still_ours

PERMISSIONS = (
    table.PERMISSIONS | proof.PERMISSIONS | events.PERMISSIONS | member.PERMISSIONS
) - table.LISTING  # it knows the key of each item
CLEAN_READS = 2
APART = timedelta(seconds=15)  # the wait of the machine; a test holds the two together


class Verdict(StrEnum):
    """What the machine does next."""

    CONTAINED = "contained"
    READ_AGAIN = "read-again"
    CUT_AGAIN = "cut-again"


class VerifyRequest(Model):
    """What the machine sends. `now` is the same on each retry of one read."""

    incident_id: IncidentId
    order_id: OrderId
    now: AwareDatetime
    contained_too: bool = False  # also read what was called contained: somebody touched it since


class VerifyAnswer(Model):
    """Whether the cut holds, as far as it has been read."""

    order_id: str
    verdict: Verdict
    clean_reads: int
    contained_at: AwareDatetime | None


def verify(
    request: VerifyRequest,
    *,
    actions: Mapping[str, Action],
    simulated: Mapping[str, Simulated],
    clients: Clients,
    receipts: Receipts,
    timeline: Timeline,
) -> VerifyAnswer:
    """Read once. The same read twice counts once, and so do two that are too close together."""
    filed = receipts.filed(request.incident_id, request.order_id)
    if filed is None:
        raise Broken(f"{request.order_id} was never carried out; there is nothing to verify")
    receipt = filed.receipt
    still_ours(receipt)
    action = actions.get(receipt.order.action_id)
    if action is None:
        raise Broken(f"there is no action {receipt.order.action_id}; nothing was read")
    contained = receipt.status is ReceiptStatus.CONTAINED
    is_read = (contained and not request.contained_too) or receipt.last_read_at == request.now
    if not is_read:
        stands = action.verify(receipt, clients)
        if contained and stands:
            return _answer(receipt)
        read = _counted(receipt, request) if stands else _undone(receipt, request)
        if read.status is ReceiptStatus.CONTAINED:
            allowed = _still_allowed(receipt, simulated, clients)
            if allowed:
                read = _undone(receipt, request, allowed)
            else:
                left = action.observe(receipt.order, clients)
                read = read.model_copy(update={"after": left, "still_allowed": ()})
        receipt = receipts.replace(filed, read).receipt
    _tell(receipt, action, timeline)
    return _answer(receipt)


def _counted(receipt: Receipt, request: VerifyRequest) -> Receipt:
    seen = [at for at in (receipt.last_read_at, receipt.order.act_at) if at is not None]
    # The machine tells its instants in whole milliseconds, cut off.
    since = max(
        (at.replace(microsecond=at.microsecond // 1000 * 1000) for at in seen), default=None
    )
    if since is not None and request.now - since < APART:
        return receipt
    clean_reads = receipt.clean_reads + 1
    read = receipt.model_copy(update={"clean_reads": clean_reads, "last_read_at": request.now})
    if clean_reads < CLEAN_READS:
        return read
    return read.model_copy(update={"status": ReceiptStatus.CONTAINED, "contained_at": request.now})


def _still_allowed(
    receipt: Receipt, simulated: Mapping[str, Simulated], clients: Clients
) -> tuple[str, ...]:
    asked = simulated.get(receipt.order.action_id)
    return () if asked is None else asked.still_allowed(receipt, clients)


def _undone(
    receipt: Receipt, request: VerifyRequest, still_allowed: tuple[str, ...] = ()
) -> Receipt:
    """Without an instant to act at: the next cut is another one, with a cut-off of its own.

    Sessions that were issued while the cut was undone may be the attacker's.
    """
    return receipt.model_copy(
        update={
            "order": receipt.order.model_copy(update={"act_at": None}),
            "status": ReceiptStatus.OBSERVED,
            "clean_reads": 0,
            "last_read_at": request.now,
            "undone": receipt.undone + 1,
            "still_allowed": still_allowed,
        }
    )


def _tell(receipt: Receipt, action: Action, timeline: Timeline) -> None:
    order = receipt.order
    if receipt.status is ReceiptStatus.CONTAINED and receipt.contained_at is not None:
        timeline.record(
            order.incident_id,
            f"contained:{order.order_id}",
            at=receipt.contained_at,
            by="verify",
            text=f"Contained, read clean twice: {action.TITLE.lower()}: {order.resource}.",
        )
    elif order.act_at is None and receipt.last_read_at is not None:
        timeline.record(
            order.incident_id,
            f"undone:{order.order_id}:{receipt.undone}",
            at=receipt.last_read_at,
            by="verify",
            text=_without_effect(receipt)
            if receipt.still_allowed
            else f"Somebody undid the cut, or IAM does not show it yet: {order.resource}.",
        )


def _without_effect(receipt: Receipt) -> str:
    return (
        f"The cut stands with our text, and IAM says that {', '.join(receipt.still_allowed)} is "
        f"not denied all the same, so it is not contained: {receipt.order.resource}."
    )


def _answer(receipt: Receipt) -> VerifyAnswer:
    order = receipt.order
    if receipt.status is ReceiptStatus.CONTAINED:
        verdict = Verdict.CONTAINED
    elif order.act_at is None:
        verdict = Verdict.CUT_AGAIN
    else:
        verdict = Verdict.READ_AGAIN
    return VerifyAnswer(
        order_id=order.order_id,
        verdict=verdict,
        clean_reads=receipt.clean_reads,
        contained_at=receipt.contained_at,
    )
