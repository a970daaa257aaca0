"""Numbers of the pages about an incident, each taken once, before the page that bears it is made.

A run that dies leaves a number that no page bears; the pages after it say so. No other run ever
bears that number, so one that was thought dead and comes late does no harm.
"""

from dataclasses import dataclass

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.errors import Unavailable
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS
_TAKEN = "REPORT-NUMBER#"
_TRIES = 20  # far more than the pages of one incident that are made at the same moment


class Taken(Model):
    """A number, and the asking that took it: the same when a function is tried again."""

    model_config = ConfigDict(frozen=True)

    version: int
    asked: str
    at: AwareDatetime


@dataclass(frozen=True)
class Reports:
    """The numbers that were taken."""

    ledger: Ledger

    def taken(self, incident_id: str) -> list[Taken]:
        """Every number, the first one first."""
        found = self.ledger.items(incident_pk(incident_id), _TAKEN)
        return [Taken.model_validate_json(item.body) for item in found]

    def take(self, incident_id: str, taken: Taken) -> Taken:
        """Take the number of `taken`, or the first free one after it."""
        for version in range(taken.version, taken.version + _TRIES):
            ours = taken.model_copy(update={"version": version})
            if self.ledger.add(incident_pk(incident_id), f"{_TAKEN}{version:06d}", ours):
                return ours
        raise Unavailable(f"too many pages about {incident_id} are being made at once")
