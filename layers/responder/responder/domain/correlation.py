"""Which findings belong to one incident."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from responder.domain.finding import Finding, Source, short_key
from responder.domain.incident import Incident
from responder.domain.order import Target
from responder.domain.principal import Principal, PrincipalKind

# One transaction writes them all, with the incident and the finding (at most 100 items).
MOST_KEYS = 80
# By what a feed tells of a principal, the most first: a copy never replaces more by less.
_FEEDS = (
    Source.GUARDDUTY,
    Source.SECURITY_HUB_V2,
    Source.SECURITY_HUB_ACTION,
    Source.SECURITY_HUB,
)


def keys_of(finding: Finding) -> tuple[str, ...]:
    """What two findings of one campaign share, the surest first.

    The attack sequence, then each principal and access key, and things only where no principal is
    told apart: a bucket is shared by honest and dishonest users.
    """
    keys = [f"SEQUENCE#{finding.sequence_key}"] if finding.sequence_key else []
    named = list[str]()
    for principal in finding.principals:
        if principal.correlation_key:
            named.append(f"PRINCIPAL#{finding.account}#{principal.correlation_key}")
        if principal.access_key_id:
            named.append(f"KEY#{finding.account}#{principal.access_key_id}")
    if not named:
        named = [f"RESOURCE#{finding.account}#{_short(r.id)}" for r in finding.resources]
    return tuple(dict.fromkeys([*keys, *named]))[:MOST_KEYS]


def identities(findings: Iterable[Finding]) -> frozenset[str]:
    """The principals of findings as far as a plan tells them apart.

    A user's second long-term key counts, and so does a role's next session: each is cut by itself.
    """
    return frozenset(_identity(p) for finding in findings for p in finding.principals)


def owned_key(account: str, target: Target) -> str | None:
    """The key under which the incident that answers for an identity or a thing is found."""
    if target.thing is not None:
        return f"RESOURCE#{account}#{_short(target.thing.id)}"
    if target.principal is None or target.principal.correlation_key is None:
        return None
    return f"PRINCIPAL#{account}#{target.principal.correlation_key}"


def new_incident_id(finding_key: str, now: datetime) -> str:
    """An id that nothing else has: of this finding, at this instant."""
    seed = json.dumps([finding_key, now.isoformat()])
    return f"inc-{now:%Y%m%d}-{hashlib.sha256(seed.encode()).hexdigest()[:10]}"


def supersedes(new: Finding, stored: Finding) -> bool:
    """Whether `new` tells more than the version we have: from a better feed, or later."""
    rank, had = _FEEDS.index(new.source), _FEEDS.index(stored.source)
    return rank < had or (rank == had and new.updated_at > stored.updated_at)


def grown(
    incident: Incident,
    before: Sequence[Finding],
    after: Sequence[Finding],
    acts: Callable[[Finding], bool],
    wants: Callable[[Sequence[Finding]], Mapping[Any, int]],
    again: Collection[Any] = (),
) -> Incident:
    """The incident with what its findings add.

    A principal to act on makes a new generation, and so does more to be done about a known one:
    `wants` says what findings ask for, and how strongly. What is to be done `again` counts as if
    nobody had asked for it yet.
    """
    had = {about: strength for about, strength in wants(before).items() if about not in again}
    added = identities(filter(acts, after)) - identities(filter(acts, before)) or [
        about for about, strength in wants(after).items() if strength > had.get(about, 0)
    ]
    severities = (incident.severity, *(finding.severity for finding in after))
    return incident.model_copy(
        update={
            "severity": max(severities, key=lambda severity: severity.rank),
            "first_seen_at": min(incident.first_seen_at, *(f.first_seen_at for f in after)),
            "generation": incident.generation + (1 if added else 0),
        }
    )


def _identity(principal: Principal) -> str:
    key = principal.access_key_id if (principal.access_key_id or "").startswith("AKIA") else None
    unnamed = principal.access_key_id if principal.arn is None and principal.name is None else None
    session = principal.session_name if principal.kind is PrincipalKind.ASSUMED_ROLE else None
    return json.dumps(
        [principal.kind, principal.account, principal.arn or principal.name, key, session, unnamed]
    )


def _short(resource_id: str) -> str:
    return resource_id if len(resource_id) <= 300 else short_key(resource_id)
