"""OpsItems: one while it is open, in the limits that OpsCenter has."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.builders import SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def an_item(**more: Any) -> dict[str, Any]:
    same = json.dumps({"dedupString": "incident-1"})
    return {
        "Title": "Stolen key",
        "Description": "What happened.",
        "Source": "breach-responder",
        "OperationalData": {"/aws/dedup": {"Type": "SearchableString", "Value": same}},
        **more,
    }


def test_the_same_incident_is_one_item_while_it_is_open(world: World) -> None:
    ssm = world.operator("ssm")
    reference = ssm.create_ops_item(**an_item())["OpsItemId"]
    with pytest.raises(ClientError) as refused:
        ssm.create_ops_item(**an_item(Title="Again"))
    assert refused.value.response["Error"]["Code"] == "OpsItemAlreadyExistsException"
    assert refused.value.response["OpsItemId"] == reference  # type: ignore[typeddict-item]
    ssm.update_ops_item(OpsItemId=reference, Status="Resolved")
    assert ssm.create_ops_item(**an_item())["OpsItemId"] != reference


def test_other_resources_make_another_item(world: World) -> None:
    ssm, data = world.operator("ssm"), an_item()["OperationalData"]
    ssm.create_ops_item(**an_item())
    value = json.dumps([{"arn": "arn:aws:iam::111122223333:user/a"}])
    data = data | {"/aws/resources": {"Type": "SearchableString", "Value": value}}
    assert code(ssm.create_ops_item, **an_item(OperationalData=data)) is None


def test_accounts_do_not_see_each_other_s(world: World) -> None:
    reference = world.operator("ssm").create_ops_item(**an_item())["OpsItemId"]
    there = world.operator("ssm", SHOP)
    assert code(there.get_ops_item, OpsItemId=reference) == "OpsItemNotFoundException"
    assert there.describe_ops_items(OpsItemFilters=[])["OpsItemSummaries"] == []


def test_notes_are_added_and_stay(world: World) -> None:
    ssm = world.operator("ssm")
    reference = ssm.create_ops_item(**an_item())["OpsItemId"]
    for name in ("2026-11-23 a", "2026-11-23 b", "2026-11-23 a"):
        entry = {name: {"Type": "String", "Value": f"note {name}"}}
        ssm.update_ops_item(OpsItemId=reference, OperationalData=entry)
    item = ssm.get_ops_item(OpsItemId=reference)["OpsItem"]
    assert set(item["OperationalData"]) == {"/aws/dedup", "2026-11-23 a", "2026-11-23 b"}
    assert (item["Status"], item["Version"]) == ("Open", "4")
    changed = {"/aws/dedup": {"Type": "SearchableString", "Value": '{"dedupString": "other"}'}}
    refused = code(ssm.update_ops_item, OpsItemId=reference, OperationalData=changed)
    assert refused == "OpsItemInvalidParameterException"


@pytest.mark.parametrize(
    "more",
    [
        {"Title": "t" * 1025},
        {"Description": "d" * 2049},
        {"Source": "s" * 129},
        {"Priority": 6},
    ],
)
def test_lengths_are_those_of_the_service(world: World, more: dict[str, Any]) -> None:
    assert code(world.operator("ssm").create_ops_item, **an_item(**more)) == "ValidationException"


@pytest.mark.parametrize(
    "more",
    [
        {"Source": "aws-breach-responder"},
        {"OperationalData": {"/aws/own": {"Type": "String", "Value": "a"}}},
        {"OperationalData": {"note": {"Type": "String", "Value": "x" * 20_481}}},
        {"OperationalData": {"/aws/dedup": {"Type": "SearchableString", "Value": "[]"}}},
    ],
)
def test_what_opscenter_reserves_is_refused(world: World, more: dict[str, Any]) -> None:
    refused = code(world.operator("ssm").create_ops_item, **an_item(**more))
    assert refused == "OpsItemInvalidParameterException"


def test_items_are_found_by_status_and_in_pages(world: World) -> None:
    ssm = world.operator("ssm")
    for number in range(3):
        ssm.create_ops_item(Title=f"item {number}", Description="d", Source="s")
    rule = {"Key": "Status", "Values": ["Open"], "Operator": "Equal"}
    first = ssm.describe_ops_items(OpsItemFilters=[rule], MaxResults=2)
    then = ssm.describe_ops_items(OpsItemFilters=[rule], NextToken=first["NextToken"])
    titles = [one["Title"] for one in first["OpsItemSummaries"] + then["OpsItemSummaries"]]
    assert titles == ["item 0", "item 1", "item 2"]
    assert "NextToken" not in then


def test_it_is_a_right_of_its_own(world: World) -> None:
    creates = world.user("creates", allow("ssm:CreateOpsItem"))("ssm")
    reference = creates.create_ops_item(**an_item())["OpsItemId"]
    assert code(creates.get_ops_item, OpsItemId=reference) == "AccessDeniedException"
    assert world.switchboard.faked == ("ssm:CreateOpsItem",)
