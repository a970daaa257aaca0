"""Every kind of evidence we collect, listed by hand."""

from responder.collectors import (
    cloudtrail_events,
    ec2_instance,
    ec2_memory,
    ec2_snapshots,
    guardduty_finding,
    iam_principal,
    rds_snapshots,
)
from responder.collectors.collector import Collector

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    ec2_memory,
    ec2_instance,
    ec2_snapshots,
    rds_snapshots,
    iam_principal,
    guardduty_finding,
    cloudtrail_events,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}
