"""What a stolen key did is followed through the logs; what nobody could see is named."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from responder_cli.app import app
from tests.builders import HOME, REGION, SHOP
from tests.trail_logs import (
    BACKDOOR,
    BUCKET,
    KEY,
    MADE_KEY,
    OTHER,
    ROLE_ARN,
    SESSION_KEY,
    USER,
    Logs,
    by_session,
    by_user,
)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["scope", "--logs", str(folder), *words])


def told(folder: Path, *words: str, exits: int = 0) -> dict[str, Any]:
    result = run(folder, "--json", "--processes", "1", *words)
    assert result.exit_code == exits, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return Logs().honest(hours=6, each=4).theft().write(tmp_path)


def test_what_the_key_assumed_and_made_is_followed_and_all_of_it_counted(logs: Path) -> None:
    found = told(logs, "--access-key", KEY)
    keys = {one["access_key_id"] for one in found["principals"]}
    assert keys >= {KEY, SESSION_KEY, MADE_KEY}
    assert OTHER not in keys
    assert (found["events"], found["denied"]) == (12, 1)
    assert found["first_event_at"] == "2026-11-23T01:01:00+00:00"
    assert found["last_event_at"] == "2026-11-23T04:11:00+00:00"
    assert [(one["event_name"], one["verb"]) for one in found["lineage"]["edges"]] == [
        ("AssumeRole", "assumed"),
        ("CreateUser", "made"),
        ("CreateAccessKey", "made"),
    ]


def test_an_object_read_twice_is_one_object_and_its_bytes_went_out_twice(logs: Path) -> None:
    found = told(logs, "--access-key", KEY)
    assert (found["objects_read"], found["bytes_read"]) == (4, 6000)
    assert found["buckets"] == [{"bucket": BUCKET, "objects": 4, "reads": 6, "bytes": 6000}]


def test_what_matters_first_is_named_with_its_technique(logs: Path) -> None:
    found = told(logs, "--access-key", KEY)
    [tampering] = found["tampering"]
    assert (tampering["call"], tampering["about"], tampering["outcome"]) == (
        "StopLogging",
        "main",
        "denied",
    )
    assert tampering["technique"] == "T1562.008"
    assert [one["call"] for one in found["persistence"]] == ["CreateUser", "CreateAccessKey"]
    assert [one["about"] for one in found["retrieval"]] == ["shop/database"]
    assert [one["address"] for one in found["source_ips"]] == ["198.51.100.9", "2001:db8::7"]


@pytest.mark.parametrize(
    ("words", "events"),
    [
        (("--principal", f"arn:aws:iam::{SHOP}:user/{USER}"), 12),
        (("--principal", ROLE_ARN), 4),
        (("--principal", f"arn:aws:iam::{SHOP}:user/{BACKDOOR}"), 2),
        (("--access-key", SESSION_KEY), 4),
        (("--access-key", MADE_KEY), 2),
        (("--access-key", MADE_KEY, "--principal", ROLE_ARN), 4),
        (("--access-key", KEY, "--since", "2026-11-23T02:00:00Z"), 5),
        (("--access-key", KEY, "--since", "2026-11-23T02:10:00Z"), 4),
        (("--access-key", KEY, "--until", "2026-11-23T02:00:00Z"), 7),
    ],
)
def test_it_begins_where_it_is_told_to(logs: Path, words: tuple[str, ...], events: int) -> None:
    assert told(logs, *words)["events"] == events


def test_the_plain_decoders_and_several_processes_give_the_same_answer(tmp_path: Path) -> None:
    logs = Logs().honest(hours=80, each=3).theft().write(tmp_path)
    fast = told(logs, "--access-key", KEY)
    assert told(logs, "--access-key", KEY, "--plainly") == fast
    result = run(logs, "--json", "--access-key", KEY, "--processes", "2")
    assert json.loads(result.stdout) == fast


def test_what_is_kept_of_the_logs_changes_no_answer_to_any_question(tmp_path: Path) -> None:
    logs, index = tmp_path / "logs", tmp_path / "index"
    busy = Logs()
    for _ in range(5):
        busy.honest(hours=6, each=60)
    folder, kept = busy.theft().write(logs), ("--index", str(index))
    questions = [
        ("--access-key", KEY),
        ("--principal", ROLE_ARN),
        ("--access-key", MADE_KEY, "--since", "2026-11-23T02:00:00Z"),
        ("--access-key", OTHER),
    ]
    without = [told(folder, *words) for words in questions]
    assert [told(folder, *words, *kept) for words in questions] == without
    files = [path for path in index.rglob("*") if path.is_file()]
    assert len(files) == len(list(logs.rglob("*.json.gz")))
    for path in files:
        path.write_bytes(path.read_bytes()[:-1])  # damaged: made anew, and never believed
    assert [told(folder, *words, *kept) for words in questions] == without
    assert [told(folder, *words, *kept) for words in questions] == without


def test_a_folder_that_others_may_write_to_keeps_nothing(logs: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    result = run(logs, "--access-key", KEY, "--index", str(shared))
    assert result.exit_code == 2
    assert "not yours alone to write to" in result.output
    assert not list(shared.iterdir())


def test_a_call_that_two_trails_tell_of_is_one_call(logs: Path) -> None:
    before = told(logs, "--access-key", KEY)
    Logs().honest(hours=6, each=4).theft().write(logs / "organization", trail="bbbb")
    again = told(logs, "--access-key", KEY)
    assert again.pop("read")["objects"] == 2 * before.pop("read")["objects"]
    assert again == before


def test_a_call_that_the_account_it_is_about_was_told_of_too_is_one_call(logs: Path) -> None:
    """Each account has a record of its own, with the same `sharedEventID`."""
    before = told(logs, "--access-key", KEY)
    call = (255, "kms", "Decrypt", by_user(BACKDOOR, MADE_KEY))
    own, theirs = Logs(seed=8), Logs(seed=9)
    own.call(*call, sharedEventID="0a1b-shared")
    theirs.call(*call, sharedEventID="0a1b-shared", recipientAccountId=HOME)
    own.write(logs / "own", trail="bbbb")
    theirs.write(logs / "theirs", trail="cccc")
    both = told(logs, "--access-key", KEY)
    assert both["events"] == before["events"] + 1
    assert told(logs, "--access-key", KEY, "--plainly") == both


def test_a_record_that_does_not_say_who_called_hides_none_that_does(logs: Path) -> None:
    before = told(logs, "--access-key", KEY)
    own, theirs = Logs(seed=8), Logs(seed=9)
    call, shared = (255, "kms", "Decrypt"), "0a1b-shared"
    own.call(*call, by_user(BACKDOOR, MADE_KEY), sharedEventID=shared)
    stranger = {"type": "AWSAccount", "accountId": SHOP, "principalId": "AIDAEXAMPLEEXAMPLE00"}
    theirs.call(*call, stranger, sharedEventID=shared, requestParameters={"from": MADE_KEY})
    theirs.write(logs / "AA-read-first", trail="bbbb")
    own.write(logs / "own", trail="cccc")
    assert told(logs, "--access-key", KEY)["events"] == before["events"] + 1


def test_what_cannot_be_read_is_named_and_the_rest_is_answered(logs: Path) -> None:
    broken = sorted(logs.rglob("*.json.gz"))[2]
    broken.write_bytes(broken.read_bytes()[:-20])
    found = told(logs, "--access-key", KEY, exits=1)
    assert [gap for gap in found["gaps"] if broken.name in gap] == [
        f"{broken.relative_to(logs)} could not be read: it ends in the middle"
    ]
    assert found["events"] == 7  # how the session began was in it, so nobody knows whose it was


def test_two_damaged_objects_of_one_name_are_two_gaps(logs: Path) -> None:
    for folder in ("one", "two"):
        (logs / folder).mkdir()
        (logs / folder / "log.json.gz").write_bytes(b"")
    found = told(logs, "--access-key", KEY, exits=1)
    gaps = [gap.split(" ")[0] for gap in found["gaps"] if "could not be read" in gap]
    assert gaps == ["one/log.json.gz", "two/log.json.gz"]


def test_hours_without_a_log_are_named_and_none_is_invented(tmp_path: Path) -> None:
    logs = Logs().honest(hours=24, each=2).theft().write(tmp_path, without=(7, 8, 20))
    gaps = [gap for gap in told(logs, "--access-key", KEY)["gaps"] if "no log from" in gap]
    place = f"account {SHOP}, region {REGION}"
    assert gaps == [
        f"{place}: no log from 2026-11-23 07:00 UTC to 2026-11-23 09:00 UTC",
        f"{place}: no log from 2026-11-23 20:00 UTC to 2026-11-23 21:00 UTC",
    ]
    whole = Logs().honest(hours=24, each=2).theft().write(tmp_path / "whole")
    assert not [gap for gap in told(whole, "--access-key", KEY)["gaps"] if "no log" in gap]


def test_nothing_read_is_never_said_where_reads_are_not_logged(tmp_path: Path) -> None:
    logs = Logs().honest(hours=2, each=2)
    logs.call(
        30,
        "sts",
        "GetCallerIdentity",
        {"type": "IAMUser", "accountId": SHOP} | {"accessKeyId": KEY},
    )
    found = told(logs.write(tmp_path), "--access-key", KEY)
    assert found["objects_read"] == 0
    assert [gap for gap in found["gaps"] if "no log has a data event" in gap]


def test_digests_and_other_files_are_no_logs(logs: Path) -> None:
    before = told(logs, "--access-key", KEY)
    name = f"{SHOP}_CloudTrail-Digest_{REGION}_main_{REGION}_20261123T000000Z.json.gz"
    (logs / name).write_bytes(gzip.compress(b'{"digestS3Bucket":"b"}'))
    (logs / "notes.txt").write_text(KEY)
    assert told(logs, "--access-key", KEY) == before


def test_a_key_that_no_log_knows_is_no_answer_of_nothing(logs: Path) -> None:
    result = run(logs, "--access-key", "AKIANOBODYNOBODY0000")
    assert result.exit_code == 2
    assert "no log knows the access key" in result.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "give --principal or --access-key"),
        (("--principal", "arn:aws:s3:::bucket"), "is no ARN of a user"),
        (("--access-key", "secret"), "is no id of an access key"),
        (("--access-key", KEY, "--since", "yesterday"), "--since"),
    ],
)
def test_what_is_not_asked_rightly_is_told(logs: Path, words: tuple[str, ...], why: str) -> None:
    result = run(logs, *words)
    assert result.exit_code == 2
    assert why in result.output


def test_a_key_that_was_only_ever_denied_is_known(tmp_path: Path) -> None:
    logs = Logs().honest(hours=1, each=1)
    for minute in (5, 6):
        logs.call(minute, "iam", "ListUsers", by_user(USER, KEY), errorCode="AccessDenied")
    found = told(logs.write(tmp_path), "--access-key", KEY)
    assert (found["events"], found["denied"]) == (2, 2)


def test_of_a_session_that_nobody_saw_begin_every_call_counts_in_whatever_order(
    tmp_path: Path,
) -> None:
    logs = Logs().honest(hours=3, each=1)
    for minute in (40, 20, 30):  # CloudTrail orders no records in an object
        logs.call(minute, "ec2", "DescribeInstances", by_session())
    logs.call(10, "iam", "ListUsers", by_session(), errorCode="AccessDenied")
    logs.call(100, "ec2", "DescribeInstances", by_session())
    found = told(logs.write(tmp_path), "--principal", ROLE_ARN)
    assert (found["events"], found["denied"]) == (5, 1)


def test_a_session_that_began_before_the_time_asked_for_is_followed(logs: Path) -> None:
    found = told(logs, "--access-key", KEY, "--since", "2026-11-23T02:08:00Z")
    assert [one["call"] for one in found["persistence"]] == ["CreateUser", "CreateAccessKey"]
    assert found["events"] == 4
    assert any("before the time that was asked for" in gap for gap in found["gaps"])


def test_a_name_of_one_character_stops_nothing(tmp_path: Path) -> None:
    logs = Logs().honest(hours=1, each=2)
    made = {"user": {"userName": "x", "arn": f"arn:aws:iam::{SHOP}:user/x"}}
    asked = {"userName": "x"}
    thief = by_user(USER, KEY)
    logs.call(5, "iam", "CreateUser", thief, requestParameters=asked, responseElements=made)
    logs.call(6, "ec2", "DescribeInstances", by_user("x", MADE_KEY))
    assert told(logs.write(tmp_path), "--access-key", KEY)["events"] == 2


def test_a_record_twice_in_one_object_is_one_call(tmp_path: Path) -> None:
    logs = Logs().honest(hours=1, each=1)
    logs.call(5, "ec2", "DescribeInstances", by_user(USER, KEY))
    logs.hours[0] *= 2
    assert told(logs.write(tmp_path), "--access-key", KEY)["events"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "2026-12-01T00:00:00Z"),
        ("--until", "2026-11-01T00:00:00Z"),
        ("--since", "2026-11-24T00:00:00Z", "--until", "2026-11-23T00:00:00Z"),
    ],
)
def test_a_time_without_any_log_is_no_nought(logs: Path, words: tuple[str, ...]) -> None:
    user = f"arn:aws:iam::{SHOP}:user/{USER}"
    found = told(logs, "--principal", user, *words)
    assert found["events"] == 0
    assert [gap for gap in found["gaps"] if f"account {SHOP}, region {REGION}: no log from" in gap]


def test_a_region_that_falls_silent_is_held_to_the_others(tmp_path: Path) -> None:
    folder = Logs().honest(hours=8, each=2).theft().write(tmp_path)
    for log in sorted(folder.rglob("*.json.gz"))[:3]:
        other = log.with_name(log.name.replace(REGION, "ap-south-1"))
        other.write_bytes(gzip.compress(b'{"Records":[]}'))
    gaps = told(folder, "--access-key", KEY)["gaps"]
    assert (
        f"account {SHOP}, region ap-south-1: 5 of 8 hours have no log, and were quiet or are "
        "missing" in gaps
    )
    assert f"these logs are of ap-south-1, {REGION}: whatever was done elsewhere is in none" in gaps


def test_what_holds_a_key_and_is_no_record_is_told(logs: Path) -> None:
    name = f"{SHOP}_CloudTrail_{REGION}_20261123T0010Z_strange.json.gz"
    (logs / name).write_bytes(gzip.compress(json.dumps({"Records": [KEY, [KEY]]}).encode()))
    gaps = told(logs, "--access-key", KEY)["gaps"]
    assert "2 records name one of them and are no objects; none is counted" in gaps


def test_that_one_read_is_logged_says_of_no_other_that_it_was_not(logs: Path) -> None:
    gaps = told(logs, "--access-key", KEY)["gaps"]
    assert [gap for gap in gaps if "only of what a trail's selectors name" in gap]


def test_a_folder_without_logs_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "--access-key", KEY)
    assert result.exit_code == 2
    assert "holds no log" in result.output


def test_people_see_the_numbers_the_tables_and_the_gaps(logs: Path) -> None:
    result = run(logs, "--access-key", KEY)
    assert result.exit_code == 0
    for word in ("12 calls, 1 of them denied", "StopLogging", "GetSecretValue", "gap: no data map"):
        assert word in result.stdout


def test_what_an_attacker_wrote_reaches_no_terminal_as_it_was(tmp_path: Path) -> None:
    logs = Logs().honest(hours=1, each=1)
    logs.call(5, "s3", "ListBuckets", by_user(USER, KEY), userAgent="\x1b[2J[red]x[/red]\n" * 3)
    result = run(logs.write(tmp_path), "--access-key", KEY)
    assert "\x1b[2J" not in result.stdout
