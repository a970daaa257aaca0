"""Carry one order out: ask every rule again, record what stands, then cut.

Runs again when a read shows the cut undone, when AWS could not answer, or when an earlier run died
half way. What stood before our first touch stays on record through all of that. A cut that keeps
being undone is made one last time, and then left to a person as it stands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from responder.actions.action import ARN, IN_FORCE, SPARED, Action
from responder.aws import approvals as asked
from responder.aws import clients as member
from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.clients import Clients
from responder.aws.incidents import Incidents
from responder.aws.receipts import Filed, Receipts
from responder.aws.timeline import Timeline
from responder.domain.approval import ApprovalStatus
from responder.domain.decision import Mode
from responder.domain.errors import Broken, Refused, ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId, OrderId, partition_of
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.model import Model
from responder.domain.next_steps import whole_account
from responder.domain.order import (
    Before,
    Order,
    OrderMode,
    Plan,
    Receipt,
    ReceiptStatus,
    Silence,
)
from responder.domain.protection import ProtectList

PERMISSIONS = (
    (
        table.PERMISSIONS
        | proof.PERMISSIONS
        | asked.PERMISSIONS
        | events.PERMISSIONS
        | rule_store.PERMISSIONS
        | member.PERMISSIONS
    )
    - table.LISTING  # it knows the key of each item
)
# A decision is about what its maker saw. An execution that is redriven later has to ask again.
DECISION_HOLDS = timedelta(hours=1)
# A cut that was recorded and not made for longer than this gets a new instant: sessions that were
# issued meanwhile are to be cut too, and the cut-off has to lie ahead of the policy's way through
# IAM.
STALE = timedelta(seconds=10)
MOST_UNDONE = 5  # then whoever undoes it is faster than we are, and a person is told
# A cut that stands and that IAM gives no effect is made once more, since its verdict may come late.
# Nobody works against it, so it would not get better by more of the same.
MOST_WITHOUT_EFFECT = 2


class ContainRequest(Model):
    """What the machine sends. `now` is when the state was entered, the same on each retry."""

    incident_id: IncidentId
    order_id: OrderId
    now: AwareDatetime


class ContainAnswer(Model):
    """How far the order has come, for the machine and whoever watches it."""

    order_id: str
    status: ReceiptStatus
    applied_at: AwareDatetime | None


def contain(
    request: ContainRequest,
    *,
    actions: Mapping[str, Action],
    clients: Clients,
    incidents: Incidents,
    approvals: Approvals,
    receipts: Receipts,
    timeline: Timeline,
    protect: ProtectList,
    mode: Mode,
    stopped: bool,
    now: datetime,
) -> ContainAnswer:
    """Cut, unless a rule says no. An order that is verified already is left as it is.

    `now` is the time of this very attempt, from which a cut-off is counted.
    """
    order = incidents.order(request.incident_id, request.order_id)
    action = actions.get(order.action_id)
    if action is None:
        raise Broken(f"there is no action {order.action_id}; nothing was changed")
    filed = receipts.filed(order.incident_id, order.order_id)
    if filed is not None:
        if filed.receipt.released_amid:
            put_back_late(filed, action, clients, receipts, timeline, by="contain", now=now)
        still_ours(filed.receipt)
        if filed.receipt.status is ReceiptStatus.CONTAINED:
            return _answer(filed.receipt)
    if stopped:
        raise Refused(f"the kill switch is on: nothing is cut, and {order.resource} was left alone")
    _may_cut(request, order, filed, incidents, approvals, protect, mode)
    before = action.observe(order, clients) if filed is None else filed.receipt.before
    _is_the_right_one(order, before, protect)
    filed = _on_record(order, filed, before, receipts, now)
    _cut(filed, action, clients, receipts)
    applied = _applied(filed, action, clients, receipts, now)
    _tell(applied, action, timeline, now)
    if applied.undone < (MOST_WITHOUT_EFFECT if applied.still_allowed else MOST_UNDONE):
        return _answer(applied)
    if applied.still_allowed:
        raise Refused(
            f"the cut of {order.resource} stands, and IAM does not deny "
            f"{', '.join(applied.still_allowed)} all the same. It was made once more, and not "
            "looked at again. Ask the policy simulator in the IAM console about that identity, and "
            "deny it by a service control policy"
        )
    raise Refused(
        f"the cut of {order.resource} was found undone {applied.undone} times; somebody with "
        "rights over IAM in that account works against it. It was made once more, and not "
        "looked at again. Deny that identity by a service control policy, then look whether "
        "this cut stands. Where nobody can tell which identity that is, "
        f"{whole_account(order.account, partition_of(order.resource))}"
    )


def still_ours(receipt: Receipt) -> None:
    """Refuse what a person has decided about since: a late retry never overrules them."""
    if receipt.released_by is not None:
        raise Refused(f"{receipt.order.order_id} was released by {receipt.released_by}")
    if receipt.status is ReceiptStatus.LEFT:
        raise Refused(f"{receipt.order.order_id} was left to a person: {receipt.note}")


def put_back_late(
    filed: Filed,
    action: Action,
    clients: Clients,
    receipts: Receipts,
    timeline: Timeline,
    *,
    by: str,
    now: datetime,
) -> None:
    """Put back a cut that landed after its release, once: what stands later was cut by somebody."""
    receipt = filed.receipt
    clients.changes()  # of an order before
    try:
        is_put_back = action.verify(receipt, clients) and action.release(receipt, clients)
    except ResponderError:
        if made := clients.changes():
            receipts.replace(filed, receipt.with_calls(made))
        raise
    if is_put_back:
        timeline.record(
            receipt.order.incident_id,
            f"released-again:{receipt.order.order_id}",
            at=now,
            by=by,
            text=f"Found cut after its release, and put back again: {receipt.order.resource}.",
        )
        done = receipt.with_calls(clients.changes())
        receipts.replace(filed, done.model_copy(update={"released_amid": False}))


def _may_cut(
    request: ContainRequest,
    order: Order,
    filed: Filed | None,
    incidents: Incidents,
    approvals: Approvals,
    protect: ProtectList,
    mode: Mode,
) -> None:
    incident = incidents.get(order.incident_id)
    # Whoever closed it left the cut standing, so what somebody undid since is cut again.
    if incident.status is not IncidentStatus.OPEN and filed is None:
        raise Refused(f"{incident.id} is closed; {order.resource} was left alone")
    if order.held or mode != "respond":
        raise Refused(f"monitor mode cuts nothing; {order.resource} was left alone")
    _is_not_protected(_covered(order, order.resource, protect), order.resource)
    plan = _plan_of(order, incident, incidents)
    if order.mode is OrderMode.APPROVAL:
        _is_approved(request, order, filed, plan, approvals)


def _plan_of(order: Order, incident: Incident, incidents: Incidents) -> Plan:
    """The plan that gives this order, word for word."""
    for generation in range(1, incident.generation + 1):
        plan = incidents.plan(incident.id, generation)
        if plan is not None and order in plan.orders:
            return plan
    raise Refused(f"no plan of {incident.id} gives {order.order_id} as it stands; nothing was cut")


def _is_approved(
    request: ContainRequest,
    order: Order,
    filed: Filed | None,
    plan: Plan,
    approvals: Approvals,
) -> None:
    approval = approvals.of_order(order.incident_id, order.order_id)
    if approval is None:
        raise Refused(f"nobody was asked about {order.order_id}; nothing was cut")
    if approval.plan_hash != plan.hash:
        raise Refused(f"the plan changed since {order.order_id} was asked about; nothing was cut")
    if approval.status is ApprovalStatus.APPROVED and approval.decided_at is not None:
        decided_at = approval.decided_at
        if decided_at > approval.expires_at:
            raise Refused(f"{order.order_id} was approved after its time was out; nothing was cut")
    elif approval.status is ApprovalStatus.EXPIRED and order.on_silence is Silence.PROCEED:
        decided_at = approval.expires_at
    else:
        raise Refused(f"{order.order_id} is {approval.status.value}, not approved; nothing was cut")
    # What was verified once is what they decided, so it is cut again whenever it is undone.
    was_cut = filed is not None and filed.receipt.contained_at is not None
    if request.now - decided_at > DECISION_HOLDS and not was_cut:
        raise Refused(f"the decision about {order.order_id} is over an hour old; nothing was cut")


def _is_the_right_one(order: Order, before: Before | None, protect: ProtectList) -> None:
    """Ask the protect list about the real ARN: a finding leaves its path out."""
    if before is None:
        raise Broken(f"the receipt of {order.order_id} does not say what stood before")
    arn = before.state.get(ARN)
    if arn is None:
        return  # it is gone, and there is nothing to protect
    # The ARN of a bucket names no account.
    if arn.split(":")[4] not in (order.account, ""):
        raise Broken(f"the member role led to {arn}, not into {order.account}; nothing was cut")
    _is_not_protected(_covered(order, arn, protect), arn)
    if SPARED in before.state:
        _spares_the_protected(order, before.state[SPARED], protect)


def _spares_the_protected(order: Order, spared: Sequence[str], protect: ProtectList) -> None:
    """A cut of a whole account takes whoever is in it, so it has to except the protected ones."""
    pattern = protect.not_spared(order.account, spared)
    if pattern is not None:
        raise Refused(
            f"{one_line(pattern, 160)} is on the protect list, may be in {order.account}, and is "
            "not among those that the policy spares; nothing was cut. Give the same patterns of "
            "ARNs to stacks/account-deny.yaml (Spared) and to the protect list, and ask again"
        )


def _covered(order: Order, arn: str, protect: ProtectList) -> str | None:
    if order.principal is None:
        return protect.match(arn)
    return protect.covers(order.principal.model_copy(update={"arn": arn}))


def _on_record(
    order: Order,
    filed: Filed | None,
    before: Before | None,
    receipts: Receipts,
    now: datetime,
) -> Filed:
    """The receipt with what stood before and the instant of this cut, before anything is cut."""
    if filed is None:
        first = Receipt(
            order=order.model_copy(update={"act_at": now}),
            status=ReceiptStatus.OBSERVED,
            before=before,
            observed_at=now,
        )
        filed = receipts.file(first)
        still_ours(filed.receipt)  # another may have been first
    receipt, act_at = filed.receipt, filed.receipt.order.act_at
    is_stale = receipt.status is ReceiptStatus.OBSERVED and act_at and now - act_at > STALE
    if act_at is None or is_stale:  # a read found the cut undone, or the last attempt made none
        anew = receipt.order.model_copy(update={"act_at": now})
        filed = receipts.replace(filed, receipt.model_copy(update={"order": anew}))
    return filed


def _cut(filed: Filed, action: Action, clients: Clients, receipts: Receipts) -> None:
    """Apply it. What was called goes on record also where AWS, or a rule, ends it half way."""
    clients.changes()  # of an order before, or of the look
    try:
        action.apply(filed.receipt, clients)
    except ResponderError:
        if made := clients.changes():
            receipts.replace(filed, filed.receipt.with_calls(made))
        raise


def _is_not_protected(pattern: str | None, arn: str) -> None:
    if pattern is not None:
        raise Refused(f"{arn} is on the protect list ({one_line(pattern, 160)}); it was left alone")


def _applied(
    filed: Filed, action: Action, clients: Clients, receipts: Receipts, now: datetime
) -> Receipt:
    receipt, made = filed.receipt, clients.changes()
    applied = receipt.with_calls(made).model_copy(
        update={"status": ReceiptStatus.APPLIED, "applied_at": receipt.applied_at or now}
    )
    try:
        return receipts.replace(filed, applied).receipt
    except Unavailable:
        latest = receipts.filed(receipt.order.incident_id, receipt.order.order_id)
        if latest is None:
            raise
        try:
            if latest.receipt.released_by is not None:
                # A person released it while we cut, perhaps just before we did.
                action.release(latest.receipt, clients)
        finally:
            receipts.replace(latest, latest.receipt.with_calls([*made, *clients.changes()]))
        if latest.receipt.released_by is not None:
            still_ours(latest.receipt)
        raise


def _tell(receipt: Receipt, action: Action, timeline: Timeline, now: datetime) -> None:
    order, again = receipt.order, receipt.undone
    before = {} if receipt.before is None else receipt.before.state
    text = f"{action.TITLE}: {order.resource}."
    if again:
        text = f"Cut again. {text}"
    elif before.get(IN_FORCE):
        text += " It stood so before us, and a release leaves that as it was."
    arn = before.get(ARN)
    named = order.principal
    if named is not None and arn is not None and arn.rpartition("/")[2] != named.name:
        text += f" It had been renamed, and was found by its key: {one_line(arn, 300)}."
    timeline.record(
        order.incident_id,
        f"cut:{order.order_id}:{again}" if again else f"cut:{order.order_id}",
        at=order.act_at or now,
        by="contain",
        text=text,
    )


def _answer(receipt: Receipt) -> ContainAnswer:
    return ContainAnswer(
        order_id=receipt.order.order_id, status=receipt.status, applied_at=receipt.applied_at
    )
