"""Incidents with their findings, and what is planned about them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.domain.demand import Demand
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Channel, Incident
from responder.domain.model import Model
from responder.domain.order import Order, Plan, Refusal

PERMISSIONS = table.PERMISSIONS
INCIDENT = "INCIDENT"
FINDING, ORDER, PLAN, REFUSAL = "FINDING#", "ORDER#", "PLAN#", "REFUSAL#"
DEMAND = "DEMAND#"
CHANNEL, _WHERE = "CHANNEL#", "WHERE"
_TRIES = 5  # two branches of one incident at most write the same item at the same moment


class _Where(Model):
    """Which incident is open under a channel's reference."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId


@dataclass(frozen=True)
class Incidents:
    """Typed access to the items of incidents. Intake writes findings by itself, all or none."""

    ledger: Ledger

    def create(self, incident: Incident, finding: Finding) -> bool:
        """Open an incident with its first finding. False, and nothing changed, if it exists."""
        pk = incident_pk(incident.id)
        return self.ledger.together(
            [Write(pk, INCIDENT, incident), Write(pk, FINDING + finding.key, finding)]
        )

    def item(self, incident_id: str) -> Item | None:
        """The incident as it is stored, for whoever replaces it."""
        return self.ledger.get(incident_pk(incident_id), INCIDENT)

    def get(self, incident_id: str) -> Incident:
        """An incident that must exist."""
        found = self.find(incident_id)
        if found is None:
            raise Broken(f"there is no incident {incident_id}")
        return found

    def find(self, incident_id: str) -> Incident | None:
        """An incident, or None where there is no such one."""
        found = self.item(incident_id)
        return None if found is None else Incident.model_validate_json(found.body)

    def every(self) -> list[Incident]:
        """Every incident there ever was, in order of their ids. Reads the whole table."""
        return [
            Incident.model_validate_json(item.body) for item in self.ledger.everywhere(INCIDENT)
        ]

    def save_channel(self, incident_id: str, channel: Channel) -> Channel:
        """Say where the incident was opened. The first channel stays; the answer is that one."""
        for _ in range(_TRIES):
            found = self.item(incident_id)
            if found is None:
                raise Broken(f"there is no incident {incident_id} to open")
            incident = Incident.model_validate_json(found.body)
            if incident.channel is not None:
                return incident.channel
            opened = incident.model_copy(update={"channel": channel})
            if self.ledger.together([Write(found.pk, found.sk, opened, seen=found)]):
                return channel
        raise Unavailable(f"{incident_id} is being written by others; try again")

    def point_from(self, channel: Channel, incident_id: str) -> None:
        """Let the incident be found by where it is open. Once for each reference."""
        where = _Where(incident_id=incident_id)
        self.ledger.add(CHANNEL + channel.reference, _WHERE, where)

    def opened_at(self, reference: str) -> str | None:
        """The incident that is open under this reference of a channel, if one is."""
        found = self.ledger.get(CHANNEL + reference, _WHERE)
        return None if found is None else _Where.model_validate_json(found.body).incident_id

    def findings(self, incident_id: str) -> list[Finding]:
        """The latest version of each finding, earliest activity first."""
        found = self.ledger.items(incident_pk(incident_id), FINDING)
        findings = [Finding.model_validate_json(item.body) for item in found]
        return sorted(findings, key=lambda finding: (finding.first_seen_at, finding.key))

    def save_plan(self, plan: Plan) -> bool:
        """Save a plan and its orders, all or none.

        False, and nothing changed, if the generation has a plan or one of the orders exists: an
        order belongs to one generation, so that two executions never carry it out side by side.
        """
        pk = incident_pk(plan.incident_id)
        writes = [Write(pk, _plan_sk(plan.generation), plan)]
        writes += [Write(pk, ORDER + order.order_id, order) for order in plan.orders]
        return self.ledger.together(writes)

    def plan(self, incident_id: str, generation: int) -> Plan | None:
        """What was planned for one generation."""
        found = self.ledger.get(incident_pk(incident_id), _plan_sk(generation))
        return None if found is None else Plan.model_validate_json(found.body)

    def plan_of(self, incident_id: str, order_id: str) -> Plan:
        """The plan that holds an order: an order belongs to one generation."""
        for item in self.ledger.items(incident_pk(incident_id), PLAN):
            plan = Plan.model_validate_json(item.body)
            if any(order.order_id == order_id for order in plan.orders):
                return plan
        raise Broken(f"no plan of {incident_id} holds {order_id}; nothing was changed")

    def order(self, incident_id: str, order_id: str) -> Order:
        """An order that must exist."""
        found = self.ledger.get(incident_pk(incident_id), ORDER + order_id)
        if found is None:
            raise Broken(f"{incident_id} has no order {order_id}; nothing was changed")
        return Order.model_validate_json(found.body)

    def orders(self, incident_id: str) -> list[Order]:
        """Every order of every generation."""
        found = self.ledger.items(incident_pk(incident_id), ORDER)
        return [Order.model_validate_json(item.body) for item in found]

    def demands(self, incident_id: str) -> list[Demand]:
        """What people asked for by name, the first first."""
        found = self.ledger.items(incident_pk(incident_id), DEMAND)
        demands = [Demand.model_validate_json(item.body) for item in found]
        return sorted(demands, key=lambda demand: (demand.asked_at, demand.order_id))

    def asked_for_by(self, order: Order) -> tuple[str, ...]:
        """Who asked for an order by name; nobody for what findings ask for."""
        demands = self.demands(order.incident_id)
        return tuple(one.by for one in demands if one.order_id == order.order_id)

    def add_refusals(self, incident_id: str, refusals: Iterable[Refusal]) -> None:
        """Record what we will not do. The same refusal twice is one."""
        for refusal in refusals:
            self.ledger.add(incident_pk(incident_id), REFUSAL + _hash(refusal), refusal)

    def refusals(self, incident_id: str) -> list[Refusal]:
        """What we will not do by ourselves, and what a person does instead."""
        found = self.ledger.items(incident_pk(incident_id), REFUSAL)
        return [Refusal.model_validate_json(item.body) for item in found]


def demanding(demand: Demand) -> Write:
    """The write that keeps a demand: one for the order that it leads to."""
    return Write(incident_pk(demand.incident_id), DEMAND + demand.order_id, demand)


def _plan_sk(generation: int) -> str:
    return f"{PLAN}{generation}"


def _hash(refusal: Refusal) -> str:
    return hashlib.sha256(refusal.model_dump_json().encode()).hexdigest()[:20]
