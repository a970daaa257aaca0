"""Instances are seen and managed while they run, as AWS says."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.fakes.instances import SCREEN
from tests.builders import REGION, SHOP
from tests.copying import Shop, a_shop
from tests.unit.localcloud.judging import allow, code

NOWHERE = "i-0123456789abcdef0"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        yield shop


def managed(shop: Shop) -> list[Any]:
    ssm = shop.world.operator("ssm", SHOP)
    filters = [{"Key": "InstanceIds", "Values": [shop.instance]}]
    found: list[Any] = ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
    return found


def test_it_is_managed_while_it_runs_with_the_role_for_it(shop: Shop) -> None:
    assert managed(shop) == []
    shop.is_managed()
    assert [one["InstanceId"] for one in managed(shop)] == [shop.instance]
    shop.fleet.ec2.stop_instances(InstanceIds=[shop.instance])
    assert managed(shop) == []


def test_only_what_runs_has_a_screen(shop: Shop) -> None:
    ec2 = shop.fleet.ec2
    asked = ec2.get_console_screenshot
    shown = asked(InstanceId=shop.instance)["ImageData"]
    assert base64.b64decode(shown) == SCREEN
    assert code(asked, InstanceId=NOWHERE) == "InvalidInstanceID.NotFound"
    ec2.stop_instances(InstanceIds=[shop.instance])
    assert code(asked, InstanceId=shop.instance) == "IncorrectInstanceState"


def test_looking_at_one_instance_needs_the_right_to_it(shop: Shop) -> None:
    resource = f"arn:aws:ec2:{REGION}:{SHOP}:instance/{shop.instance}"
    rights = allow(["ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot"], resource)
    ec2 = shop.world.user("viewer", rights, account=SHOP)("ec2")
    for call in (ec2.get_console_output, ec2.get_console_screenshot):
        assert code(call, InstanceId=shop.instance) is None
        assert code(call, InstanceId=NOWHERE) == "UnauthorizedOperation"
