"""How far a collector is that needs more than one run, and which have come to their end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, incident_pk
from responder.domain.errors import Unavailable
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS


class _Place(Model):
    model_config = ConfigDict(frozen=True)

    began_at: AwareDatetime
    rounds: int
    bookmark: dict[str, Any]


class _Ended(Model):
    model_config = ConfigDict(frozen=True)

    collector_id: str
    at: AwareDatetime


@dataclass(frozen=True)
class Stand:
    """Where the last run stopped. `seen` is what stood on record, if anything did."""

    pk: str
    sk: str
    began_at: datetime
    rounds: int
    bookmark: Mapping[str, Any]
    seen: Item | None


@dataclass(frozen=True)
class Progress:
    """Bookmarks of collectors, one for each collector and generation."""

    ledger: Ledger

    def of(self, incident_id: str, generation: int, collector_id: str, *, at: datetime) -> Stand:
        """Where to go on; at the beginning, and since `at`, where no run left a bookmark."""
        pk, sk = incident_pk(incident_id), f"COLLECTING#{generation:04d}#{collector_id}"
        seen = self.ledger.get(pk, sk)
        if seen is None:
            return Stand(pk, sk, at, 0, {}, None)
        place = _Place.model_validate_json(seen.body)
        return Stand(pk, sk, place.began_at, place.rounds, place.bookmark, seen)

    def go_on(self, stand: Stand, bookmark: Mapping[str, Any]) -> None:
        """Leave a bookmark. Raises `Unavailable` if another run left one since `stand` was read."""
        place = _Place(began_at=stand.began_at, rounds=stand.rounds + 1, bookmark=dict(bookmark))
        if stand.seen is not None:
            self.ledger.replace(stand.seen, place)
        elif not self.ledger.add(stand.pk, stand.sk, place):
            raise Unavailable(f"{stand.sk} was begun by another run; read it again")

    def end(self, incident_id: str, generation: int, collector_id: str, *, at: datetime) -> None:
        """Say that a collector kept all it had to keep. The first time counts."""
        sk = f"{_ended(generation)}{collector_id}"
        self.ledger.add(incident_pk(incident_id), sk, _Ended(collector_id=collector_id, at=at))

    def ended(self, incident_id: str, generation: int) -> frozenset[str]:
        """The collectors that said so."""
        found = self.ledger.items(incident_pk(incident_id), _ended(generation))
        return frozenset(_Ended.model_validate_json(one.body).collector_id for one in found)


def _ended(generation: int) -> str:
    return f"COLLECTED#{generation:04d}#"
