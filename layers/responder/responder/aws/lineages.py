"""What is known of where a stolen credential led, by incident.

Every node and every edge is an item of its own, so that no graph outgrows the 400 KB of an item
(DynamoDB Developer Guide, "Constraints"), and a run that dies keeps what it had found. The head
says what was read, what could not be, and what the response was started for.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.domain.identifiers import AccountId
from responder.domain.lineage import Edge, Lineage, Node
from responder.domain.model import Model
from responder.domain.order import About

PERMISSIONS = table.PERMISSIONS
HEAD, NODE, EDGE = "LINEAGE", "LINEAGE-NODE#", "LINEAGE-EDGE#"


class Asked(Model):
    """One thing that a generation was started for, and how strongly it was asked for."""

    model_config = ConfigDict(frozen=True)

    action_id: str
    resource: str
    part: str | None  # one key, or one session
    strength: int

    @property
    def about(self) -> About:
        """What it is about, as a proposal says it."""
        return self.action_id, self.resource, self.part


class Head(Model):
    """How far the trace of an incident has come."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime
    until: AwareDatetime
    gaps: tuple[str, ...] = ()
    ours: tuple[AccountId, ...] = ()  # accounts whose event history we were let into
    asked: tuple[Asked, ...] = ()
    started: int = 0  # generations that were started because of it


@dataclass(frozen=True)
class Found:
    """The head as it is stored, for whoever replaces it."""

    item: Item
    head: Head


@dataclass(frozen=True)
class Lineages:
    """The lineage of each incident."""

    ledger: Ledger

    def head(self, incident_id: str) -> Found | None:
        """How far the trace has come; None before the first one is done."""
        item = self.ledger.get(incident_pk(incident_id), HEAD)
        return None if item is None else Found(item, Head.model_validate_json(item.body))

    def graph(self, incident_id: str) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
        """Every node and edge so far, also of a trace that is not done."""
        pk = incident_pk(incident_id)
        nodes = [Node.model_validate_json(one.body) for one in self.ledger.items(pk, NODE)]
        edges = [Edge.model_validate_json(one.body) for one in self.ledger.items(pk, EDGE)]
        nodes.sort(key=lambda node: (not node.seed, str(node.made_at or ""), node.id))
        edges.sort(key=lambda edge: (edge.event_at, edge.event_id, edge.target))
        return tuple(nodes), tuple(edges)

    def get(self, incident_id: str) -> tuple[Lineage, Head] | None:
        """The lineage with its head; None before a trace was done."""
        found = self.head(incident_id)
        if found is None:
            return None
        nodes, edges = self.graph(incident_id)
        head = found.head
        told = Lineage(since=head.since, until=head.until, nodes=nodes, edges=edges, gaps=head.gaps)
        return told, head

    def keep(
        self,
        incident_id: str,
        lineage: Lineage,
        *,
        known: tuple[Sequence[Node], Sequence[Edge]] = ((), ()),
    ) -> None:
        """Write what `known` lacks. May run twice, and beside another run of itself."""
        pk = incident_pk(incident_id)
        nodes = {node.id: node for node in known[0]}
        for node in lineage.nodes:
            if nodes.get(node.id) == node:
                continue
            sk = NODE + _hash(node.id)
            if not self.ledger.add(pk, sk, node) and node.id in nodes:
                # It turned out that the attacker made it, or did so earlier than we knew.
                item = self.ledger.get(pk, sk)
                if item is not None:
                    self.ledger.replace(item, node)
        before = set(known[1])
        for edge in lineage.edges:
            if edge not in before:
                self.ledger.add(
                    pk, EDGE + _hash(f"{edge.source}>{edge.target}>{edge.event_id}"), edge
                )

    def heading(self, incident_id: str, head: Head, found: Found | None) -> Write:
        """The write that replaces the head."""
        seen = None if found is None else found.item
        return Write(incident_pk(incident_id), HEAD, head, seen=seen)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
