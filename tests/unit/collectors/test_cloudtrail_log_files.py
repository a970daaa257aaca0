"""The log files as they lie there, what the digests say of each, and of those that are gone."""

import gzip
import io
import json
import re
import tarfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.log_bucket import Fetched
from responder.collectors import cloudtrail_log_files, log_objects, trail_validation
from responder.collectors.bundle import is_a_path
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.trail_digests import (
    BEGINS,
    CHANGED,
    GONE,
    MATCHES,
    MAX_UNPACKED_BYTES,
    UNREAD,
    Result,
    unpacked_sha256,
)
from responder.collectors.trail_places import Day, Place
from responder.domain.errors import Broken, Unavailable
from tests.builders import NOON, REGION, SHOP
from tests.collecting import a_scene, at_once, in_rounds
from tests.log_files import BUCKET, TRAIL, Delivery, Member, a_trail

START = NOON - timedelta(hours=1)
DONE = NOON + timedelta(hours=2)  # when the digests of the window are there


@pytest.fixture(autouse=True)
def _accounts_by_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)


@pytest.fixture
def delivery(aws: None) -> Delivery:
    """Three hours: a file in each, a digest for each, the last of which is yet to come."""
    delivery = Delivery()
    a_trail()
    return delivery


def an_hour(delivery: Delivery, number: int, *uniques: str) -> tuple[list[str], str]:
    at = START + timedelta(hours=number)
    keys = [delivery.log_file(at + timedelta(minutes=5), one) for one in uniques]
    return keys, delivery.digest(at + timedelta(hours=1), *keys)


def the_scene(**given: Any) -> Scene:
    plain: dict[str, Any] = {"now": DONE}
    return a_scene(given.pop("clients", Member()), **plain | given)


def collected(**given: Any) -> dict[str, Collected]:
    """What one run keeps, by the end of each name."""
    found = at_once(cloudtrail_log_files, the_scene(**given))
    assert len({one.name for one in found}) == len(found)
    return {one.name.removeprefix("cloudtrail.log_files/0001/"): one for one in found}


def named(found: dict[str, Collected], part: str) -> Collected:
    """The item of our region with this last name, or with it and what tells bundles apart."""
    [one] = [
        item
        for name, item in found.items()
        if re.fullmatch(rf"{part}(-[0-9a-f]{{16}}|-0000-[0-9a-f]{{16}})?", name.rpartition("/")[2])
        and (f"/{REGION}/" in name or "/" not in name)
        and not (part == "validation" and "validation-" in name)
    ]
    return one


def files(item: Collected) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(item.content.body)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def lines(item: Collected) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(item.content.body).splitlines()]


def document(item: Collected) -> Any:
    return json.loads(item.content.body)


def results(found: dict[str, Collected]) -> dict[str, str]:
    """What validation says of each file of our region, by the unique part of its name."""
    return {
        one["key"].rpartition("_")[2].partition(".")[0]: one["result"]
        for name, item in found.items()
        if "/validation-" in name and f"/{REGION}/" in name
        for one in lines(item)
        if "result" in one
    }


def put_again(delivery: Delivery, key: str, content: bytes) -> None:
    delivery.s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(content))


def test_every_file_of_the_window_is_kept_byte_for_byte_and_valid(delivery: Delivery) -> None:
    keys, digest = an_hour(delivery, 0, "one", "two")
    found = collected()
    kept = files(named(found, "files"))
    for key in keys:
        body = delivery.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert kept[key] == body
    index = [json.loads(line) for line in kept["index.jsonl"].splitlines()]
    assert {(one["bucket"], one["key"]) for one in index} == {(BUCKET, key) for key in keys}
    assert all(one["etag"] and one["last_modified"] and one["sha256"] for one in index)
    assert results(found) == {"one": Result.VALID, "two": Result.VALID}
    assert digest in files(named(found, "digests"))
    assert document(named(found, "summary"))["results"] == {
        "log files valid": 2,
        "digests valid": 1,
    }


def test_the_trails_are_kept_with_what_they_log(delivery: Delivery) -> None:
    found = collected()
    told = document(named(found, "trails"))
    [trail] = told["trails"]
    assert trail["Name"] == TRAIL
    assert told["reads"][f"status of {trail['TrailARN']}"]["value"]["IsLogging"] is True
    assert f"event selectors of {trail['TrailARN']}" in told["reads"]


def test_a_file_that_was_changed_is_told_from_one_that_was_not(delivery: Delivery) -> None:
    [first, _], _ = an_hour(delivery, 0, "one", "two")
    put_again(delivery, first, b'{"Records": []}')
    found = collected()
    assert results(found) == {"one": Result.DIFFERS, "two": Result.VALID}
    assert any("hash is not the one" in gap for gap in named(found, "summary").gaps)


def test_a_second_stream_behind_the_first_is_a_change(delivery: Delivery) -> None:
    """Readers of gzip files read on; a validation that stops at the first would not see it."""
    [key], _ = an_hour(delivery, 0, "one")
    body = delivery.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    delivery.s3.put_object(Bucket=BUCKET, Key=key, Body=body + gzip.compress(b"more"))
    assert results(collected()) == {"one": Result.DIFFERS}


def test_a_file_that_is_gone_is_missing(delivery: Delivery) -> None:
    [first, second], _ = an_hour(delivery, 0, "one", "two")
    delivery.s3.delete_object(Bucket=BUCKET, Key=first)
    found = collected()
    verdicts = named(found, "validation")
    assert document(verdicts)["missing"] == [first]
    assert any(first in gap for gap in verdicts.gaps)
    assert results(found) == {"two": Result.VALID}
    assert second in files(named(found, "files"))


def test_a_file_that_no_digest_names_is_not_covered_until_a_later_one_could(
    delivery: Delivery,
) -> None:
    an_hour(delivery, 0, "one")
    delivery.log_file(START + timedelta(minutes=7), "planted")
    # Moto's objects are modified now, which is after every digest of the test.
    assert results(collected())["planted"] == Result.TOO_NEW
    judged = trail_validation.Judged(_a_day(), newest="99991231T000000Z")
    fetched = Fetched(
        gzip.compress(b"{}"), {}, {"bucket": BUCKET, "key": "k", "last_modified": NOON}
    )
    assert judged.look(fetched)["result"] == Result.NOT_COVERED


def _a_day() -> Day:
    place = Place(bucket=BUCKET, folder="AWSLogs/", regions=(REGION,), trails=())
    return Day(place, SHOP, REGION, NOON.replace(hour=0))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digestPublicKeyFingerprint": "0" * 32}, "no public key"),
        ({"digestS3Object": "elsewhere"}, "moved"),
        ({"digestS3Bucket": "elsewhere"}, "moved"),
        ({"digestSignatureAlgorithm": "none"}, "not known"),
    ],
)
def test_what_a_digest_says_counts_only_where_it_is_valid(
    delivery: Delivery, change: dict[str, str], why: str
) -> None:
    key = delivery.log_file(START + timedelta(minutes=5), "one")
    delivery.digest(NOON, key, **change)
    found = collected()
    [verdict] = document(named(found, "validation"))["digests"]
    assert verdict["valid"] is False
    assert why in verdict["why"]
    assert results(found) == {"one": Result.TOO_NEW}


def rewritten(delivery: Delivery, digest: str, **changed: Any) -> None:
    """A digest with other contents under the same signature."""
    stored = delivery.s3.get_object(Bucket=BUCKET, Key=digest)
    told = json.loads(gzip.decompress(stored["Body"].read())) | changed
    delivery.s3.put_object(
        Bucket=BUCKET,
        Key=digest,
        Body=gzip.compress(json.dumps(told).encode()),
        Metadata=stored["Metadata"],
    )


def test_a_digest_that_was_rewritten_is_no_longer_signed(delivery: Delivery) -> None:
    _, digest = an_hour(delivery, 0, "one")
    rewritten(delivery, digest, logFiles=[])
    [verdict] = document(named(collected(), "validation"))["digests"]
    assert (verdict["valid"], verdict["why"]) == (False, "its signature does not fit it")


@pytest.mark.parametrize("signature", ["", "00", "zz", "\u00e9", "ff" * 256])
def test_a_digest_without_a_signature_of_cloudtrail_is_not_valid(
    delivery: Delivery, signature: str
) -> None:
    _, digest = an_hour(delivery, 0, "one")
    body = delivery.s3.get_object(Bucket=BUCKET, Key=digest)["Body"].read()
    metadata = {"signature": signature} if signature.isascii() else {}
    delivery.s3.put_object(Bucket=BUCKET, Key=digest, Body=body, Metadata=metadata)
    [verdict] = document(named(collected(), "validation"))["digests"]
    assert verdict["valid"] is False


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"no json", b"[" * 100_000])
def test_what_is_no_digest_is_said_to_be_none(delivery: Delivery, content: bytes) -> None:
    _, digest = an_hour(delivery, 0, "one")
    put_again(delivery, digest, content)
    [verdict] = document(named(collected(), "validation"))["digests"]
    assert verdict["valid"] is False


def previous(found: dict[str, Collected]) -> list[str]:
    return [one["previous"] for one in document(named(found, "validation"))["digests"]]


def test_digests_are_held_to_the_one_before(delivery: Delivery) -> None:
    for number in range(-1, 2):
        an_hour(delivery, number, f"n{number + 1}")
    assert previous(collected()) == [BEGINS, MATCHES, MATCHES]


def test_a_digest_that_was_taken_away_leaves_a_hole_in_the_chain(delivery: Delivery) -> None:
    digests = [an_hour(delivery, number, f"n{number + 1}")[1] for number in range(-1, 2)]
    delivery.s3.delete_object(Bucket=BUCKET, Key=digests[1])
    found = collected()
    assert previous(found) == [BEGINS, GONE]
    assert any("missing" in gap for gap in named(found, "validation").gaps)


def test_a_digest_that_took_the_place_of_another_breaks_the_chain(delivery: Delivery) -> None:
    digests = [an_hour(delivery, number, f"n{number + 1}")[1] for number in range(2)]
    delivery.before |= {"previousDigestS3Object": None, "previousDigestSignature": None}
    delivery.digest(START + timedelta(hours=1))  # signed by CloudTrail, and another
    assert previous(collected()) == [BEGINS, CHANGED]
    assert len(digests) == 2


def test_validation_that_was_never_on_is_said(delivery: Delivery) -> None:
    delivery.log_file(START + timedelta(minutes=5), "one")
    verdicts = named(collected(), "validation")
    assert any("log file validation is off" in gap for gap in verdicts.gaps)


def test_files_delivered_before_the_window_are_left_out_and_not_missed(delivery: Delivery) -> None:
    _, digest = an_hour(delivery, -4, "early")
    an_hour(delivery, 0, "one")
    found = collected()
    assert results(found) == {"one": Result.VALID}
    assert document(named(found, "validation"))["missing"] == []
    assert digest in files(named(found, "digests"))


@pytest.mark.parametrize("body", [b"", b"plain", gzip.compress(b"cut short", mtime=0)[:-9]])
def test_a_file_that_cannot_be_unpacked_is_kept_and_said(delivery: Delivery, body: bytes) -> None:
    [key], _ = an_hour(delivery, 0, "one")
    delivery.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    found = collected()
    assert files(named(found, "files"))[key] == body
    assert results(found) == {"one": Result.UNREADABLE}


def test_a_file_that_unpacks_without_end_is_not_followed() -> None:
    packed = gzip.compress(b"\0" * (4 * 1024 * 1024)) * (
        MAX_UNPACKED_BYTES // (4 * 1024 * 1024) + 1
    )
    with pytest.raises(Broken, match="unpacks to more"):
        unpacked_sha256(packed)


HOSTILE = ["../../etc/passwd", "a\nb.json.gz", "\u202ex", "/x", "index.jsonl"]


def test_what_others_put_beside_the_files_is_kept_under_safe_names(delivery: Delivery) -> None:
    folder = f"AWSLogs/{SHOP}/CloudTrail/{REGION}/2026/11/23/"
    for name in HOSTILE:
        delivery.put(folder + name, b"planted")
    kept = files(named(collected(), "files"))
    index = [json.loads(line) for line in kept["index.jsonl"].splitlines()]
    assert {one["key"] for one in index} == {folder + name for name in HOSTILE}
    assert all(is_a_path(one["name"]) for one in index)


@pytest.mark.parametrize(
    ("given", "trail"),
    [
        ({"prefix": "logs/all"}, {"S3KeyPrefix": "logs/all"}),
        ({"organization": "o-exampleorg1"}, {"IsOrganizationTrail": True}),
    ],
)
def test_files_below_a_prefix_or_an_organization_are_found(
    aws: None, given: dict[str, str], trail: dict[str, Any]
) -> None:
    delivery = Delivery(**given)
    a_trail(**trail)
    delivery.put("AWSLogs/o-UPPER/x", b"no organization")
    an_hour(delivery, 0, "one")
    assert results(collected()) == {"one": Result.VALID}


def test_two_trails_into_one_folder_are_read_once(delivery: Delivery) -> None:
    a_trail(Name="second")
    an_hour(delivery, 0, "one")
    found = collected()
    assert len([name for name in found if "/files-" in name]) == 1


def test_the_same_objects_are_the_same_items(delivery: Delivery) -> None:
    an_hour(delivery, 0, "one", "two")
    first, again = collected(), collected()
    assert first.keys() == again.keys()
    same = [name for name in first if re.search("/(files|digests|listing)", name)]
    assert len(same) >= 3
    assert all(first[name].content == again[name].content for name in same)


def test_without_a_trail_it_says_so(aws: None) -> None:
    found = collected()
    assert set(found) == {"trails", "summary"}
    assert any(
        f"no trail was found that logs {SHOP} in {REGION}" in g for g in found["trails"].gaps
    )


@pytest.mark.parametrize(
    "operation", ["GetTrailStatus", "GetEventSelectors", "GetInsightSelectors"]
)
def test_what_cannot_be_asked_of_a_trail_is_a_gap(delivery: Delivery, operation: str) -> None:
    an_hour(delivery, 0, "one")
    found = collected(clients=Member({operation: "AccessDeniedException"}))
    assert any("AccessDeniedException" in gap for gap in found["trails"].gaps)
    assert results(found) == {"one": Result.VALID}


def test_a_bucket_that_may_not_be_read_is_a_gap_that_says_how_to_allow_it(
    delivery: Delivery,
) -> None:
    an_hour(delivery, 0, "one")
    found = collected(clients=Member({"ListObjectsV2": "AccessDenied"}))
    assert not any("/files-" in name for name in found)
    [gap] = [gap for gap in found["summary"].gaps if BUCKET in gap]
    assert "AccessDenied" in gap
    assert "LogBuckets of stacks/member-role.yaml" in gap


def test_files_that_may_not_be_decrypted_are_named(delivery: Delivery) -> None:
    [first, _], _ = an_hour(delivery, 0, "one", "two")
    found = collected(clients=Member({f"GetObject {first}": "AccessDenied"}))
    [told] = [
        item for name, item in found.items() if f"/{REGION}/" in name and "/validation-" in name
    ]
    assert any(first in gap and "AccessDenied" in gap for gap in told.gaps)
    assert len(files(named(found, "files"))) == 2


def test_it_does_not_knock_for_ever_where_nothing_may_be_read(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_objects, "_REFUSALS", 2)
    an_hour(delivery, 0, "one", "two", "three")
    found = collected(clients=Member({"GetObject _CloudTrail_": "AccessDenied"}))
    assert any(BUCKET in gap for gap in found["summary"].gaps)


def test_a_digest_that_may_not_be_read_is_not_called_missing(delivery: Delivery) -> None:
    digests = [an_hour(delivery, number, f"n{number}")[1] for number in range(2)]
    found = collected(clients=Member({f"GetObject {digests[0]}": "AccessDenied"}))
    assert previous(found) == [UNREAD]


def test_public_keys_that_may_not_be_read_leave_nothing_valid(delivery: Delivery) -> None:
    an_hour(delivery, 0, "one")
    found = collected(clients=Member({"ListPublicKeys": "AccessDeniedException"}))
    assert any("public keys" in gap for gap in named(found, "validation").gaps)
    assert results(found) == {"one": Result.TOO_NEW}


def test_when_no_trail_can_be_asked_for_it_fails(delivery: Delivery) -> None:
    with pytest.raises(Broken):
        collected(clients=Member({"DescribeTrails": "AccessDeniedException"}))


def test_s3_that_does_not_answer_is_tried_again(delivery: Delivery) -> None:
    an_hour(delivery, 0, "one")
    with pytest.raises(Unavailable):
        collected(clients=Member({"GetObject _CloudTrail_": "SlowDown"}))


@pytest.mark.parametrize("limit", ["MAX_OBJECTS", "MAX_COPIED_BYTES"])
def test_more_than_may_be_copied_is_listed_and_the_first_that_was_not_is_named(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    keys, _ = an_hour(delivery, 0, "a", "b", "c")
    size = len(delivery.s3.get_object(Bucket=BUCKET, Key=keys[0])["Body"].read())
    monkeypatch.setattr(log_objects, limit, 1 if limit == "MAX_OBJECTS" else size)
    found = collected()
    assert list(results(found)) == ["a"]
    assert any(keys[1] in gap for gap in found["summary"].gaps)
    listing = named(found, "listing")
    assert [one["key"] for one in lines(listing)] == keys
    assert f"3 objects, {3 * size} bytes" in listing.covers


def test_a_day_that_is_too_long_to_list_is_cut_and_nothing_called_missing(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, _ = an_hour(delivery, 0, "a", "b", "c")
    monkeypatch.setattr(cloudtrail_log_files, "MAX_LISTED", 2)
    found = collected()
    assert any(keys[2] in gap for gap in named(found, "listing").gaps)
    assert document(named(found, "validation"))["missing"] == []


def a_slow_clock(seconds: float) -> Any:
    """Each look at it takes so long."""
    now = [NOON]

    def read_at() -> Any:
        now[0] += timedelta(seconds=seconds)
        return now[0]

    return read_at


def scene_by_scene(scene: Scene) -> Any:
    """Runs of half a minute of work each."""
    found: dict[str, Collected] = {}
    rounds = 0
    while True:
        rounds += 1
        read_at = a_slow_clock(1)
        run = replace(scene, read_at=read_at, ends_at=NOON + timedelta(seconds=68))
        yielded = list(cloudtrail_log_files.collect(run))
        for one in yielded:
            if isinstance(one, Collected):
                found.setdefault(one.name, one)
        last = yielded[-1]
        if not isinstance(last, Later):
            return rounds, found
        assert len(json.dumps(last.bookmark)) < 4096
        scene = replace(scene, bookmark=json.loads(json.dumps(last.bookmark)))


def test_what_one_run_cannot_copy_the_next_ones_do_and_nothing_twice(delivery: Delivery) -> None:
    uniques = [f"n{number:02d}" for number in range(15)]
    an_hour(delivery, 0, *uniques)
    rounds, found = scene_by_scene(the_scene())
    assert rounds > 2
    copied = [
        key
        for name, item in found.items()
        if "/files-" in name and f"/{REGION}/" in name
        for key in files(item)
        if key != "index.jsonl"
    ]
    assert len(copied) == len(set(copied)) == 15
    assert document(found["cloudtrail.log_files/0001/summary"])["results"] == {
        "log files valid": 15,
        "digests valid": 1,
    }


def test_a_run_that_died_is_begun_again_and_what_came_meanwhile_is_kept_too(
    delivery: Delivery,
) -> None:
    an_hour(delivery, 0, "m")
    scene = the_scene()
    died = collected()  # yielded all, and left no bookmark
    delivery.log_file(START + timedelta(minutes=1), "a")
    [again] = in_rounds(cloudtrail_log_files, scene)
    names = {one.name for one in again}
    first = {f"cloudtrail.log_files/0001/{name}" for name in died if "/files-" in name}
    assert names.isdisjoint(first)  # another bundle, which has both


def test_what_was_deleted_is_kept_where_the_bucket_keeps_versions(delivery: Delivery) -> None:
    on = {"Status": "Enabled"}
    delivery.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=on)
    [first, second], _ = an_hour(delivery, 0, "one", "two")
    body = delivery.s3.get_object(Bucket=BUCKET, Key=first)["Body"].read()
    delivery.s3.delete_object(Bucket=BUCKET, Key=first)
    found = collected()
    [bundle] = [item for name, item in found.items() if "/deleted/files-" in name]
    kept = files(bundle)
    assert kept[first] == body
    assert json.loads(kept["index.jsonl"])["version_id"]
    assert document(named(found, "summary"))["results"][f"log files {Result.MISSING}"] == 1
    assert results(found) == {"one": Result.VALID, "two": Result.VALID}
    assert second not in kept


def test_what_was_deleted_for_good_is_said_to_be(delivery: Delivery) -> None:
    [first], _ = an_hour(delivery, 0, "one")
    delivery.s3.delete_object(Bucket=BUCKET, Key=first)
    [told] = [item for name, item in collected().items() if "/deleted/validation-" in name]
    assert lines(told) == [{"key": first, "failed": "the bucket has no version of it"}]


def test_versions_that_may_not_be_listed_are_a_gap(delivery: Delivery) -> None:
    [first], _ = an_hour(delivery, 0, "one")
    delivery.s3.delete_object(Bucket=BUCKET, Key=first)
    found = collected(clients=Member({"ListObjectVersions": "AccessDenied"}))
    [told] = [item for name, item in found.items() if "/deleted/validation-" in name]
    assert any(first in gap and "AccessDenied" in gap for gap in told.gaps)
