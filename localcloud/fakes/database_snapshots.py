"""Snapshots of databases take a while. Moto has them at once.

AWS: RDS API Reference, "DBSnapshot" and "DBClusterSnapshot", `Status`.
"""

from datetime import timedelta
from typing import Any, Final

from moto.rds.models import rds_backends

from localcloud.switchboard import Asked

TAKES: Final = timedelta(minutes=5)
_MADE_BY: Final = {"CreateDBSnapshot": "DBSnapshot", "CreateDBClusterSnapshot": "DBClusterSnapshot"}
_SHOWN_BY: Final = frozenset({"DescribeDBSnapshots", "DescribeDBClusterSnapshots"})
_CREATING, _AVAILABLE = "creating", "available"


def begun(asked: Asked, answer: dict[str, Any]) -> None:
    """What was just asked for is being made."""
    if asked.service != "rds" or asked.operation not in _MADE_BY:
        return
    shown = answer[_MADE_BY[asked.operation]]
    shown["Status"] = _CREATING
    arn = shown.get("DBSnapshotArn") or shown["DBClusterSnapshotArn"]
    for one in _all(asked):
        if arn in (
            getattr(one, "db_snapshot_arn", ""),
            getattr(one, "db_cluster_snapshot_arn", ""),
        ):
            one.status, one.completes_at = _CREATING, asked.at + TAKES


def complete(asked: Asked) -> None:
    """What is due is there before anybody looks."""
    if asked.service != "rds" or asked.operation not in _SHOWN_BY:
        return
    for one in _all(asked):
        if one.status == _CREATING and one.completes_at <= asked.at:
            one.status = _AVAILABLE


def _all(asked: Asked) -> list[Any]:
    held = rds_backends[asked.account][asked.region]
    return [*held.database_snapshots.values(), *held.cluster_snapshots.values()]
