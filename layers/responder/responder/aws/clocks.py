"""The clocks of incidents: the deadline ledger.

Each open clock stands in the due index at the instant at which somebody must next be told of it,
so that the hourly sweep finds it whether or not a state machine still watches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from responder.aws import ledger as table
from responder.aws.ledger import Due, Item, Ledger, Write, incident_pk
from responder.domain import milestone
from responder.domain.clock import Clock

PERMISSIONS = table.PERMISSIONS
PREFIX = "CLOCK#"
_DUE = "CLOCK"
_TOGETHER = 100  # items, and 4 MB of them: DynamoDB API Reference, "TransactWriteItems"
_MOST_BYTES = 3_500_000  # what stands beside a clock in its item is small
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    """A clock as it is stored, for whoever replaces it."""

    item: Item
    clock: Clock


@dataclass(frozen=True)
class Clocks:
    """Typed access to clocks. None is ever deleted."""

    ledger: Ledger

    def all(self, incident_id: str) -> list[Clock]:
        """Every clock of an incident: the earliest deadline first, those without a date last."""
        return [stored.clock for stored in self.stored(incident_id)]

    def stored(self, incident_id: str) -> list[Stored]:
        """The same, with what a replacement needs."""
        found = [
            Stored(item, Clock.model_validate_json(item.body))
            for item in self.ledger.items(incident_pk(incident_id), PREFIX)
        ]
        return sorted(found, key=lambda one: (one.clock.due_at or _NEVER, one.clock.clock_id))

    def add(self, clock: Clock) -> bool:
        """Start a clock. False, and nothing changed, if the incident has it."""
        pk, sk = incident_pk(clock.incident_id), PREFIX + clock.clock_id
        return self.ledger.add(pk, sk, clock, due=_due(clock))

    def replace(self, seen: Stored, clock: Clock) -> Stored:
        """Replace a clock we read. Raises `Unavailable` if somebody wrote it since."""
        return Stored(self.ledger.replace(seen.item, clock, due=_due(clock)), clock)

    def replace_together(self, changes: Sequence[tuple[Stored, Clock]]) -> bool:
        """Replace several clocks, all or none. False if one of them was written since.

        More than fit into one transaction go in several, one after the other.
        """
        return all(
            self.ledger.together(
                [
                    Write(seen.item.pk, seen.item.sk, clock, seen.item, _due(clock))
                    for seen, clock in batch
                ]
            )
            for batch in _batches(changes)
        )

    def due(self, *, until: datetime) -> list[str]:
        """Incidents that have a clock somebody must be told of, the longest waiting first."""
        return self._incidents(until)

    def open(self) -> list[str]:
        """Incidents that have a clock somebody must be told of, now or at any time to come."""
        return self._incidents(_NEVER)

    def _incidents(self, until: datetime) -> list[str]:
        head = len(incident_pk(""))
        return list(dict.fromkeys(pk[head:] for pk, _ in self.ledger.due(_DUE, until=until)))


def _batches(changes: Sequence[tuple[Stored, Clock]]) -> Iterator[list[tuple[Stored, Clock]]]:
    batch: list[tuple[Stored, Clock]] = []
    size = 0
    for change in changes:
        length = len(change[1].model_dump_json().encode())
        if batch and (len(batch) == _TOGETHER or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += length
    if batch:
        yield batch


def _due(clock: Clock) -> Due | None:
    at = milestone.next_at(clock)
    return None if at is None else Due(_DUE, at)
