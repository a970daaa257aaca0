"""The member role of the template may read what these collectors read, and no other logs."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from responder.collectors import app_audit, cloudtrail_log_files, logs_network
from responder.collectors.collector import Collected, Collector, Later, Scene
from responder.domain.collecting import Options
from tests.builders import NOON, REGION, SHOP, a_finding
from tests.collecting import a_scene
from tests.containing import Member
from tests.log_files import BUCKET, TRAIL, Delivery, public_keys
from tests.template.roles import MEMBER, VAULT, written
from tests.unit.localcloud.judging import World, a_world

COLLECT = "breach-responder-collect"
SERVICES = ("cloudtrail", "ec2", "logs", "route53resolver", "s3", "wafv2")


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def reading(world: World, *without: str) -> Member:
    """Clients with a session of the role, as the template writes it, but for some policies."""
    role, iam = world.role(COLLECT, account=SHOP), world.operator("iam", SHOP)
    found = written(MEMBER, SHOP, VAULT)
    documents = {one["PolicyName"]: one for one in found["CollectRole"]["Policies"]} | {
        name: one for name, one in found.items() if COLLECT in one.get("Roles", [])
    }
    for name, one in documents.items():
        if name not in without:
            document = json.dumps(one["PolicyDocument"])
            iam.put_role_policy(RoleName=COLLECT, PolicyName=name, PolicyDocument=document)
    clients, session = Member(), world.session(role)
    for service in SERVICES:
        for region in (REGION, "us-east-1"):
            clients._member[service, SHOP, region] = session(service, region=region)
    return clients


def delivered(world: World) -> None:
    """A trail, two files of it in its bucket, one of which was deleted, and their digest."""
    world.switchboard.serve("cloudtrail", "ListPublicKeys", lambda asked: public_keys())
    delivery = Delivery(s3=world.operator("s3", SHOP))
    on = {"Status": "Enabled"}
    delivery.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=on)
    keys = [delivery.log_file(NOON - timedelta(minutes=5), one) for one in ("one", "two")]
    delivery.digest(NOON, *keys)
    delivery.s3.delete_object(Bucket=BUCKET, Key=keys[0])
    trail = world.operator("cloudtrail", SHOP)
    trail.create_trail(Name=TRAIL, S3BucketName=BUCKET, IsMultiRegionTrail=True)


def gaps(collector: Collector, scene: Scene) -> str:
    found = list(collector.collect(scene))
    assert not any(isinstance(one, Later) for one in found)
    return " ".join(gap for one in found if isinstance(one, Collected) for gap in one.gaps)


def the_scene(clients: Member, **given: Any) -> Scene:
    return a_scene(clients, a_finding(), now=NOON + timedelta(hours=1), **given)


def test_it_may_read_trails_their_files_and_their_digests(world: World) -> None:
    delivered(world)
    scene = the_scene(reading(world))
    assert "Denied" not in gaps(cloudtrail_log_files, scene)
    names = [one.name for one in cloudtrail_log_files.collect(scene) if isinstance(one, Collected)]
    assert any("/deleted/files-" in name for name in names)


def test_without_the_bucket_s_name_it_may_not_read_the_files(world: World) -> None:
    delivered(world)
    said = gaps(cloudtrail_log_files, the_scene(reading(world, "CollectLogBuckets")))
    assert "AccessDenied" in said
    assert "LogBuckets of stacks/member-role.yaml" in said


def test_it_may_find_the_logs_of_the_network(world: World) -> None:
    ec2 = world.operator("ec2", SHOP)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    Delivery(s3=world.operator("s3", SHOP))
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{BUCKET}",
    )
    said = gaps(logs_network, the_scene(reading(world)))
    assert "has no file of the window" in said
    assert "Denied" not in said
    assert "Unauthorized" not in said


@pytest.mark.parametrize(("group", "is_denied"), [("audit", False), ("another", True)])
def test_it_may_search_the_log_groups_that_are_named(
    world: World, group: str, is_denied: bool
) -> None:
    world.operator("logs", SHOP).create_log_group(logGroupName=group)
    scene = the_scene(reading(world), options=Options(audit_log_groups=(group,)))
    said = gaps(app_audit, scene)
    assert ("AccessDenied" in said) is is_denied
