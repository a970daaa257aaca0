"""What is said of an instance is kept call by call, and what cannot be read is named."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto.ec2.responses import general

from localcloud.fakes.instances import SCREEN
from responder.collectors import ec2_instance
from responder.collectors.collector import Collected
from responder.domain.errors import Broken
from tests.builders import NOON, REGION, SHOP
from tests.collecting import a_scene, at_once, in_rounds
from tests.copying import Shop, a_shop
from tests.unit.localcloud.judging import allow, policy

NOT_THERE = "i-0123456789abcdef0"
USER_DATA = base64.b64encode(b"#!/bin/sh\nexport DB_PASSWORD=hunter2\n").decode()
READS = {
    "DescribeIamInstanceProfileAssociations": "instance profile",
    "DescribeImages": "image",
    "DescribeInstanceAttribute": "userData",
    "DescribeInstanceInformation": "whether Systems Manager manages it",
    "DescribeInstanceStatus": "status",
    "DescribeInstances": "instance",
    "DescribeNetworkAcls": "network ACLs",
    "DescribeNetworkInterfaces": "interfaces",
    "DescribeRouteTables": "route tables of the VPC",
    "DescribeSecurityGroups": "security groups",
    "DescribeSubnets": "subnets",
    "DescribeVolumes": "volumes",
    "DescribeVpcs": "VPC",
    "GetConsoleOutput": "console output",
    "GetConsoleScreenshot": "screen",
    "GetInstanceProfile": "profile web-tier",
    "GetRolePolicy": "inline policy read of role web-role",
    "ListAttachedRolePolicies": "attached policies of role web-role",
    "ListRolePolicies": "inline policies of role web-role",
}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        shop.fleet.iam.put_role_policy(
            RoleName="web-role",
            PolicyName="read",
            PolicyDocument=policy(allow("s3:GetObject")),
        )
        shop.fleet.set(UserData={"Value": USER_DATA})
        yield shop


def kept(shop: Shop, *instances: str) -> dict[str, Collected]:
    found = at_once(ec2_instance, a_scene(shop.reads, shop.finding(*instances)))
    assert all(one.name.startswith("ec2.instance/0001/") for one in found)
    return {one.name.split("/", 2)[2]: one for one in found}


def reads_of(item: Collected) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item.content.body)["reads"]
    return found


def test_an_instance_is_kept_with_its_network_its_role_and_what_it_ran(shop: Shop) -> None:
    shop.is_managed()
    found = kept(shop)
    state = found[f"{shop.instance}/state"]
    reads = reads_of(state)
    assert set(READS.values()) <= set(reads)
    [described] = [one for held in reads["instance"]["value"] for one in held["Instances"]]
    assert described["InstanceId"] == shop.instance
    assert reads["userData"]["value"]["Value"] == USER_DATA
    assert {one["VolumeId"] for one in reads["volumes"]["value"]} >= {shop.fleet.volume}
    assert len(reads["interfaces"]["value"]) == 2
    named = {one["GroupName"] for one in reads["security groups"]["value"]}
    assert named == {"web", "ops"}
    assert [one["VpcId"] for one in reads["VPC"]["value"]] == [shop.fleet.vpc]
    assert reads["profile web-tier"]["value"]["Roles"][0]["RoleName"] == "web-role"
    assert reads["inline policies of role web-role"]["value"] == ["read"]
    attached = reads["attached policies of role web-role"]["value"]
    assert [one["PolicyName"] for one in attached] == ["AmazonSSMManagedInstanceCore"]
    [managed] = reads["whether Systems Manager manages it"]["value"]
    assert managed["PingStatus"] == "Online"
    assert state.gaps == (ec2_instance._USER_DATA,)


def test_the_screen_is_a_picture_of_its_own(shop: Shop) -> None:
    found = kept(shop)
    assert found[f"{shop.instance}/screen"].content.body == SCREEN
    assert "ImageData" not in found[f"{shop.instance}/state"].content.body.decode()


def test_the_console_is_kept_byte_for_byte(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    written = b"login: \xff\xfe\x1b[2J not UTF-8\r\n"

    class AsItIs:
        @staticmethod
        def from_raw_string(_: str) -> str:
            return base64.b64encode(written).decode()

    monkeypatch.setattr(general, "Base64EncodedString", AsItIs)
    assert kept(shop)[f"{shop.instance}/console"].content.body == written


@pytest.mark.parametrize(("operation", "read"), READS.items())
def test_a_read_that_is_refused_is_a_gap_that_names_it(
    shop: Shop, operation: str, read: str
) -> None:
    shop.refused = {operation}
    state = kept(shop)[f"{shop.instance}/state"]
    assert any(gap.startswith(f"{read} could not be read: ") for gap in state.gaps)
    assert "failed" in reads_of(state)[read]


def test_where_nothing_can_be_read_it_is_an_error_and_no_empty_item(shop: Shop) -> None:
    shop.refused = set(READS)
    with pytest.raises(Broken, match="AccessDenied"):
        kept(shop)


def test_an_instance_that_is_gone_is_said_to_be_gone(shop: Shop) -> None:
    found = kept(shop, NOT_THERE)
    [(name, state)] = found.items()
    assert name == f"{NOT_THERE}/state"
    assert any("no instance of this id" in gap for gap in state.gaps)


def test_a_name_that_is_no_id_is_not_asked_for(shop: Shop) -> None:
    [(name, item)] = kept(shop, "i-0a/../../etc", "*").items()
    assert name == "none"
    assert item.gaps == ("no finding names an instance by an id that EC2 gives",)
    assert shop.calls == []


def test_twice_is_the_same(shop: Shop) -> None:
    shop.is_managed()
    scene = a_scene(shop.reads, shop.finding())
    once, again = (
        [(one.name, without_ids(one)) for one in at_once(ec2_instance, scene)] for _ in range(2)
    )
    assert once == again


def without_ids(one: Collected) -> Any:
    """Each call has a request id of its own."""
    if not one.name.endswith("/state"):
        return one.content.body
    document = json.loads(one.content.body)
    for read in document["reads"].values():
        read.pop("request_ids", None)
    return document


def test_it_goes_on_where_its_time_was_over(shop: Shop) -> None:
    scene = a_scene(shop.reads, shop.finding(shop.instance, NOT_THERE))
    looks = iter([NOON, NOON + timedelta(minutes=5)] + [NOON] * 100)
    short = replace(scene, read_at=lambda: looks_at(looks))
    rounds = in_rounds(ec2_instance, short)
    whole = [one.name for one in at_once(ec2_instance, scene)]
    assert sorted(one.name for each in rounds for one in each) == sorted(whole)


def looks_at(looks: Iterator[Any]) -> Any:
    return next(looks)


def test_every_instance_that_failed_is_named_and_what_can_be_tried_again_is(shop: Shop) -> None:
    shop.refused = set(READS)
    scene = a_scene(shop.reads, shop.finding(shop.instance, NOT_THERE))
    with pytest.raises(Broken, match="2 failures") as told:
        at_once(ec2_instance, scene)
    assert shop.instance in str(told.value)
    assert NOT_THERE in str(told.value)


def test_the_account_and_the_region_are_said(shop: Shop) -> None:
    document = json.loads(kept(shop)[f"{shop.instance}/state"].content.body)
    assert (document["account"], document["region"]) == (SHOP, REGION)
    assert document["reads"]["instance"]["operation"] == "ec2:DescribeInstances"
