"""The register of all breaches, also of those that nobody had to be told of.

A person asks for it, through `responder register`. Nothing is ever removed from the table, so an
incident stays in it after it was closed. Reads only.
"""

from responder.aws import ledger as table
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.regimes import REGIMES
from responder.report.register import Keeping, row
from responder.report.register_row import Row

PERMISSIONS = table.READ | table.SCANNING
KEEPING = Keeping(
    months=max(
        one.register_of_breaches.keep_months or 0
        for one in REGIMES
        if one.register_of_breaches is not None
    ),
    no_harm_years={
        one.jurisdiction: one.risk_of_harm.retention_years
        for one in REGIMES
        if one.risk_of_harm is not None and one.risk_of_harm.retention_years is not None
    },
)
MOST_ROWS = 50  # a row is 100 KB at most, and an answer of Lambda 6 MB


class RegisterRequest(Model):
    """What a person asks: the rows after one incident, or the first."""

    after: IncidentId | None = None


class RegisterAnswer(Model):
    """Rows in order of their incidents, and after which to ask on; None when that was all."""

    rows: list[Row]
    after: IncidentId | None = None


def register(request: RegisterRequest, *, records: Records, receipts: Receipts) -> RegisterAnswer:
    """The rows as they stand. Any incident that cannot be read fails all: none is left out."""
    every = [one for one in records.incidents.every() if one.id > (request.after or "")]
    shown = every[:MOST_ROWS]
    rows = [
        row(
            incident,
            findings=records.incidents.findings(incident.id),
            facts=records.standing(incident.id),
            clocks=records.clocks.all(incident.id),
            receipts=receipts.all(incident.id),
            keeping=KEEPING,
        )
        for incident in shown
    ]
    return RegisterAnswer(rows=rows, after=shown[-1].id if len(every) > len(shown) else None)
