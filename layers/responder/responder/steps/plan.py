"""Decide what to cut, what to ask, and what to leave to a person. Changes nothing in any account.

A plan is made once for each generation. It holds what the findings ask for and no plan holds yet,
and what they ask for more strongly than a plan does that was not carried out: the stronger order
takes the weaker one's place. What a person released is not cut again without asking, and is asked
about once, when a finding has come since. What a stolen credential led to is planned like what a
finding names, from the lineage as the last trace left it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from responder.aws import breaker as counter
from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.breaker import Breaker
from responder.aws.correlations import Correlations
from responder.aws.incidents import Incidents
from responder.aws.lineages import Lineages
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain import next_steps
from responder.domain.answer import CANNOT, may_give
from responder.domain.correlation import owned_key
from responder.domain.decision import Mode, decide, no_yes
from responder.domain.errors import Unavailable
from responder.domain.finding import short_key
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.lineage_decision import decide_lineage
from responder.domain.model import Model
from responder.domain.order import (
    Order,
    OrderMode,
    Plan,
    Receipt,
    ReceiptStatus,
    Refusal,
)
from responder.domain.policy import Policy
from responder.domain.protection import ProtectList
from responder.domain.question import grouped
from responder.report.plan_lines import plan_summary
from responder.steps.ordering import Asked, account_of, demanded, listed, orders_for, within

PERMISSIONS = (
    table.PERMISSIONS
    | seats.PERMISSIONS
    | events.PERMISSIONS
    | counter.PERMISSIONS
    | rule_store.PERMISSIONS
)
_TRIES = 5
# Until what else uses the orders of one question was looked for (`weigh` takes up to 12 seconds):
# whichever is asked about first, the question shows it for all.
LOOKED_AT_AFTER = timedelta(seconds=20)
_WEAKER = "A stronger order took its place, because a finding asked for more."
_HELD = (
    "Monitor mode held it. The mode is respond now, and an order that is not held took its place."
)


class PlanRequest(Model):
    """What the machine sends."""

    incident_id: IncidentId
    generation: int
    now: AwareDatetime


class PlannedOrder(Model):
    """What the machine must know of an order to carry it out."""

    order_id: str
    held: bool
    mode: OrderMode
    answer_within_seconds: int
    ask_at: AwareDatetime  # never earlier; long past for one that is asked about by itself


class PlanAnswer(Model):
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
    breaker: Breaker,
    lineages: Lineages,
    policy: Policy,
    protect: ProtectList,
    approvers: Sequence[str],
    mode: Mode,
) -> PlanAnswer:
    """Plan one generation. May run again: the plan that was saved is the one that is returned."""
    made = _made(
        request,
        incidents,
        correlations,
        receipts,
        timeline,
        breaker,
        lineages,
        policy,
        protect,
        approvers,
        mode,
    )
    incidents.add_refusals(made.incident_id, made.refusals)
    _retire(made, incidents, receipts, timeline)
    timeline.record(
        made.incident_id,
        f"planned:{made.generation}",
        at=made.planned_at,
        by="plan",
        text=plan_summary(made),
    )
    return PlanAnswer(
        orders=[
            PlannedOrder(
                order_id=order.order_id,
                held=order.held,
                mode=order.mode,
                answer_within_seconds=int(order.answer_within.total_seconds()),
                ask_at=made.planned_at + (LOOKED_AT_AFTER if order.group else timedelta()),
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
    timeline: Timeline,
    breaker: Breaker,
    lineages: Lineages,
    policy: Policy,
    protect: ProtectList,
    approvers: Sequence[str],
    mode: Mode,
) -> Plan:
    incident = incidents.get(request.incident_id)
    for _ in range(_TRIES):
        saved = incidents.plan(incident.id, request.generation)
        if saved is not None:
            return saved
        asked, refusals = _asked(
            incident,
            incidents,
            correlations,
            timeline,
            lineages,
            policy,
            protect,
            mode,
            request.now,
        )
        given = incidents.orders(incident.id)
        filed = receipts.all(incident.id)
        orders = orders_for(incident, asked, given, filed, policy)
        orders, beyond = within(orders, given, policy)
        refusals += beyond
        by_name, protected = demanded(
            incident,
            incidents.demands(incident.id),
            planned=orders,
            given=given,
            receipts=filed,
            policy=policy,
            protect=protect,
            mode=mode,
        )
        refusals += protected
        made = Plan(
            incident_id=incident.id,
            generation=request.generation,
            planned_at=request.now,
            orders=grouped(
                [
                    _told_of_people(order, approvers)
                    for order in (*_slowed(orders, breaker, policy, request.now), *by_name)
                ],
                request.generation,
            ),
            refusals=listed(refusals, [*orders, *by_name], incident.id),
        )
        if incidents.save_plan(made):
            return made
    raise Unavailable(f"the plan of {incident.id} is being written by others")


def _asked(
    incident: Incident,
    incidents: Incidents,
    correlations: Correlations,
    timeline: Timeline,
    lineages: Lineages,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
    now: datetime,
) -> tuple[list[Asked], list[Refusal]]:
    """What all findings ask for, the most severe first; then what the lineage asks for.

    Without what another incident has.
    """
    asked, refusals = list[Asked](), list[Refusal]()
    told = {event.key: event.at for event in timeline.events(incident.id)}
    findings = incidents.findings(incident.id)
    proposed = list[tuple[str, Asked]]()
    for finding in sorted(findings, key=lambda f: f.severity.rank, reverse=True):
        decision = decide(finding, policy, protect, mode, drill=incident.drill)
        refusals += decision.refusals
        came_at = told.get(f"found:{short_key(finding.key)}", incident.opened_at)
        proposed += [
            (finding.account, Asked(proposal, came_at, finding.last_seen_at))
            for proposal in decision.proposals
        ]
    traced = lineages.get(incident.id)
    if traced is not None:
        lineage, head = traced
        led_to = decide_lineage(
            lineage, findings, policy, protect, mode, ours=head.ours, drill=incident.drill
        )
        refusals += led_to.refusals
        proposed += [
            (account_of(one.proposal) or incident.account, Asked(one.proposal, one.at, one.at))
            for one in led_to.proved
        ]
    owners = dict[str, str | None]()
    for account, one in proposed:
        key = owned_key(account, one.proposal)
        if key is not None and key not in owners:
            owners[key] = open_owner(key, incidents, correlations, now)
        owner = owners.get(key) if key else None
        if owner is None or owner == incident.id:
            asked.append(one)
        else:
            refusals.append(next_steps.elsewhere(one.proposal, owner))
    return asked, refusals


def open_owner(
    key: str, incidents: Incidents, correlations: Correlations, now: datetime
) -> str | None:
    """The open incident that answers for a principal just now."""
    owner = correlations.owner(key, now=now)
    if owner is None or incidents.get(owner).status is not IncidentStatus.OPEN:
        return None
    return owner


def _slowed(orders: list[Order], breaker: Breaker, policy: Policy, now: datetime) -> list[Order]:
    """The orders, with those asked about that are more cuts than an hour may see."""
    at_once = [o for o in orders if o.mode is OrderMode.AUTOMATIC and not o.held]
    beyond = breaker.beyond(at_once, policy.most_cuts_an_hour, now=now)
    why = (
        f" More than {policy.most_cuts_an_hour} cuts were ordered within an hour, so a person is "
        "asked about each further one."
    )
    return [
        order.model_copy(
            update={
                "mode": OrderMode.APPROVAL,
                "slowed": True,
                "on_silence": no_yes(order.on_silence),
                "reason": order.reason + why,
            }
        )
        if order.order_id in beyond
        else order
        for order in orders
    ]


def _told_of_people(order: Order, approvers: Sequence[str]) -> Order:
    """The order, saying so if the approvers can never be as many people as it needs."""
    if may_give(approvers, order.people_needed):
        return order
    needed = f"{order.people_needed} different people have to approve it."
    return order.model_copy(update={"reason": f"{order.reason} {needed} {CANNOT}"})


def _retire(made: Plan, incidents: Incidents, receipts: Receipts, timeline: Timeline) -> None:
    """Close the weaker orders that orders of this plan take the place of, unless one was begun."""
    ordered = incidents.orders(made.incident_id)
    for new in made.orders:
        for old in ordered:
            if old.about != new.about or old.strength >= new.strength:
                continue
            note = _HELD if old.held else _WEAKER
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
