"""The security group that lets nothing in or out: one to a VPC, made when it is first needed.

It stays after a release, empty, for the next time: a group costs nothing.
AWS: VPC User Guide, "Security groups"; a new group lets everything out until that rule is revoked.
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

# What calls these; whoever uses the group adds them to its own.
PERMISSIONS = frozenset(
    {
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    }
)
TAG, CLOSED = "breach-responder:quarantine", "closed"


def closed_group(ec2: "EC2Client", vpc_id: str) -> str:
    """The id of the VPC's closed group, made if it is not there, and emptied if it was opened."""
    group = _found(ec2, vpc_id)
    if group is None:
        _make(ec2, vpc_id)
        group = _found(ec2, vpc_id)
        if group is None:
            raise Unavailable(f"the closed group of {vpc_id} was made and is not shown yet")
    group_id: str = group["GroupId"]
    if not _is_tagged(group):
        raise Refused(
            f"{_name(vpc_id)} in {vpc_id} is {group_id}, and does not have our tag: somebody took "
            "the tag off or made the group; nothing was put into it. Rename or delete that group"
        )
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(
            GroupId=group_id, IpPermissions=group["IpPermissionsEgress"]
        )
    return group_id


def standing_group(ec2: "EC2Client", vpc_id: str) -> str | None:
    """The id of the VPC's closed group, if it is there and nobody opened it. Changes nothing."""
    group = _found(ec2, vpc_id)
    if group is None or group["IpPermissions"] or group["IpPermissionsEgress"]:
        return None
    group_id: str = group["GroupId"]
    return group_id if _is_tagged(group) else None


def found_group(ec2: "EC2Client", vpc_id: str) -> str | None:
    """The id of the VPC's closed group, whatever somebody did to it since."""
    group = _found(ec2, vpc_id)
    return None if group is None else group["GroupId"]


def _name(vpc_id: str) -> str:
    return f"breach-responder-closed-{vpc_id}"


def _make(ec2: "EC2Client", vpc_id: str) -> None:
    try:
        ec2.create_security_group(
            GroupName=_name(vpc_id),
            Description="Lets nothing in or out. Breach Responder puts things under quarantine.",
            VpcId=vpc_id,
            TagSpecifications=[
                {"ResourceType": "security-group", "Tags": [{"Key": TAG, "Value": CLOSED}]}
            ],
        )
    except ClientError as error:
        if code_of(error) == "SecurityGroupLimitExceeded":
            raise Refused(
                f"{vpc_id} is in a region with as many security groups as it may have, so there "
                "is none that lets nothing through; nothing was cut. Delete one, or raise the "
                "quota"
            ) from error
        # Somebody, or another order of ours, was first.
        if code_of(error) != "InvalidGroup.Duplicate":
            raise


def _found(ec2: "EC2Client", vpc_id: str) -> Any:
    """By name, which is unique in a VPC."""
    found = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": [_name(vpc_id)]},
        ]
    )["SecurityGroups"]
    return found[0] if found else None


def _is_tagged(group: Any) -> bool:
    return {"Key": TAG, "Value": CLOSED} in group.get("Tags", [])
