"""What people recorded about incidents. Statements are added and never changed or removed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC

from responder.aws import ledger as table
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.facts import Fact

PERMISSIONS = table.PERMISSIONS
_PREFIX = "FACT#"


@dataclass(frozen=True)
class RecordedFacts:
    """Typed access to statements."""

    ledger: Ledger

    def all(self, incident_id: str) -> list[Fact]:
        """Every statement, in the order in which they were recorded."""
        found = self.ledger.items(incident_pk(incident_id), _PREFIX)
        return [Fact.model_validate_json(item.body) for item in found]

    def add(self, fact: Fact) -> str:
        """Record a statement, and say under which id. Said again by the same person, it is one.

        Only the latest statement counts as said before: what was said in between would otherwise
        go on superseding what is said now.
        """
        before = self.all(fact.incident_id)
        if before and (before[-1].by, before[-1].said) == (fact.by, fact.said):
            return _id(before[-1])
        self.ledger.add(incident_pk(fact.incident_id), _PREFIX + _id(fact), fact)
        return _id(fact)


def _id(fact: Fact) -> str:
    at = fact.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said = hashlib.sha256(f"{fact.by}\n{fact.said.model_dump_json()}".encode()).hexdigest()
    return f"{at}#{said[:12]}"
