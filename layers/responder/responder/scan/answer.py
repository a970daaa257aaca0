"""What was found, as a program reads it. What nobody looked at is a gap, and never a nought."""

from collections import Counter
from datetime import datetime
from typing import Any

from responder.domain.lineage import Lineage
from responder.scan.following import Scope
from responder.scan.meanings import Meaning
from responder.scan.residents import Bridge, Counted, Touched
from responder.scan.tally import Acts, Noted, Span

_FIRST = (Meaning.RETRIEVAL, Meaning.DECRYPTION, Meaning.COPY, Meaning.READING, Meaning.DESTRUCTION)


def answer(
    scope: Scope, *, since: datetime | None, until: datetime | None, people: Bridge | None = None
) -> dict[str, Any]:
    """The whole answer, in JSON's types, always in the same order.

    `people`: whose data it was, where a data map was given.
    """
    tally, whole = scope.tally, Span()
    for acts in tally.acts.values():
        whole.join(acts.span)
    calls = Counter[tuple[str, str, str]]()
    for acts in tally.acts.values():
        for (service, call), outcomes in acts.calls.items():
            for outcome, times in outcomes.items():
                calls[service, call, outcome] += times
    return {
        "since": _at(since),
        "until": _at(until),
        "principals": _principals(scope),
        "lineage": _lineage(scope.lineage),
        "first_event_at": _at(whole.first_at),
        "last_event_at": _at(whole.last_at),
        "events": whole.times,
        "denied": sum(acts.denied for acts in tally.acts.values()),
        "source_ips": _spans([acts.addresses for acts in tally.acts.values()], "address"),
        "user_agents": _spans([acts.agents for acts in tally.acts.values()], "agent"),
        "calls": [
            {"service": service, "call": call, "outcome": outcome, "times": times}
            for (service, call, outcome), times in sorted(calls.items())
        ],
        "objects_read": sum(len(one.keys) for one in tally.buckets.values()),
        "bytes_read": sum(one.sent_bytes for one in tally.buckets.values()),
        "buckets": [
            {"bucket": name, "objects": len(one.keys), "reads": one.reads, "bytes": one.sent_bytes}
            for name, one in sorted(tally.buckets.items())
        ],
        "persistence": _noted(scope, Meaning.PERSISTENCE),
        "tampering": _noted(scope, Meaning.TAMPERING),
        **{meaning.name.casefold(): _noted(scope, meaning) for meaning in _FIRST},
        "gaps": gaps(scope, since=since, until=until, people=people),
        "touched": None if people is None else [_touched(one) for one in people.stores],
        "residents": None if people is None else _counted(people.counts),
        "read": {"objects": scope.objects, "records": scope.coverage.records},
        "rounds": scope.rounds,
    }


def gaps(
    scope: Scope, *, since: datetime | None, until: datetime | None, people: Bridge | None = None
) -> list[str]:
    """What the answer does not know."""
    strange = [
        f"{times} times {why}; none of these is counted"
        for why, times in sorted(scope.tally.disbelieved.items())
    ]
    if scope.tally.cut:
        strange.append("more objects were read than can be told apart; their number is too small")
    found = [*scope.coverage.gaps(since, until), *scope.lineage.gaps, *scope.gaps, *strange]
    if people is None:
        return [*found, "no data map was given: whose data it was is not told"]
    return [*found, *people.gaps]


def _principals(scope: Scope) -> list[dict[str, Any]]:
    nodes = {node.id: node for node in scope.lineage.nodes}
    found = []
    for name in sorted(set(nodes) | set(scope.tally.acts)):
        node, acts = nodes.get(name), scope.tally.acts.get(name, Acts())
        found.append(
            {
                "id": name,
                "kind": name.partition("|")[0],
                "arn": None if node is None else node.arn,
                "access_key_id": None if node is None else node.access_key_id,
                "seed": node is not None and node.seed,
                "events": acts.span.times,
                "denied": acts.denied,
                "first_event_at": _at(acts.span.first_at),
                "last_event_at": _at(acts.span.last_at),
            }
        )
    return found


def _lineage(lineage: Lineage) -> dict[str, Any]:
    edges = sorted(lineage.edges, key=lambda edge: (edge.event_at, edge.event_id, edge.target))
    return {
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "made_at": _at(node.made_at)}
            for node in sorted(lineage.nodes, key=lambda node: node.id)
        ],
        "edges": [edge.model_dump(mode="json") for edge in edges],
    }


def _noted(scope: Scope, meaning: Meaning) -> list[dict[str, Any]]:
    chosen = [
        (one, span) for one, span in scope.tally.noted.items() if one.sense.meaning is meaning
    ]
    return [_shown(one, span) for one, span in sorted(chosen, key=_when)]


def _when(pair: tuple[Noted, Span]) -> tuple[Any, ...]:
    noted, span = pair
    return (span.first_at, noted.service, noted.call, noted.about, noted.by, noted.denied)


def _shown(noted: Noted, span: Span) -> dict[str, Any]:
    return {
        "service": noted.service,
        "call": noted.call,
        "about": noted.about,
        "technique": noted.sense.technique,
        "by": noted.by,
        "outcome": "denied" if noted.denied else "allowed",
        "times": span.times,
        "first_event_at": _at(span.first_at),
        "last_event_at": _at(span.last_at),
    }


def _touched(touched: Touched) -> dict[str, Any]:
    return {
        "store": touched.store.name,
        "kind": touched.store.kind.value,
        "had": touched.had.value,
        "why": list(touched.why),
        "elements": [one.value for one in touched.store.elements],
        "plaintext": touched.plaintext.value,
        "plaintext_why": touched.plaintext_why,
        "things_read": touched.things,
        "residents": "unknown"
        if touched.store.residents == "unknown"
        else _counted(touched.counts),
        "proofs": [
            {"event_id": p.event_id, "at": _at(p.at), "service": p.service, "call": p.call}
            for p in touched.proofs
        ],
    }


def _counted(counts: dict[str, Counted]) -> dict[str, dict[str, int]]:
    return {place: {"low": one.low, "high": one.high} for place, one in sorted(counts.items())}


def _spans(parts: list[dict[str, Span]], name: str) -> list[dict[str, Any]]:
    whole = dict[str, Span]()
    for part in parts:
        for key, span in part.items():
            whole.setdefault(key, Span()).join(span)
    return [
        {
            name: key,
            "events": span.times,
            "first_event_at": _at(span.first_at),
            "last_event_at": _at(span.last_at),
        }
        for key, span in sorted(whole.items())
    ]


def _at(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
