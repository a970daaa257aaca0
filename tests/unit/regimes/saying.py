"""Facts as people record them, for the tests of what follows from them."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from responder.domain.clock import Clock
from responder.domain.facts import Fact, Facts, standing
from responder.domain.statement import Statement
from responder.regimes import REGIMES
from responder.regimes.assess import assess
from tests.builders import INCIDENT_ID, NOON

BY = "counsel@example.com"


def there(day: str, clock: str = "12:00", zone: str = "America/Los_Angeles") -> str:
    """An instant on a wall there, as a person types it."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone)).isoformat()


def facts_of(*told: dict[str, Any], **given: Any) -> Facts:
    """What stands after each of these statements."""
    facts = Facts(**({"incident_id": INCIDENT_ID, "earliest_at": NOON} | given))
    said = [
        Fact(incident_id=INCIDENT_ID, by=BY, at=NOON, said=Statement.model_validate(one))
        for one in told
    ]
    return standing(facts, said)


def clocks_of(facts: Facts, now: datetime = NOON) -> dict[str, Clock]:
    return {clock.clock_id: clock for clock in assess(facts, REGIMES, now=now)}


def due_day(clock: Clock) -> date | None:
    """The date there, which is the one the law means."""
    return clock.due_at and clock.due_at.astimezone(ZoneInfo(clock.time_zone)).date()
