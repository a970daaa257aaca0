"""Servers as an account really holds them: any interfaces, protection, profile and service."""

from random import Random
from typing import Any

import pytest

from responder.actions import network_acl, security_group
from responder.actions.security_group import CLOSED, OPEN
from tests.builders import REGION, SHOP, an_order
from tests.instances import (
    CLASSIC,
    ORGANIZATION,
    PARTNER,
    SCALED,
    STRANGER,
    UNIT,
    Fleet,
    Service,
    Shared,
    Wire,
)
from tests.shown import fleet_shown, service_shown, shared_shown, subnets_shown
from tests.unit.actions.states import Reached, State, some

EARLIER = "ord-000000000000000000ab"  # an order about another instance in the same network


def a_generated_fleet(wire: Wire, rng: Random) -> Fleet:
    """A server of one to four interfaces and one or two volumes."""
    with pytest.MonkeyPatch.context() as patch:
        fleet = Fleet(patch, has_ipv6=rng.random() < 0.5, own=wire)
    groups = [fleet.web, fleet.ops, fleet.group("été & co")]
    for number in range(rng.randint(0, 2)):
        made = fleet.ec2.create_network_interface(
            SubnetId=fleet.subnet, Groups=some(rng, 1, 3, groups)
        )
        fleet.ec2.attach_network_interface(
            NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"],
            InstanceId=fleet.instance,
            DeviceIndex=number + 2,
        )
    fleet.give(fleet.primary, *some(rng, 1, 3, groups))
    fleet.set(DisableApiTermination={"Value": rng.random() < 0.4})
    fleet.set(DisableApiStop={"Value": rng.random() < 0.4})
    behavior = rng.choice(("stop", "terminate"))
    fleet.set(InstanceInitiatedShutdownBehavior={"Value": behavior})
    for device in ("/dev/sda1", "/dev/sdf"):
        ebs = {"DeleteOnTermination": rng.random() < 0.5}
        fleet.set(BlockDeviceMappings=[{"DeviceName": device, "Ebs": ebs}])
    fleet.ec2.modify_instance_metadata_options(
        InstanceId=fleet.instance,
        HttpEndpoint=rng.choice(("enabled", "enabled", "disabled")),
        HttpTokens=rng.choice(("optional", "required")),
        HttpPutResponseHopLimit=rng.randint(1, 64),
        HttpProtocolIpv6=rng.choice(("enabled", "disabled")),
        InstanceMetadataTags=rng.choice(("enabled", "disabled")),
    )
    if rng.random() < 0.3:
        for one in fleet.ec2.describe_iam_instance_profile_associations()[
            "IamInstanceProfileAssociations"
        ]:
            fleet.ec2.disassociate_iam_instance_profile(AssociationId=one["AssociationId"])
    return fleet


def instance(wire: Wire, rng: Random, action_id: str) -> State:
    """An order about the server."""
    fleet = a_generated_fleet(wire, rng)
    order = an_order(action_id, resource=fleet.arn)
    return State(order, Reached(wire), lambda: fleet_shown(fleet))


def quarantined(wire: Wire, rng: Random, action_id: str) -> State:
    """A server of which an earlier order may have left an interface cut, or groups of ours."""
    fleet = a_generated_fleet(wire, rng)
    order = an_order(action_id, resource=fleet.arn)
    ec2: Any = wire.ec2(SHOP, REGION)
    left = rng.choice(("nothing", "nothing", OPEN, CLOSED, "one cut", "all cut"))
    if left == OPEN:
        security_group.make_open(ec2, order, fleet.vpc)
    elif left != "nothing":
        closed = security_group.make_closed(ec2, order, fleet.vpc)
        cut = {"one cut": [fleet.second], "all cut": list(fleet.interfaces())}.get(left, [])
        for interface_id in cut:
            fleet.give(interface_id, closed)
    return State(order, Reached(wire), lambda: fleet_shown(fleet))


def in_subnets(wire: Wire, rng: Random, action_id: str) -> State:
    """A server in one to three subnets, on any ACLs, of which an earlier order may have one."""
    fleet = a_generated_fleet(wire, rng)
    ec2: Any = wire.ec2(SHOP, REGION)
    order = an_order(action_id, resource=fleet.arn)
    earlier = an_order(action_id, resource=fleet.arn, order_id=EARLIER)
    default = fleet.acl_of(fleet.subnet)
    left = network_acl.make(ec2, earlier, fleet.vpc, {fleet.subnet: [default]})
    acls = [default, left["NetworkAclId"]]
    for number in range(rng.randint(1, 2)):
        acls.append(ec2.create_network_acl(VpcId=fleet.vpc)["NetworkAcl"]["NetworkAclId"])
        ec2.create_network_acl_entry(
            NetworkAclId=acls[-1],
            RuleNumber=rng.randint(1, 32766),
            Protocol="6",
            RuleAction=rng.choice(("allow", "deny")),
            Egress=rng.random() < 0.5,
            CidrBlock="203.0.113.0/24",
            PortRange={"From": 443, "To": 443 + number},
        )
    beside = [fleet.subnet_beside(f"10.0.{5 + one}.0/24") for one in range(rng.randint(0, 2))]
    for subnet in (fleet.subnet, *beside):
        if rng.random() < 0.7:
            fleet.put_on(subnet, rng.choice(acls))

    ours = network_acl.name_of(order)
    return State(order, Reached(wire), lambda: subnets_shown(fleet, ours))


def serving(wire: Wire, rng: Random, action_id: str) -> State:
    """A server in a group and behind load balancers, in some of them, or in none."""
    fleet = a_generated_fleet(wire, rng)
    state = State(
        an_order(action_id, resource=fleet.arn), Reached(wire), lambda: fleet_shown(fleet)
    )
    if rng.random() < 0.15:
        return state
    world = Service(fleet, min_size=rng.randint(0, 1), port=rng.choice((80, 8080)))
    if rng.random() < 0.3:
        world.scaling.update_auto_scaling_group(AutoScalingGroupName=SCALED, MinSize=0)
        world.scaling.enter_standby(
            InstanceIds=[fleet.instance],
            AutoScalingGroupName=SCALED,
            ShouldDecrementDesiredCapacity=True,
        )
    if rng.random() < 0.4:
        world.elb.deregister_instances_from_load_balancer(
            LoadBalancerName=CLASSIC, Instances=[{"InstanceId": fleet.instance}]
        )
    for group, target in (
        (world.target_group, fleet.instance),
        (world.by_address, world.address),
    ):
        if rng.random() < 0.3:
            world.elbv2.deregister_targets(
                TargetGroupArn=group, Targets=[{"Id": target, "Port": world.port}]
            )

    state.shown = lambda: service_shown(world)
    return state


def shared_snapshot(wire: Wire, rng: Random, action_id: str) -> State:
    """A snapshot shared with up to three accounts, or everybody."""
    shared = _sharing(wire)
    shared.ec2.modify_snapshot_attribute(
        SnapshotId=shared.snapshot,
        Attribute="createVolumePermission",
        OperationType="remove",
        UserIds=[PARTNER, SHOP],
    )
    accounts = some(rng, 0, 3, (PARTNER, STRANGER, "000011112222", SHOP))
    groups = ("all",) if rng.random() < 0.3 else ()
    if accounts or groups:
        shared.share_snapshot(*accounts, groups=groups)
    arn = f"arn:aws:ec2:{REGION}:{rng.choice(('', SHOP))}:snapshot/{shared.snapshot}"
    return _shared(wire, shared, an_order(action_id, resource=arn))


def shared_image(wire: Wire, rng: Random, action_id: str) -> State:
    """An image shared with accounts, organizations and units of them, or everybody."""
    shared = _sharing(wire)
    grants = (
        {"UserId": PARTNER},
        {"UserId": SHOP},
        {"UserId": STRANGER},
        {"Group": "all"},
        {"OrganizationArn": ORGANIZATION},
        {"OrganizationalUnitArn": UNIT},
    )
    shared.ec2.modify_image_attribute(
        ImageId=shared.image,
        LaunchPermission={
            "Remove": [{"UserId": PARTNER}, {"UserId": SHOP}, {"OrganizationArn": ORGANIZATION}]
        },
    )
    chosen = some(rng, 0, 4, grants)
    if chosen:
        shared.share_image(*chosen)
    arn = f"arn:aws:ec2:{REGION}:{rng.choice(('', SHOP))}:image/{shared.image}"
    return _shared(wire, shared, an_order(action_id, resource=arn))


def _sharing(wire: Wire) -> Shared:
    with pytest.MonkeyPatch.context() as patch:
        return Shared(Fleet(patch, own=wire))


def _shared(wire: Wire, shared: Shared, order: Any) -> State:
    return State(order, Reached(wire), lambda: shared_shown(shared))
