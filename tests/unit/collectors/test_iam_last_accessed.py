"""What each identity used last is asked for all of them at once, and read when it is there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from localcloud.fakes.last_accessed import TAKES
from localcloud.switchboard import Asked
from responder.collectors import iam_last_accessed
from responder.collectors.collector import Collected, Later, Scene
from responder.domain.errors import Broken, Unavailable
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import SHOP, a_finding, a_session, a_user
from tests.collecting import Reading, a_scene, at_once, in_rounds, state_of
from tests.unit.localcloud.judging import World, a_world, allow

GENERATE, GET = "GenerateServiceLastAccessedDetails", "GetServiceLastAccessedDetails"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def user(world: World) -> Principal:
    """A user that listed buckets and asked for keys."""
    client = world.user(
        "orders-export", allow(["s3:ListAllMyBuckets", "kms:ListKeys"]), account=SHOP
    )
    client("s3").list_buckets()
    client("kms").list_keys()
    return a_user()


def scene_of(clients: Reading, *principals: Principal, **given: Any) -> Scene:
    return a_scene(clients, a_finding(principals=principals), **given)


def begun(scene: Scene, world: World) -> Scene:
    """The scene of the second run, once the reports are there."""
    [later] = iam_last_accessed.collect(scene)
    assert isinstance(later, Later)
    world.clock.advance(TAKES)
    return replace(scene, bookmark=later.bookmark)


def test_the_last_use_of_each_service_is_kept(world: World, user: Principal) -> None:
    second_key = user.model_copy(update={"access_key_id": "AKIAEXAMPLEEXAMPLE99"})
    scene = begun(scene_of(Reading(world), user, second_key), world)
    [item] = at_once(iam_last_accessed, scene)
    report = state_of(item)["page 1"]["value"]
    assert [one["ServiceNamespace"] for one in report["ServicesLastAccessed"]] == ["kms", "s3"]
    assert report["JobType"] == "ACTION_LEVEL"
    assert item.gaps == ()


def test_every_page_of_a_report_is_kept(
    world: World, user: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.fakes.last_accessed._USUAL", 1)
    [item] = at_once(iam_last_accessed, begun(scene_of(Reading(world), user), world))
    assert list(state_of(item)) == ["page 1", "page 2"]


def test_a_report_that_is_never_ready_is_given_up_with_a_gap(world: World, user: Principal) -> None:
    rounds = in_rounds(iam_last_accessed, scene_of(Reading(world), user))
    assert [len(each) for each in rounds] == [0] * 30 + [1]
    assert rounds[-1][0].gaps == ("IAM had not made the report in time",)


def test_a_run_that_died_asks_for_the_same_report_again(world: World, user: Principal) -> None:
    scene = begun(scene_of(Reading(world), user), world)
    [first] = at_once(iam_last_accessed, scene)
    [again] = at_once(iam_last_accessed, scene)
    assert first.name == again.name
    assert state_of(first)["page 1"]["value"] == state_of(again)["page 1"]["value"]
    assert [call.operation for call in world.switchboard.calls].count(GENERATE) == 1


def test_an_identity_that_is_gone_is_kept_as_that(world: World) -> None:
    gone = Reading(world, **{GENERATE: "NoSuchEntity"})
    [item] = at_once(iam_last_accessed, begun(scene_of(gone, a_user("gone")), world))
    assert item.gaps == (f"arn:aws:iam::{SHOP}:user/gone is not there (any more)",)


@pytest.mark.parametrize("operation", [GENERATE, GET])
def test_one_that_may_not_be_read_is_told_once_the_others_are_kept(
    world: World, user: Principal, operation: str
) -> None:
    refused = Reading(world, **{operation: "AccessDenied"})
    scene = begun(scene_of(refused, user), world)
    with pytest.raises(Broken):
        list(iam_last_accessed.collect(scene))


def test_one_of_an_account_out_of_reach_is_a_gap(world: World) -> None:
    theirs = a_session().model_copy(update={"account": "999988887777"})
    refused = Reading(world, **{GENERATE: "AccessDenied"})
    [item] = at_once(iam_last_accessed, begun(scene_of(refused, theirs), world))
    assert "AWS answered AccessDenied" in item.gaps[0]


def test_a_report_that_iam_would_not_begin_is_begun_again(world: World, user: Principal) -> None:
    busy = Reading(world, **{GENERATE: "Throttling"})
    scene = begun(scene_of(busy, user), world)
    assert set(scene.bookmark["jobs"].values()) == {""}
    *_, last = in_rounds(iam_last_accessed, replace(scene, clients=Reading(world)))
    assert last[0].gaps == ("IAM had not made the report in time",)
    with pytest.raises(Unavailable):
        in_rounds(iam_last_accessed, scene)


def test_a_report_that_failed_says_why(world: World, user: Principal) -> None:
    scene = begun(scene_of(Reading(world), user), world)

    def failed(asked: Asked) -> dict[str, Any]:
        return {
            "JobStatus": "FAILED",
            "JobCreationDate": asked.at,
            "JobCompletionDate": asked.at,
            "ServicesLastAccessed": [],
            "Error": {"Message": "lost", "Code": "InternalFailure"},
        }

    world.switchboard.serve("iam", GET, failed)
    [item] = at_once(iam_last_accessed, scene)
    assert "lost" in item.gaps[0]


def test_bookmarks_stay_small_and_what_is_left_out_is_named(world: World) -> None:
    many = tuple(a_user(f"{'x' * 60}{number:04d}") for number in range(42))
    scene = scene_of(Reading(world), *many)
    [later] = iam_last_accessed.collect(scene)
    assert isinstance(later, Later)
    assert len(json.dumps(later.bookmark)) < 4000
    *_, last = in_rounds(iam_last_accessed, scene)
    assert isinstance(last[-1], Collected)
    assert many[41].arn is not None
    assert many[41].arn in last[-1].gaps[0]


def test_no_identity_at_all_is_kept_as_that(world: World) -> None:
    root = Principal(kind=PrincipalKind.ROOT, account=SHOP, arn=f"arn:aws:iam::{SHOP}:root")
    [item] = at_once(iam_last_accessed, scene_of(Reading(world), root))
    assert item.gaps == ("no finding names an identity",)
