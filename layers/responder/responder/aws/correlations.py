"""Which incident a finding joined, and which incident answers for a principal just now."""

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, Write
from responder.domain.finding import Finding
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS
_RECORDED = "RECORDED#"
_MOST_EARLIER = 10  # incidents that had a key before; cuts of one from before those are not watched


class Seat(Model):
    """The incident that a finding joined. It stays there, however often it is sent again."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId


class Claim(Model):
    """The incident that new findings with a key join, until the window closes or it is closed."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    until: AwareDatetime
    earlier: tuple[IncidentId, ...] = ()  # that had it before, the last first: their cuts may stand

    @property
    def all(self) -> tuple[IncidentId, ...]:
        """Every incident that may hold what the key is about, the last first."""
        return (self.incident_id, *self.earlier)

    def passed_on(self, incident_id: IncidentId, until: datetime) -> "Claim":
        """The same key with another incident, or longer with this one."""
        before = tuple(one for one in self.all if one != incident_id)
        return Claim(incident_id=incident_id, until=until, earlier=before[:_MOST_EARLIER])


class Recorded(Model):
    """A finding that led to no incident, and why."""

    model_config = ConfigDict(frozen=True)

    finding: Finding
    reason: str
    recorded_at: AwareDatetime


@dataclass(frozen=True)
class Held[Body: Model]:
    """An item with what it says."""

    item: Item
    body: Body


@dataclass(frozen=True)
class Correlations:
    """Reads by key, and the writes that intake does together with those of the incident."""

    ledger: Ledger

    def seat(self, finding_key: str) -> Held[Seat] | None:
        """Where a finding is."""
        item = self.ledger.get(f"FINDING#{finding_key}", "SEEN")
        return None if item is None else Held(item, Seat.model_validate_json(item.body))

    def claim(self, key: str) -> Held[Claim] | None:
        """Who has a key, or had it last."""
        item = self.ledger.get(f"CORRELATION#{key}", "OPEN")
        return None if item is None else Held(item, Claim.model_validate_json(item.body))

    def owner(self, key: str, *, now: datetime) -> str | None:
        """The incident that has a key just now."""
        held = self.claim(key)
        return held.body.incident_id if held and held.body.until > now else None

    def seating(self, finding_key: str, seat: Seat, seen: Held[Seat] | None) -> Write:
        """The write that seats a finding."""
        pk = f"FINDING#{finding_key}"
        return Write(pk, "SEEN", seat, seen=None if seen is None else seen.item)

    def claiming(self, key: str, claim: Claim, held: Held[Claim] | None) -> Write:
        """The write that claims a key."""
        pk = f"CORRELATION#{key}"
        return Write(pk, "OPEN", claim, seen=None if held is None else held.item)

    def recorded_on(self, day: date) -> Recorded | None:
        """One of the findings that led to no incident on a day; None where there was none."""
        item = self.ledger.last(f"{_RECORDED}{day:%Y-%m-%d}", "arn:")
        return None if item is None else Recorded.model_validate_json(item.body)

    def record(self, recorded: Recorded) -> None:
        """Keep a finding that led to no incident: its latest version of a day."""
        pk = f"{_RECORDED}{recorded.recorded_at:%Y-%m-%d}"
        if self.ledger.add(pk, recorded.finding.key, recorded):
            return
        item = self.ledger.get(pk, recorded.finding.key)
        if item is None:
            return
        kept = Recorded.model_validate_json(item.body)
        if kept.finding.updated_at < recorded.finding.updated_at:
            self.ledger.replace(item, recorded)
