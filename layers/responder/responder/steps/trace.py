"""Find what a stolen credential assumed and made, and start the response again for what is new.

May run again, also after it died half way: nodes and edges are kept as they are found, and the
generation that is to cut them is claimed in one write with the note of what it was claimed for. A
trace that finds nothing new starts nothing, so traces end when the attacker does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from responder.aws import clients as member
from responder.aws import generations as runs
from responder.aws import lineages as graphs
from responder.aws import rule_store
from responder.aws.clients import Clients
from responder.aws.generations import Generations
from responder.aws.incidents import Incidents
from responder.aws.lineages import Asked, Found, Head, Lineages
from responder.aws.timeline import Timeline
from responder.aws.trail import HISTORY, Trail
from responder.domain.decision import Mode
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.lineage import Edge, Lineage, Node, seed_of
from responder.domain.lineage_decision import decide_lineage, wanted_of
from responder.domain.model import Model
from responder.domain.next_steps import described
from responder.domain.order import About
from responder.domain.policy import Policy
from responder.domain.protection import ProtectList
from responder.steps.follow import Following, regions_of

PERMISSIONS = graphs.PERMISSIONS | runs.PERMISSIONS | rule_store.PERMISSIONS | member.PERMISSIONS
BEFORE_FIRST_SEEN = timedelta(hours=24)
MOST_STARTED = 20  # generations of one incident; an attacker who makes more things than that
_TRIES = 8
_GAPS_SHOWN = 20  # a state machine carries pointers, and 256 KiB; the table has every gap
_MORE = "The stolen credential led to more than is being cut: the response runs again for that."


class TraceRequest(Model):
    """What the machine sends."""

    incident_id: IncidentId
    generation: int
    now: AwareDatetime


class TraceAnswer(Model):
    """How large the lineage is, what is not in it, and the generation that was started for it."""

    nodes: int
    edges: int
    gaps: list[str]
    generation: int | None


def trace(
    request: TraceRequest,
    *,
    incidents: Incidents,
    lineages: Lineages,
    generations: Generations,
    timeline: Timeline,
    clients: Clients,
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
    pause: Callable[[float], None],
) -> TraceAnswer:
    """Trace one incident."""
    incident = incidents.get(request.incident_id)
    findings = incidents.findings(incident.id)
    stored = lineages.head(incident.id)
    known = lineages.graph(incident.id)
    keeping = _Keeping(incident.id, lineages, known)
    following = Following(
        trail=Trail(clients, pause),
        clients=clients,
        regions=regions_of(
            incident.region,
            *(finding.region for finding in findings),
            *(edge.region for edge in known[1]),
        ),
        keep=keeping.keep,
    )
    start = _start(incident, findings, stored, known, following, request.now)
    lineage = following.through(start)
    before = () if stored is None else stored.head.ours
    ours = {incident.account, *(one.account for one in findings), *before, *following.ours}
    decision = decide_lineage(
        lineage, findings, policy, protect, mode, ours=ours, drill=incident.drill
    )
    incidents.add_refusals(incident.id, decision.refusals)
    wants = wanted_of(decision.proposals)
    started = _claim(lineage, sorted(ours), wants, incidents, lineages, generations, request)
    generations.start(incidents.get(incident.id), request.now)
    timeline.record(
        incident.id,
        f"traced:{request.generation}",
        at=request.now,
        by="trace",
        text=_summary(lineage),
    )
    gaps = list(lineage.gaps)
    if len(gaps) > _GAPS_SHOWN:
        gaps = [*gaps[:_GAPS_SHOWN], f"and {len(gaps) - _GAPS_SHOWN} more, in the record"]
    return TraceAnswer(
        nodes=len(lineage.nodes), edges=len(lineage.edges), gaps=gaps, generation=started
    )


@dataclass
class _Keeping:
    """Writes each round's news of a lineage, and nothing twice."""

    incident_id: str
    lineages: Lineages
    known: tuple[tuple[Node, ...], tuple[Edge, ...]]

    def keep(self, lineage: Lineage) -> None:
        self.lineages.keep(self.incident_id, lineage, known=self.known)
        self.known = (lineage.nodes, lineage.edges)


def _start(
    incident: Incident,
    findings: Sequence[Finding],
    stored: Found | None,
    known: tuple[tuple[Node, ...], tuple[Edge, ...]],
    following: Following,
    now: datetime,
) -> Lineage:
    """What the findings name, and what was found before: its events may be out of reach by now."""
    since = incident.first_seen_at - BEFORE_FIRST_SEEN
    if since < now - HISTORY:
        since = now - HISTORY
        following.gaps["event history ends 90 days back; older events are in trails only"] = None
    nodes = dict[str, Node]()
    for finding in findings:
        for principal in finding.principals:
            seed = seed_of(principal, finding.account)
            if seed is None:
                what = f"what {principal.kind} {described(principal)} did cannot be told apart"
                following.gaps[one_line(what, 300)] = None
            else:
                nodes.setdefault(seed.id, seed)
    for node in known[0]:
        nodes.setdefault(node.id, node)
    return Lineage(
        since=since if stored is None else min(since, max(stored.head.since, now - HISTORY)),
        until=now,
        nodes=tuple(nodes.values()),
        edges=known[1],
    )


def _claim(
    lineage: Lineage,
    ours: Sequence[str],
    wants: dict[About, int],
    incidents: Incidents,
    lineages: Lineages,
    generations: Generations,
    request: TraceRequest,
) -> int | None:
    """Note what was found, and claim the generation that is to cut what is new. The generation.

    What is noted as asked for is never asked for again, whatever became of it: so a lineage that
    stays as it is starts nothing, also where the plan refuses what it proposes.
    """
    for _ in range(_TRIES):
        item, found = incidents.item(request.incident_id), lineages.head(request.incident_id)
        if item is None:
            raise Broken(f"there is no incident {request.incident_id}")
        incident = Incident.model_validate_json(item.body)
        had = _had(incidents, incident, found)
        fresh = {key: strength for key, strength in wants.items() if strength > had.get(key, -1)}
        started = 0 if found is None else found.head.started
        gaps = lineage.gaps
        if fresh and started >= MOST_STARTED:
            gaps = (*gaps, f"the response ran {started} times for this: trace the rest by hand")
        runs_again = (
            bool(fresh) and started < MOST_STARTED and incident.status is IncidentStatus.OPEN
        )
        head = Head(
            since=lineage.since,
            until=lineage.until if found is None else max(lineage.until, found.head.until),
            gaps=gaps,
            ours=tuple(ours),
            asked=_asked(found, fresh if runs_again else {}),
            started=started + (1 if runs_again else 0),
        )
        heading = lineages.heading(incident.id, head, found)
        if not runs_again:
            if generations.ledger.together([heading]):
                return None
        elif generations.claim(
            item, at=request.now, by="trace", text=_MORE, together_with=[heading]
        ):
            return incident.generation + 1
    raise Unavailable(f"the lineage of {request.incident_id} is being written by others")


def _had(incidents: Incidents, incident: Incident, found: Found | None) -> dict[About, int]:
    """What was ordered about, or asked for, and how strongly at most."""
    had = dict[About, int]()
    for one in () if found is None else found.head.asked:
        had[one.about] = max(one.strength, had.get(one.about, one.strength))
    for order in incidents.orders(incident.id):
        had[order.about] = max(order.strength, had.get(order.about, order.strength))
    return had


def _asked(found: Found | None, fresh: dict[About, int]) -> tuple[Asked, ...]:
    asked = {one.about: one for one in (() if found is None else found.head.asked)}
    for (action_id, resource, part), strength in fresh.items():
        asked[action_id, resource, part] = Asked(
            action_id=action_id, resource=resource, part=part, strength=strength
        )
    return tuple(asked.values())


def _summary(lineage: Lineage) -> str:
    led = sum(not node.seed and not node.sibling for node in lineage.nodes)
    things = "1 thing" if led == 1 else f"{led} things"
    return (
        f"Traced what the stolen credentials assumed and made: {things}, each proved by an event. "
        f"{len(lineage.gaps)} limits of that are on record."
    )
