"""Undo one order from its receipt, or each of an incident, because a person says so.

Neither monitor mode nor the protect list stands in the way of an undo. From the console, `by` is
whom AWS names. From a direct call it is what the caller says of themselves: who really called is
on record only where a trail of this account keeps data events of Lambda functions (CloudTrail User
Guide, "Logging data events"), and nothing here turns that on.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime

from responder.actions.action import Action, before_of
from responder.aws import automations as console
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
from responder.domain.errors import Broken, Refused, ResponderError, Unavailable
from responder.domain.escaping import OneLine
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.ladder import DEACTIVATE_KEY, NOT_GIVEN_BACK
from responder.domain.model import Model
from responder.domain.order import Receipt, ReceiptStatus, differences
from responder.steps.contain import put_back_late

PERMISSIONS = (
    table.PERMISSIONS
    | proof.PERMISSIONS
    | seats.PERMISSIONS
    | events.PERMISSIONS
    | member.PERMISSIONS
    | console.READING
)
_TRIES = 5  # the machine may write the receipt at the same moment


class ReleaseRequest(Model):
    """What a person sends: which order, or all of the incident; who they are, and why."""

    incident_id: IncidentId
    order_id: OrderId | None = None  # None for each order of the incident
    by: OneLine
    reason: OneLine
    key_was_never_out: bool = False  # for an access key, which stays off without it
    despite_changes: bool = False  # also where it is not as the cut left it


class ReleaseAnswer(Model):
    """Where the order stands now."""

    order_id: str
    resource: str
    status: ReceiptStatus
    released_at: AwareDatetime | None
    note: str | None


class NotReleased(Model):
    """An order that stays as it is, and why."""

    order_id: str
    resource: str
    why: str


class ReleasedEach(Model):
    """What became of each order of an incident, the last cut first."""

    incident_id: str
    released: list[ReleaseAnswer]
    left: list[NotReleased]


def release_asked(
    request: ReleaseRequest,
    *,
    actions: Mapping[str, Action],
    clients: Clients,
    receipts: Receipts,
    correlations: Correlations,
    timeline: Timeline,
    now: datetime,
) -> ReleaseAnswer | ReleasedEach:
    """Release what the request names. One order that stays does not keep the others."""

    def one(order_id: str) -> ReleaseAnswer:
        return release(
            request.model_copy(update={"order_id": order_id}),
            actions=actions,
            clients=clients,
            receipts=receipts,
            correlations=correlations,
            timeline=timeline,
            now=now,
        )

    if request.order_id is not None:
        return one(request.order_id)
    cut = [r for r in receipts.all(request.incident_id) if r.before is not None]
    if not cut:
        raise Refused(f"{request.incident_id} has cut nothing; there is nothing to undo")
    answer = ReleasedEach(incident_id=request.incident_id, released=[], left=[])
    for receipt in sorted(cut, key=_age, reverse=True):
        order = receipt.order
        try:
            answer.released.append(one(order.order_id))
        except (Refused, Unavailable) as error:
            left = NotReleased(order_id=order.order_id, resource=order.resource, why=str(error))
            answer.left.append(left)
    return answer


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
    """Put back what stood before, once: the first who and why stay, and a second call changes
    nothing.

    Only a cut that was being made when it was released, and landed afterwards, is put back by the
    next call. What changed since the cut was verified is shown, and refused unless it is accepted.
    """
    mine = _receipt(request.incident_id, request.order_id or "", receipts)
    action = actions.get(mine.order.action_id)
    if action is None:
        raise Broken(f"there is no action {mine.order.action_id}; nothing was changed")
    if mine.status is not ReceiptStatus.RELEASED:
        _is_the_last(mine, receipts, correlations)
        _may_be_let_go(mine, request)
        if mine.released_by is None and not request.despite_changes:
            _is_as_we_left_it(mine, action, clients)
    more = [NOT_GIVEN_BACK[action.ID]] if action.ID in NOT_GIVEN_BACK else []
    filed = _claimed(mine.order.order_id, request, receipts)
    receipt = filed.receipt
    if receipt.status is not ReceiptStatus.RELEASED:
        clients.changes()  # of an order before
        try:
            action.release(receipt, clients)
        except ResponderError:
            if made := clients.changes():
                receipts.replace(filed, receipt.with_calls(made))
            raise
        done = receipt.with_calls(clients.changes()).model_copy(
            update={"status": ReceiptStatus.RELEASED, "released_at": now}
        )
        receipt = receipts.replace(filed, done).receipt
    elif receipt.released_amid:
        put_back_late(filed, action, clients, receipts, timeline, by=request.by, now=now)
    text = f"Put back what stood before: {receipt.order.resource}. {receipt.note}"
    timeline.record(
        request.incident_id,
        f"released:{receipt.order.order_id}",
        at=receipt.released_at or now,
        by=receipt.released_by or request.by,
        text=" ".join([text, *more]),
    )
    return ReleaseAnswer(
        order_id=receipt.order.order_id,
        resource=receipt.order.resource,
        status=receipt.status,
        released_at=receipt.released_at,
        note=" ".join([receipt.note or "", *more]),
    )


def _receipt(incident_id: str, order_id: str, receipts: Receipts) -> Receipt:
    found = receipts.get(incident_id, order_id)
    if found is None:
        raise Refused(f"{order_id} was never carried out; there is nothing to undo")
    before_of(found)
    return found


def _may_be_let_go(mine: Receipt, request: ReleaseRequest) -> None:
    """A key that was in other hands stays off, however much of the rest is put back."""
    if mine.order.action_id == DEACTIVATE_KEY and not request.key_was_never_out:
        key_id = mine.order.about[2]
        raise Refused(
            f"access key {key_id} was reported in other hands, so it stays off; nothing was "
            "changed. Make the user a new key, and delete this one when the case is closed. If the "
            "report was wrong, say so with key_was_never_out"
        )


def _is_as_we_left_it(mine: Receipt, action: Action, clients: Clients) -> None:
    """Refuse when somebody changed what we would put back: theirs may be the honest change."""
    if mine.after is None:
        return  # not verified yet, so nobody knows how we left it
    changed = differences(mine.after, action.observe(mine.order, clients))
    if changed:
        raise Refused(
            f"{mine.order.resource} is not as the cut left it: {'; '.join(changed)}. Nothing was "
            "changed. Look at CloudTrail for who did that; to put back what stood before all the "
            "same, say so with despite_changes"
        )


def _is_the_last(mine: Receipt, receipts: Receipts, correlations: Correlations) -> None:
    """Refuse while a later order holds the same thing: this release would let go of it as well.

    That order found ours in place, so its own release leaves it there for us to take away.
    """
    key = owned_key(mine.order.account, mine.order)
    claim = None if key is None else correlations.claim(key)
    incidents = {mine.order.incident_id, *(() if claim is None else claim.body.all)}
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


def _claimed(order_id: str, request: ReleaseRequest, receipts: Receipts) -> Filed:
    """The receipt with the release announced, from where on nothing cuts this order again."""
    for _ in range(_TRIES):
        filed = receipts.filed(request.incident_id, order_id)
        if filed is None:
            raise Broken(f"the receipt of {order_id} was there, and is not any more")
        if filed.receipt.released_by is not None:
            return filed
        try:
            return receipts.replace(filed, _announced(filed.receipt, request))
        except Unavailable:
            continue
    raise Unavailable(f"the receipt of {order_id} is being written by others; try again")


def _announced(receipt: Receipt, request: ReleaseRequest) -> Receipt:
    note = f"{request.by} asked for its release: {request.reason}"
    amid = receipt.status is ReceiptStatus.OBSERVED
    said = {"released_by": request.by, "note": note, "released_amid": amid}
    return receipt.model_copy(update=said)
