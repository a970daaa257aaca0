"""An incident of which everything is over, and what is read before one is closed."""

from datetime import datetime, timedelta

from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.evidence import Evidence, Shelf
from responder.aws.facts import RecordedFacts
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.domain.evidence import EvidenceItem
from responder.steps.close import Reads
from tests.builders import INCIDENT_ID, NOON


def what_is_read(ledger: Ledger, jurisdictions: tuple[str, ...] = ()) -> Reads:
    """Everything that is looked at before an incident is closed."""
    records = Records(Incidents(ledger), RecordedFacts(ledger), Clocks(ledger), jurisdictions)
    return Reads(records, Receipts(ledger), Approvals(ledger), Evidence(ledger))


def is_kept(ledger: Ledger, name: str, at: datetime, shelf: Shelf = Shelf.EVIDENCE) -> EvidenceItem:
    """One thing on record, as if the vault had it."""
    item = EvidenceItem(
        incident_id=INCIDENT_ID,
        collector_id=name.partition("/")[0],
        name=name,
        bucket="vault",
        key=f"{INCIDENT_ID}/{name}",
        version_id="1",
        size_bytes=1,
        sha256="0" * 64,
        collected_at=at,
        covers="a test",
    )
    assert ledger.add(incident_pk(INCIDENT_ID), f"{shelf}#{name}", item)
    return item


def is_sealed(ledger: Ledger, *, generations: int = 1) -> None:
    """A manifest of each generation."""
    for number in range(1, generations + 1):
        at = NOON + timedelta(minutes=10 * number)
        is_kept(ledger, f"manifest/{number:04d}", at, Shelf.SEAL)
