"""What EC2 and Systems Manager say about each instance: how it was made, what it may reach.

Changes nothing: a screenshot is taken of a screen that may be asleep, and does not wake it. User
data is kept as it is, and may hold secrets: the vault is where it is safest.
AWS: EC2 API Reference, "GetConsoleOutput" ("the most recent 64 KB", with `Latest` on Nitro only),
"GetConsoleScreenshot"; EC2 User Guide, "Run commands at launch using instance user data".
"""

import base64
import binascii
from collections.abc import Iterator
from functools import partial
from typing import Any

from responder.aws.vault import Content
from responder.collectors import instances
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.instances import Place
from responder.collectors.reads import Reads
from responder.domain.errors import Unavailable

ID = "ec2.instance"
TITLE = "What EC2 says about the instances"
KINDS: tuple[str, ...] = (instances.KIND,)
PERMISSIONS = frozenset(
    {
        "ec2:DescribeIamInstanceProfileAssociations",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceAttribute",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVolumes",
        "ec2:DescribeVpcs",
        "ec2:GetConsoleOutput",
        "ec2:GetConsoleScreenshot",
        "iam:GetInstanceProfile",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "ssm:DescribeInstanceInformation",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "nothing from inside the instance: no process, file or connection; that is in ec2.memory and in"
    " the snapshots",
    "console output is what the system wrote to its serial port, at most the last 64 KB, and only"
    " from its last start on where the instance is no Nitro one",
    "the screen as it was: asleep, it is black, and nobody wakes it",
    "connections that were open are not known to EC2",
    "an instance that was terminated more than an hour ago is no longer there to be read",
)

_COVERS = "the instance as EC2, IAM and Systems Manager had it, read call by call"
_CONSOLE = "the console output, byte for byte as the instance wrote it"
_SCREEN = "the screen of the instance at that moment"
_ABSENT = frozenset({"InvalidInstanceID.NotFound", "NoSuchEntity"})
# What DescribeInstances leaves out. One attribute a call.
_ATTRIBUTES = (
    "userData",
    "disableApiStop",
    "disableApiTermination",
    "instanceInitiatedShutdownBehavior",
)
_USER_DATA = "user data is kept as it is, with whatever secrets are in it, for who reads this item"
_RAW = "ResponderRawOutput"  # where our hook leaves what the SDK decodes with loss


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """For each instance: what is said of it, its console, its screen."""
    yield from instances.one_by_one(scene, ID, _COVERS, partial(_one, scene))


def _one(scene: Scene, place: Place) -> Iterator[Collected]:
    reads = Reads(scene.read_at, _ABSENT)
    ec2: Any = scene.clients.ec2(place.account, place.region)
    there = f"{ID}/{scene.generation:04d}/{place.instance_id}"
    # What goes away first, first: a screen and a console are gone when the instance stops.
    screen = reads.ask("screen", ec2, "get_console_screenshot", InstanceId=place.instance_id)
    image = _decoded((screen or {}).pop("ImageData", ""))
    console = _console(ec2, place, reads)
    instance = _read(ec2, place, scene, reads)
    gaps = [*reads.gaps, *_absences(reads, instance)]
    if reads.failure and (
        instances.is_ours(place, scene) or isinstance(reads.failure, Unavailable)
    ):
        raise reads.failure
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "instance_id": place.instance_id,
            "account": place.account,
            "region": place.region,
            "reads": reads.values,
        }
    )
    yield Collected(f"{there}/state", content, _COVERS, tuple(gaps))
    if console:
        yield Collected(f"{there}/console", Content(console, ".txt", "text/plain"), _CONSOLE)
    if image:
        yield Collected(f"{there}/screen", Content(image, ".jpg", "image/jpeg"), _SCREEN)


def _read(ec2: Any, place: Place, scene: Scene, reads: Reads) -> Any:
    one = place.instance_id
    reservations = reads.ask(
        "instance", ec2, "describe_instances", "Reservations", InstanceIds=[one]
    )
    found = [each for held in reservations or [] for each in held["Instances"]]
    reads.pages(
        "status",
        ec2,
        "describe_instance_status",
        "InstanceStatuses",
        InstanceIds=[one],
        IncludeAllInstances=True,
    )
    for name in _ATTRIBUTES:
        key = f"{name[0].upper()}{name[1:]}"
        reads.ask(name, ec2, "describe_instance_attribute", key, InstanceId=one, Attribute=name)
    attached = [{"Name": "attachment.instance-id", "Values": [one]}]
    reads.pages("volumes", ec2, "describe_volumes", "Volumes", Filters=attached)
    interfaces = reads.pages(
        "interfaces", ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=attached
    )
    for instance in found:
        _read_network(ec2, instance, interfaces or [], reads)
        image = [instance["ImageId"]] if instance.get("ImageId") else []
        reads.ask("image", ec2, "describe_images", "Images", ImageIds=image)
    _read_role(ec2, place, scene, reads)
    reads.pages(
        "whether Systems Manager manages it",
        scene.clients.ssm(place.account, place.region),
        "describe_instance_information",
        "InstanceInformationList",
        Filters=[{"Key": "InstanceIds", "Values": [one]}],
    )
    return found[0] if found else None


def _read_network(ec2: Any, instance: Any, interfaces: list[Any], reads: Reads) -> None:
    """What its interfaces let through, and where their packets go."""
    held = [instance, *interfaces]
    groups = {group["GroupId"] for one in held for group in _groups(one)}
    subnets = sorted({one["SubnetId"] for one in held if one.get("SubnetId")})
    if groups:
        reads.pages(
            "security groups",
            ec2,
            "describe_security_groups",
            "SecurityGroups",
            GroupIds=sorted(groups),
        )
    if vpc := instance.get("VpcId"):
        in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        reads.ask("VPC", ec2, "describe_vpcs", "Vpcs", VpcIds=[vpc])
        # All of the VPC: a subnet without a table of its own follows the main one.
        reads.pages(
            "route tables of the VPC", ec2, "describe_route_tables", "RouteTables", Filters=in_vpc
        )
    if subnets:
        of_subnets = [{"Name": "association.subnet-id", "Values": subnets}]
        reads.ask("subnets", ec2, "describe_subnets", "Subnets", SubnetIds=subnets)
        reads.pages("network ACLs", ec2, "describe_network_acls", "NetworkAcls", Filters=of_subnets)


def _groups(one: Any) -> list[Any]:
    """Of an instance they are called otherwise than of an interface."""
    return [*one.get("SecurityGroups", []), *one.get("Groups", [])]


def _read_role(ec2: Any, place: Place, scene: Scene, reads: Reads) -> None:
    """The role whose credentials anything on the instance can take, and what it may do."""
    associations = reads.pages(
        "instance profile",
        ec2,
        "describe_iam_instance_profile_associations",
        "IamInstanceProfileAssociations",
        Filters=[{"Name": "instance-id", "Values": [place.instance_id]}],
    )
    iam: Any = scene.clients.iam(place.account)
    for one in associations or []:
        name = one["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        profile = reads.ask(
            f"profile {name}",
            iam,
            "get_instance_profile",
            "InstanceProfile",
            InstanceProfileName=name,
        )
        for role in (profile or {}).get("Roles", []):
            of = {"RoleName": role["RoleName"]}
            whose = f"of role {role['RoleName']}"
            reads.pages(
                f"attached policies {whose}",
                iam,
                "list_attached_role_policies",
                "AttachedPolicies",
                **of,
            )
            inline = reads.pages(
                f"inline policies {whose}", iam, "list_role_policies", "PolicyNames", **of
            )
            for policy in inline or []:
                reads.ask(
                    f"inline policy {policy} {whose}",
                    iam,
                    "get_role_policy",
                    "PolicyDocument",
                    PolicyName=policy,
                    **of,
                )


def _console(ec2: Any, place: Place, reads: Reads) -> bytes:
    """The bytes: the SDK would replace what is not UTF-8, so a hook puts them aside before."""
    ec2.meta.events.register_first("after-call.ec2.GetConsoleOutput", _keep_raw, unique_id=_RAW)
    asked: dict[str, Any] = {"InstanceId": place.instance_id}
    name = "console output"
    answer = reads.ask(name, ec2, "get_console_output", Latest=True, **asked)
    if answer is None and name in reads.failures:
        # Only Nitro has the latest. What all others have is posted a while after a start.
        answer = reads.ask(f"{name} of its last start", ec2, "get_console_output", **asked)
        name = f"{name} of its last start"
    if answer is None:
        return b""
    raw = answer.pop(_RAW, "") or ""
    answer.pop("Output", None)
    return _decoded(raw)


def _keep_raw(parsed: Any, **_: Any) -> None:
    if isinstance(parsed, dict) and "Output" in parsed:
        parsed[_RAW] = parsed["Output"]


def _decoded(text: str) -> bytes:
    """What is no base64 is kept as it came."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "backslashreplace")


def _absences(reads: Reads, instance: Any) -> Iterator[str]:
    if instance is None and "instance" not in reads.failures:
        yield "EC2 has no instance of this id here: it was never there, or is gone for an hour"
    if (reads.values["userData"].get("value") or {}).get("Value"):
        yield _USER_DATA
    if not reads.values["whether Systems Manager manages it"].get("value", True):
        yield "Systems Manager does not manage it: nothing could be run on it"
    for name in ("interfaces", "volumes"):
        if name not in reads.failures and not reads.values[name].get("value"):
            yield f"EC2 names no {name} of it"
