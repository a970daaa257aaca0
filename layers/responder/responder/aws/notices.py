"""What was decided about telling people of each incident."""

from dataclasses import dataclass
from datetime import datetime

from responder.aws import ledger as table
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.noise import Attention, Notice

PERMISSIONS = frozenset({"dynamodb:GetItem"}) | table.WRITE
_SK = "NOTICE"


@dataclass(frozen=True)
class Notices:
    """One notice for each incident. Quiet may become loud, and loud stays loud."""

    ledger: Ledger

    def get(self, incident_id: str) -> Notice | None:
        """What was decided, if anything was."""
        found = self.ledger.get(incident_pk(incident_id), _SK)
        return None if found is None else Notice.model_validate_json(found.body)

    def decide(self, incident_id: str, told: Attention, *, now: datetime) -> Notice:
        """Keep a decision; the answer is the one that stands. The same again changes nothing."""
        pk, notice = incident_pk(incident_id), Notice(**told.model_dump(), at=now)
        if self.ledger.add(pk, _SK, notice):
            return notice
        item = self.ledger.get(pk, _SK)
        kept = notice if item is None else Notice.model_validate_json(item.body)
        if item is None or kept.loud or _same(kept, notice):
            return kept
        changed = notice.model_copy(update={"was_quiet": True})
        self.ledger.replace(item, changed)
        return changed


def _same(one: Notice, other: Notice) -> bool:
    return one.model_dump(exclude={"at", "was_quiet"}) == other.model_dump(
        exclude={"at", "was_quiet"}
    )
