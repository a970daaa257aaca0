"""Makes, finds and takes away the network ACLs that close subnets.

A new ACL lets nothing through, in or out, until somebody adds an entry to it. Each order has one
in each VPC that needs it. An ACL has no name but a tag, and tags can be changed: one of ours that
lost its tags is nobody's to us, and the next look finds its subnets open. Two of one order (a
function that was killed before EC2 showed what it had made) are both ours, and both go again.

Orders about two instances may close the same subnet. Each of our ACLs says in its tags what every
subnet was on before: whoever closes one after us finds there what to give it back to when ours is
gone.
AWS: EC2 API Reference, "CreateNetworkAcl"; VPC User Guide, "Network ACL rules".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.security_group import TAG_KEY, TAG_VALUE
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, NetworkAclTypeDef, TagTypeDef

PERMISSIONS = frozenset(
    {
        "ec2:CreateNetworkAcl",
        "ec2:CreateTags",
        "ec2:DeleteNetworkAcl",
        "ec2:DeleteNetworkAclEntry",
        "ec2:DescribeNetworkAcls",
        "ec2:ReplaceNetworkAclAssociation",
    }
)
_NAME, _PREFIX = "Name", "breach-responder-closed-"
_WAS = "breach-responder-was-"  # and the subnet
_ACL_ID = re.compile(r"acl-[0-9a-f]{8,17}")
_LONGEST_TRAIL = 10  # a tag holds 256 characters
# What people can number an entry. Above are those that AWS makes, deny everything of one family
# of addresses, and cannot be taken out ("Network ACL rules").
_LAST_RULE = 32766


@dataclass(frozen=True)
class Association:
    """Which ACL a subnet is on. Its id is given anew each time that it is put on another."""

    association_id: str
    acl: "NetworkAclTypeDef"

    @property
    def acl_id(self) -> str:
        """The id of the ACL."""
        return self.acl["NetworkAclId"]


def name_of(order: Order) -> str:
    """What the ACL of an order is called."""
    return f"{_PREFIX}{order.order_id}"


def associations(ec2: "EC2Client", subnet_ids: Iterable[str]) -> dict[str, Association]:
    """Which ACL each subnet is on. A subnet that is gone, or not shown, is left out."""
    wanted = set(subnet_ids)
    return {
        one["SubnetId"]: Association(one["NetworkAclAssociationId"], acl)
        for acl in _shown(ec2, {"Name": "association.subnet-id", "Values": sorted(wanted)})
        for one in acl["Associations"]
        if one["SubnetId"] in wanted
    }


def is_ours(acl: "NetworkAclTypeDef", order: Order) -> bool:
    """Whether an order of ours made it: this one, or one about another instance."""
    tags = _tags(acl)
    return (
        acl["OwnerId"] == order.account
        and tags.get(TAG_KEY) == TAG_VALUE
        and tags.get(_NAME, "").startswith(_PREFIX)
    )


def is_of_order(acl: "NetworkAclTypeDef", order: Order) -> bool:
    """Whether this very order made it."""
    return is_ours(acl, order) and _tags(acl)[_NAME] == name_of(order)


def trail(association: Association, subnet_id: str, order: Order) -> list[str]:
    """The ACL that a subnet is on; of another order's, what it was on before that one, too."""
    acl = association.acl
    said = _tags(acl).get(_WAS + subnet_id, "") if is_ours(acl, order) else ""
    earlier = [one for one in said.split() if _ACL_ID.fullmatch(one)]
    return [association.acl_id, *earlier][:_LONGEST_TRAIL]


def is_closed(acl: "NetworkAclTypeDef") -> bool:
    """Whether it has no entry but those that it was born with."""
    return not any(one["RuleNumber"] <= _LAST_RULE for one in acl["Entries"])


def make(
    ec2: "EC2Client", order: Order, vpc_id: str, trails: Mapping[str, Sequence[str]]
) -> "NetworkAclTypeDef":
    """The ACL of an order in a VPC, made if need be. It may have entries that somebody added.

    `trails` says what each subnet of the order was on, and is written on it.
    """
    ours = [one for one in _of_order(ec2, order) if one["VpcId"] == vpc_id]
    return ours[0] if ours else _create(ec2, order, vpc_id, trails)


def close(ec2: "EC2Client", acl: "NetworkAclTypeDef") -> None:
    """Take out of one of ours what somebody added."""
    for one in acl["Entries"]:
        if one["RuleNumber"] > _LAST_RULE:
            continue
        try:
            ec2.delete_network_acl_entry(
                NetworkAclId=acl["NetworkAclId"],
                RuleNumber=one["RuleNumber"],
                Egress=one["Egress"],
            )
        except ClientError as error:
            # Another order about the same subnet was faster.
            if code_of(error) != "InvalidNetworkAclEntry.NotFound":
                raise


def put_on(ec2: "EC2Client", association: Association, acl_id: str) -> None:
    """Put a subnet on another ACL. What goes through it is held to that one from then on."""
    ec2.replace_network_acl_association(
        AssociationId=association.association_id, NetworkAclId=acl_id
    )


def existing(ec2: "EC2Client", vpc_ids: Iterable[str]) -> set[str]:
    """The ids of all ACLs of these VPCs."""
    shown = _shown(ec2, {"Name": "vpc-id", "Values": sorted(set(vpc_ids))})
    return {one["NetworkAclId"] for one in shown}


def delete_unused(ec2: "EC2Client", order: Order) -> None:
    """Delete what an order made. An ACL stays while a subnet is on it."""
    for acl in _of_order(ec2, order):
        if acl["Associations"]:
            continue
        try:
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        except ClientError as error:
            # Somebody put a subnet on it since, or was faster.
            if code_of(error) not in ("DependencyViolation", "InvalidNetworkAclID.NotFound"):
                raise


def _of_order(ec2: "EC2Client", order: Order) -> "list[NetworkAclTypeDef]":
    shown = _shown(
        ec2,
        {"Name": f"tag:{TAG_KEY}", "Values": [TAG_VALUE]},
        {"Name": f"tag:{_NAME}", "Values": [name_of(order)]},
    )
    return sorted(
        (one for one in shown if is_of_order(one, order)), key=lambda one: one["NetworkAclId"]
    )


def _create(
    ec2: "EC2Client", order: Order, vpc_id: str, trails: Mapping[str, Sequence[str]]
) -> "NetworkAclTypeDef":
    tags: list[TagTypeDef] = [
        {"Key": TAG_KEY, "Value": TAG_VALUE},
        {"Key": _NAME, "Value": name_of(order)},
    ]
    for subnet, acls in sorted(trails.items()):
        tags.append({"Key": _WAS + subnet, "Value": " ".join(acls)})
    # botocore gives the call a token of its own, so that its retries make one ACL. A token made of
    # the order would bring back the one that was released, or that an attacker deleted.
    try:
        return ec2.create_network_acl(
            VpcId=vpc_id,
            TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}],
        )["NetworkAcl"]
    except ClientError as error:
        if code_of(error) == "NetworkAclLimitExceeded":
            raise Refused(
                f"{vpc_id} has as many network ACLs as it may; the subnets of {order.resource} "
                "were left as they are. Delete one that no subnet is on, or raise the quota "
                '"Network ACLs per VPC" in Service Quotas'
            ) from error
        raise


def _shown(ec2: "EC2Client", *filters: "FilterTypeDef") -> "list[NetworkAclTypeDef]":
    pages = ec2.get_paginator("describe_network_acls").paginate(Filters=filters)
    return [one for page in pages for one in page["NetworkAcls"]]


def _tags(acl: "NetworkAclTypeDef") -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in acl.get("Tags", [])}
