"""What else uses what an order would cut, and so what breaks with it. Pure.

Only what AWS showed within the time there was. What could not be read is named, because nothing
found is not the same as nothing there.
"""

from collections.abc import Iterable

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Order
from responder.domain.principal import PrincipalKind
from responder.domain.trail_event import TrailEvent

OURS = "breach-responder"  # what our own sessions in member accounts are called
MOST_CALLERS = 12
_SERVICE = ".amazonaws.com"


class Service(Model):
    """A service that an identity used, and when it did so last."""

    model_config = ConfigDict(frozen=True)

    name: str
    last_at: AwareDatetime


class Caller(Model):
    """Who worked with it lately: how many sessions or calls there were, and when the last was."""

    model_config = ConfigDict(frozen=True)

    who: str
    times: int
    last_at: AwareDatetime
    named: bool  # by the findings: the attacker's own use, as far as it can be told apart


class Use(Model):
    """What was found, once for each order."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    order_id: OrderId
    looked_at: AwareDatetime
    since: AwareDatetime | None = None  # how far back callers were looked for
    holders: tuple[str, ...] = ()  # what bears the role
    callers: tuple[Caller, ...] = ()  # the latest first
    services: tuple[Service, ...] = ()  # the latest first
    unknown: tuple[str, ...] = ()


def callers_of(
    order: Order, events: Iterable[TrailEvent], addresses: frozenset[str]
) -> tuple[Caller, ...]:
    """Who made these events, the latest first. `addresses` are those that the findings name."""
    times = dict[tuple[str, bool], set[str]]()
    last = dict[tuple[str, bool], AwareDatetime]()
    for event in events:
        found = _who(order, event, addresses)
        if found is None:
            continue
        who, once, named = found
        at = (who, named)
        times.setdefault(at, set()).add(once)
        last[at] = max(event.at, last.get(at, event.at))
    callers = [
        Caller(who=who, named=named, times=len(times[who, named]), last_at=at)
        for (who, named), at in last.items()
    ]
    callers.sort(key=lambda one: (one.last_at, one.who), reverse=True)
    return tuple(callers[:MOST_CALLERS])


def is_role(order: Order) -> bool:
    """Whether it is a role that would be cut, or sessions of one."""
    kind = None if order.principal is None else order.principal.kind
    return kind in (PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE, PrincipalKind.IDENTITY_CENTER)


def _who(
    order: Order, event: TrailEvent, addresses: frozenset[str]
) -> tuple[str, str, bool] | None:
    """Who it was, what is counted of them once, and whether the findings name that."""
    actor, address, principal = event.actor, event.address, order.principal
    by_service = address is not None and address.endswith(_SERVICE)
    if principal is None or is_role(order):
        if (actor.arn or "").rpartition("/")[2] == OURS:
            return None
        who = address if by_service else actor.arn
        if who is None:
            return None
        if principal is None:
            return who, event.event_id, address in addresses
        session = event.request.get("roleSessionName")
        if not event.call.startswith("AssumeRole") or not isinstance(session, str):
            return None
        return who, session, session == principal.session_name
    if by_service:
        return None  # a service on behalf of the user: the user's own call stands beside it
    with_key = f" with key {actor.access_key_id}" if actor.access_key_id else ""
    program = event.agent or "an unnamed program"
    return (
        f"{program}{with_key} from {address or 'an unknown address'}",
        event.event_id,
        address in addresses,
    )
