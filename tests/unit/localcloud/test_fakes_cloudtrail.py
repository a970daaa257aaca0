"""The event history tells what was called here, late and in its own shape, and nothing else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import STARTS_AT, World, a_world, allow, code, opening_session

SOON = timedelta(minutes=5)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def events(world: World, account: str = HOME, region: str = REGION, **given: Any) -> list[Any]:
    answer = world.operator("cloudtrail", account, region).lookup_events(**given)
    found: list[Any] = answer["Events"]
    return found


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def a_key(world: World, name: str) -> str:
    keys = world.operator("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]
    return str(keys[0]["AccessKeyId"])


def test_an_event_is_seen_five_minutes_later(world: World) -> None:
    keys = world.user("alice", allow("*"))
    keys("kms").list_keys()
    which = by("AccessKeyId", a_key(world, "alice"))
    world.clock.advance(SOON - timedelta(seconds=1))
    assert events(world, **which) == []
    world.clock.advance(timedelta(seconds=1))
    [event] = events(world, **which)
    assert (event["EventName"], event["EventSource"]) == ("ListKeys", "kms.amazonaws.com")
    assert event["EventTime"] == STARTS_AT


def test_the_record_has_cloudtrail_s_own_shape(world: World) -> None:
    keys = world.user("alice")
    assert code(keys("kms").list_keys) == "AccessDeniedException"
    world.clock.advance(SOON)
    [event] = events(world, **by("Username", "alice"))
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventID"] == event["EventId"]
    assert record["errorCode"] == "AccessDeniedException"
    assert record["eventTime"] == "2026-11-23T12:00:00Z"
    assert record["recipientAccountId"] == HOME
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": record["userIdentity"]["principalId"],
        "arn": f"arn:aws:iam::{HOME}:user/alice",
        "accountId": HOME,
        "accessKeyId": a_key(world, "alice"),
        "userName": "alice",
    }


def test_iam_reports_to_one_region(world: World) -> None:
    keys = world.user("alice", allow("*"))
    keys("iam").list_users()
    world.clock.advance(SOON)
    which = by("AccessKeyId", a_key(world, "alice"))
    assert events(world, **which) == []
    assert [e["EventName"] for e in events(world, region="us-east-1", **which)] == ["ListUsers"]


def test_what_is_inside_resources_is_not_in_the_history(world: World) -> None:
    s3 = world.operator("s3", SHOP)
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    keys = world.user("alice", allow("*"), account=SHOP)
    keys("s3").put_object(Bucket="exports", Key="a", Body=b"a")
    keys("s3").get_object(Bucket="exports", Key="a")
    keys("s3").get_bucket_location(Bucket="exports")
    world.clock.advance(SOON)
    found = events(world, SHOP, **by("Username", "alice"))
    assert [event["EventName"] for event in found] == ["GetBucketLocation"]


def test_who_became_a_role_is_found_by_the_role_and_by_the_new_session(world: World) -> None:
    keys = world.user("alice", allow("*"))
    arn = world.role("web", allow("*"))
    answer = keys("sts").assume_role(RoleArn=arn, RoleSessionName="one")
    opening_session(answer)("kms").list_keys()
    world.clock.advance(SOON)
    [became] = events(world, **by("ResourceName", arn), StartTime=STARTS_AT)
    assert became["EventName"] == "AssumeRole"
    [used] = events(world, **by("AccessKeyId", answer["Credentials"]["AccessKeyId"]))
    identity = json.loads(used["CloudTrailEvent"])["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == arn


def test_pages_are_fifty_long_and_the_newest_comes_first(world: World) -> None:
    kms = world.user("alice", allow("*"))("kms")
    for _ in range(60):
        world.clock.advance(timedelta(seconds=1))
        kms.list_keys()
    world.clock.advance(SOON)
    which = by("Username", "alice")
    cloudtrail = world.operator("cloudtrail")
    first = cloudtrail.lookup_events(**which)
    then = cloudtrail.lookup_events(**which, NextToken=first["NextToken"])
    found = [*first["Events"], *then["Events"]]
    assert (len(first["Events"]), len(then["Events"])) == (50, 10)
    assert len({event["EventId"] for event in found}) == 60
    assert found[0]["EventTime"] > found[-1]["EventTime"]
    forged = code(cloudtrail.lookup_events, **which, NextToken="Zm9yZ2Vk")
    assert forged == "InvalidNextTokenException"


def test_times_narrow_it_and_ninety_days_end_it(world: World) -> None:
    kms = world.user("alice", allow("*"))("kms")
    kms.list_keys()
    world.clock.advance(timedelta(days=1))
    kms.list_keys()
    world.clock.advance(SOON)
    which = by("Username", "alice")
    since = datetime(2026, 11, 24, tzinfo=UTC)
    assert len(events(world, **which)) == 2
    assert len(events(world, **which, StartTime=since)) == 1
    assert len(events(world, **which, EndTime=since)) == 1
    refused = code(world.operator("cloudtrail").lookup_events, StartTime=since, EndTime=STARTS_AT)
    assert refused == "InvalidTimeRangeException"
    world.clock.advance(timedelta(days=89, hours=12))
    assert len(events(world, **which)) == 1


def test_one_attribute_at_a_time(world: World) -> None:
    two = by("Username", "a")["LookupAttributes"] + by("EventName", "b")["LookupAttributes"]
    refused = code(world.operator("cloudtrail").lookup_events, LookupAttributes=two)
    assert refused in ("InvalidLookupAttributesException", "ValidationException")


def test_a_key_that_is_refused_leaves_no_event(world: World) -> None:
    keys = world.user("alice", allow("*"))
    which = {"UserName": "alice", "AccessKeyId": a_key(world, "alice")}
    world.operator("iam").update_access_key(**which, Status="Inactive")
    assert code(keys("kms").list_keys) == "UnrecognizedClientException"
    world.clock.advance(SOON)
    assert events(world, **by("AccessKeyId", which["AccessKeyId"])) == []


def test_the_answer_names_what_was_given_and_no_secret(world: World) -> None:
    keys = world.user("alice", allow("*"))
    arn = world.role("web", allow("*"))
    session = keys("sts").assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    made = keys("iam").create_access_key(UserName="alice")["AccessKey"]
    world.clock.advance(SOON)
    [became] = events(world, **by("EventName", "AssumeRole"), StartTime=STARTS_AT)
    [minted] = events(world, region="us-east-1", **by("EventName", "CreateAccessKey"))[:1]
    told = json.loads(became["CloudTrailEvent"])["responseElements"]
    assert told["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert told["assumedRoleUser"]["arn"].endswith("assumed-role/web/one")
    key = json.loads(minted["CloudTrailEvent"])["responseElements"]["accessKey"]
    assert (key["userName"], key["accessKeyId"]) == ("alice", made["AccessKeyId"])
    for event in (became, minted):
        for secret in (
            session["SecretAccessKey"],
            session["SessionToken"],
            made["SecretAccessKey"],
        ):
            assert secret not in event["CloudTrailEvent"]


def test_what_only_looks_has_no_answer_in_the_record(world: World) -> None:
    world.user("alice", allow("*"))("iam").list_users()
    world.clock.advance(SOON)
    [event] = events(world, region="us-east-1", **by("EventName", "ListUsers"))
    assert json.loads(event["CloudTrailEvent"])["responseElements"] is None


def test_nothing_signs_digests_so_there_are_no_keys(world: World) -> None:
    answer = world.operator("cloudtrail").list_public_keys(StartTime=STARTS_AT, EndTime=STARTS_AT)
    assert answer["PublicKeyList"] == []
