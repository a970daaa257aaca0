"""Every kind of evidence we collect, listed by hand."""

from responder.collectors import (
    cloudtrail_events,
    config_timeline,
    ecs_task,
    eks_cluster,
    guardduty_finding,
    guardduty_history,
    iam_account,
    iam_last_accessed,
    iam_principal,
    kms_key,
    lambda_function,
    s3_bucket,
    securityhub_history,
)
from responder.collectors.collector import Collector

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    ecs_task,
    lambda_function,
    iam_principal,
    kms_key,
    s3_bucket,
    eks_cluster,
    iam_account,
    iam_last_accessed,
    guardduty_finding,
    guardduty_history,
    securityhub_history,
    config_timeline,
    cloudtrail_events,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}
