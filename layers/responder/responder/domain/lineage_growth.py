"""Grows a lineage from events: who of it called, and what that made.

Pure and repeatable: the same start and the same events, in any order, are the same lineage.
Each call counts once, so cycles end; a graph that gets too large is cut, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from responder.domain.lineage import Edge, Lineage, Node, NodeKind, Verb
from responder.domain.lineage_made import assumed_role, made, pathless, session_of
from responder.domain.trail_event import TrailEvent

MOST_NODES = 400
MOST_EDGES = 2000
MOST_GAPS = 60
_EVERY_SESSION = 1_000_000  # a bound for what a role's sessions may fill
_LONG_TERM = "AKIA"
_DOORS = (NodeKind.TRUST_EDIT, NodeKind.ROLE)
_PROVIDERS = (NodeKind.SAML_PROVIDER, NodeKind.OIDC_PROVIDER)


def grow(
    start: Lineage,
    events: Iterable[TrailEvent],
    *,
    most_nodes: int = MOST_NODES,
    most_edges: int = MOST_EDGES,
) -> Lineage:
    """The lineage with everything that `events` prove."""
    growth = _Growth(most_nodes, most_edges)
    growth.gaps |= dict.fromkeys(start.gaps)
    for node in start.nodes:
        growth.put(node)
    growth.edges |= {_key(edge): edge for edge in start.edges}
    unique = {(event.account, event.event_id): event for event in events if event.error is None}
    # By time, so that a thing is known before it acts. Within one second the order is not told,
    # so what nobody of the lineage called is asked about again until a pass adds nothing.
    left = sorted(unique.values(), key=lambda event: (event.at, event.event_id))
    while True:
        unclaimed = [event for event in left if not growth.takes(event)]
        if len(unclaimed) == len(left):
            break
        left = unclaimed
    gaps = list(growth.gaps)
    if len(gaps) > MOST_GAPS:
        gaps = [*gaps[:MOST_GAPS], "more could not be read than is listed here"]
    return start.model_copy(
        update={
            "nodes": tuple(growth.nodes.values()),
            "edges": tuple(growth.edges.values()),
            "gaps": tuple(gaps),
        }
    )


class Callers:
    """Tells whose of a lineage a call was, whether it was allowed or not.

    A session of a role of the lineage counts, also where nothing tells how it began.
    """

    def __init__(self, lineage: Lineage) -> None:
        self._growth = _Growth(_EVERY_SESSION, 0)
        for node in lineage.nodes:
            self._growth.put(node)

    def of(self, event: TrailEvent) -> Node | None:
        """The node that called; None for somebody else."""
        return self._growth.caller(event)


@dataclass
class _Growth:
    most_nodes: int
    most_edges: int
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], Edge] = field(default_factory=dict)
    gaps: dict[str, None] = field(default_factory=dict)
    by_key: dict[str, Node] = field(default_factory=dict)
    by_arn: dict[tuple[NodeKind, str], Node] = field(default_factory=dict)
    by_source: dict[str, Node] = field(default_factory=dict)

    def put(self, node: Node) -> bool:
        """Add a node. One that is there stays; only its beginning may move back. False if full."""
        known = self.nodes.get(node.id)
        if known is not None and (node.sibling or not known.sibling):
            if node.made_at is None or known.made_at is None or known.made_at <= node.made_at:
                return True
            node = known.model_copy(update={"made_at": node.made_at})
        if known is None and len(self.nodes) >= self.most_nodes:
            self.gaps[f"more than {self.most_nodes} things: the rest was not followed"] = None
            return False
        self.nodes[node.id] = node
        if node.sibling:
            return True  # nobody says that the attacker has it
        if node.access_key_id is not None:
            self.by_key[node.access_key_id] = node
        if node.arn is not None:
            self.by_arn[node.kind, pathless_of(node)] = node
        if node.source_identity is not None:
            self.by_source.setdefault(node.source_identity, node)
        return True

    def takes(self, event: TrailEvent) -> bool:
        """Whether somebody of the lineage made this call; then what it made is in the graph."""
        try:
            caller = self.caller(event) or self._door(event)
            if caller is None:
                return False
            for verb, node in made(event):
                if node.id != caller.id and self.put(node):
                    self._join(caller, node, verb, event)
        except ValueError as error:
            self.gaps[f"event {event.event_id} ({event.name}) was not believed: {error}"] = None
        return True

    def caller(self, event: TrailEvent) -> Node | None:
        """The node that made this call; a session that was not seen to begin is added."""
        actor = event.actor
        key, arn = actor.access_key_id, actor.arn
        found = self.by_key.get(key) if key is not None else None
        if found is None and actor.kind == "IAMUser" and arn is not None:
            user = pathless(arn)
            found = self.by_arn.get((NodeKind.USER, user))
            if found is not None and found.access_key_id is not None:
                found = None
            # A password signs in to the console, whose calls carry keys of their own.
            if found is None and not (key or "").startswith(_LONG_TERM):
                found = self.by_arn.get((NodeKind.LOGIN_PROFILE, user))
        if found is None and actor.kind == "Root":
            root = self.by_arn.get((NodeKind.ROOT_SESSION, arn or ""))
            found = root if root is not None and root.access_key_id is None else None
        if found is None and arn is not None and session_of(arn) is not None:
            session = self.by_arn.get((NodeKind.ROLE_SESSION, arn))
            found = session if session is not None and session.access_key_id is None else None
            found = found or self._unseen_session(event)
        if found is not None and found.made_at is not None and event.at < found.made_at:
            # Of a session that nobody saw begin, the first call that was read is not the first.
            found = self._unseen_session(event) or found
        if found is None or (found.made_at is not None and event.at < found.made_at):
            return None
        return found

    def _unseen_session(self, event: TrailEvent) -> Node | None:
        """A session whose beginning was not read, of a role or source identity of the lineage."""
        actor = event.actor
        found = session_of(actor.arn or "")
        role = self.by_arn.get((NodeKind.ROLE, pathless(actor.issuer_arn or "")))
        before = role or self.by_source.get(actor.source_identity or "")
        if found is None or before is None or actor.access_key_id is None:
            return None
        if before.made_at is not None and event.at < before.made_at:
            return None
        session = Node(
            kind=NodeKind.ROLE_SESSION,
            account=found["account"],
            arn=actor.arn,
            name=found["role"],
            session_name=found["session"],
            access_key_id=actor.access_key_id,
            principal_id=actor.principal_id,
            made_at=event.at,
        )
        if not self.put(session):
            return None
        self._join(before, session, Verb.NAMED if role is None else Verb.ASSUMED, event)
        return session

    def _door(self, event: TrailEvent) -> Node | None:
        """What of the lineage let a stranger into a role: a provider, an edited trust, a new role.

        A role whose trust was edited still lets honest callers in, so only another account counts.
        """
        role = assumed_role(event)
        if role is None:
            return None
        provider = event.actor.provider or ""
        told = event.at_path("request.principalArn")
        arns = [provider, told] if isinstance(told, str) else [provider]
        doors = [self.by_arn.get((kind, arn)) for kind in _PROVIDERS for arn in arns]
        doors.append(self.by_arn.get((NodeKind.ROLE, role)))
        stranger = event.actor.kind == "AWSAccount" and event.actor.account != role.split(":")[4]
        if stranger:
            doors.append(self.by_arn.get((NodeKind.TRUST_EDIT, role)))
        for door in doors:
            if door is not None and (door.made_at is None or door.made_at <= event.at):
                return door
        return None

    def _join(self, source: Node, target: Node, verb: Verb, event: TrailEvent) -> None:
        edge = Edge(
            source=source.id,
            target=target.id,
            verb=verb,
            event_id=event.event_id,
            event_name=event.name,
            event_at=event.at,
            account=event.account,
            region=event.region,
        )
        if _key(edge) not in self.edges and len(self.edges) >= self.most_edges:
            self.gaps[f"more than {self.most_edges} steps: the rest was not recorded"] = None
            return
        self.edges.setdefault(_key(edge), edge)


def pathless_of(node: Node) -> str:
    """A node's ARN as callers and findings name it."""
    arn = node.arn or ""
    return pathless(arn) if node.kind in (NodeKind.USER, *_DOORS, NodeKind.LOGIN_PROFILE) else arn


def _key(edge: Edge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.event_id
