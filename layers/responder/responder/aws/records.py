"""Where the facts of an incident stand, and where its clocks do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from responder.aws import clocks as deadlines
from responder.aws import facts as statements
from responder.aws import incidents as responses
from responder.aws.clocks import Clocks
from responder.aws.facts import RecordedFacts
from responder.aws.incidents import Incidents
from responder.domain.facts import Facts, standing

PERMISSIONS = deadlines.PERMISSIONS | statements.PERMISSIONS | responses.PERMISSIONS
_BELIEVED = timedelta(days=365)  # a detector that dates activity before this is not believed


@dataclass(frozen=True)
class Records:
    """What counting the clocks of an incident reads and writes."""

    incidents: Incidents
    facts: RecordedFacts
    clocks: Clocks
    jurisdictions: Sequence[str]  # where customers live, while nobody knows

    def standing(self, incident_id: str) -> Facts:
        """What stands about an incident: its findings, and then what people said."""
        return standing(self.unsaid(incident_id), self.facts.all(incident_id))

    def unsaid(self, incident_id: str) -> Facts:
        """What its findings alone tell of an incident."""
        incident = self.incidents.get(incident_id)
        seen = [finding.first_seen_at for finding in self.incidents.findings(incident_id)]
        earliest = min([incident.opened_at, incident.first_seen_at, *seen])
        return Facts(
            incident_id=incident_id,
            earliest_at=max(earliest, incident.opened_at - _BELIEVED),
            jurisdictions=tuple(self.jurisdictions),
        )
