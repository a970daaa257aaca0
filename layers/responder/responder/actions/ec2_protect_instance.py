"""Protect an EC2 instance and its disks, which are evidence, from being ended by anybody.

Forbids ending and stopping it, makes a shutdown from inside stop it, and keeps each volume when it
ends. Whoever may change attributes of instances can undo that. Does not keep an Auto Scaling group
from ending it (take it out of service first), nor AWS from taking a spot instance back, for which
only the volumes can be kept. What is on instance store, and in memory, is lost with any stop.
AWS: EC2 User Guide, "Change instance termination protection", "Enable stop protection".
"""

from typing import TYPE_CHECKING, Any

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, instance_arn, instance_of, living
from responder.aws.clients import Clients
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

ID = "ec2.protect_instance"
TITLE = "Protect the instance from being ended"
PERMISSIONS = frozenset(
    {"ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:ModifyInstanceAttribute"}
)
_ENDING, _STOPPING, _SHUTDOWN = "disable_api_termination", "disable_api_stop", "shutdown_behavior"
_VOLUMES = "volumes"  # volume id: whether it is deleted when the instance ends
_STOP = "stop"


def observe(order: Order, clients: Clients) -> Before:
    """How it is protected. What AWS does not offer for such an instance is None."""
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    standing = _standing(ec2, order, instance)
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            **standing,
            IN_FORCE: _is_protected(standing),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Protect it, one attribute a call, as EC2 wants it. Also volumes attached since the look."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    standing = _standing(ec2, order, instance)
    wanted = {
        _ENDING: None if standing[_ENDING] is None else True,
        _STOPPING: None if standing[_STOPPING] is None else True,
        _SHUTDOWN: None if standing[_SHUTDOWN] is None else _STOP,
        _VOLUMES: dict.fromkeys(standing[_VOLUMES], False),
    }
    _set(ec2, order, instance, standing, wanted)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether all that can be protected is."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    instance = instance_of(ec2, order)
    return instance is not None and _is_protected(_standing(ec2, order, instance))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put back what was less protected. A volume attached since is kept, as nobody saw it."""
    order, before = receipt.order, before_of(receipt).state
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    return _set(ec2, order, instance, _standing(ec2, order, instance), before)


def _standing(ec2: "EC2Client", order: Order, instance: "InstanceTypeDef") -> dict[str, Any]:
    """Spot instances can have none of it but their volumes; others without a disk cannot stop."""
    instance_id = instance["InstanceId"]
    found: dict[str, Any] = {_ENDING: None, _STOPPING: None, _SHUTDOWN: None}
    with asking_ec2(order, "looking at the protection of"):
        if instance.get("InstanceLifecycle") != "spot":
            found[_ENDING] = ec2.describe_instance_attribute(
                InstanceId=instance_id, Attribute="disableApiTermination"
            )["DisableApiTermination"]["Value"]
            if instance["RootDeviceType"] == "ebs":
                found[_STOPPING] = ec2.describe_instance_attribute(
                    InstanceId=instance_id, Attribute="disableApiStop"
                )["DisableApiStop"]["Value"]
                found[_SHUTDOWN] = ec2.describe_instance_attribute(
                    InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior"
                )["InstanceInitiatedShutdownBehavior"]["Value"]
    found[_VOLUMES] = {
        volume_id: deleted for volume_id, (_, deleted) in sorted(_volumes(instance).items())
    }
    return found


def _is_protected(standing: dict[str, Any]) -> bool:
    return (
        standing[_ENDING] in (None, True)
        and standing[_STOPPING] in (None, True)
        and standing[_SHUTDOWN] in (None, _STOP)
        and not any(standing[_VOLUMES].values())
    )


def _set(
    ec2: "EC2Client",
    order: Order,
    instance: "InstanceTypeDef",
    standing: dict[str, Any],
    wanted: dict[str, Any],
) -> bool:
    """Set what differs; whether anything did. What cannot be set (None) is left."""
    instance_id = instance["InstanceId"]
    kept = {
        device: wanted[_VOLUMES][volume_id]
        for volume_id, (device, deleted) in _volumes(instance).items()
        if wanted[_VOLUMES].get(volume_id, deleted) != deleted
    }
    differs = {
        name
        for name in (_ENDING, _STOPPING, _SHUTDOWN)
        if wanted[name] is not None and wanted[name] != standing[name]
    }
    with asking_ec2(order, "changing the protection of"):
        if _ENDING in differs:
            ec2.modify_instance_attribute(
                InstanceId=instance_id, DisableApiTermination={"Value": wanted[_ENDING]}
            )
        if _STOPPING in differs:
            ec2.modify_instance_attribute(
                InstanceId=instance_id, DisableApiStop={"Value": wanted[_STOPPING]}
            )
        if _SHUTDOWN in differs:
            ec2.modify_instance_attribute(
                InstanceId=instance_id,
                Attribute="instanceInitiatedShutdownBehavior",
                Value=wanted[_SHUTDOWN],
            )
        if kept:
            ec2.modify_instance_attribute(
                InstanceId=instance_id,
                BlockDeviceMappings=[
                    {"DeviceName": device, "Ebs": {"DeleteOnTermination": deleted}}
                    for device, deleted in sorted(kept.items())
                ],
            )
    return bool(differs or kept)


def _volumes(instance: "InstanceTypeDef") -> dict[str, tuple[str, bool]]:
    """By its id, since devices can be renamed: where a volume is, and whether it is deleted."""
    return {
        one["Ebs"]["VolumeId"]: (one["DeviceName"], one["Ebs"]["DeleteOnTermination"])
        for one in instance["BlockDeviceMappings"]
        if "Ebs" in one
    }
