"""That somebody closed an incident, what was known by then, and what is news after it. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import AwareDatetime, ConfigDict, Field

from responder.domain.finding import Finding, Severity, short_key
from responder.domain.identifiers import OrderId
from responder.domain.model import Model
from responder.domain.order import Order, Receipt
from responder.domain.standing import standings


class Closed(Model):
    """Who closed it, when and why; and what they could know, so that news is told from repeats.

    An item of the table holds some 20,000 keys of findings.
    """

    model_config = ConfigDict(frozen=True)

    by: str
    at: AwareDatetime
    why: str
    left: dict[OrderId, str] = Field(default_factory=dict)  # what became of what people were left
    findings: tuple[str, ...] = ()  # short keys
    severity: Severity  # the highest of all of them
    seen_until: AwareDatetime  # the last activity that any of them tells of
    held: dict[str, AwareDatetime] = Field(default_factory=dict)  # resource: cut since, as verified


def known(
    *, severity: Severity, findings: Sequence[Finding], held: dict[str, datetime], opened: datetime
) -> dict[str, object]:
    """What whoever closes it can know, as fields of `Closed`."""
    return {
        "findings": tuple(sorted(short_key(finding.key) for finding in findings)),
        "severity": severity,
        "seen_until": max((finding.last_seen_at for finding in findings), default=opened),
        "held": held,
    }


def held_since(orders: Iterable[Order], receipts: Iterable[Receipt]) -> dict[str, datetime]:
    """Each resource whose cuts stand, with the instant at which the last of them was verified."""
    found = dict[str, datetime]()
    for about, so_far in standings(orders, receipts).items():
        at = so_far.contained_at
        if at is not None:
            found[about[1]] = max(at, found.get(about[1], at))
    return found


def is_news(finding: Finding, closed: Closed) -> bool:
    """Whether a finding tells what nobody could know who closed the incident.

    That is: a finding it did not hold; one that is worse than any that it held; activity after it
    was closed; and activity after what acted was cut, later than any known: it got through.
    Whatever else comes is the same activity, told late or by another feed. It depends on nothing
    that was delivered since, so the order of deliveries changes nothing.
    """
    named = [*(one.arn for one in finding.principals), *(one.id for one in finding.resources)]
    cut = [closed.held[name] for name in named if name in closed.held]
    seen_at = finding.last_seen_at
    return (
        short_key(finding.key) not in closed.findings
        or finding.severity.rank > closed.severity.rank
        or seen_at > max(closed.at, closed.seen_until)
        or (bool(cut) and seen_at > max(*cut, closed.seen_until))
    )
