"""Puts an instance on standby in its Auto Scaling group, and takes it back into service.

On standby a group neither ends an instance nor counts it. Its minimum is lowered by one where it
would forbid that, and put back as it was seen.
AWS: EC2 Auto Scaling User Guide, "Temporarily remove instances from your Auto Scaling group".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.ec2 import asking_ec2, id_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.escaping import one_line
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.client import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef

PERMISSIONS = frozenset(
    {
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:EnterStandby",
        "autoscaling:ExitStandby",
        "autoscaling:UpdateAutoScalingGroup",
    }
)
_GROUP, _STATE, _MIN_SIZE = "group", "state", "min_size"
_IN_SERVICE, _STANDBY, _ENTERING = "InService", "Standby", "EnteringStandby"
_STARTING = "Pending"  # and what lifecycle hooks make of it


def scaling_of(order: Order, clients: Clients) -> dict[str, Any] | None:
    """Which group has it, in what state, and how small that group may get."""
    scaling = clients.autoscaling(order.account, order.region)
    with asking_ec2(order, "looking at the Auto Scaling group of"):
        found = scaling.describe_auto_scaling_instances(InstanceIds=[id_of(order, "instance")])
        if not found["AutoScalingInstances"]:
            return None
        [one] = found["AutoScalingInstances"]
        group = _group(scaling, one["AutoScalingGroupName"])
    if group is None:
        raise Unavailable(f"Auto Scaling does not show the group of {order.resource}; try again")
    return {
        _GROUP: one["AutoScalingGroupName"],
        _STATE: one["LifecycleState"],
        _MIN_SIZE: group["MinSize"],
    }


def _group(scaling: "AutoScalingClient", name: str) -> "AutoScalingGroupTypeDef | None":
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return found[0] if found else None


def is_serving(scaling: dict[str, Any] | None) -> bool:
    """In service or on the way there. Other states are out of service, or on the way out."""
    return scaling is not None and scaling[_STATE].partition(":")[0] in (_IN_SERVICE, _STARTING)


def is_still_entering(scaling: dict[str, Any] | None) -> bool:
    """Whether it is on its way to standby."""
    return scaling is not None and scaling[_STATE] == _ENTERING


def enter_standby(order: Order, clients: Clients) -> None:
    """Out of service, unless it is that already. The minimum goes first, as it may forbid it."""
    now = scaling_of(order, clients)
    if now is None or not is_serving(now):
        return
    if now[_STATE] != _IN_SERVICE:
        raise Unavailable(f"{order.resource} is still being started by its Auto Scaling group")
    scaling, name = clients.autoscaling(order.account, order.region), now[_GROUP]
    there = (_STANDBY, _ENTERING)
    with (
        asking_ec2(order, "putting on standby"),
        _validated(order, lambda: _state(order, clients) in there),
    ):
        group = _group(scaling, name)
        if group is not None and group["DesiredCapacity"] <= group["MinSize"] > 0:
            scaling.update_auto_scaling_group(
                AutoScalingGroupName=name, MinSize=group["MinSize"] - 1
            )
        scaling.enter_standby(
            InstanceIds=[id_of(order, "instance")],
            AutoScalingGroupName=name,
            ShouldDecrementDesiredCapacity=True,
        )


def exit_standby(order: Order, clients: Clients, before: dict[str, Any] | None) -> bool:
    """Only where it was in service, and in the same group."""
    now = scaling_of(order, clients)
    if now is None or before is None or not is_serving(before) or now[_GROUP] != before[_GROUP]:
        return False
    if now[_STATE] == _ENTERING:
        raise Unavailable(f"{order.resource} is still being put on standby")
    if now[_STATE] != _STANDBY:
        return False
    with (
        asking_ec2(order, "taking off standby"),
        _validated(order, lambda: _state(order, clients) != _STANDBY),
    ):
        clients.autoscaling(order.account, order.region).exit_standby(
            InstanceIds=[id_of(order, "instance")], AutoScalingGroupName=now[_GROUP]
        )
    return True


def put_back_min_size(order: Order, clients: Clients, before: dict[str, Any] | None) -> bool:
    """Where it is lower than it was seen. Also for an instance that is gone."""
    if before is None or not is_serving(before):
        return False
    scaling = clients.autoscaling(order.account, order.region)
    with asking_ec2(order, "putting back the minimum of the group of"), _validated(order):
        group = _group(scaling, before[_GROUP])
        if group is None or group["MinSize"] >= before[_MIN_SIZE]:
            return False
        scaling.update_auto_scaling_group(
            AutoScalingGroupName=before[_GROUP], MinSize=before[_MIN_SIZE]
        )
    return True


def _state(order: Order, clients: Clients) -> str | None:
    now = scaling_of(order, clients)
    return None if now is None else now[_STATE]


@contextmanager
def _validated(order: Order, is_done: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Auto Scaling says with one code whatever it has against a change; its words say what.

    Among that is that another run made the change since we looked: then it `is_done`.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) == "ValidationError":
            if is_done():
                return
            why = one_line(error.response["Error"].get("Message", ""), 200)
            raise Refused(
                f"Auto Scaling does not change the group of {order.resource}: {why}. A group that "
                "is as large as it may be takes nobody back: raise its maximum, and try again"
            ) from error
        raise
