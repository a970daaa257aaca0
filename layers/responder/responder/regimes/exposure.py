"""What a breach may cost in statutory damages, as a range and never as a forecast. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Damages:
    """US dollars for each consumer and incident, with where that stands and from when it holds."""

    least_usd: int
    most_usd: int
    citation: str
    since: date
    next_change: date


CALIFORNIA = Damages(
    least_usd=107,
    most_usd=799,
    citation="Cal. Civ. Code § 1798.150(a)(1)(A), as adjusted under § 1798.199.95(d)",
    since=date(2025, 1, 1),
    next_change=date(2027, 1, 1),
)


def exposure(damages: Damages, consumers: int, *, on: date) -> tuple[int, int]:
    """The least and the most, in US dollars, for so many consumers of one incident.

    Raises `ValueError` for a negative number, and for a day for which these amounts do not stand.
    """
    if consumers < 0:
        raise ValueError("consumers: there is no negative number of them")
    if not damages.since <= on < damages.next_change:
        raise ValueError(
            f"on: the amounts stand from {damages.since} and change on {damages.next_change}"
        )
    return damages.least_usd * consumers, damages.most_usd * consumers
