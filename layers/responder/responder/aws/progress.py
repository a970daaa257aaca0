"""How far a collector is that needs more than one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, incident_pk
from responder.domain.errors import Unavailable

PERMISSIONS = table.PERMISSIONS


class _Place(BaseModel):
    model_config = ConfigDict(frozen=True)

    began_at: AwareDatetime
    rounds: int
    bookmark: dict[str, Any]


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
