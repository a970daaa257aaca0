"""Every kind of evidence we collect, listed by hand."""

from responder.collectors import (
    app_audit,
    cloudtrail_events,
    cloudtrail_log_files,
    guardduty_finding,
    iam_principal,
    logs_network,
)
from responder.collectors.collector import Collector

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    iam_principal,
    guardduty_finding,
    cloudtrail_events,
    logs_network,
    app_audit,
    cloudtrail_log_files,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}
