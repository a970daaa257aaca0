"""Instances where moto is silent: their screens, and whether Systems Manager manages them.

An instance counts as managed while it runs with a role that has AWS' policy for it, as one does
whose image has the agent. AWS: EC2 API Reference, "GetConsoleScreenshot"; Systems Manager API
Reference, "DescribeInstanceInformation"; User Guide, "Configure instance permissions".
"""

import base64
from collections.abc import Iterator
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from localcloud.authorizing.needed import PARTITION
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

SCREEN: Final = b"\xff\xd8\xff\xe0 a screen \xff\xd9"  # begins and ends as a JPEG does
_MANAGED: Final = f"arn:{PARTITION}:iam::aws:policy/AmazonSSMManagedInstanceCore"
_FILTER: Final = "InstanceIds"


def operations() -> dict[str, Fake]:
    """What this module serves of EC2."""
    return {"GetConsoleScreenshot": _screen}


def managed_operations() -> dict[str, Fake]:
    """What it serves of Systems Manager."""
    return {"DescribeInstanceInformation": _managed}


def instance_of(asked: Asked, instance_id: str) -> Any:
    """Moto's instance of this id; None where there is none."""
    return ec2_backends[asked.account][asked.region].get_instance_by_id(instance_id)


def is_managed(asked: Asked, instance_id: str) -> bool:
    """Whether a command would reach it."""
    instance = instance_of(asked, instance_id)
    if instance is None or instance.state != "running":
        return False
    return any(_MANAGED in role.managed_policies for role in _roles(asked, instance_id))


def _screen(asked: Asked) -> dict[str, Any]:
    instance_id = asked.params["InstanceId"]
    instance = instance_of(asked, instance_id)
    if instance is None:
        text = f"The instance ID '{instance_id}' does not exist"
        raise Fault("InvalidInstanceID.NotFound", text)
    if instance.state != "running":
        text = f"The instance '{instance_id}' is not in a state from which it can be seen."
        raise Fault("IncorrectInstanceState", text)
    return {"InstanceId": instance_id, "ImageData": base64.b64encode(SCREEN).decode()}


def _managed(asked: Asked) -> dict[str, Any]:
    filters = asked.params.get("Filters", [])
    if [one["Key"] for one in filters] != [_FILTER]:
        raise Fault("InvalidFilterKey", f"Here is only {_FILTER}.")
    wanted = [one for one in filters[0]["Values"] if is_managed(asked, one)]
    return {
        "InstanceInformationList": [
            {
                "InstanceId": one,
                "PingStatus": "Online",
                "LastPingDateTime": asked.at,
                "AgentVersion": "3.3.2299.0",
                "PlatformType": "Linux",
                "ResourceType": "EC2Instance",
            }
            for one in wanted
        ]
    }


def _roles(asked: Asked, instance_id: str) -> Iterator[Any]:
    held = ec2_backends[asked.account][asked.region].iam_instance_profile_associations
    profiles = iam_backends[asked.account][PARTITION].instance_profiles.values()
    for association in held.values():
        if association.instance.id == instance_id:
            arn = association.iam_instance_profile.arn
            yield from (role for one in profiles if one.arn == arn for role in one.roles)
