"""Undo one order from its receipt, because a person says so.

Neither monitor mode nor the protect list stands in the way of an undo. `by` is what the caller
says of themselves. Who really called is on record only where a trail of this account keeps data
events of Lambda functions (CloudTrail User Guide, "Logging data events"); nothing here turns that
on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints

from responder.actions.action import Action, before_of
from responder.aws import clients as member
from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import timeline as events
from responder.aws.clients import Clients
from responder.aws.correlations import Correlations
from responder.aws.receipts import Filed, Receipts
from responder.aws.timeline import Timeline
from responder.domain.correlation import owned_key
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.order import Receipt, ReceiptStatus

PERMISSIONS = (
    table.PERMISSIONS
    | proof.PERMISSIONS
    | seats.PERMISSIONS
    | events.PERMISSIONS
    | member.PERMISSIONS
)
_TRIES = 5  # the machine may write the receipt at the same moment


def _said(text: str) -> str:
    shown = one_line(text, 400)
    if not shown:
        raise ValueError("say it in words")
    return shown


Said = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_said)]


class ReleaseRequest(BaseModel):
    """What a person sends: which order, who they are, and why."""

    incident_id: IncidentId
    order_id: OrderId
    by: Said
    reason: Said


class ReleaseAnswer(BaseModel):
    """Where the order stands now."""

    order_id: str
    resource: str
    status: ReceiptStatus
    released_at: AwareDatetime | None
    note: str | None


def release(
    request: ReleaseRequest,
    *,
    actions: Mapping[str, Action],
    clients: Clients,
    receipts: Receipts,
    correlations: Correlations,
    timeline: Timeline,
    now: datetime,
) -> ReleaseAnswer:
    """Put back what stood before. Twice is the same as once: the first who and why stay.

    A cut that landed after its release, because a run of the workflow was late, is put back too.
    """
    _is_the_last(request, receipts, correlations)
    filed = _claimed(request, receipts)
    receipt = filed.receipt
    action = actions.get(receipt.order.action_id)
    if action is None:
        raise Broken(f"there is no action {receipt.order.action_id}; nothing was changed")
    if receipt.status is ReceiptStatus.RELEASED:
        if action.verify(receipt, clients) and action.release(receipt, clients):
            timeline.record(
                request.incident_id,
                f"released-again:{request.order_id}:{now.isoformat()}",
                at=now,
                by=request.by,
                text=f"Found cut after its release, and put back again: {receipt.order.resource}.",
            )
    else:
        action.release(receipt, clients)
        done = {"status": ReceiptStatus.RELEASED, "released_at": now}
        receipt = receipts.replace(filed, receipt.model_copy(update=done)).receipt
    timeline.record(
        request.incident_id,
        f"released:{request.order_id}",
        at=receipt.released_at or now,
        by=receipt.released_by or request.by,
        text=f"Put back what stood before: {receipt.order.resource}. {receipt.note}",
    )
    return ReleaseAnswer(
        order_id=receipt.order.order_id,
        resource=receipt.order.resource,
        status=receipt.status,
        released_at=receipt.released_at,
        note=receipt.note,
    )


def _is_the_last(request: ReleaseRequest, receipts: Receipts, correlations: Correlations) -> None:
    """Refuse while a later order holds the same thing: this release would let go of it as well.

    That order found ours in place, so its own release leaves it there for us to take away.
    """
    mine = receipts.get(request.incident_id, request.order_id)
    if mine is None or mine.before is None:
        return
    key = owned_key(mine.order.account, mine.order)
    claim = None if key is None else correlations.claim(key)
    incidents = {request.incident_id, *([] if claim is None else [claim.body.incident_id])}
    for incident_id in sorted(incidents):
        for other in receipts.all(incident_id):
            if _holds(other) and other.order.about == mine.order.about and _age(other) > _age(mine):
                raise Refused(
                    f"{other.order.order_id} of {incident_id} came later and cut "
                    f"{other.order.resource} too; nothing was changed. If that is to be undone as "
                    "well, release that order first, and then this one"
                )


def _holds(receipt: Receipt) -> bool:
    """Whether what it cut may stand. One that is left to a person may have been begun."""
    return (
        receipt.before is not None
        and receipt.released_by is None
        and receipt.status is not ReceiptStatus.RELEASED
    )


def _age(receipt: Receipt) -> tuple[str, str]:
    observed_at = receipt.observed_at
    return "" if observed_at is None else observed_at.isoformat(), receipt.order.order_id


def _claimed(request: ReleaseRequest, receipts: Receipts) -> Filed:
    """The receipt with the release announced, from where on nothing cuts this order again."""
    for _ in range(_TRIES):
        filed = receipts.filed(request.incident_id, request.order_id)
        if filed is None:
            raise Refused(f"{request.order_id} was never carried out; there is nothing to undo")
        before_of(filed.receipt)
        if filed.receipt.released_by is not None:
            return filed
        try:
            return receipts.replace(filed, _announced(filed.receipt, request))
        except Unavailable:
            continue
    raise Unavailable(f"the receipt of {request.order_id} is being written by others; try again")


def _announced(receipt: Receipt, request: ReleaseRequest) -> Receipt:
    note = f"{request.by} asked for its release: {request.reason}"
    return receipt.model_copy(update={"released_by": request.by, "note": note})
