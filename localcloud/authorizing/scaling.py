"""Auto Scaling and load balancers: which group, target group or load balancer is asked for.

AWS: Service Authorization Reference, "Amazon EC2 Auto Scaling", "AWS Elastic Load Balancing",
"AWS Elastic Load Balancing V2".
"""

from typing import Final

from moto.autoscaling.models import autoscaling_backends

from localcloud.authorizing.needed import Needed, arn, owner_of
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_LOOKING: Final = frozenset({"DescribeAutoScalingGroups", "DescribeAutoScalingInstances"})
_ON_GROUPS: Final = frozenset({"EnterStandby", "ExitStandby", "UpdateAutoScalingGroup"})
# The condition key of each setting, for the operations of this table that can change it.
_SETTINGS: Final = {
    "LaunchConfigurationName": "autoscaling:launchconfigurationname",
    "LaunchTemplate": "autoscaling:launchtemplateversionspecified",
    "MaxSize": "autoscaling:maxsize",
    "MinSize": "autoscaling:minsize",
    "MixedInstancesPolicy": "autoscaling:instancetypes",
    "VPCZoneIdentifier": "autoscaling:vpczoneidentifiers",
}
_BALANCING: Final = frozenset(
    {"DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth"}
)
_ON_BALANCERS: Final = frozenset(
    {"DeregisterInstancesFromLoadBalancer", "RegisterInstancesWithLoadBalancer"}
)
_ON_TARGETS: Final = frozenset({"DeregisterTargets", "RegisterTargets"})


def autoscaling(asked: Asked) -> list[Needed]:
    """What a call of Auto Scaling needs."""
    action = f"autoscaling:{asked.operation}"
    if asked.operation in _LOOKING:
        return [Needed(action, "*", asked.account)]
    if asked.operation not in _ON_GROUPS:
        raise Unsupported(f"what {action} needs")
    held = autoscaling_backends[asked.account][asked.region].autoscaling_groups
    group = held.get(asked.params["AutoScalingGroupName"])
    if group is None:
        return []  # moto says that there is no such group
    found = {
        key: (str(asked.params[setting]),)
        for setting, key in _SETTINGS.items()
        if setting in asked.params
    }
    return [Needed(action, group.arn, asked.account, found, knows=tuple(_SETTINGS.values()))]


def balancing(asked: Asked) -> list[Needed]:
    """What a call of either generation of load balancers needs."""
    action = f"elasticloadbalancing:{asked.operation}"
    if asked.operation in _BALANCING:
        return [Needed(action, "*", asked.account)]
    if asked.operation in _ON_TARGETS:
        resource = str(asked.params["TargetGroupArn"])
    elif asked.operation in _ON_BALANCERS:
        name = asked.params["LoadBalancerName"]
        resource = arn(asked, "elasticloadbalancing", f"loadbalancer/{name}")
    else:
        raise Unsupported(f"what {action} needs")
    return [Needed(action, resource, owner_of(resource, asked))]
