"""Every kind of evidence we collect, listed by hand."""

from collections.abc import Iterable

from responder.collectors import (
    app_audit,
    cloudtrail_events,
    cloudtrail_log_files,
    config_timeline,
    ec2_instance,
    ec2_memory,
    ec2_snapshot_copies,
    ec2_snapshots,
    ecs_task,
    eks_cluster,
    guardduty_finding,
    guardduty_history,
    iam_account,
    iam_last_accessed,
    iam_principal,
    kms_key,
    lambda_function,
    logs_network,
    rds_snapshots,
    s3_bucket,
    securityhub_history,
)
from responder.collectors.collector import Collector
from responder.domain.evidence import EvidenceItem

# In order of volatility: what an attacker, or our own containment, changes first comes first.
COLLECTORS: tuple[Collector, ...] = (
    ec2_memory,
    ec2_instance,
    ecs_task,
    eks_cluster,
    lambda_function,
    iam_principal,
    iam_last_accessed,
    kms_key,
    s3_bucket,
    iam_account,
    ec2_snapshots,
    rds_snapshots,
    ec2_snapshot_copies,
    guardduty_finding,
    guardduty_history,
    securityhub_history,
    config_timeline,
    cloudtrail_events,
    logs_network,
    app_audit,
    cloudtrail_log_files,
)
BY_ID: dict[str, Collector] = {collector.ID: collector for collector in COLLECTORS}


def by_volatility(items: Iterable[EvidenceItem]) -> list[EvidenceItem]:
    """Items in the order of their collectors, and then of their names."""
    order = {collector.ID: place for place, collector in enumerate(COLLECTORS)}
    return sorted(items, key=lambda one: (order.get(one.collector_id, len(order)), one.name))
