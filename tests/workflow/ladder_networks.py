"""What a network lets through, by the rules that it goes by: there are no packets here.

AWS: VPC User Guide, "Security group rules" (any rule that allows is enough), "Network ACL rules"
(the first that fits decides).
"""

import ipaddress
from typing import Any

VISITOR = "203.0.113.7"


def reaches(ec2: Any, instance: str) -> str:
    """Whether a visitor reaches an instance, and it a visitor, by the groups of its interfaces."""
    found = ec2.describe_network_interfaces(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance]}]
    )["NetworkInterfaces"]
    ids = sorted({group["GroupId"] for one in found for group in one["Groups"]})
    groups = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    ways = [
        any(_lets(rule) for group in groups for rule in group[name])
        for name in ("IpPermissions", "IpPermissionsEgress")
    ]
    return _told(*ways)


def opens_subnet(ec2: Any, acl: str) -> None:
    """Let everything into a subnet and out of it, before any other entry of its network ACL."""
    for leaves in (False, True):
        ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=1,
            Protocol="-1",
            RuleAction="allow",
            Egress=leaves,
            CidrBlock="0.0.0.0/0",
        )


def passes(ec2: Any, subnet: str) -> str:
    """Whether a subnet lets a visitor in, and out to them, by the entries of its network ACL."""
    [acl] = ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["NetworkAcls"]
    entries = sorted(acl["Entries"], key=lambda one: one["RuleNumber"])
    ways = []
    for leaves in (False, True):
        speaking = (
            one["RuleAction"]
            for one in entries
            if one["Egress"] is leaves and _covers(one.get("CidrBlock", "::/0"))
        )
        # A new ACL of the pretend EC2 lacks the entries that deny the rest, and means them.
        ways.append(next(speaking, "deny") == "allow")
    return _told(*ways)


def _lets(rule: dict[str, Any]) -> bool:
    is_web = rule["IpProtocol"] == "-1" or (
        rule["IpProtocol"] == "tcp" and rule["FromPort"] <= 443 <= rule["ToPort"]
    )
    return is_web and any(_covers(one["CidrIp"]) for one in rule["IpRanges"])


def _covers(cidr: str) -> bool:
    network = ipaddress.ip_network(cidr)
    return network.version == 4 and ipaddress.ip_address(VISITOR) in network


def _told(comes_in: bool, goes_out: bool) -> str:
    return f"in: {'yes' if comes_in else 'no'}, out: {'yes' if goes_out else 'no'}"
