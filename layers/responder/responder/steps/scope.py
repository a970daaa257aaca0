"""Ask what the principals of an incident did, by the logs of a trail, and join what readers found.

One turn after the other: a turn takes what readers have left, decides what is to be read next, and
puts down where that stands. A turn that runs twice finds where it stood, and answers the same.
"""

from collections.abc import Callable
from datetime import timedelta

from pydantic import AwareDatetime

import responder
from responder.aws import evidence as kept
from responder.aws import incidents as table
from responder.aws import log_places as places_of
from responder.aws import results as relayed
from responder.aws import rule_store, timeline
from responder.aws import vault as store
from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.lineages import Lineages
from responder.aws.log_bucket import LogBucket, TrailPlace
from responder.aws.results import Results
from responder.aws.timeline import Timeline
from responder.aws.vault import Vault
from responder.collectors.contents import as_packed_json
from responder.collectors.log_objects import few
from responder.domain.errors import Broken
from responder.domain.identifiers import IncidentId
from responder.domain.lineage import Node, seed_of
from responder.domain.model import Model
from responder.domain.policy import Policy
from responder.scan.answer import answer
from responder.scan.following import Scope
from responder.scan.relay import Stand
from responder.steps.asking import Asking

PERMISSIONS = (
    table.PERMISSIONS
    | timeline.PERMISSIONS
    | kept.PERMISSIONS
    | store.PERMISSIONS
    | rule_store.PERMISSIONS
    | relayed.PERMISSIONS
    | places_of.PERMISSIONS
)
ID = "cloudtrail.scope"
BEFORE_FIRST_SEEN = timedelta(hours=24)
_BY = "scope"
_GIGABYTE = 10**9


class ScopeRequest(Model):
    """What the machine sends. `run` is its execution, `whole` a person's leave for any size."""

    incident_id: IncidentId
    generation: int
    run: str
    turn: int
    whole: bool = False
    now: AwareDatetime


class ScopeAnswer(Model):
    """What comes next: units to be read, another turn at once, or nothing."""

    turn: int
    then: str  # "read", "join" or "end"
    bucket: str = ""
    items_key: str = ""
    results_prefix: str = ""
    workers: int = 1


def scope(
    request: ScopeRequest,
    *,
    incidents: Incidents,
    lineages: Lineages,
    timeline: Timeline,
    evidence: Evidence,
    vault: Callable[[], Vault],
    policy: Callable[[], Policy],
    results: Callable[[], Results],
    logs: Callable[[str], LogBucket],
    trail: TrailPlace,
    by: str,
    remaining: Callable[[], timedelta],
) -> ScopeAnswer:
    """One turn."""
    if not trail.bucket:
        timeline.record(
            request.incident_id,
            f"unscoped:{request.run}" if request.whole else "unscoped",
            at=request.now,
            by=_BY,
            text="Nobody looked at the logs whole: no trail's bucket was given (TrailBucket).",
        )
        return ScopeAnswer(turn=request.turn, then="end")
    asking = Asking(
        incident_id=request.incident_id,
        run=request.run,
        number=request.turn,
        now=request.now,
        results=results(),
        logs=logs(trail.bucket),
        prefix=trail.prefix,
        most_bytes=None if request.whole else policy().most_scanned_gigabytes * _GIGABYTE,
        remaining=remaining,
    )
    before = asking.stand(request.turn + 1)
    if before is None:
        if request.turn:
            now = asking.stand(request.turn)
            if now is None:
                raise Broken(f"turn {request.turn} of {request.run} was never put down")
        else:
            now = _begun(asking, request.incident_id, incidents, lineages)
        scoped = asking.turn(now)
        if scoped is not None:
            _keep(request, scoped, now, evidence, vault(), timeline, trail, by)
        before = asking.put_down(now)
    return ScopeAnswer(
        turn=request.turn + 1,
        then="end" if before.is_done else "read" if before.items_key else "join",
        bucket=asking.results.bucket,
        items_key=before.items_key,
        results_prefix=f"{asking.folder}/map",
        workers=trail.workers,
    )


def _begun(asking: Asking, incident_id: str, incidents: Incidents, lineages: Lineages) -> Stand:
    """Whom to look for: whom the findings name, and what a trace has found."""
    incident, findings = incidents.get(incident_id), incidents.findings(incident_id)
    known, edges = lineages.graph(incident_id)
    nodes = dict[str, Node]()
    for finding in findings:
        for principal in finding.principals:
            if (seed := seed_of(principal, finding.account)) is not None:
                nodes.setdefault(seed.id, seed)
    for node in known:
        if not node.sibling:
            nodes.setdefault(node.id, node)
    accounts = {incident.account, *(one.account for one in findings)}
    accounts |= {one.account for one in nodes.values()}
    since = incident.first_seen_at - BEFORE_FIRST_SEEN
    return asking.begun(list(nodes.values()), edges, sorted(accounts), since)


def _keep(
    request: ScopeRequest,
    scoped: Scope,
    stand: Stand,
    evidence: Evidence,
    vault: Vault,
    timeline: Timeline,
    trail: TrailPlace,
    by: str,
) -> None:
    """The answer, as evidence, and a line that points to it."""
    since, until = stand.following.since, stand.following.until
    told = answer(scoped, since=since, until=until)
    document = {
        "incident_id": request.incident_id,
        "run": request.run,
        "tool": f"breach-responder {responder.__version__}",
        "bucket": trail.bucket,
        "prefix": trail.prefix,
        "accounts": stand.accounts,
        "listed": {
            "objects": sum(unit.objects for unit in stand.units.values()),
            "bytes": sum(unit.size_bytes for unit in stand.units.values()),
        },
        "answer": told,
    }
    name = f"{ID}/{request.run}"
    covers = "what the principals did, by every log object of the time; how it was counted"
    draft = Draft(
        Shelf.EVIDENCE, ID, name, as_packed_json(document), covers, few(tuple(told["gaps"]))
    )
    item = evidence.keep(request.incident_id, draft, vault=vault, by=by, at=request.now)
    timeline.record(
        request.incident_id,
        f"scoped:{request.run}",
        at=request.now,
        by=_BY,
        text=(
            f"Read {told['read']['objects']} logs whole: {told['events']} calls of"
            f" {len(told['principals'])} principals, {told['denied']} of them denied;"
            f" {told['objects_read']} objects read, {told['bytes_read']} bytes."
            f" {len(told['gaps'])} limits of that. Evidence {item.name}, {item.sha256[:16]}…"
        ),
    )
