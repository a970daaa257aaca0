"""Findings are kept as Security Hub held them, with their history, in each shape that is on."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.fakes.shapes import kept_to_model
from localcloud.switchboard import Asked
from responder.collectors import securityhub_history
from responder.domain.errors import Broken, Unavailable
from tests.builders import FINDING_ARN, NOON, REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world

PRODUCT = f"arn:aws:securityhub:{REGION}::product/aws/guardduty"
HISTORY = f"history of {FINDING_ARN} of {PRODUCT}"
CSPM_OFF = "Security Hub CSPM is not on there: InvalidAccessException"
OCSF_OFF = "Security Hub is not on there: ResourceNotFoundException"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def hub(world: World) -> World:
    """Security Hub in its first shape, with the finding and one change of it."""
    world.operator("securityhub", SHOP).enable_security_hub()
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": FINDING_ARN,
        "ProductArn": PRODUCT,
        "GeneratorId": "detector",
        "AwsAccountId": SHOP,
        "CreatedAt": NOON.isoformat(),
        "UpdatedAt": NOON.isoformat(),
        "Title": "<script>\u2028",
        "Description": "more than ever",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::shop"}],
    }

    def findings(asked: Asked) -> dict[str, Any]:
        wanted = [one["Value"] for one in asked.params["Filters"]["Id"]]
        return {"Findings": [finding] if FINDING_ARN in wanted else []}

    def history(asked: Asked) -> dict[str, Any]:
        which = asked.params["FindingIdentifier"]
        return {"Records": [{"FindingIdentifier": which, "FindingCreated": True}]}

    world.switchboard.serve("securityhub", "GetFindings", kept_to_model(findings))
    world.switchboard.serve("securityhub", "GetFindingHistory", kept_to_model(history))
    return world


def in_both_shapes(world: World) -> None:
    def on(asked: Asked) -> dict[str, Any]:
        return {"HubV2Arn": f"arn:aws:securityhub:{REGION}:{SHOP}:hubv2/1"}

    def findings(asked: Asked) -> dict[str, Any]:
        [composite] = asked.params["Filters"]["CompositeFilters"]
        wanted = [one["Filter"]["Value"] for one in composite["StringFilters"]]
        return {"Findings": [{"finding_info": {"uid": one}} for one in wanted]}

    world.switchboard.serve("securityhub", "DescribeSecurityHubV2", kept_to_model(on))
    world.switchboard.serve("securityhub", "GetFindingsV2", findings)


def test_a_finding_is_kept_with_its_history(hub: World) -> None:
    [item] = at_once(securityhub_history, a_scene(Reading(hub)))
    reads = state_of(item)
    assert [one["Id"] for one in reads["findings 1"]["value"]] == [FINDING_ARN]
    assert reads[HISTORY]["value"][0]["FindingCreated"] is True
    assert item.gaps == (OCSF_OFF,)
    assert item.content.body.isascii()


def test_both_shapes_are_kept_where_both_are_on(hub: World) -> None:
    in_both_shapes(hub)
    [item] = at_once(securityhub_history, a_scene(Reading(hub)))
    found = state_of(item)["findings 1 in OCSF"]["value"]
    assert found == [{"finding_info": {"uid": FINDING_ARN}}]
    assert item.gaps == ()


def test_where_it_is_off_that_is_said(world: World) -> None:
    [item] = at_once(securityhub_history, a_scene(Reading(world)))
    assert CSPM_OFF in item.gaps
    assert OCSF_OFF in item.gaps


def test_a_finding_that_is_not_there_is_named(hub: World) -> None:
    other = a_finding(key="another")
    [item] = at_once(securityhub_history, a_scene(Reading(hub), a_finding(), other))
    missing = "Security Hub CSPM has no such finding (any more): another"
    assert item.gaps == (missing, OCSF_OFF)


def test_more_findings_than_are_read_are_counted(
    hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(securityhub_history, "MOST_FINDINGS", 0)
    [item] = at_once(securityhub_history, a_scene(Reading(hub)))
    assert "the history of 1 findings was not read" in item.gaps
    assert HISTORY not in state_of(item)


def test_twenty_are_asked_at_a_time(hub: World) -> None:
    in_both_shapes(hub)
    many = [a_finding(key=f"key-{number:02d}") for number in range(21)]
    reads = state_of(at_once(securityhub_history, a_scene(Reading(hub), *many))[0])
    sizes = [len(reads[f"findings {n}"]["parameters"]["Filters"]["Id"]) for n in (1, 2)]
    assert sizes == [20, 1]
    assert [len(reads[f"findings {n} in OCSF"]["value"]) for n in (1, 2)] == [20, 1]


def test_twice_has_the_same_names(hub: World) -> None:
    one, other = (at_once(securityhub_history, a_scene(Reading(hub))) for _ in range(2))
    assert [item.name for item in one] == [item.name for item in other]


def test_each_read_that_is_refused_is_a_gap(hub: World) -> None:
    in_both_shapes(hub)
    calls = sorted(one.partition(":")[2] for one in securityhub_history.PERMISSIONS)
    refused_in_turn(securityhub_history, hub, (a_finding(),), *calls, "GetFindingsV2")


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ThrottlingException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    hub: World, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(securityhub_history.collect(a_scene(Reading(hub, every=code))))
