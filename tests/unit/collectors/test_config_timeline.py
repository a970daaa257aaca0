"""What Config recorded is kept: the state before, and each since; where none records, that."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from localcloud.fakes.shapes import kept_to_model
from localcloud.instants import aware
from localcloud.switchboard import Asked
from responder.collectors import config_timeline
from responder.collectors.collector import Collected
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import NOON, REGION, SHOP, a_finding, a_session, a_user
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world

ROLE_ID, USER_ID = "AROAEXAMPLEEXAMPLE00", "AIDAEXAMPLEEXAMPLE00"
BUCKET = Resource(kind="S3Bucket", id="arn:aws:s3:::shop-orders", name="shop-orders")
BEFORE = NOON - timedelta(days=3)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def recorded(world: World) -> World:
    """A recorder that records, with a state before the incident and one in it of everything."""
    config = world.operator("config", SHOP)
    role = world.role("config", account=SHOP)
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
    world.operator("s3", SHOP).create_bucket(
        Bucket="of-config", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "of-config"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")

    def history(asked: Asked) -> dict[str, Any]:
        given = asked.params
        later = aware(given["laterTime"])
        earlier = aware(given["earlierTime"]) if "earlierTime" in given else None
        found = [
            at
            for at in (NOON - timedelta(minutes=10), BEFORE)
            if at <= later and (earlier is None or at >= earlier)
        ]
        return {"configurationItems": [_item(given, at) for at in found[: given.get("limit", 10)]]}

    def discovered(asked: Asked) -> dict[str, Any]:
        if asked.params["resourceName"] != "orders-export":
            return {"resourceIdentifiers": []}
        return {"resourceIdentifiers": [{"resourceId": USER_ID, "resourceName": "orders-export"}]}

    world.switchboard.serve("config", "GetResourceConfigHistory", kept_to_model(history))
    world.switchboard.serve("config", "ListDiscoveredResources", kept_to_model(discovered))
    return world


def _item(given: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "resourceType": given["resourceType"],
        "resourceId": given["resourceId"],
        "configurationItemCaptureTime": at,
        "configuration": "{}",
    }


def about(*resources: Resource, **given: Any) -> Finding:
    return a_finding(resources=resources, **given)


def here(items: list[Collected]) -> Collected:
    """The item of the region of the finding; IAM is also asked for in its own."""
    [found] = [item for item in items if REGION in item.name]
    return found


def times(item: Collected, read: str) -> list[str]:
    return [one["configurationItemCaptureTime"] for one in state_of(item)[read]["value"]]


def test_the_state_before_and_each_one_since_are_kept(recorded: World) -> None:
    findings = (about(BUCKET, principals=(a_session(),)),)
    items = at_once(config_timeline, a_scene(Reading(recorded), *findings))
    item = here(items)
    for what in ("AWS::S3::Bucket shop-orders", f"AWS::IAM::Role {ROLE_ID}"):
        assert times(item, f"before: {what}") == [BEFORE.isoformat()]
        assert times(item, f"since: {what}") == [(NOON - timedelta(minutes=10)).isoformat()]
    assert item.gaps == ()
    [elsewhere] = [one for one in items if one is not item]
    assert "us-east-1" in elsewhere.name
    assert "no recorder of Config is in us-east-1" in elsewhere.gaps[0]


def test_an_identity_without_its_id_is_found_by_its_name(recorded: World) -> None:
    found = here(at_once(config_timeline, a_scene(Reading(recorded), a_finding())))
    assert f"since: AWS::IAM::User {USER_ID}" in state_of(found)
    other = here(
        at_once(
            config_timeline, a_scene(Reading(recorded), a_finding(principals=(a_user("other"),)))
        )
    )
    assert "Config has not recorded AWS::IAM::User other" in other.gaps


@pytest.mark.parametrize(
    ("kind", "told", "asked"),
    [
        (
            "Lambda",
            f"arn:aws:lambda:{REGION}:{SHOP}:function:orders",
            "AWS::Lambda::Function orders",
        ),
        (
            "Instance",
            f"arn:aws:ec2:{REGION}:{SHOP}:instance/i-0abc1234def567890",
            "AWS::EC2::Instance i-0abc1234def567890",
        ),
        ("S3Bucket", "arn:aws:s3:::shop-orders", "AWS::S3::Bucket shop-orders"),
    ],
)
def test_a_thing_is_asked_by_the_id_that_config_gives_it(
    recorded: World, kind: str, told: str, asked: str
) -> None:
    scene = a_scene(Reading(recorded), about(Resource(kind=kind, id=told), principals=()))
    [item] = at_once(config_timeline, scene)
    assert f"since: {asked}" in state_of(item)


def test_without_a_recorder_nothing_is_asked_and_that_is_said(world: World) -> None:
    [item] = at_once(config_timeline, a_scene(Reading(world), about(BUCKET, principals=())))
    assert item.gaps == (f"no recorder of Config is in {REGION}: nothing was recorded there",)
    assert list(state_of(item)) == ["recorders", "status of recorders"]


def test_a_recorder_that_was_stopped_is_said(recorded: World) -> None:
    recorded.operator("config", SHOP).stop_configuration_recorder(
        ConfigurationRecorderName="default"
    )
    [item] = at_once(config_timeline, a_scene(Reading(recorded), about(BUCKET, principals=())))
    assert f"the recorder default in {REGION} does not record" in item.gaps


def test_what_is_beyond_the_bound_is_counted(
    recorded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_timeline, "MOST", 0)
    [item] = at_once(config_timeline, a_scene(Reading(recorded), about(BUCKET, principals=())))
    assert item.gaps == ("1 more resources were not asked for",)


def test_twice_has_the_same_names(recorded: World) -> None:
    one, other = (
        at_once(config_timeline, a_scene(Reading(recorded), about(BUCKET))) for _ in range(2)
    )
    assert [item.name for item in one] == [item.name for item in other]


def test_each_read_that_is_refused_is_a_gap(recorded: World) -> None:
    calls = sorted(one.partition(":")[2] for one in config_timeline.PERMISSIONS)
    refused_in_turn(config_timeline, recorded, (about(BUCKET),), *calls)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ThrottlingException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    recorded: World, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(config_timeline.collect(a_scene(Reading(recorded, every=code), about(BUCKET))))
