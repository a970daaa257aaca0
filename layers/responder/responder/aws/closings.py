"""That incidents were closed, and where they are still to be resolved.

The end of an incident, the event that tells of it, and the work that it leaves are one write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, ConfigDict

from responder.aws import correlations as seats
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.correlations import Correlations
from responder.aws.ledger import Due, Item, Ledger, Write, incident_pk
from responder.domain.closing import Closed, is_news
from responder.domain.finding import Finding
from responder.domain.incident import Incident, IncidentStatus, TimelineEvent
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS | events.PERMISSIONS | seats.PERMISSIONS
_RESOLVING, _DUE, _RESOLVED = "RESOLVING", "RESOLVE", "RESOLVED#"
_AGAIN_AFTER = timedelta(hours=1)  # the table's stream has it resolved within seconds
_MOST_SEATS = 90  # in one transaction, with the rest of it


class _Resolving(Model):
    """That an incident is to be resolved where it is open, until `done_at`."""

    model_config = ConfigDict(frozen=True)

    closed_at: AwareDatetime
    done_at: AwareDatetime | None = None


class Resolved(Model):
    """What became of resolving an incident at one place."""

    model_config = ConfigDict(frozen=True)

    place: str
    at: AwareDatetime
    refused: str = ""  # why it is still open there


@dataclass(frozen=True)
class Closings:
    """The writes that close an incident, and what is known of its places."""

    ledger: Ledger
    correlations: Correlations

    def close(self, item: Item, closed: Closed, text: str) -> bool:
        """Close it as it was read. False, and nothing changed, if anybody wrote it since."""
        incident = Incident.model_validate_json(item.body)
        over = _as(incident, IncidentStatus.CLOSED, closed)
        pk, due = incident_pk(incident.id), Due(_DUE, closed.at + _AGAIN_AFTER)
        resolving, seen = _Resolving(closed_at=closed.at), self.ledger.get(pk, _RESOLVING)
        return self.ledger.together(
            [
                Write(item.pk, item.sk, over, seen=item),
                Write(pk, _RESOLVING, resolving, seen=seen, due=due),
                _event(incident.id, f"closed:{_key(closed.at)}", closed.at, closed.by, text),
            ]
        )

    def unseen(self, incident: Incident, findings: Sequence[Finding]) -> list[Finding]:
        """Findings that joined while it was closed, and that no other incident has taken since."""
        closed = incident.closed
        if closed is None:
            return []
        news = [finding for finding in findings if is_news(finding, closed)]
        return [one for one in news if self._sits(one, incident)]

    def undo(
        self, item: Item, findings: Sequence[Finding], *, by: str, text: str, now: datetime
    ) -> bool:
        """Open it as if nobody had closed it, with these findings; False if one left meanwhile.

        Only for a closing that came too late for them: the seat of each is written too, so that a
        finding either stays here or is in the incident that follows, and never in none.
        """
        incident = Incident.model_validate_json(item.body)
        pk = incident_pk(incident.id)
        held = [self.correlations.seat(one.key) for one in findings[:_MOST_SEATS]]
        if any(one is None or one.body.incident_id != incident.id for one in held):
            return False
        work = self.ledger.get(pk, _RESOLVING)
        writes = [
            Write(item.pk, item.sk, _as(incident, IncidentStatus.OPEN, None), seen=item),
            _event(incident.id, f"not-closed:{_key(now)}", now, by, text),
            *(Write(one.item.pk, one.item.sk, one.body, seen=one.item) for one in held if one),
        ]
        if work is not None:
            done = _Resolving.model_validate_json(work.body).model_copy(update={"done_at": now})
            writes.append(Write(pk, _RESOLVING, done, seen=work))
        return self.ledger.together(writes)

    def is_resolved(self, incident_id: str) -> bool:
        """Whether nothing is left to resolve."""
        item = self.ledger.get(incident_pk(incident_id), _RESOLVING)
        return item is None or _Resolving.model_validate_json(item.body).done_at is not None

    def resolved_at(self, incident_id: str) -> list[Resolved]:
        """Where it was resolved, or would not be."""
        found = self.ledger.items(incident_pk(incident_id), _RESOLVED)
        return [Resolved.model_validate_json(item.body) for item in found]

    def mark(self, incident_id: str, resolved: Resolved) -> None:
        """Put on record what became of one place. Once for each."""
        self.ledger.add(incident_pk(incident_id), _RESOLVED + resolved.place, resolved)

    def finish(self, incident_id: str, *, now: datetime) -> None:
        """Nothing is left to resolve."""
        item = self.ledger.get(incident_pk(incident_id), _RESOLVING)
        if item is None or self.is_resolved(incident_id):
            return
        work = _Resolving.model_validate_json(item.body)
        self.ledger.replace(item, work.model_copy(update={"done_at": now}))

    def late(self, *, until: datetime) -> list[str]:
        """Incidents that were closed an hour ago, and are not resolved everywhere yet."""
        head = len(incident_pk(""))
        return [pk[head:] for pk, _ in self.ledger.due(_DUE, until=until)]

    def _sits(self, finding: Finding, incident: Incident) -> bool:
        seat = self.correlations.seat(finding.key)
        return seat is not None and seat.body.incident_id == incident.id


def _as(incident: Incident, status: IncidentStatus, closed: Closed | None) -> Incident:
    return incident.model_copy(update={"status": status, "closed": closed})


def _event(incident_id: str, key: str, at: datetime, by: str, text: str) -> Write:
    event = TimelineEvent(incident_id=incident_id, key=key, at=at, by=by, text=text)
    return Write(incident_pk(incident_id), events.PREFIX + key, event)


def _key(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S.%f}"
