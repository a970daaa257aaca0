"""Many readers read a trail's logs whole, and the answer is that of one who reads all of them."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from responder_cli.drill import world
from tests.analysing import STEPS, TRAIL, Analysis, an_analysis, by_hand
from tests.builders import INCIDENT_ID
from tests.killing import DeadlyKey, Killer, Twin
from tests.trail_buckets import CORRUPT, ENDLESS, corpus

OBJECTS = corpus(24)


@pytest.fixture(scope="module")
def analysis() -> Iterator[Analysis]:
    with an_analysis(OBJECTS) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(analysis: Analysis) -> dict[str, Any]:
    """The answer of a run with which nothing went wrong."""
    assert analysis.ends(analysis.start()) == "SUCCEEDED"
    return analysis.kept()


def answered(analysis: Analysis, run: str) -> dict[str, Any]:
    """The answer of another run, but for the instant up to which it looked."""
    assert analysis.ends(analysis.start(run)) == "SUCCEEDED"
    return but_for_time(analysis.kept(run))


def but_for_time(kept: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(kept["answer"])
    del found["until"]
    # Up to then a region that fell silent has been silent.
    silent = ("no log from", "hours have no log")
    found["gaps"] = [gap for gap in found["gaps"] if not any(one in gap for one in silent)]
    return found


def test_the_answer_is_that_of_the_command_on_the_same_objects(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    told = undisturbed["answer"]
    assert told == by_hand(tmp_path, OBJECTS, datetime.fromisoformat(told["until"]))
    assert (told["events"], told["denied"]) == (12, 1)
    assert [gap for gap in told["gaps"] if CORRUPT in gap]
    assert undisturbed["listed"]["objects"] == told["read"]["objects"] == len(OBJECTS) - 1


def test_the_timeline_counts_and_points_and_tells_no_name(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    [told] = [text for text in analysis.told() if "logs whole" in text]
    assert told.startswith(f"Read {len(OBJECTS) - 1} logs whole: 12 calls of ")
    assert f"Evidence cloudtrail.scope/{INCIDENT_ID}, " in told


def test_readers_that_die_or_wait_or_are_refused_leave_the_same_answer(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    killer = Killer(1, one_in=50, functions=STEPS)
    analysis.cloud.disturb(killer)
    try:
        found = answered(analysis, "killed")
    finally:
        analysis.cloud.disturb(None)
    assert len(killer.killed) == 4, killer.killed
    assert found == but_for_time(undisturbed)


def test_an_object_that_ends_whoever_reads_it_is_named_and_stops_nothing(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    deadly = DeadlyKey(ENDLESS)
    analysis.cloud.disturb(deadly)
    try:
        found = answered(analysis, "deadly")
    finally:
        analysis.cloud.disturb(None)
    assert deadly.died
    [gap] = [gap for gap in found.pop("gaps") if ENDLESS in gap]
    assert "could not be read: whoever read it ended" in gap
    whole = but_for_time(undisturbed)
    del whole["gaps"]
    assert found.pop("read") == {
        "objects": whole["read"]["objects"] - 1,
        "records": whole.pop("read")["records"] - 1,
    }
    assert found == whole


def test_a_second_start_of_a_generation_is_refused(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    states = analysis.cloud.client("stepfunctions", account=world.HOME)
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        analysis.start()


def test_more_than_the_policy_lets_is_read_only_when_a_person_says_so(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    ssm = analysis.cloud.client("ssm", account=world.HOME)
    name = analysis.parameter("PolicyParameter")
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value=json.dumps({"most_scanned_gigabytes": 0}), Overwrite=True)
    try:
        assert analysis.ends(analysis.start("too-much")) == "SUCCEEDED"
        # Beside it each turn runs again in the middle of itself, as Lambda may do.
        twin = Twin(analysis.cloud.run_inside, one_in=9)
        analysis.cloud.disturb(twin)
        assert analysis.ends(analysis.start("too-much-whole", whole=True)) == "SUCCEEDED"
    finally:
        analysis.cloud.disturb(None)
        ssm.put_parameter(Name=name, Value=before, Overwrite=True)
    told = analysis.kept("too-much")["answer"]
    assert told["read"]["objects"] == 0
    [gap] = [gap for gap in told["gaps"] if "more than is read without a person" in gap]
    assert f"responder scope --start {INCIDENT_ID}" in gap
    assert twin.runs > 3
    assert but_for_time(analysis.kept("too-much-whole")) == but_for_time(undisturbed)


def test_what_the_bucket_refuses_is_told_and_is_no_nought(
    analysis: Analysis, undisturbed: dict[str, Any]
) -> None:
    s3 = analysis.cloud.client("s3", account=world.HOME)
    scan = next(
        one["Role"]
        for one in analysis.cloud.client("lambda", account=world.HOME).list_functions()["Functions"]
        if "-ScanFunction" in one["FunctionName"]
    )
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": scan},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{TRAIL}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=TRAIL, Policy=json.dumps(policy))
    try:
        found = answered(analysis, "refused")
    finally:
        s3.delete_bucket_policy(Bucket=TRAIL)
    assert found["events"] == 0
    refused = [gap for gap in found["gaps"] if "AWS answered AccessDenied" in gap]
    assert len(refused) == undisturbed["listed"]["objects"]
