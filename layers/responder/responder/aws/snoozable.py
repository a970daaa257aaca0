"""Pages about one thing of an incident, unless somebody asked for quiet: then it is told quietly.

Not for deadlines that are near, evidence that changed, a cut that somebody undid, or answers that
do not count: those always page.
"""

from dataclasses import dataclass
from datetime import datetime

from responder.aws import notices as decisions
from responder.aws import pager as paging
from responder.aws import silences as quiet_times
from responder.aws.incidents import Incidents
from responder.aws.notices import Notices
from responder.aws.pager import Paged, Pager
from responder.aws.silences import Silences
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import ascii_line

PERMISSIONS = paging.PERMISSIONS | quiet_times.PERMISSIONS | decisions.PERMISSIONS
QUIETLY = "quiet"


@dataclass(frozen=True)
class Snoozable:
    """Both topics, and what says which. If that cannot be read, it pages."""

    pager: Pager
    quiet: Pager
    silences: Silences
    notices: Notices
    incidents: Incidents

    def page(
        self, incident_id: str, *, subject: str, text: str, now: datetime, about: str = ""
    ) -> Paged:
        """As `Pager.page`. What was told quietly does not come again when the quiet ends."""
        why = self.silenced(incident_id, now=now)
        if why is None:
            return self.pager.page(incident_id, subject=subject, text=text, now=now, about=about)
        return self.tell(incident_id, why, subject=subject, text=text, now=now, about=about)

    def tell(
        self, incident_id: str, why: str, *, subject: str, text: str, now: datetime, about: str
    ) -> Paged:
        """Tell quietly, with the reason."""
        return self.quiet.page(
            incident_id,
            subject=quietly(subject),
            text=f"{text}\nNobody was paged. {why}\n",
            now=now,
            about=f"{QUIETLY}:{about}",
        )

    def silenced(self, incident_id: str, *, now: datetime) -> str | None:
        """Who asked for quiet about it just now, and why; None if nobody did."""
        try:
            incident = self.incidents.get(incident_id)
            findings = self.incidents.findings(incident_id)
            silence = self.silences.covering(incident, findings, now=now)
        except (Broken, Unavailable):
            return None  # not knowing is no reason to keep anybody asleep
        return None if silence is None else silence.text

    def why_quiet(self, incident_id: str, *, now: datetime) -> str | None:
        """The same; or why the incident never woke anybody."""
        try:
            told = self.notices.get(incident_id)
        except (Broken, Unavailable):
            return None
        if told is not None and not told.loud and told.silence_id is None:
            return told.reason
        return self.silenced(incident_id, now=now)


def quietly(subject: str) -> str:
    """The subject of what wakes nobody."""
    return ascii_line(f"[QUIET] {subject}", 99)
