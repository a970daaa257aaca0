"""A bucket is read where it lies, and the answer is that about the same objects in a folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from responder_cli.app import app
from responder_cli.scope import sources
from tests.builders import INCIDENT_ID, REGION
from tests.trail_buckets import CORRUPT, corpus
from tests.trail_logs import KEY

BUCKET = "trail-logs"
OBJECTS = corpus(30)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "pretend")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    sources._s3.cache_clear()
    with mock_aws():
        client: Any = boto3.client("s3", region_name=REGION)
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for key, body in OBJECTS.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=body)
        yield client
    sources._s3.cache_clear()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["scope", *words])


def of_bucket(*words: str, url: str = f"s3://{BUCKET}/logs/") -> Result:
    return run("--bucket", url, "--access-key", KEY, "--json", "--processes", "1", *words)


def test_the_answer_about_a_bucket_is_that_about_a_folder(s3: Any, tmp_path: Path) -> None:
    for key, body in OBJECTS.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(body)
    result = of_bucket()
    assert result.exit_code == 1, result.output  # one object is corrupt
    folder = run(
        "--logs", str(tmp_path), "--access-key", KEY, "--json", "--processes", "1", "--plainly"
    )
    assert json.loads(result.stdout) == json.loads(folder.stdout)
    assert json.loads(result.stdout)["events"] == 12


def test_an_object_that_s3_does_not_hand_out_is_named_and_the_rest_is_answered(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = next(key for key in OBJECTS if "honest" in key)
    names = sources.Bucket.names

    def then_gone(self: sources.Bucket) -> list[str]:
        found = names(self)
        s3.delete_object(Bucket=BUCKET, Key=gone)
        return found

    monkeypatch.setattr(sources.Bucket, "names", then_gone)
    told = json.loads(of_bucket().stdout)
    assert f"{gone} could not be read: S3 answered NoSuchKey" in told["gaps"]
    assert told["events"] == 12


def test_of_another_time_nothing_is_fetched(s3: Any) -> None:
    whole = json.loads(of_bucket().stdout)
    some = json.loads(of_bucket("--since", "2026-11-23T12:00:00Z").stdout)
    assert (some["events"], whole["events"]) == (0, 12)
    assert some["read"]["objects"] < whole["read"]["objects"]
    before = of_bucket("--until", "2026-11-19T00:00:00Z")
    assert (before.exit_code, "holds no log" in before.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--bucket", "trail-logs", "--access-key", KEY], "no address of a bucket"),
        (["--bucket", f"s3://{BUCKET}/nothing/", "--access-key", KEY], "holds no log"),
        (["--bucket", "s3://not-there", "--access-key", KEY], "NoSuchBucket"),
        (["--access-key", KEY], "give one of --logs, --bucket and --start"),
        (["--start", "inc-1"], "no incident"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(s3: Any, words: list[str], why: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert why in result.output


def test_a_person_starts_the_analysis_of_any_size_and_once_it_ended_another(s3: Any) -> None:
    states = boto3.client("stepfunctions", region_name=REGION)
    machine = states.create_state_machine(
        name="breach-analysis",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )["stateMachineArn"]
    boto3.client("cloudformation", region_name=REGION).create_stack(
        StackName="breach-responder",
        TemplateBody=json.dumps(
            {
                "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {"BreachAnalysisArn": {"Value": machine}},
            }
        ),
    )
    for number, ends in ((1, False), (1, True), (2, False)):
        result = run("--start", INCIDENT_ID, "--json")
        assert result.exit_code == 0, result.output
        started = json.loads(result.stdout)
        assert started["name"] == f"{INCIDENT_ID}-whole-{number}"
        told = states.describe_execution(executionArn=started["arn"])
        assert json.loads(told["input"]) == {
            "incident_id": INCIDENT_ID,
            "generation": 1,
            "whole": True,
        }
        if ends:
            states.stop_execution(executionArn=started["arn"])


def test_a_corrupt_object_is_named(s3: Any) -> None:
    told = json.loads(of_bucket().stdout)
    assert [gap for gap in told["gaps"] if f"/{CORRUPT} could not be read" in gap]
