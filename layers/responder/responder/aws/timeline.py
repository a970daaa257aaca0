"""What happened in an incident, in order, each event once."""

from dataclasses import dataclass
from datetime import datetime

from responder.aws import ledger
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.incident import TimelineEvent

PREFIX = "TIMELINE#"
PERMISSIONS = ledger.PERMISSIONS


@dataclass(frozen=True)
class Timeline:
    """The timeline of incidents. The first write of a key wins, so a retry adds nothing."""

    ledger: Ledger

    def record(self, incident_id: str, key: str, *, at: datetime, by: str, text: str) -> None:
        """Add one event. `key` names it within the incident, for example `contained:<order id>`."""
        event = TimelineEvent(incident_id=incident_id, key=key, at=at, by=by, text=text)
        self.ledger.add(incident_pk(incident_id), PREFIX + key, event)

    def events(self, incident_id: str) -> list[TimelineEvent]:
        """All events, earliest first."""
        items = self.ledger.items(incident_pk(incident_id), PREFIX)
        events = [TimelineEvent.model_validate_json(item.body) for item in items]
        return sorted(events, key=lambda event: (event.at, event.key))
