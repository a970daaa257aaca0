"""Cut a database off the network, after asking for a snapshot of it.

Puts a security group that lets nothing through in the place of the database's own, and protects
it from deletion. The shop loses the database: whatever needs it stops. An instance of a cluster
(Aurora) has its groups from the cluster, so the whole cluster is cut off with it, and its single
instances can still be deleted. Connections that are open survive the swap until they idle out, an
attacker's too; a reboot ends them, and is left to a person, because it loses what only memory
holds. A database that was renamed since is followed by its resource id. The snapshot is asked for
and not waited for; it stays after a release.
AWS: RDS User Guide, "Controlling access with security groups"; EC2 User Guide, "Security group
connection tracking".
"""

from botocore.exceptions import ClientError

from responder.actions import database as databases
from responder.actions import security_group
from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.database import Database, SnapshotNameTakenError
from responder.actions.security_group import CLOSED
from responder.actions.thing import asking_about, gone
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

ID = "rds.quarantine_instance"
TITLE = "Cut the database off the network"
PERMISSIONS = security_group.PERMISSIONS | databases.PERMISSIONS
_GROUPS, _PROTECTED = "security_groups", "deletion_protection"
_RESOURCE_ID, _VPC = "resource_id", "vpc_id"
# What RDS says of an instance or a cluster that takes no snapshot just now.
_NOT_NOW = frozenset({"InvalidDBInstanceState", "InvalidDBClusterStateFault"})


def observe(order: Order, clients: Clients) -> Before:
    """Its security groups, and whether it is protected from deletion."""
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "looking at"):
        database, vpc_id = databases.named(rds, order)
        closed = security_group.standing_closed(ec2, order, vpc_id)
    return Before(
        state={
            ARN: database.arn,
            _RESOURCE_ID: database.resource_id,
            _VPC: vpc_id,
            _GROUPS: database.groups,
            _PROTECTED: database.is_protected,
            IN_FORCE: database.groups == [closed] and database.is_protected,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Ask for the snapshot, then swap the groups. Where there can be no snapshot, cut all the same.

    Where RDS takes no other change while it makes the snapshot, the cut has to be tried again.
    """
    order, before = receipt.order, before_of(receipt).state
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "cutting off"):
        database = databases.standing(rds, before[_RESOURCE_ID])
        if database is None:
            raise gone(order)
        without = _ask_for_snapshot(receipt, clients, database)
        closed = security_group.make_closed(ec2, order, before[_VPC])
        if database.groups != [closed] or not database.is_protected:
            databases.change(rds, database, groups=[closed], is_protected=True)
    if without is not None:
        raise without


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it has the closed group alone, which nobody opened, and the snapshot stands."""
    order, before = receipt.order, before_of(receipt).state
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "looking again at"):
        database = databases.standing(rds, before[_RESOURCE_ID])
        if database is None:
            return False
        closed = security_group.standing_closed(ec2, order, before[_VPC])
        if closed in database.adding:
            raise Unavailable(f"RDS is still putting the closed group on {order.resource}")
        return (
            database.groups == [closed]
            and database.is_protected
            and databases.has_snapshot(rds, database, _snapshot_id(order))
        )


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put its groups and its protection back, where they are as we left them."""
    order, before = receipt.order, before_of(receipt).state
    rds, ec2 = clients.rds(order.account, order.region), clients.ec2(order.account, order.region)
    with asking_about(order, "releasing"):
        database = databases.standing(rds, before[_RESOURCE_ID])
        if database is None:
            raise gone(order)
        groups, is_protected = None, None
        closed = security_group.find(ec2, order, CLOSED, before[_VPC])
        ours = None if closed is None else closed["GroupId"]
        if database.groups == [ours] != before[_GROUPS]:
            groups = before[_GROUPS]
        if database.is_protected and not before[_PROTECTED]:
            is_protected = False
        if groups is None and is_protected is None:
            return False
        try:
            databases.change(rds, database, groups=groups, is_protected=is_protected)
        except ClientError as error:
            if code_of(error) == "InvalidParameterValue":
                raise Refused(
                    f"RDS does not take the groups back that {order.resource} had: "
                    f"{', '.join(before[_GROUPS])}. One of them is gone; the database was left "
                    "cut off. Choose its groups by hand"
                ) from error
            raise
    return True


def _ask_for_snapshot(
    receipt: Receipt, clients: Clients, database: Database
) -> Refused | Unavailable | None:
    """What keeps us from a snapshot is handed back: the cut does not wait for it."""
    order = receipt.order
    what = f"{order.resource} was cut off the network, without a snapshot"
    try:
        databases.ask_for_snapshot(
            clients.rds(order.account, order.region), database, _snapshot_id(order)
        )
    except SnapshotNameTakenError:
        return Refused(
            f"{what}: {_snapshot_id(order)} is a snapshot of another database, or one that failed. "
            "Look who made it, and take a snapshot under another name by hand"
        )
    except ClientError as error:
        if code_of(error) == "SnapshotQuotaExceeded":
            return Refused(
                f"{what}: the account has as many as it may. Delete one or raise the quota, and "
                "take a snapshot by hand"
            )
        if code_of(error) in _NOT_NOW:
            return Unavailable(f"{what}: it is in the middle of another change; try again")
        raise
    return None


def _snapshot_id(order: Order) -> str:
    return f"breach-responder-{order.order_id}"
