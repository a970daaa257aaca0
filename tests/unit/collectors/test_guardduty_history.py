"""Each finding is asked of its own detector, and what the detector does not have is named."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.fakes.shapes import kept_to_model
from localcloud.switchboard import Asked
from responder.collectors import guardduty_history
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from tests.builders import NOON, REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world
from tests.unit.localcloud.judging import code as code_of

CALLS = sorted(one.partition(":")[2] for one in guardduty_history.PERMISSIONS)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def detector(world: World) -> str:
    made: str = world.operator("guardduty", SHOP).create_detector(Enable=True)["DetectorId"]
    return made


def holding(world: World, *ids: str) -> None:
    """GuardDuty holds these findings, whatever detector is asked."""

    def held(asked: Asked) -> dict[str, Any]:
        return {"Findings": [_record(one) for one in asked.params["FindingIds"] if one in ids]}

    world.switchboard.serve("guardduty", "GetFindings", kept_to_model(held))


def _record(one: str) -> dict[str, Any]:
    return {
        "AccountId": SHOP,
        "Arn": "arn",
        "CreatedAt": NOON.isoformat(),
        "Id": one,
        "Region": REGION,
        "Resource": {},
        "SchemaVersion": "2.0",
        "Service": {"Archived": True, "UserFeedback": "NOT_USEFUL"},
        "Severity": 8,
        "Type": "Exfiltration:S3/AnomalousBehavior",
        "UpdatedAt": NOON.isoformat(),
    }


def an_id(number: int) -> str:
    return f"{number:032x}"


def of(detector: str, *numbers: int, region: str = REGION) -> tuple[Finding, ...]:
    at = f"arn:aws:guardduty:{region}:{SHOP}:detector/{detector}/finding/"
    return tuple(a_finding(key=at + an_id(one)) for one in numbers)


def test_the_detectors_record_is_kept_with_what_became_of_it(world: World, detector: str) -> None:
    holding(world, an_id(1), an_id(2))
    [item] = at_once(guardduty_history, a_scene(Reading(world), *of(detector, 1, 2)))
    reads = state_of(item)
    listed = reads[f"findings 1 of detector {detector}"]["value"]["Findings"]
    assert [one["Id"] for one in listed] == [an_id(1), an_id(2)]
    assert listed[0]["Service"] == {"Archived": True, "UserFeedback": "NOT_USEFUL"}
    assert reads[f"detector {detector}"]["value"]["Status"] == "ENABLED"
    assert reads["detectors"]["value"] == [detector]
    assert item.gaps == ()


def test_fifty_are_asked_at_a_time(world: World, detector: str) -> None:
    holding(world, *map(an_id, range(51)))
    [item] = at_once(guardduty_history, a_scene(Reading(world), *of(detector, *range(51))))
    asked = [one["parameters"].get("FindingIds", []) for one in state_of(item).values()]
    assert sorted(map(len, asked)) == [0, 0, 1, 50]
    assert item.gaps == ()


def test_a_finding_that_the_detector_does_not_have_is_named(world: World, detector: str) -> None:
    holding(world, an_id(1))
    [item] = at_once(guardduty_history, a_scene(Reading(world), *of(detector, 1, 2)))
    assert item.gaps == (f"GuardDuty has no such finding (any more): {an_id(2)}",)


def test_each_account_and_region_is_an_item(world: World, detector: str) -> None:
    findings = (*of(detector, 1), *of(detector, 1, region="eu-west-1"))
    one, other = at_once(guardduty_history, a_scene(Reading(world), *findings))
    assert "eu-west-1" in one.name
    assert REGION in other.name
    there = state_of(one)
    assert there[f"detector {detector}"]["answered"] == "BadRequestException"
    assert there["detectors"]["value"] == []


def test_findings_of_others_are_asked_of_nobody(world: World) -> None:
    hostile = a_finding(key="arn:aws:guardduty:us-west-2:x/../\u2028")
    [item] = at_once(guardduty_history, a_scene(Reading(world), hostile))
    assert item.gaps == ("no finding of the incident is GuardDuty's",)


def test_twice_has_the_same_names(world: World, detector: str) -> None:
    one, two = of(detector, 1, 2)
    [first] = at_once(guardduty_history, a_scene(Reading(world), one, two))
    [again] = at_once(guardduty_history, a_scene(Reading(world), two, one))
    assert first.name == again.name


def test_each_read_that_is_refused_is_a_gap(world: World, detector: str) -> None:
    refused_in_turn(guardduty_history, world, of(detector, 1), *CALLS)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ThrottlingException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, detector: str, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(guardduty_history.collect(a_scene(Reading(world, every=code), *of(detector, 1))))


def test_a_detector_here_has_no_findings_and_another_is_not_there(
    world: World, detector: str
) -> None:
    client = world.operator("guardduty", SHOP)
    assert client.get_findings(DetectorId=detector, FindingIds=[an_id(1)])["Findings"] == []
    for call, more in (
        (client.get_findings, {"FindingIds": [an_id(1)]}),
        (client.get_detector, {}),
    ):
        assert code_of(call, DetectorId="f" * 32, **more) == "BadRequestException"
