"""Every kind of evidence we collect, listed by hand."""

from responder.collectors import (
    cloudtrail_events,
    guardduty_finding,
    iam_account,
    iam_last_accessed,
    iam_principal,
    lambda_function,
    s3_bucket,
)
from responder.collectors.collector import Collector

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    lambda_function,
    iam_principal,
    s3_bucket,
    iam_account,
    iam_last_accessed,
    guardduty_finding,
    cloudtrail_events,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}
