"""Take a disk snapshot back from every other account that may make volumes of it.

Also from everybody, where it is public. Copies and volumes that others made of it already are
theirs, and stay. A release shares it again with all whom the first look saw, an attacker's account
too: look at that list before.
AWS: EBS User Guide, "Share an Amazon EBS snapshot with other AWS accounts".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import before_of
from responder.actions.ec2 import asking_ec2, gone, id_of
from responder.actions.shared_with import SHARED_WITH, Grant, before, is_ours, missing, strangers
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

ID = "ec2.unshare_snapshot"
TITLE = "Take the snapshot back from other accounts"
PERMISSIONS = frozenset(
    {"ec2:DescribeSnapshotAttribute", "ec2:DescribeSnapshots", "ec2:ModifySnapshotAttribute"}
)


def observe(order: Order, clients: Clients) -> Before:
    """Whom it is shared with."""
    ec2, snapshot_id = clients.ec2(order.account, order.region), id_of(order, "snapshot")
    _is_there_and_ours(ec2, order)
    return before(order, f"snapshot/{snapshot_id}", _standing(ec2, order))


def apply(receipt: Receipt, clients: Clients) -> None:
    """Take away what is granted now, also what was granted since the look."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    _is_there_and_ours(ec2, order)
    standing = _standing(ec2, order)
    if standing:
        with asking_ec2(order, "unsharing"):
            ec2.modify_snapshot_attribute(
                SnapshotId=id_of(order, "snapshot"),
                Attribute="createVolumePermission",
                OperationType="remove",
                UserIds=[one["UserId"] for one in standing if "UserId" in one],
                GroupNames=[one["Group"] for one in standing if "Group" in one],
            )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether nobody else may use it. One that is gone is shared with nobody, and is no proof."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    return _owner(ec2, order) is not None and not _standing(ec2, order)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Share it again with those of the first look. What was granted since stays."""
    order, wanted = receipt.order, before_of(receipt).state[SHARED_WITH]
    ec2 = clients.ec2(order.account, order.region)
    _is_there_and_ours(ec2, order)
    lacking = missing(wanted, _standing(ec2, order))
    if lacking:
        with asking_ec2(order, "sharing again"):
            ec2.modify_snapshot_attribute(
                SnapshotId=id_of(order, "snapshot"),
                Attribute="createVolumePermission",
                OperationType="add",
                UserIds=[one["UserId"] for one in lacking if "UserId" in one],
                GroupNames=[one["Group"] for one in lacking if "Group" in one],
            )
    return bool(lacking)


def _is_there_and_ours(ec2: "EC2Client", order: Order) -> None:
    owner = _owner(ec2, order)
    if owner is None:
        raise gone(order)
    is_ours(order, owner)


def _owner(ec2: "EC2Client", order: Order) -> str | None:
    with asking_ec2(order, "looking at"):
        try:
            found = ec2.describe_snapshots(SnapshotIds=[id_of(order, "snapshot")])["Snapshots"]
        except ClientError as error:
            if code_of(error) == "InvalidSnapshot.NotFound":
                return None
            raise
    return found[0]["OwnerId"] if found else None


def _standing(ec2: "EC2Client", order: Order) -> list[Grant]:
    with asking_ec2(order, "looking at"):
        answer = ec2.describe_snapshot_attribute(
            SnapshotId=id_of(order, "snapshot"), Attribute="createVolumePermission"
        )
    return strangers(order, answer["CreateVolumePermissions"])
