"""Decide what to cut, what to ask, and what to leave to a person. Changes nothing in any account.

A plan is made once for each generation. It holds what the findings ask for and no plan holds yet.
"""

from collections.abc import Iterator
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.correlations import Correlations
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.domain import next_steps
from responder.domain.correlation import principal_key
from responder.domain.decision import Mode, Proposal, decide, merged
from responder.domain.errors import Unavailable
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.order import Order, OrderMode, Plan, Refusal
from responder.domain.policy import DEACTIVATE_KEY, Policy
from responder.domain.protection import ProtectList

PERMISSIONS = table.PERMISSIONS | seats.PERMISSIONS | events.PERMISSIONS | rule_store.PERMISSIONS
_TRIES = 5


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
    timeline: Timeline,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
) -> PlanAnswer:
    """Plan one generation. May run again: the plan that was saved is the one that is returned."""
    made = _made(request, incidents, correlations, policy, protect, mode)
    incidents.add_refusals(made.incident_id, made.refusals)
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
        ordered = {order.order_id for order in incidents.orders(incident.id)}
        orders = [o for o in (_order(incident, p) for p in proposals) if o.order_id not in ordered]
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


def _order(incident: Incident, proposal: Proposal) -> Order:
    principal = proposal.principal
    # Only the key's own order is about one key: every finding about a user is one deny.
    key = principal.access_key_id if proposal.action_id == DEACTIVATE_KEY else None
    return Order(
        order_id=Order.make_id(incident.id, proposal.action_id, proposal.resource, key),
        incident_id=incident.id,
        action_id=proposal.action_id,
        resource=proposal.resource,
        account=principal.account or incident.account,
        region=incident.region,
        principal=principal,
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
