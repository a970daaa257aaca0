"""A bucket is kept with its settings and the versions in it, and nothing of what they hold."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.collectors import s3_bucket
from responder.collectors.collector import Collected
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import NOON, REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, in_rounds, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world

NAME = "shop-orders"
ARN = f"arn:aws:s3:::{NAME}"
BUCKET = Resource(kind="S3Bucket", id=ARN, name=NAME)
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
SETTINGS = {  # the right, and the call that IAM asks it for
    "GetAccountPublicAccessBlock": "GetPublicAccessBlock",
    "GetBucketCORS": "GetBucketCors",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "GetEncryptionConfiguration": "GetBucketEncryption",
    "GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "GetReplicationConfiguration": "GetBucketReplication",
    "ListBucketVersions": "ListObjectVersions",
}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def a_bucket(world: World, *keys: str) -> Any:
    client = world.operator("s3", SHOP)
    client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_policy(Bucket=NAME, Policy=POLICY)
    for key in keys:
        client.put_object(Bucket=NAME, Key=key, Body=b"of-the-object")
    return client


def about(*resources: Resource) -> Finding:
    return a_finding(resources=(BUCKET, *resources))


def lines(item: Collected) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(item.content.body).splitlines()]


def listed(item: Collected) -> list[str]:
    return [
        f"{kind}:{one[kind]['Key']}"
        for one in lines(item)
        for kind in ("Versions", "DeleteMarkers")
        if kind in one
    ]


def test_a_bucket_is_kept_with_its_settings_and_the_versions_in_it(world: World) -> None:
    client = a_bucket(world, "a", "a", "b")
    client.delete_object(Bucket=NAME, Key="b")
    [state, versions] = at_once(s3_bucket, a_scene(Reading(world), about()))
    reads = state_of(state)
    assert json.loads(reads["policy"]["value"]["Policy"]) == json.loads(POLICY)
    assert reads["versioning"]["value"] == {"Status": "Enabled"}
    assert reads["website"]["answered"] == "NoSuchWebsiteConfiguration"
    assert set(s3_bucket._SETTINGS) | {"versioning"} < set(reads)
    asked = lines(versions)[0]["asked"]
    assert asked["Bucket"] == NAME
    assert asked["request_id"]
    assert sorted(listed(versions)) == ["DeleteMarkers:b", "Versions:a", "Versions:a", "Versions:b"]
    assert state.gaps == versions.gaps == ()


def test_no_object_is_opened_and_none_can_be(world: World) -> None:
    a_bucket(world, "a")
    for item in at_once(s3_bucket, a_scene(Reading(world), about())):
        assert b"of-the-object" not in item.content.body
    assert not any(right.startswith("s3:GetObject") for right in s3_bucket.PERMISSIONS)
    assert "GetObject" not in {call.operation for call in world.switchboard.calls}


def test_only_the_objects_that_findings_name_are_listed(world: World) -> None:
    a_bucket(world, "a", "orders/x", "orders/x", "orders/x.bak", "z", "nowhere")
    named = (
        Resource(kind="S3Object", id=f"{ARN}/orders/x", name="orders/x"),
        Resource(kind="S3Object", id="arn:aws:s3:::another/z", name="z"),
        Resource(kind="S3Object", id="nowhere"),
    )
    [_, versions] = at_once(s3_bucket, a_scene(Reading(world), about(*named)))
    assert listed(versions) == ["Versions:orders/x", "Versions:orders/x", "Versions:nowhere"]


def test_more_versions_than_one_item_holds_are_several_items(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_bucket(world, *"abcdefgh")
    monkeypatch.setattr(s3_bucket, "PAGE", 1)
    monkeypatch.setattr(s3_bucket, "PAGES_EACH", 3)
    scene = a_scene(Reading(world), about())
    whole = at_once(s3_bucket, scene)
    assert [len(listed(one)) for one in whole[1:]] == [3, 3, 2]
    rounds = in_rounds(s3_bucket, replace(scene, ends_at=NOON + timedelta(seconds=30)))
    assert [[one.name for one in each] for each in rounds] == [
        [whole[0].name, whole[1].name],
        [whole[2].name],
        [whole[3].name],
    ]
    assert [listed(one) for each in rounds for one in each[-1:]] == [listed(i) for i in whole[1:]]


def test_a_run_that_died_begins_again_with_the_same_names_and_versions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_bucket(world, *"abcdefgh")
    monkeypatch.setattr(s3_bucket, "PAGE", 1)
    monkeypatch.setattr(s3_bucket, "PAGES_EACH", 3)
    scene = a_scene(Reading(world), about())
    bookmark = {"done": 0, "failed": [], "more": {"number": 1, "marker": {"KeyMarker": "c"}}}
    dying = s3_bucket.collect(replace(scene, bookmark=bookmark))
    first = next(dying)
    [again, last] = at_once(s3_bucket, replace(scene, bookmark=bookmark))
    assert isinstance(first, Collected)
    assert (first.name, listed(first)) == (again.name, listed(again))
    assert listed(again) + listed(last) == [f"Versions:{key}" for key in "defgh"]


def test_a_bound_on_versions_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_bucket(world, *"abcdefgh")
    for name, value in (("PAGE", 1), ("PAGES_EACH", 2), ("MOST_VERSIONS", 4)):
        monkeypatch.setattr(s3_bucket, name, value)
    *_, last = at_once(s3_bucket, a_scene(Reading(world), about()))
    assert last.gaps == ("cut after 4 versions: none after 'd' was read",)


def test_a_bound_on_the_versions_of_one_object_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_bucket(world, *["x"] * 5)
    monkeypatch.setattr(s3_bucket, "PAGE", 1)
    monkeypatch.setattr(s3_bucket, "MOST_OF_A_KEY", 3)
    [_, versions] = at_once(
        s3_bucket, a_scene(Reading(world), about(Resource(kind="S3Object", id=f"{ARN}/x")))
    )
    assert listed(versions) == ["Versions:x"] * 3
    assert versions.gaps == ("cut after 3 versions of 'x'",)


def test_each_read_that_is_refused_is_a_gap(world: World) -> None:
    a_bucket(world, "a")
    rights = (one.partition(":")[2] for one in s3_bucket.PERMISSIONS)
    calls = sorted({SETTINGS.get(right, right) for right in rights})
    refused_in_turn(s3_bucket, world, (about(),), *calls)


@pytest.mark.parametrize(("code", "error"), [("AccessDenied", Broken), ("SlowDown", Unavailable)])
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, code: str, error: type[Exception]
) -> None:
    a_bucket(world)
    with pytest.raises(error):
        list(s3_bucket.collect(a_scene(Reading(world, every=code), about())))


def test_a_bucket_that_is_gone_is_kept_as_that(world: World) -> None:
    [state, versions] = at_once(s3_bucket, a_scene(Reading(world), about()))
    assert state.gaps == (f"{NAME}: nothing of it is there (any more), as every read answered",)
    assert "NoSuchBucket" in versions.gaps[0]


def test_a_bucket_of_another_account_is_not_read(world: World) -> None:
    other = world.operator("s3", "999988887777")
    other.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Broken):
        list(s3_bucket.collect(a_scene(Reading(world), about())))
