"""Which orders follow from what is asked for, and from how what was ordered before stands.

Pure: `plan` reads, and writes what comes out of this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.domain import next_steps
from responder.domain.decision import Mode, Proposal, by_people, merged, no_yes
from responder.domain.demand import Demand, proposal_of
from responder.domain.incident import Incident
from responder.domain.ladder import GOES_DOWN
from responder.domain.order import (
    About,
    Order,
    OrderMode,
    Receipt,
    Refusal,
    Target,
    strength,
)
from responder.domain.policy import Policy
from responder.domain.protection import ProtectList
from responder.domain.standing import Standing, standings
from responder.domain.widening import wider
from responder.report.wording import in_utc

# Saved together with the other orders of a plan, at most 100 items. Each demand made a
# generation, whose plan takes in what is left.
MOST_DEMANDS = 15
# A plan is one item, which holds 400 KB (DynamoDB Developer Guide, "Constraints").
_MOST_BYTES = 350_000
_MOST_REFUSALS = 300


@dataclass(frozen=True)
class Asked:
    """What one finding asks for, when we were told of it, and when it was last seen."""

    proposal: Proposal
    came_at: datetime
    seen_at: datetime


def orders_for(
    incident: Incident,
    asked: Sequence[Asked],
    given: Sequence[Order],
    receipts: Sequence[Receipt],
    policy: Policy,
) -> list[Order]:
    """An order for each thing without one that will do; those that ask nobody come first."""
    stands = standings(given, receipts)
    since = dict[About, datetime]()
    for one in asked:
        about = one.proposal.about
        since[about] = max(one.came_at, since.get(about, one.came_at))
    orders = list[Order]()
    widened = [proposal for one in asked if (proposal := _wider(one, stands, policy)) is not None]
    for proposal in merged([*(one.proposal for one in asked), *widened]):
        so_far = stands.get(proposal.about)
        if so_far is None:
            orders.append(_order(incident, proposal, None))
            continue
        if so_far.was_given_back:
            proposal = _asking(proposal)
        if proposal.about in since and _is_due(proposal, so_far, since[proposal.about]):
            orders.append(_order(incident, proposal, so_far.last))
    return sorted(orders, key=lambda order: order.mode is OrderMode.APPROVAL)


def within(
    orders: list[Order], given: Sequence[Order], policy: Policy
) -> tuple[list[Order], list[Refusal]]:
    """The orders that one plan and one incident carry, and the refusals of the rest."""
    cut = {order.resource for order in given if not order.held}
    kept, refusals = list[Order](), list[Refusal]()
    for order in orders:
        if len(kept) == policy.most_orders:
            refusals.append(next_steps.beyond_the_plan(order, policy.most_orders))
        elif order.resource not in cut and len(cut) >= policy.most_resources:
            refusals.append(next_steps.beyond_the_incident(order, policy.most_resources))
        else:
            cut.add(order.resource)
            kept.append(order)
    return kept, refusals


def demanded(
    incident: Incident,
    demands: Sequence[Demand],
    *,
    planned: Sequence[Order],
    given: Sequence[Order],
    receipts: Sequence[Receipt],
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
) -> tuple[list[Order], list[Refusal]]:
    """An order for each demand that none answers for yet, and refusals of what is protected.

    No limit of an incident holds these back: a person decided about them.
    """
    stands = standings(given, receipts)
    covered = {order.about for order in planned}
    orders, refusals = list[Order](), list[Refusal]()
    for demand in demands:
        so_far = stands.get(demand.about)
        last = None if so_far is None else so_far.last
        stood = None if last is None else last.order_id
        is_done = so_far is not None and so_far.is_carried_out
        if is_done or stood != demand.replaces or demand.about in covered:
            continue
        led_to = proposal_of(demand, protect, mode)
        if isinstance(led_to, Refusal):
            refusals.append(led_to)
        elif len(orders) < MOST_DEMANDS:
            covered.add(demand.about)
            orders.append(_order(incident, by_people(led_to, policy), last))
    return orders, refusals


def listed(
    refusals: Sequence[Refusal], orders: Sequence[Order], incident_id: str
) -> tuple[Refusal, ...]:
    """Each once, and no more than a plan can be stored with: findings may name thousands of things.

    One in the place of the rest says how many more there are.
    """
    room = _MOST_BYTES - sum(len(order.model_dump_json().encode()) for order in orders)
    each, kept = list(dict.fromkeys(refusals)), list[Refusal]()
    for refusal in each[:_MOST_REFUSALS]:
        room -= len(refusal.model_dump_json().encode())
        if room < 0:
            break
        kept.append(refusal)
    if len(kept) < len(each):
        kept.append(next_steps.beyond_the_list(len(each) - len(kept), incident_id))
    return tuple(kept)


def _wider(asked: Asked, stands: Mapping[About, Standing], policy: Policy) -> Proposal | None:
    """The question about the next rung, for what was seen again after it was contained."""
    found = wider(asked.proposal, asked.seen_at, stands, guarded=policy.guarded)
    if found is None:
        return None
    target = found.target
    proposal = Proposal(
        action_id=target.action_id,
        resource=target.resource,
        principal=target.principal,
        thing=target.thing,
        mode=OrderMode.APPROVAL,
        held=asked.proposal.held,
        reason=f"It was seen again at {in_utc(asked.seen_at)}, after it was contained at "
        f"{in_utc(found.contained_at)}. {GOES_DOWN[target.action_id]} What was seen may be calls "
        "that were refused, so a person is asked.",
        answer_within=asked.proposal.answer_within,
        on_silence=no_yes(asked.proposal.on_silence),
    )
    return by_people(proposal, policy)


def _is_due(proposal: Proposal, so_far: Standing, since: datetime) -> bool:
    """Whether an order is to be given although there was one."""
    if so_far.is_carried_out:
        return False
    if so_far.is_given_back:
        return so_far.may_be_asked_again(since)
    return strength(proposal.mode, held=proposal.held) > so_far.last.strength


def _asking(proposal: Proposal) -> Proposal:
    """The proposal as a question, and one to which silence is no yes."""
    return proposal.model_copy(
        update={
            "mode": OrderMode.APPROVAL,
            "on_silence": no_yes(proposal.on_silence),
            "reason": f"{proposal.reason} A person released this cut before, and a finding has "
            "come since: so a person is asked.",
        }
    )


def _order(incident: Incident, proposal: Proposal, last: Order | None) -> Order:
    replaces = None if last is None else last.order_id
    return Order(
        order_id=Order.make_id(incident.id, *proposal.about, replaces),
        incident_id=incident.id,
        action_id=proposal.action_id,
        resource=proposal.resource,
        account=account_of(proposal) or incident.account,
        region=_region(proposal) or incident.region,
        principal=proposal.principal,
        thing=proposal.thing,
        mode=proposal.mode,
        held=proposal.held,
        reason=proposal.reason,
        answer_within=proposal.answer_within,
        on_silence=proposal.on_silence,
        people_needed=proposal.people_needed,
        replaces=replaces,
    )


def account_of(target: Target) -> str | None:
    """Whose it is, as far as anybody told."""
    named = target.principal or target.thing
    return None if named is None else named.account


def _region(target: Target) -> str | None:
    return None if target.thing is None else target.thing.region
