"""EC2: which instance, network, snapshot or image each operation is about, and how it is tagged.

AWS: Service Authorization Reference, "Amazon EC2". It says which resources may stand in a policy,
and not always which of them a call is held to: where that is open, all are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from localcloud.authorizing import kms
from localcloud.authorizing.identities import passing
from localcloud.authorizing.needed import PARTITION, Needed, arn, keys
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_INSTANCE, _VOLUME, _INTERFACE = "instance", "volume", "network-interface"
_GROUP, _RULE = "security-group", "security-group-rule"
_ACL, _SUBNET, _VPC = "network-acl", "subnet", "vpc"
_IMAGE, _SNAPSHOT = "image", "snapshot"
# Each kind of resource, and the parameter that names one or more. None for what is being made.
_ABOUT: Final[dict[str, dict[str, str | None]]] = {
    "AssociateIamInstanceProfile": {_INSTANCE: "InstanceId"},
    "AuthorizeSecurityGroupEgress": {_GROUP: "GroupId", _RULE: None},
    "AuthorizeSecurityGroupIngress": {_GROUP: "GroupId", _RULE: None},
    "CreateNetworkAcl": {_VPC: "VpcId", _ACL: None},
    "CreateNetworkAclEntry": {_ACL: "NetworkAclId"},
    "CreateSecurityGroup": {_VPC: "VpcId", _GROUP: None},
    "CreateSnapshots": {
        _INSTANCE: "InstanceSpecification",
        _VOLUME: "InstanceSpecification",
        _SNAPSHOT: None,
    },
    "DeleteNetworkAcl": {_ACL: "NetworkAclId"},
    "DeleteNetworkAclEntry": {_ACL: "NetworkAclId"},
    "DeleteSecurityGroup": {_GROUP: "GroupId"},
    "DescribeImageAttribute": {_IMAGE: "ImageId"},
    "DescribeInstanceAttribute": {_INSTANCE: "InstanceId"},
    "DescribeSnapshotAttribute": {_SNAPSHOT: "SnapshotId"},
    "DisassociateIamInstanceProfile": {_INSTANCE: "AssociationId"},
    "GetConsoleOutput": {_INSTANCE: "InstanceId"},
    "GetConsoleScreenshot": {_INSTANCE: "InstanceId"},
    "LockSnapshot": {_SNAPSHOT: "SnapshotId"},
    "ModifyImageAttribute": {_IMAGE: "ImageId"},
    "ModifyInstanceAttribute": {
        _INSTANCE: "InstanceId",
        _GROUP: "Groups",
        _VOLUME: "BlockDeviceMappings",
    },
    "ModifyInstanceMetadataOptions": {_INSTANCE: "InstanceId"},
    "ModifyNetworkInterfaceAttribute": {
        _INTERFACE: "NetworkInterfaceId",
        _INSTANCE: "NetworkInterfaceId",
        _GROUP: "Groups",
    },
    "ModifySnapshotAttribute": {_SNAPSHOT: "SnapshotId"},
    "ReplaceNetworkAclAssociation": {_ACL: "NetworkAclId", _SUBNET: "AssociationId"},
    "RevokeSecurityGroupEgress": {_GROUP: "GroupId"},
    "RevokeSecurityGroupIngress": {_GROUP: "GroupId"},
    "StopInstances": {_INSTANCE: "InstanceIds"},
    "TerminateInstances": {_INSTANCE: "InstanceIds"},
}
# What can be given tags after it was made, by how its ids begin.
_BY_ID: Final = {"acl": _ACL, "i": _INSTANCE, "sg": _GROUP}
_OF_NOBODY: Final = frozenset({_IMAGE, _SNAPSHOT})  # their ARNs have no account
_TAGS: Final = ("aws:resourcetag/", "ec2:resourcetag/")
_ATTRIBUTE: Final = "ec2:attribute"  # and ec2:Attribute/Name
_MADE_BY: Final = "ec2:createaction"
_OWNER: Final = "ec2:owner"
# What ModifySnapshotAttribute adds and removes: ec2:Add/userId and its like.
_ADDED, _REMOVED = "ec2:add/", "ec2:remove/"
# EBS User Guide, "Share the KMS key used to encrypt a shared Amazon EBS snapshot": what EC2 does
# with the key of a snapshot and with that of its copy. Which it does with which is not written.
_TO_COPY: Final = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
# Keys that are told of these operations only.
_TOLD_OF: Final = {
    "CopySnapshot": (_OWNER,),
    "ModifyInstanceAttribute": (_ATTRIBUTE,),
    "ModifySnapshotAttribute": (_ADDED, _REMOVED),
}
# What of ModifyInstanceAttribute is no attribute.
_NO_ATTRIBUTE: Final = frozenset({"Attribute", "DryRun", "InstanceId", "Value"})


def needs(asked: Asked) -> list[Needed]:
    """What a call of EC2 needs."""
    action = f"ec2:{asked.operation}"
    if asked.operation == "CreateTags":
        return [_tagged(one, asked) for one in asked.params["Resources"]]
    if asked.operation == "CopySnapshot":
        return _copying(asked)
    if asked.operation not in _ABOUT:
        if asked.operation.startswith("Describe"):
            return [Needed(action, "*", asked.account)]
        raise Unsupported(f"what {action} needs")
    needed = list[Needed]()
    for kind, parameter in _ABOUT[asked.operation].items():
        if parameter is None:
            needed += _made(action, kind, asked)
            continue
        for one in _named(kind, parameter, asked):
            more = {**_attribute(asked), **_shared(asked)}
            needed.append(_on(action, kind, one, asked, {**_tags(one, asked), **more}))
    if asked.operation == "AssociateIamInstanceProfile":
        roles = _roles_of(asked.params["IamInstanceProfile"], asked)
        needed += [passing(asked, role, "ec2.amazonaws.com") for role in roles]
    return needed


def _copying(asked: Asked) -> list[Needed]:
    """The snapshot that is copied, in whatever account and region it is; the copy; both keys.

    AWS Storage Blog, "Enhancing resource-level permissions for copying Amazon EBS snapshots".
    """
    action, name = f"ec2:{asked.operation}", asked.params["SourceSnapshotId"]
    region, source = asked.params["SourceRegion"], readable(asked)
    found = {} if source is None else keys(ec2__Owner=source.owner_id)
    if source is not None and source.owner_id == asked.account:
        held = ec2_backends[asked.account][region].tags.get(name, {})
        found |= {f"{prefix}{k.lower()}": (text,) for k, text in held.items() for prefix in _TAGS}
    about = f"arn:{PARTITION}:ec2:{region}::{_SNAPSHOT}/{name}"
    needed = [Needed(action, about, asked.account, found, knows=(*_TAGS, _MADE_BY, _OWNER))]
    needed += _made(action, _SNAPSHOT, asked)
    for key, where in (
        (asked.params.get("KmsKeyId"), asked.region),
        (source and source.kms_key_id, region),
    ):
        if key:
            needed += kms.through("ec2", key, _TO_COPY, asked, {}, region=where)
    return needed


def readable(asked: Asked) -> Any:
    """The snapshot that is to be copied, if it is the caller's or shared with them; or None."""
    name, region = asked.params["SourceSnapshotId"], asked.params["SourceRegion"]
    for account in list(ec2_backends):
        one: Any = ec2_backends[account][region].snapshots.get(name)
        if one is not None:
            may = {account, *one.create_volume_permission_userids}
            return one if asked.account in may else None
    return None


def _shared(asked: Asked) -> dict[str, tuple[str, ...]]:
    """With whom a snapshot is shared, or no longer: EC2 takes it in two ways."""
    given = asked.params
    if asked.operation != "ModifySnapshotAttribute":
        return {}
    found = dict[str, tuple[str, ...]]()
    listed = given.get("CreateVolumePermission", {})
    for prefix, plain, change in ((_ADDED, "add", "Add"), (_REMOVED, "remove", "Remove")):
        is_plain = given.get("OperationType") == plain
        users = [*(given.get("UserIds", []) if is_plain else [])]
        groups = [*(given.get("GroupNames", []) if is_plain else [])]
        users += [one["UserId"] for one in listed.get(change, []) if "UserId" in one]
        groups += [one["Group"] for one in listed.get(change, []) if "Group" in one]
        found |= {f"{prefix}userid": tuple(users)} if users else {}
        found |= {f"{prefix}group": tuple(groups)} if groups else {}
    return found


def _on(
    action: str, kind: str, name: str, asked: Asked, found: Mapping[str, tuple[str, ...]]
) -> Needed:
    resource = (
        f"arn:{PARTITION}:ec2:{asked.region}::{kind}/{name}"
        if kind in _OF_NOBODY
        else arn(asked, "ec2", f"{kind}/{name}")
    )
    more = _TOLD_OF.get(asked.operation, ())
    knows = (*_TAGS, _MADE_BY, *more)
    return Needed(action, resource, asked.account, found, knows=knows)


def _made(action: str, kind: str, asked: Asked) -> Iterator[Needed]:
    """What is being made has no id yet, and no tags but those that it is given.

    EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation".
    """
    found = _asked_tags(
        tag
        for each in asked.params.get("TagSpecifications", [])
        if each["ResourceType"] == kind
        for tag in each["Tags"]
    )
    yield _on(action, kind, "*", asked, found)
    if found:
        made_by = keys(ec2__CreateAction=asked.operation)
        yield _on("ec2:CreateTags", kind, "*", asked, {**found, **made_by})


def _tagged(name: str, asked: Asked) -> Needed:
    """What stands already, and is given tags: no operation makes it."""
    kind = _BY_ID.get(name.partition("-")[0])
    if kind is None:
        raise Unsupported(f"what ec2:CreateTags of {name} needs")
    found = {**_tags(name, asked), **_asked_tags(asked.params["Tags"])}
    return _on("ec2:CreateTags", kind, name, asked, found)


def _asked_tags(given: Iterable[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    tags = {tag["Key"]: tag["Value"] for tag in given}
    found: dict[str, tuple[str, ...]] = {
        f"aws:requesttag/{key.lower()}": (text,) for key, text in tags.items()
    }
    return found | ({"aws:tagkeys": tuple(tags)} if tags else {})


def _named(kind: str, parameter: str, asked: Asked) -> Iterator[str]:
    """The ids of what a call is about; nothing of what EC2 will say that it does not know."""
    given, backend = asked.params.get(parameter), ec2_backends[asked.account][asked.region]
    if given is None:
        return
    if parameter == "BlockDeviceMappings":
        instance = backend.get_instance_by_id(asked.params["InstanceId"])
        held: Any = {} if instance is None else instance.block_device_mapping
        yield from (held[one["DeviceName"]].volume_id for one in given if one["DeviceName"] in held)
    elif parameter == "InstanceSpecification":
        yield from [given["InstanceId"]] if kind == _INSTANCE else volumes_of(asked)
    elif (kind, parameter) == (_INSTANCE, "NetworkInterfaceId"):
        attached = backend.enis.get(given)
        if attached is not None and attached.instance is not None:
            yield attached.instance.id
    elif parameter == "AssociationId":
        yield from _associated(kind, given, asked)
    elif parameter == "NetworkAclId" and asked.operation == "ReplaceNetworkAclAssociation":
        yield given
        yield from _associated(_ACL, asked.params["AssociationId"], asked)
    else:
        yield from [given] if isinstance(given, str) else given


def volumes_of(asked: Asked) -> list[str]:
    """The volumes of the instance that snapshots are to be made of."""
    backend = ec2_backends[asked.account][asked.region]
    instance = backend.get_instance_by_id(asked.params["InstanceSpecification"]["InstanceId"])
    held: Any = {} if instance is None else instance.block_device_mapping
    return [one.volume_id for one in held.values()]


def _associated(kind: str, association: str, asked: Asked) -> Iterator[str]:
    backend = ec2_backends[asked.account][asked.region]
    if kind == _INSTANCE:
        for one in backend.iam_instance_profile_associations.values():
            if one.association_id == association:
                yield one.instance.id
        return
    for acl in backend.network_acls.values():
        if association in acl._associations:
            yield str(acl.id if kind == _ACL else acl._associations[association].subnet_id)


def _tags(name: str, asked: Asked) -> dict[str, tuple[str, ...]]:
    held = ec2_backends[asked.account][asked.region].tags.get(name, {})
    return {f"{prefix}{key.lower()}": (text,) for key, text in held.items() for prefix in _TAGS}


def _attribute(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Which attribute is being set: EC2 takes it as a name and a value, or as a parameter."""
    given = asked.params
    if asked.operation != "ModifyInstanceAttribute":
        return {}
    found: dict[str, tuple[str, ...]] = {
        f"{_ATTRIBUTE}/{name.lower()}": (str(value),)
        for name, value in given.items()
        if name not in _NO_ATTRIBUTE
    }
    if "Attribute" in given:
        found[_ATTRIBUTE] = (given["Attribute"],)
    return found


def _roles_of(profile: dict[str, Any], asked: Asked) -> list[str]:
    held = iam_backends[asked.account][PARTITION].instance_profiles.values()
    name = str(profile.get("Name") or profile["Arn"].rpartition("/")[2])
    return [role.arn for one in held if one.name == name for role in one.roles]
