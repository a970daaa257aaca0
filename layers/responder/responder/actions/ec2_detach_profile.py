"""Take the instance profile off an EC2 instance, so that it gets no more credentials of its role.

Leaves the profile and the role as they are. Credentials that were given out already stay good until
they end, up to six hours: cutting the sessions of the role ends those. The instance's own programs
lose their rights, the SSM agent's among them, unless the account has a default management role.
AWS: EC2 User Guide, "Attach an IAM role to an instance".
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, id_of, instance_arn, instance_of, living
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import IamInstanceProfileAssociationTypeDef

ID = "ec2.detach_profile"
TITLE = "Take the instance profile off the instance"
PERMISSIONS = frozenset(
    {
        "ec2:AssociateIamInstanceProfile",
        "ec2:DescribeIamInstanceProfileAssociations",
        "ec2:DescribeInstances",
        "ec2:DisassociateIamInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:PassRole",
    }
)
# The profile, and the ids that no other profile or role ever has: a release must not hand the
# instance what somebody made or put in there since.
_PROFILE, _PROFILE_ID, _ROLE_IDS = "profile", "profile_id", "role_ids"
_HELD = ("associating", "associated")


def observe(order: Order, clients: Clients) -> Before:
    """Which profile the instance has, and which role is in that."""
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    arn = _profile(_associations(ec2, order))
    named = None if arn is None else _named(order, arn, clients)
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            _PROFILE: arn,
            _PROFILE_ID: None if named is None else named[0],
            _ROLE_IDS: [] if named is None else named[1],
            IN_FORCE: arn is None,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Take off whatever profile it has now, also another than was seen."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    living(ec2, order)
    for one in _associations(ec2, order):
        if one["State"] in _HELD:
            with asking_ec2(order, "taking the profile off"):
                ec2.disassociate_iam_instance_profile(AssociationId=one["AssociationId"])


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether it has none, and none is still being taken off."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    if instance_of(ec2, order) is None:
        return False
    found = _associations(ec2, order)
    if _profile(found) is not None:
        return False
    if found:
        raise Unavailable(f"the profile of {order.resource} is still being taken off")
    return True


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put the profile back, if it and its role are the same, and no other is in its place."""
    order, before = receipt.order, before_of(receipt).state
    ec2, arn = clients.ec2(order.account, order.region), before[_PROFILE]
    living(ec2, order)
    found = _associations(ec2, order)
    held = _profile(found)
    if arn is None or held == arn:
        return False
    if held is not None:
        raise Refused(
            f"{order.resource} has another instance profile now, {held}; nothing was changed. "
            f"Take that one off to give it {arn} back"
        )
    if found:
        raise Unavailable(f"the profile of {order.resource} is still being taken off")
    if _named(order, arn, clients) != (before[_PROFILE_ID], before[_ROLE_IDS]):
        raise Refused(
            f"{arn} is not what it was: it was deleted or made anew, or holds another role; "
            f"{order.resource} was left without it. CloudTrail says who changed it"
        )
    with asking_ec2(order, "putting the profile back on"):
        ec2.associate_iam_instance_profile(
            InstanceId=id_of(order, "instance"), IamInstanceProfile={"Arn": arn}
        )
    return True


def _associations(ec2: "EC2Client", order: Order) -> "list[IamInstanceProfileAssociationTypeDef]":
    """Those that hold, and those that are on their way on or off."""
    with asking_ec2(order, "looking at the profile of"):
        pages = ec2.get_paginator("describe_iam_instance_profile_associations").paginate(
            Filters=[{"Name": "instance-id", "Values": [id_of(order, "instance")]}]
        )
        found = [one for page in pages for one in page["IamInstanceProfileAssociations"]]
    return [one for one in found if one["State"] != "disassociated"]


def _profile(found: "list[IamInstanceProfileAssociationTypeDef]") -> str | None:
    held = [one["IamInstanceProfile"]["Arn"] for one in found if one["State"] in _HELD]
    return held[0] if held else None


def _named(order: Order, arn: str, clients: Clients) -> tuple[str, list[str]] | None:
    """The ids of a profile and of the roles in it; None if there is no such profile."""
    with asking_ec2(order, "looking at the profile of"):
        try:
            answer: Any = clients.iam(order.account).get_instance_profile(
                InstanceProfileName=arn.rpartition("/")[2]
            )
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise
    profile = answer["InstanceProfile"]
    return profile["InstanceProfileId"], sorted(role["RoleId"] for role in profile["Roles"])
