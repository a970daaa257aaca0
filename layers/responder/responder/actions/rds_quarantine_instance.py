"""Cut a database off the network, after asking for a snapshot of it.

Puts a security group that lets nothing through in the place of the database's own, and protects
it from deletion. The shop loses the database: whatever needs it stops. Connections that are open
survive the swap until they idle out, an attacker's too; a reboot ends them, and is left to a
person, because it loses what only memory holds. A database that was renamed since is followed by
its resource id. The snapshot is asked for and not waited for; it stays after a release.
AWS: RDS User Guide, "Settings for DB instances": both changes are made at once, also without
`ApplyImmediately`, which would carry out everything else that waits for the maintenance window.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions import closed_group as group
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import asking_about, database_of, gone
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef, ModifyDBInstanceMessageTypeDef

ID = "rds.quarantine_instance"
TITLE = "Cut the database off the network"
PERMISSIONS = group.PERMISSIONS | frozenset(
    {
        "rds:CreateDBSnapshot",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
        "rds:ModifyDBInstance",
    }
)
_GROUPS, _PROTECTED, _RESOURCE_ID = "security_groups", "deletion_protection", "resource_id"


def observe(order: Order, clients: Clients) -> Before:
    """Its security groups, and whether it is protected from deletion."""
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "looking at"):
        database = _named(rds, order)
        _may_be_cut(database, order)
        closed = group.standing_group(ec2, _vpc(database))
    groups = _groups(database)
    return Before(
        state={
            ARN: database["DBInstanceArn"],
            _RESOURCE_ID: database["DbiResourceId"],
            _GROUPS: groups,
            _PROTECTED: database["DeletionProtection"],
            IN_FORCE: groups == [closed] and database["DeletionProtection"],
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Ask for the snapshot, then swap the groups. Where there can be no snapshot, cut all the same.

    Where RDS takes no other change while it makes the snapshot, the cut has to be tried again.
    """
    order = receipt.order
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "cutting off"):
        database = _standing(rds, receipt)
        if database is None:
            raise gone(order)
        without = _ask_for_snapshot(rds, order, database)
        closed = group.closed_group(ec2, _vpc(database))
        if _groups(database) != [closed] or not database["DeletionProtection"]:
            rds.modify_db_instance(
                DBInstanceIdentifier=database["DBInstanceIdentifier"],
                VpcSecurityGroupIds=[closed],
                DeletionProtection=True,
            )
    if without is not None:
        raise without


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it has the closed group alone, which nobody opened, and the snapshot stands."""
    order = receipt.order
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "looking again at"):
        database = _standing(rds, receipt)
        if database is None:
            return False
        closed = group.standing_group(ec2, _vpc(database))
        if closed in _on_their_way(database):
            raise Unavailable(f"RDS is still putting the closed group on {order.resource}")
        return (
            _groups(database) == [closed]
            and database["DeletionProtection"]
            and _has_snapshot(rds, order, database)
        )


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put its groups and its protection back, where they are as we left them."""
    order, before = receipt.order, before_of(receipt).state
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "releasing"):
        database = _standing(rds, receipt)
        if database is None:
            raise gone(order)
        changes: ModifyDBInstanceMessageTypeDef = {
            "DBInstanceIdentifier": database["DBInstanceIdentifier"]
        }
        groups = _groups(database)
        if groups == [group.found_group(ec2, _vpc(database))] and groups != before[_GROUPS]:
            changes["VpcSecurityGroupIds"] = before[_GROUPS]
        if database["DeletionProtection"] and not before[_PROTECTED]:
            changes["DeletionProtection"] = False
        if len(changes) == 1:
            return False
        try:
            rds.modify_db_instance(**changes)
        except ClientError as error:
            if code_of(error) == "InvalidParameterValue":
                raise Refused(
                    f"RDS does not take the groups back that {order.resource} had: "
                    f"{', '.join(before[_GROUPS])}. One of them is gone; the database was left "
                    "cut off. Choose its groups by hand"
                ) from error
            raise
    return True


def _named(rds: "RDSClient", order: Order) -> "DBInstanceTypeDef":
    found = rds.describe_db_instances(DBInstanceIdentifier=database_of(order))["DBInstances"]
    if not found:
        raise gone(order)
    return found[0]


def _standing(rds: "RDSClient", receipt: Receipt) -> "DBInstanceTypeDef | None":
    """The one we looked at, under whatever name; None if it is gone."""
    resource_id: str = before_of(receipt).state[_RESOURCE_ID]
    found = rds.describe_db_instances(
        Filters=[{"Name": "dbi-resource-id", "Values": [resource_id]}]
    )["DBInstances"]
    return found[0] if found else None


def _may_be_cut(database: "DBInstanceTypeDef", order: Order) -> None:
    cluster = database.get("DBClusterIdentifier")
    if cluster:
        raise Refused(
            f"{order.resource} belongs to the cluster {cluster}, which holds the security groups "
            "of all its instances; nothing was changed. Take a cluster snapshot, and give the "
            "cluster a security group without rules (ModifyDBCluster)"
        )
    if database["Engine"].startswith("custom-"):
        raise Refused(
            f"{order.resource} is RDS Custom, whose security groups RDS does not change; nothing "
            "was changed. Quarantine the EC2 instance that it runs on"
        )


def _ask_for_snapshot(
    rds: "RDSClient", order: Order, database: "DBInstanceTypeDef"
) -> Refused | Unavailable | None:
    """Ask once. What keeps us from it is handed back: the cut does not wait for it."""
    if _has_snapshot(rds, order, database):
        return None
    try:
        rds.create_db_snapshot(
            DBInstanceIdentifier=database["DBInstanceIdentifier"],
            DBSnapshotIdentifier=_snapshot_id(order),
        )
    except ClientError as error:
        what = f"{order.resource} was cut off the network, without a snapshot"
        if code_of(error) == "DBSnapshotAlreadyExists":
            return Refused(
                f"{what}: {_snapshot_id(order)} is a snapshot of another database, or one that "
                "failed. Look who made it, and take a snapshot under another name by hand"
            )
        if code_of(error) == "SnapshotQuotaExceeded":
            return Refused(
                f"{what}: the account has as many as it may. Delete one or raise the quota, and "
                "take a snapshot by hand"
            )
        if code_of(error) == "InvalidDBInstanceState":
            return Unavailable(f"{what}: it is in the middle of another change; try again")
        raise
    return None


def _has_snapshot(rds: "RDSClient", order: Order, database: "DBInstanceTypeDef") -> bool:
    """Asked for, and not failed."""
    pages = rds.get_paginator("describe_db_snapshots").paginate(
        SnapshotType="manual",
        Filters=[{"Name": "dbi-resource-id", "Values": [database["DbiResourceId"]]}],
    )
    return any(
        found["DBSnapshotIdentifier"] == _snapshot_id(order) and found["Status"] != "failed"
        for page in pages
        for found in page["DBSnapshots"]
    )


def _snapshot_id(order: Order) -> str:
    return f"breach-responder-{order.order_id}"


def _groups(database: "DBInstanceTypeDef") -> list[str]:
    return sorted(
        one["VpcSecurityGroupId"]
        for one in database["VpcSecurityGroups"]
        if one["Status"] != "removing"
    )


def _on_their_way(database: "DBInstanceTypeDef") -> set[str]:
    return {
        one["VpcSecurityGroupId"]
        for one in database["VpcSecurityGroups"]
        if one["Status"] == "adding"
    }


def _vpc(database: "DBInstanceTypeDef") -> str:
    return database["DBSubnetGroup"]["VpcId"]
