"""A database as a quarantine sees it: an instance, or the cluster that an instance belongs to.

A cluster holds the security groups and the protection of all its instances, so whatever is to
happen to one of them happens to all. Followed by the id that RDS gave it: names can be changed.
AWS: RDS API Reference, "DBInstance", "DBCluster".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.thing import database_of, gone
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_rds.type_defs import VpcSecurityGroupMembershipTypeDef

# What calls these; the action adds them to its own.
PERMISSIONS = frozenset(
    {
        "rds:CreateDBClusterSnapshot",
        "rds:CreateDBSnapshot",
        "rds:DescribeDBClusterSnapshots",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
        "rds:ModifyDBCluster",
        "rds:ModifyDBInstance",
    }
)
_TAKEN = frozenset({"DBSnapshotAlreadyExists", "DBClusterSnapshotAlreadyExistsFault"})


class SnapshotNameTakenError(Exception):
    """There is a snapshot of that name, and it is not a good one of this database."""


@dataclass(frozen=True)
class Database:
    """What stands now."""

    name: str
    arn: str
    resource_id: str
    is_cluster: bool
    groups: list[str]
    adding: frozenset[str]  # those of the groups that RDS is still putting on
    is_protected: bool


def named(rds: "RDSClient", order: Order) -> tuple[Database, str]:
    """What holds the settings of the instance that an order names, and its VPC."""
    found = rds.describe_db_instances(DBInstanceIdentifier=database_of(order))["DBInstances"]
    if not found:
        raise gone(order)
    instance, vpc_id = found[0], found[0]["DBSubnetGroup"]["VpcId"]
    if instance["Engine"].startswith("custom-"):
        raise Refused(
            f"{order.resource} is RDS Custom, whose security groups RDS does not change; nothing "
            "was changed. Quarantine the EC2 instance that it runs on"
        )
    cluster = instance.get("DBClusterIdentifier")
    if not cluster:
        return _instance(instance), vpc_id
    return _cluster(rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]), vpc_id


def standing(rds: "RDSClient", resource_id: str) -> Database | None:
    """The same one again, under whatever name; None if it is gone."""
    if not resource_id.startswith("cluster-"):
        by_id = [{"Name": "dbi-resource-id", "Values": [resource_id]}]
        found = rds.describe_db_instances(Filters=by_id)["DBInstances"]  # type: ignore[arg-type]
        return _instance(found[0]) if found else None
    for page in rds.get_paginator("describe_db_clusters").paginate():
        for cluster in page["DBClusters"]:
            if cluster["DbClusterResourceId"] == resource_id:
                return _cluster(cluster)
    return None


def change(
    rds: "RDSClient",
    database: Database,
    *,
    groups: Sequence[str] | None = None,
    is_protected: bool | None = None,
) -> None:
    """Change its groups, its protection, or both in one call."""
    given: dict[str, Any] = {}
    if groups is not None:
        given["VpcSecurityGroupIds"] = list(groups)
    if is_protected is not None:
        given["DeletionProtection"] = is_protected
    if database.is_cluster:
        # Of a cluster, this is about what the request names and nothing else.
        rds.modify_db_cluster(DBClusterIdentifier=database.name, ApplyImmediately=True, **given)
    else:
        # Both are changed at once in any case (RDS User Guide, "Settings for DB instances"). With
        # `ApplyImmediately`, so would be all that waits for the maintenance window.
        rds.modify_db_instance(DBInstanceIdentifier=database.name, **given)


def ask_for_snapshot(rds: "RDSClient", database: Database, snapshot_id: str) -> None:
    """Ask once: one that stands, or is being made, is left as it is."""
    if has_snapshot(rds, database, snapshot_id):
        return
    try:
        if database.is_cluster:
            rds.create_db_cluster_snapshot(
                DBClusterIdentifier=database.name, DBClusterSnapshotIdentifier=snapshot_id
            )
        else:
            rds.create_db_snapshot(
                DBInstanceIdentifier=database.name, DBSnapshotIdentifier=snapshot_id
            )
    except ClientError as error:
        if code_of(error) in _TAKEN:
            raise SnapshotNameTakenError from error
        raise


def has_snapshot(rds: "RDSClient", database: Database, snapshot_id: str) -> bool:
    """Whether it was asked for, and has not failed."""
    if database.is_cluster:
        return any(
            found["DBClusterSnapshotIdentifier"] == snapshot_id
            and _is_of(found, database)
            and found["Status"] != "failed"
            for page in rds.get_paginator("describe_db_cluster_snapshots").paginate(
                SnapshotType="manual"
            )
            for found in page["DBClusterSnapshots"]
        )
    return any(
        found["DBSnapshotIdentifier"] == snapshot_id
        and found["DbiResourceId"] == database.resource_id
        and found["Status"] != "failed"
        for page in rds.get_paginator("describe_db_snapshots").paginate(SnapshotType="manual")
        for found in page["DBSnapshots"]
    )


def _is_of(snapshot: Any, cluster: Database) -> bool:
    """By its id, or by its name where the snapshot does not tell its id."""
    resource_id = snapshot.get("DbClusterResourceId")
    if resource_id is not None:
        return bool(resource_id == cluster.resource_id)
    return bool(snapshot["DBClusterIdentifier"] == cluster.name)


def _instance(found: Any) -> Database:
    return Database(
        name=found["DBInstanceIdentifier"],
        arn=found["DBInstanceArn"],
        resource_id=found["DbiResourceId"],
        is_cluster=False,
        groups=_groups(found["VpcSecurityGroups"]),
        adding=_adding(found["VpcSecurityGroups"]),
        is_protected=found["DeletionProtection"],
    )


def _cluster(found: Any) -> Database:
    return Database(
        name=found["DBClusterIdentifier"],
        arn=found["DBClusterArn"],
        resource_id=found["DbClusterResourceId"],
        is_cluster=True,
        groups=_groups(found["VpcSecurityGroups"]),
        adding=_adding(found["VpcSecurityGroups"]),
        is_protected=found["DeletionProtection"],
    )


def _groups(found: "Sequence[VpcSecurityGroupMembershipTypeDef]") -> list[str]:
    return sorted(one["VpcSecurityGroupId"] for one in found if one["Status"] != "removing")


def _adding(found: "Sequence[VpcSecurityGroupMembershipTypeDef]") -> frozenset[str]:
    return frozenset(one["VpcSecurityGroupId"] for one in found if one["Status"] == "adding")
