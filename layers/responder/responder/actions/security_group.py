"""Makes, finds and takes away the two security groups that quarantine an interface.

One lets everything through and one lets nothing through, in each VPC that needs them. Ours is what
has our tag, our name and our account; a group's name cannot be changed, and a tag can be, so
neither alone is believed. What stands in the open group does no harm. Rules in the closed one are
taken out again: somebody opened it, and whoever is in it is open.
AWS: EC2 API Reference, "CreateSecurityGroup": a new group lets everything out.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import (
        IpPermissionOutputTypeDef,
        IpPermissionTypeDef,
        SecurityGroupTypeDef,
    )

PERMISSIONS = frozenset(
    {
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    }
)
OPEN, CLOSED = "open", "closed"
TAG_KEY, TAG_VALUE = "breach-responder", "quarantine"
_ALL = "-1"
_V4, _V6 = "0.0.0.0/0", "::/0"
_WHAT_IT_IS = {
    OPEN: "Breach Responder: lets everything through for a moment, so that flows can be cut",
    CLOSED: "Breach Responder: lets nothing through. Keep it without rules",
}


def name_of(kind: str, vpc_id: str) -> str:
    """What our group of a VPC is called."""
    return f"breach-responder-{kind}-{vpc_id}"


def find(ec2: "EC2Client", order: Order, kind: str, vpc_id: str) -> "SecurityGroupTypeDef | None":
    """Our group, with its rules; None if there is none."""
    found = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": [name_of(kind, vpc_id)]},
            {"Name": f"tag:{TAG_KEY}", "Values": [TAG_VALUE]},
        ]
    )["SecurityGroups"]
    ours = [one for one in found if one.get("OwnerId") == order.account]
    return ours[0] if ours else None


def is_empty(group: "SecurityGroupTypeDef") -> bool:
    """Whether it has no rule at all, in either direction."""
    return not group["IpPermissions"] and not group["IpPermissionsEgress"]


def make_closed(ec2: "EC2Client", order: Order, vpc_id: str) -> str:
    """The closed group of a VPC, made if need be, and emptied of what it was born with or given."""
    group = find(ec2, order, CLOSED, vpc_id) or _create(ec2, order, CLOSED, vpc_id)
    group_id, entering, leaving = (
        group["GroupId"],
        group["IpPermissions"],
        group["IpPermissionsEgress"],
    )
    if entering:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=entering)
    if leaving:
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=leaving)
    return group_id


def standing_closed(ec2: "EC2Client", order: Order, vpc_id: str) -> str | None:
    """The id of the closed group, if it is there and nobody opened it. Changes nothing."""
    group = find(ec2, order, CLOSED, vpc_id)
    return group["GroupId"] if group is not None and is_empty(group) else None


def make_open(ec2: "EC2Client", order: Order, vpc_id: str) -> str:
    """The open group of a VPC, made if need be: everything in and out, of both families."""
    group = find(ec2, order, OPEN, vpc_id) or _create(ec2, order, OPEN, vpc_id)
    group_id = group["GroupId"]
    for rule in _missing(group["IpPermissions"]):
        with _unless_there():
            ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[rule])
    for rule in _missing(group["IpPermissionsEgress"]):
        with _unless_there():
            ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=[rule])
    return group_id


def delete_unused(ec2: "EC2Client", order: Order, kind: str, vpc_id: str) -> None:
    """Delete our group of a VPC. It stays while an interface has it, or a rule names it."""
    group = find(ec2, order, kind, vpc_id)
    if group is None:
        return
    with_it = ec2.describe_network_interfaces(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )
    if with_it["NetworkInterfaces"]:
        return
    try:
        ec2.delete_security_group(GroupId=group["GroupId"])
    except ClientError as error:
        # Another order took it into use since, or was faster.
        if code_of(error) not in ("DependencyViolation", "InvalidGroup.NotFound"):
            raise


def missing(ec2: "EC2Client", group_ids: Iterable[str]) -> set[str]:
    """Those of these groups that do not exist any more."""
    wanted = sorted(set(group_ids))
    pages = ec2.get_paginator("describe_security_groups").paginate(
        Filters=[{"Name": "group-id", "Values": wanted}]
    )
    return set(wanted) - {one["GroupId"] for page in pages for one in page["SecurityGroups"]}


def _create(ec2: "EC2Client", order: Order, kind: str, vpc_id: str) -> "SecurityGroupTypeDef":
    name = name_of(kind, vpc_id)
    try:
        made = ec2.create_security_group(
            GroupName=name,
            Description=_WHAT_IT_IS[kind],
            VpcId=vpc_id,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": [{"Key": TAG_KEY, "Value": TAG_VALUE}, {"Key": "Name", "Value": name}],
                }
            ],
        )
    except ClientError as error:
        if code_of(error) == "InvalidGroup.Duplicate":
            raise _taken(ec2, order, kind, vpc_id) from error
        if code_of(error) in ("ResourceLimitExceeded", "SecurityGroupLimitExceeded"):
            raise Refused(
                f"{vpc_id} has as many security groups as it may; {order.resource} was left as it "
                "is. Delete one that nothing uses, or ask AWS for more"
            ) from error
        raise
    return ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"][0]


def _taken(ec2: "EC2Client", order: Order, kind: str, vpc_id: str) -> Refused | Unavailable:
    """Whose the group is that has our name: somebody else's, or ours and just made."""
    name = name_of(kind, vpc_id)
    found = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": [name]},
        ]
    )["SecurityGroups"]
    if not found or find(ec2, order, kind, vpc_id) is not None:
        return Unavailable(f"{name} was made by another order at this moment; try again")
    return Refused(
        f"a security group called {name} ({found[0]['GroupId']}) has not our tag, so it is not "
        f"ours; {order.resource} was left as it is. Look in CloudTrail for who made it, delete it, "
        "and try again"
    )


def _missing(rules: "Sequence[IpPermissionOutputTypeDef]") -> "Iterator[IpPermissionTypeDef]":
    for_all = [rule for rule in rules if rule.get("IpProtocol") == _ALL]
    if _V4 not in {one.get("CidrIp") for rule in for_all for one in rule.get("IpRanges", [])}:
        yield {"IpProtocol": _ALL, "IpRanges": [{"CidrIp": _V4}]}
    if _V6 not in {one.get("CidrIpv6") for rule in for_all for one in rule.get("Ipv6Ranges", [])}:
        yield {"IpProtocol": _ALL, "Ipv6Ranges": [{"CidrIpv6": _V6}]}


@contextmanager
def _unless_there() -> Iterator[None]:
    """Another order may have written the same rule since we looked."""
    try:
        yield
    except ClientError as error:
        if code_of(error) != "InvalidPermission.Duplicate":
            raise
