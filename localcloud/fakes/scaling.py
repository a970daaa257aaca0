"""Standby and load balancers where moto counts a repeated call twice.

An instance leaves standby only from standby, and is put there only in service (EC2 Auto Scaling
User Guide, "Temporarily remove instances from your Auto Scaling group"). Registering an instance
that a Classic Load Balancer has already changes nothing (Elastic Load Balancing API Reference,
"RegisterInstancesWithLoadBalancer").
"""

from typing import Any, Final

from moto.autoscaling.models import autoscaling_backends
from moto.elb.models import elb_backends

from localcloud.fault import Fault
from localcloud.switchboard import Asked

_FROM: Final = {"EnterStandby": "InService", "ExitStandby": "Standby"}


def is_there(asked: Asked) -> None:
    """Refuse an instance that is not in the state which the call takes it out of."""
    if asked.service != "autoscaling" or asked.operation not in _FROM:
        return
    wanted, given = _FROM[asked.operation], asked.params
    groups = autoscaling_backends[asked.account][asked.region].autoscaling_groups
    group = groups.get(given["AutoScalingGroupName"])
    states = {} if group is None else _states(group)
    for instance_id in given.get("InstanceIds", ()):
        if states.get(instance_id, wanted) != wanted:
            raise Fault("ValidationError", f"The instance {instance_id} is not in {wanted}.")


def once(asked: Asked, answer: dict[str, Any]) -> None:  # noqa: ARG001
    """Keep each instance of a Classic Load Balancer single."""
    if (asked.service, asked.operation) != ("elb", "RegisterInstancesWithLoadBalancer"):
        return
    backend = elb_backends[asked.account][asked.region]
    balancer = backend.get_load_balancer(asked.params["LoadBalancerName"])
    balancer.instance_sparse_ids = list(dict.fromkeys(balancer.instance_sparse_ids))


def _states(group: Any) -> dict[str, str]:
    return {one.instance.id: one.lifecycle_state for one in group.instance_states}
