"""Take a machine image back from all others who may start instances of it.

From other accounts, organizations and units of them, and from everybody, where it is public. Copies
and instances that others made of it already are theirs, and stay; its snapshots are shared by
themselves. A release shares it again with all whom the first look saw, an attacker's account too:
look at that list before.
AWS: EC2 User Guide, "Understand shared AMI usage".
"""

from typing import TYPE_CHECKING, Any

from responder.actions.action import before_of
from responder.actions.ec2 import asking_ec2, gone, id_of
from responder.actions.shared_with import SHARED_WITH, Grant, before, is_ours, missing, strangers
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

ID = "ec2.unshare_image"
TITLE = "Take the image back from other accounts"
PERMISSIONS = frozenset(
    {"ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:ModifyImageAttribute"}
)


def observe(order: Order, clients: Clients) -> Before:
    """Whom it is shared with."""
    ec2, image_id = clients.ec2(order.account, order.region), id_of(order, "image")
    _is_there_and_ours(ec2, order)
    return before(order, f"image/{image_id}", _standing(ec2, order))


def apply(receipt: Receipt, clients: Clients) -> None:
    """Take away what is granted now, also what was granted since the look."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    _is_there_and_ours(ec2, order)
    standing = _standing(ec2, order)
    if standing:
        _change(ec2, order, "unsharing", {"Remove": standing})


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether nobody else may use it. One that is gone is no proof of that."""
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
        _change(ec2, order, "sharing again", {"Add": lacking})
    return bool(lacking)


def _is_there_and_ours(ec2: "EC2Client", order: Order) -> None:
    owner = _owner(ec2, order)
    if owner is None:
        raise gone(order)
    is_ours(order, owner)


def _owner(ec2: "EC2Client", order: Order) -> str | None:
    """Asked by a filter, which answers a disabled image and one that is gone without an error."""
    with asking_ec2(order, "looking at"):
        found = ec2.describe_images(
            Filters=[{"Name": "image-id", "Values": [id_of(order, "image")]}],
            IncludeDisabled=True,
        )["Images"]
    return found[0]["OwnerId"] if found else None


def _standing(ec2: "EC2Client", order: Order) -> list[Grant]:
    with asking_ec2(order, "looking at"):
        answer = ec2.describe_image_attribute(
            ImageId=id_of(order, "image"), Attribute="launchPermission"
        )
    return strangers(order, answer["LaunchPermissions"])


def _change(ec2: "EC2Client", order: Order, doing: str, grants: dict[str, Any]) -> None:
    with asking_ec2(order, doing):
        ec2.modify_image_attribute(
            ImageId=id_of(order, "image"),
            LaunchPermission=grants,  # type: ignore[arg-type]  # each grant has one of four keys
        )
