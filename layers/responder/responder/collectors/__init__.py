"""Every kind of evidence we collect, listed by hand."""

from collections.abc import Iterable

from responder.collectors import (
    cloudtrail_events,
    ec2_instance,
    ec2_memory,
    guardduty_finding,
    iam_principal,
)
from responder.collectors.collector import Collector
from responder.domain.evidence import EvidenceItem

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    ec2_memory,
    ec2_instance,
    iam_principal,
    guardduty_finding,
    cloudtrail_events,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}


def by_volatility(items: Iterable[EvidenceItem]) -> list[EvidenceItem]:
    """Items in the order of their collectors, and then of their names."""
    order = {collector.ID: place for place, collector in enumerate(COLLECTORS)}
    return sorted(items, key=lambda one: (order.get(one.collector_id, len(order)), one.name))
