"""Finds what an order in EC2 is about, and sorts what EC2 says no with.

An instance id is never given out again, so it needs no comparing with what was seen before; but
an instance that was ended is shown for about an hour, and counts as gone from its first moment.
AWS: EC2 API Reference, "Error codes for the Amazon EC2 API".
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

# Snapshots and images are written with and without the account (Service Authorization Reference).
_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):ec2:(?P<region>[a-z0-9-]{1,32}):"
    r"(?P<account>[0-9]{12})?:"
    r"(?:instance/(?P<instance>i-[0-9a-f]{8,17})"
    r"|snapshot/(?P<snapshot>snap-[0-9a-f]{8,17})"
    r"|image/(?P<image>ami-[0-9a-f]{8,17}))"
)
_GONE = frozenset(
    {
        "InvalidAMIID.NotFound",
        "InvalidAMIID.Unavailable",
        "InvalidInstanceID.NotFound",
        "InvalidSnapshot.NotFound",
    }
)
# What changed between two calls of ours, or is changing now: the next try looks anew.
_TRY_AGAIN = frozenset(
    {
        "DependencyThrottle",
        "HealthUnavailable",
        "IncorrectInstanceState",
        "IncorrectState",
        "InvalidAssociationID.NotFound",
        "InvalidGroup.NotFound",
        "InvalidNetworkAclID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "LoadBalancerNotFound",
        "ResourceContention",
        "ScalingActivityInProgress",
        "TargetGroupNotFound",
        "Unavailable",
    }
)
# AWS offers this not for such a thing, or the account has forbidden it.
_NOT_OFFERED = frozenset(
    {
        "InvalidInstance",
        "InvalidTarget",
        "OperationNotPermitted",
        "TooManyRegistrationsForTargetId",
        "TooManyTargets",
        "UnsupportedHostConfiguration",
        "UnsupportedOperation",
    }
)
_ENDED = frozenset({"shutting-down", "terminated"})


@contextmanager
def asking_ec2(order: Order, doing: str) -> Iterator[None]:
    """Turn what EC2 and its neighbours raise into our errors. What is gone is refused."""
    with asking_aws(f"{doing} {order.resource}"):
        try:
            yield
        except ClientError as error:
            code = code_of(error)
            if code in _GONE:
                raise gone(order) from error
            if code in _TRY_AGAIN:
                raise Unavailable(f"{doing} {order.resource}: AWS answered {code}") from error
            if code in _NOT_OFFERED:
                raise Refused(
                    f"{doing} {order.resource}: AWS does not do that for this one ({code}). What "
                    "the rest of the order changed stands; the receipt says what stood before"
                ) from error
            raise


def gone(order: Order) -> Refused:
    """The refusal of what does not exist any more, or is being ended right now."""
    return Refused(
        f"{order.resource} does not exist any more, or is being ended; nothing was changed. "
        "CloudTrail says who did it; snapshots of its volumes may still be there"
    )


def id_of(order: Order, kind: str) -> str:
    """The id of the instance, snapshot or image that an order is about, and of nothing else."""
    found = _ARN.fullmatch(order.resource)
    if found is None or found[kind] is None:
        raise Broken(f"{order.order_id} names no {kind}; nothing was changed")
    if found["region"] != order.region or found["account"] not in (None, order.account):
        raise Broken(
            f"{order.order_id} is about {order.account} in {order.region}, and the {kind} that it "
            "names is somewhere else; nothing was changed"
        )
    return found[kind]


def instance_arn(order: Order, instance_id: str) -> str:
    """Its ARN, made of parts that were looked at."""
    partition = order.resource.split(":")[1]
    return f"arn:{partition}:ec2:{order.region}:{order.account}:instance/{instance_id}"


def instance_of(ec2: "EC2Client", order: Order) -> "InstanceTypeDef | None":
    """The instance; None if it is gone or being ended."""
    instance_id = id_of(order, "instance")
    with asking_ec2(order, "looking at"):
        try:
            answer = ec2.describe_instances(InstanceIds=[instance_id])
        except ClientError as error:
            if code_of(error) == "InvalidInstanceID.NotFound":
                return None
            raise
    found = [one for each in answer["Reservations"] for one in each["Instances"]]
    if not found or found[0]["State"]["Name"] in _ENDED:
        return None
    return found[0]


def living(ec2: "EC2Client", order: Order) -> "InstanceTypeDef":
    """The instance. Refused if it is gone."""
    instance = instance_of(ec2, order)
    if instance is None:
        raise gone(order)
    return instance
