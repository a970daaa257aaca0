"""What tells our copies from all others, and what they may cost, estimated before they are made."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

TAG_KEY, TAG_VALUE = "breach-responder", "evidence"  # of every copy that we make
COPY_OF = "breach-responder-copy-of"  # of a copy of a snapshot: of which one
_INCIDENT, _GENERATION = "breach-responder-incident", "breach-responder-generation"


@dataclass(frozen=True)
class Price:
    """A list price. Other regions have others, up to about twice as much."""

    usd_per_gib_month: Decimal
    source: str
    noted_on: date  # as it is widely quoted; the page was not read by a program


@dataclass(frozen=True)
class Estimate:
    """The most that it can cost in a month: AWS bills what is stored, and no empty blocks."""

    gib: int
    price: Price

    @property
    def usd_per_month(self) -> Decimal:
        """In US dollars, to the cent."""
        return (self.gib * self.price.usd_per_gib_month).quantize(Decimal("0.01"))

    def shown(self) -> dict[str, Any]:
        """As it stands in an item."""
        return {
            "gib": self.gib,
            "usd_per_month_at_most": str(self.usd_per_month),
            "usd_per_gib_month": str(self.price.usd_per_gib_month),
            "source": self.price.source,
            "noted_on": self.price.noted_on.isoformat(),
        }

    def too_much(self, most: int, command: str) -> str | None:
        """What is said where it may cost more than `most` dollars a month; None where not."""
        if self.usd_per_month <= most:
            return None
        return (
            f"no copy was made: it may cost up to {self.usd_per_month} USD a month, and the limit"
            f" is {most} (SnapshotMonthlyLimit). To make it by hand: {command}"
        )


def our_tags(incident_id: str, generation: int) -> list[dict[str, str]]:
    """What tells a copy of ours, and of which incident and run it is."""
    return [
        {"Key": TAG_KEY, "Value": TAG_VALUE},
        {"Key": _INCIDENT, "Value": incident_id},
        {"Key": _GENERATION, "Value": f"{generation:04d}"},
    ]
