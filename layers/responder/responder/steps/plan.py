"""Decide what to cut, what to ask, and what to leave to a person. Changes nothing in any account.

A plan is made once for each generation. It holds what the findings ask for and no plan holds yet,
and what they ask for more strongly than a plan does that was not carried out: the stronger order
takes the weaker one's place.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.correlations import Correlations
from responder.aws.incidents import Incidents
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain import next_steps
from responder.domain.correlation import principal_key
from responder.domain.decision import About, Mode, Proposal, decide, merged
from responder.domain.errors import Unavailable
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.order import (
    Order,
    OrderMode,
    Plan,
    Receipt,
    ReceiptStatus,
    Refusal,
    strength,
)
from responder.domain.policy import DEACTIVATE_KEY, Policy
from responder.domain.protection import ProtectList

PERMISSIONS = table.PERMISSIONS | seats.PERMISSIONS | events.PERMISSIONS | rule_store.PERMISSIONS
_TRIES = 5
_CARRIED_OUT = (ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED)


class PlanRequest(BaseModel):
    """What the machine sends."""

    incident_id: IncidentId
    generation: int
    now: AwareDatetime


class PlannedOrder(BaseModel):
    """What the machine must know of an order to carry it out."""

    order_id: str
    held: bool
    mode: OrderMode
    answer_within_seconds: int


class PlanAnswer(BaseModel):
    """The plan, without its content."""

    orders: list[PlannedOrder]
    plan_hash: str
    refusals: int


def plan(
    request: PlanRequest,
    *,
    incidents: Incidents,
    correlations: Correlations,
    receipts: Receipts,
    timeline: Timeline,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
) -> PlanAnswer:
    """Plan one generation. May run again: the plan that was saved is the one that is returned."""
    made = _made(request, incidents, correlations, receipts, policy, protect, mode)
    incidents.add_refusals(made.incident_id, made.refusals)
    _retire(made, incidents, receipts, timeline)
    timeline.record(
        made.incident_id,
        f"planned:{made.generation}",
        at=made.planned_at,
        by="plan",
        text=_summary(made),
    )
    return PlanAnswer(
        orders=[
            PlannedOrder(
                order_id=order.order_id,
                held=order.held,
                mode=order.mode,
                answer_within_seconds=int(order.answer_within.total_seconds()),
            )
            for order in made.orders
        ],
        plan_hash=made.hash,
        refusals=len(made.refusals),
    )


def _made(
    request: PlanRequest,
    incidents: Incidents,
    correlations: Correlations,
    receipts: Receipts,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
) -> Plan:
    incident = incidents.get(request.incident_id)
    for _ in range(_TRIES):
        saved = incidents.plan(incident.id, request.generation)
        if saved is not None:
            return saved
        proposals, refusals = _proposals(
            incident, incidents, correlations, policy, protect, mode, request.now
        )
        orders, again = _new(incident, proposals, incidents, receipts)
        refusals += again
        beyond = orders[policy.most_orders :]
        refusals += [
            next_steps.beyond_the_plan(order.principal, policy.most_orders) for order in beyond
        ]
        made = Plan(
            incident_id=incident.id,
            generation=request.generation,
            planned_at=request.now,
            orders=tuple(orders[: policy.most_orders]),
            refusals=tuple(dict.fromkeys(refusals)),
        )
        if incidents.save_plan(made):
            return made
    raise Unavailable(f"the plan of {incident.id} is being written by others")


def _proposals(
    incident: Incident,
    incidents: Incidents,
    correlations: Correlations,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
    now: datetime,
) -> tuple[list[Proposal], list[Refusal]]:
    """What all findings ask for, the most severe first, without what another incident has."""
    proposals, refusals = list[Proposal](), list[Refusal]()
    owners = dict[str, str | None]()
    findings = incidents.findings(incident.id)
    for finding in sorted(findings, key=lambda f: f.severity.rank, reverse=True):
        decision = decide(finding, policy, protect, mode, drill=incident.drill)
        refusals += decision.refusals
        for proposal in decision.proposals:
            key = principal_key(finding.account, proposal.principal)
            if key is not None and key not in owners:
                owners[key] = _owner(key, incidents, correlations, now)
            owner = owners.get(key) if key else None
            if owner is None or owner == incident.id:
                proposals.append(proposal)
            else:
                refusals.append(next_steps.elsewhere(proposal.principal, owner))
    return merged(proposals), refusals


def _owner(key: str, incidents: Incidents, correlations: Correlations, now: datetime) -> str | None:
    """The open incident that answers for a principal just now."""
    owner = correlations.owner(key, now=now)
    if owner is None or incidents.get(owner).status is not IncidentStatus.OPEN:
        return None
    return owner


def _new(
    incident: Incident, proposals: list[Proposal], incidents: Incidents, receipts: Receipts
) -> tuple[list[Order], list[Refusal]]:
    """An order for each proposal that no order stands for yet, those that ask nobody first."""
    ordered = defaultdict[About, list[Order]](list)
    for order in incidents.orders(incident.id):
        ordered[_about(order)].append(order)
    filed = {receipt.order.order_id: receipt for receipt in receipts.all(incident.id)}
    orders, refusals = list[Order](), list[Refusal]()
    for proposal in proposals:
        stands = ordered[proposal.about]
        found = [filed[order.order_id] for order in stands if order.order_id in filed]
        if any(receipt.status is ReceiptStatus.RELEASED for receipt in found):
            # A person looked at it, and gave it back: nothing cuts it again by itself.
            refusals.append(next_steps.given_back(proposal.principal))
            continue
        if any(receipt.status in _CARRIED_OUT for receipt in found):
            continue
        strongest = max(stands, key=lambda order: order.strength, default=None)
        if strongest is None or strength(proposal.mode, held=proposal.held) > strongest.strength:
            orders.append(_order(incident, proposal, strongest))
    return sorted(orders, key=lambda order: order.mode is OrderMode.APPROVAL), refusals


def _retire(made: Plan, incidents: Incidents, receipts: Receipts, timeline: Timeline) -> None:
    """Close the weaker orders that orders of this plan take the place of, unless one was begun."""
    ordered = incidents.orders(made.incident_id)
    for new in made.orders:
        for old in ordered:
            if _about(old) != _about(new) or old.strength >= new.strength:
                continue
            note = "A stronger order took its place, because a finding asked for more."
            left = Receipt(
                order=old, status=ReceiptStatus.LEFT, note=note, replaced_by=new.order_id
            )
            if receipts.file(left).receipt.replaced_by == new.order_id:
                timeline.record(
                    made.incident_id,
                    f"replaced:{old.order_id}",
                    at=made.planned_at,
                    by="plan",
                    text=f"{note} It was {old.action_id} on {old.resource}.",
                )


def _about(order: Order) -> About:
    key = order.principal.access_key_id if order.action_id == DEACTIVATE_KEY else None
    return order.action_id, order.resource, key


def _order(incident: Incident, proposal: Proposal, weaker: Order | None) -> Order:
    replaces = None if weaker is None else weaker.order_id
    return Order(
        order_id=Order.make_id(incident.id, *proposal.about, replaces),
        incident_id=incident.id,
        action_id=proposal.action_id,
        resource=proposal.resource,
        account=proposal.principal.account or incident.account,
        region=incident.region,
        principal=proposal.principal,
        mode=proposal.mode,
        held=proposal.held,
        reason=proposal.reason,
        answer_within=proposal.answer_within,
        on_silence=proposal.on_silence,
    )


def _summary(made: Plan) -> str:
    return " ".join(_sentences(made))


def _sentences(made: Plan) -> Iterator[str]:
    at_once = sum(o.mode is OrderMode.AUTOMATIC for o in made.orders)
    asked = len(made.orders) - at_once
    orders = "1 order" if len(made.orders) == 1 else f"{len(made.orders)} orders"
    yield f"Planned {orders}: {at_once} at once, {asked} when a person approves."
    if any(order.held for order in made.orders):
        yield "Monitor mode: they are shown, and none is carried out."
    if made.refusals:
        things = "1 thing" if len(made.refusals) == 1 else f"{len(made.refusals)} things"
        yield f"Left {things} to a person, with the next step."
