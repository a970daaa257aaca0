"""Instances, snapshots and images: the cut, what is refused or gone then, what goes on, the undo.

Each row is cut by a session of the member role. `pytest -s` prints the table; everything in it was
seen in that run. Where it says "by", nothing here could be refused, and that was looked at.
"""

from collections.abc import Callable

import pytest

from responder.domain.ladder import (
    CLOSE_SUBNET,
    CUT_METADATA,
    DETACH_PROFILE,
    LEAVE_SERVICE,
    PROTECT_INSTANCE,
    QUARANTINE_INSTANCE,
    UNSHARE_IMAGE,
    UNSHARE_SNAPSHOT,
)
from tests.builders import REGION
from tests.instances import PARTNER, STRANGER
from tests.shown import fleet_shown, service_shown, shared_shown, subnets_shown
from tests.workflow.ladder_account import WORKS, answer
from tests.workflow.ladder_networks import opens_subnet, passes, reaches
from tests.workflow.ladder_table import Row
from tests.workflow.ladder_things import Things, things

__all__ = ["things"]
ANYBODY = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
BOTH_WAYS, NEITHER = "in: yes, out: yes", "in: no, out: no"


# ---- Instances


def instance_that_somebody_ends(things: Things) -> Row:
    fleet, twin = things.fleet, things.twin
    thief = things.thief("ends-instances", "ec2", "ec2:StopInstances", "ec2:TerminateInstances")

    def ends(instance: str) -> str:
        stopped = answer(lambda: thief.stop_instances(InstanceIds=[instance]))
        if stopped == WORKS:
            fleet.ec2.start_instances(InstanceIds=[instance])
            return "stopped"
        return f"{stopped}, {answer(lambda: thief.terminate_instances(InstanceIds=[instance]))}"

    return things.row(
        things.target("Instance", fleet.arn, PROTECT_INSTANCE),
        lambda: fleet_shown(fleet),
        lambda: ends(fleet.instance),
        was="stopped",
        then="OperationNotPermitted, OperationNotPermitted",
        works=lambda: f"its twin: {ends(twin)}",
        goes_on="its twin: stopped",
        how="asked to stop it, and to end it",
    )


def instance_behind_load_balancers(things: Things) -> Row:
    service, fleet = things.service, things.fleet

    def serves(instance: str, *addresses: str) -> str:
        standing, names = service.standing(), {instance, *addresses}
        targets = sum(target in names for _, target, _ in standing["targets"])
        classic = standing["classic"].count(instance)
        return f"{standing['members'][instance]}, {targets + classic} registrations"

    return things.row(
        things.target("Instance", fleet.arn, LEAVE_SERVICE),
        lambda: service_shown(service),
        lambda: serves(fleet.instance, service.address),
        was="InService, 3 registrations",
        then="Standby, 0 registrations",
        works=lambda: f"its twin: {serves(things.twin)}",
        goes_on="its twin: InService, 2 registrations",
        how="by its group, target groups and load balancer",
    )


def instance_that_mines(things: Things) -> Row:
    fleet = things.fleet

    def opens() -> None:
        name = {"Name": "group-name", "Values": [f"breach-responder-closed-{fleet.vpc}"]}
        [closed] = fleet.ec2.describe_security_groups(Filters=[name])["SecurityGroups"]
        for authorize in (
            fleet.ec2.authorize_security_group_ingress,
            fleet.ec2.authorize_security_group_egress,
        ):
            authorize(GroupId=closed["GroupId"], IpPermissions=ANYBODY)

    return things.row(
        things.target("Instance", fleet.arn, QUARANTINE_INSTANCE),
        lambda: fleet_shown(fleet),
        lambda: reaches(fleet.ec2, fleet.instance),
        was=BOTH_WAYS,
        then=NEITHER,
        works=lambda: f"its twin: {reaches(fleet.ec2, things.twin)}",
        goes_on=f"its twin: {BOTH_WAYS}",
        how="by the groups of its interfaces",
        undoes=opens,
    )


def subnet_of_an_instance(things: Things) -> Row:
    fleet = things.fleet
    beside = fleet.ec2.create_subnet(VpcId=fleet.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]

    return things.row(
        things.target("Instance", fleet.arn, CLOSE_SUBNET),
        lambda: subnets_shown(fleet),
        lambda: passes(fleet.ec2, fleet.subnet),
        was=BOTH_WAYS,
        then=NEITHER,
        works=lambda: f"the subnet beside it: {passes(fleet.ec2, beside)}",
        goes_on=f"the subnet beside it: {BOTH_WAYS}",
        how="by the network ACL",
        undoes=lambda: opens_subnet(fleet.ec2, fleet.acl_of(fleet.subnet)),
    )


def metadata_of_an_instance(things: Things) -> Row:
    fleet = things.fleet

    def endpoint(instance: str) -> str:
        found = fleet.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]
        told: str = found["Instances"][0]["MetadataOptions"]["HttpEndpoint"]
        return told

    return things.row(
        things.target("Instance", fleet.arn, CUT_METADATA),
        lambda: fleet_shown(fleet),
        lambda: endpoint(fleet.instance),
        was="enabled",
        then="disabled",
        works=lambda: f"its twin: {endpoint(things.twin)}",
        goes_on="its twin: enabled",
        how="by its metadata options",
        undoes=lambda: fleet.ec2.modify_instance_metadata_options(
            InstanceId=fleet.instance, HttpEndpoint="enabled"
        ),
    )


def profile_of_an_instance(things: Things) -> Row:
    fleet = things.fleet

    def profiles(instance: str) -> str:
        found = fleet.ec2.describe_iam_instance_profile_associations(
            Filters=[{"Name": "instance-id", "Values": [instance]}]
        )["IamInstanceProfileAssociations"]
        return ", ".join(one["State"] for one in found) or "none"

    assert profiles(things.twin) == "associated"
    return things.row(
        things.target("Instance", fleet.arn, DETACH_PROFILE),
        lambda: fleet_shown(fleet),
        lambda: profiles(fleet.instance),
        was="associated",
        then="none",
        works=lambda: f"its twin: {profiles(things.twin)}",
        goes_on="its twin: associated",
        how="by its profiles",
    )


# ---- Snapshots and images


def shared_snapshot(things: Things) -> Row:
    shared = things.shared
    arn = f"arn:aws:ec2:{REGION}::snapshot/{shared.snapshot}"
    return things.row(
        things.target("EBSSnapshot", arn, UNSHARE_SNAPSHOT),
        lambda: shared_shown(shared),
        lambda: _others(shared.standing()["snapshot"]),
        was=PARTNER,
        then="nobody",
        works=lambda: f"the image: {_others(shared.standing()['image'])}",
        goes_on=f"the image: organization, {PARTNER}",
        how="whom its owner sees it shared with",
    )


def shared_image(things: Things) -> Row:
    shared = things.shared
    arn = f"arn:aws:ec2:{REGION}::image/{shared.image}"
    return things.row(
        things.target("EC2Image", arn, UNSHARE_IMAGE),
        lambda: shared_shown(shared),
        lambda: _others(shared.standing()["image"]),
        was=f"organization, {PARTNER}",
        then="nobody",
        works=lambda: f"the snapshot: {_others(shared.standing()['snapshot'])}",
        goes_on=f"the snapshot: {PARTNER}",
        how="whom its owner sees it shared with",
    )


CASES: tuple[Callable[[Things], Row], ...] = (
    instance_that_somebody_ends,
    instance_behind_load_balancers,
    instance_that_mines,
    subnet_of_an_instance,
    metadata_of_an_instance,
    profile_of_an_instance,
    shared_snapshot,
    shared_image,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_thing_of_the_table(things: Things, case: Callable[[Things], Row]) -> None:
    things.add(case, case(things))


def _others(grants: list[str]) -> str:
    """Whom a thing is shared with, but its owner."""
    found = [one for one in (PARTNER, STRANGER, "organization") if one in str(grants)]
    return ", ".join(sorted(found, reverse=True)) or "nobody"
