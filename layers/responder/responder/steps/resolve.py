"""End an incident where it is open for people, once a person closed it here.

First it looks once more whether a finding joined at the very moment in which it was closed: then
it was not closed, and nothing is resolved. A place that refuses keeps nothing else from being
resolved, and is told of on the timeline, once, for a person to resolve it by hand. One that could
not answer is asked again.
"""

from collections.abc import Callable
from datetime import datetime

from responder import channels
from responder.aws import closings as ends
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.closings import Closings, Resolved
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.channels.channel import Desk
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import one_line
from responder.domain.incident import Incident
from responder.steps.case import end_case

PERMISSIONS = (
    table.PERMISSIONS
    | ends.PERMISSIONS
    | events.PERMISSIONS
    | frozenset().union(*(channel.RESOLVING for channel in channels.CHANNELS))
    | channels.security_ir.RESOLVING
)
_TRIES = 5
_CAME = (
    "It is open again: a finding joined it at the moment in which it was closed, and whoever "
    "closed it could not know that."
)


def resolve(
    incident_id: str,
    *,
    incidents: Incidents,
    closings: Closings,
    timeline: Timeline,
    desk: Desk,
    now: datetime,
) -> list[str]:
    """Resolve it wherever that is left to do; the places. May run twice, and at once."""
    incident = incidents.get(incident_id)
    if incident.closed is None or closings.is_resolved(incident_id):
        return []
    if not stays_closed(incident_id, incidents=incidents, closings=closings, by="mirror", now=now):
        return []
    done = {one.place for one in closings.resolved_at(incident_id)}
    found = list[str]()
    for place, title, end in _places(incident, closings, desk, now):
        if place in done:
            continue
        refused = ""
        try:
            if not end():
                continue
        except Broken as error:
            refused = one_line(str(error), 300)
        said = f"Resolved at {title}."
        if refused:
            said = f"It is closed here, and still open at {title}: {refused}. Resolve it by hand."
        timeline.record(incident_id, f"resolved:{place}", at=now, by="mirror", text=said)
        closings.mark(incident_id, Resolved(place=place, at=now, refused=refused))
        found.append(place)
    closings.finish(incident_id, now=now)
    return found


def stays_closed(
    incident_id: str, *, incidents: Incidents, closings: Closings, by: str, now: datetime
) -> bool:
    """Whether nothing joined it while it was closed; if something did, it is open again."""
    for _ in range(_TRIES):
        item = incidents.item(incident_id)
        if item is None:
            raise Broken(f"there is no incident {incident_id}")
        incident = Incident.model_validate_json(item.body)
        if incident.closed is None:
            return False
        unseen = closings.unseen(incident, incidents.findings(incident_id))
        if not unseen:
            return True
        if closings.undo(item, unseen, by=by, text=_CAME, now=now):
            return False
    raise Unavailable(f"{incident_id} is being written by others; try again")


def _places(
    incident: Incident, closings: Closings, desk: Desk, now: datetime
) -> list[tuple[str, str, Callable[[], bool]]]:
    """Where it is open. What ends it there says whether there was anything to end."""
    case = channels.security_ir
    found = [
        (
            case.ID,
            case.TITLE,
            lambda: end_case(incident.id, ledger=closings.ledger, desk=desk, now=now),
        )
    ]
    at = incident.channel
    if at is not None:
        found.insert(
            0, (at.id, channels.BY_ID[at.id].TITLE, lambda: _end(at.id, at.reference, desk))
        )
    return found


def _end(place: str, reference: str, desk: Desk) -> bool:
    channel = channels.BY_ID[place]
    channel.resolve(reference, desk)
    return channel.TAKES_NOTES
