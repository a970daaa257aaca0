"""Reading a bucket in turns: whenever time ends, and whoever else is at it, nothing is lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from responder.aws.log_bucket import LogBucket
from responder.aws.log_places import LogPlace, log_places
from responder.aws.results import Results
from responder.domain.errors import Broken
from responder.domain.lineage import Node
from responder.scan.answer import answer
from responder.scan.following import Scope
from responder.scan.pursuit import seed_of_key
from responder.scan.relay import Stand
from responder.scan.saved import unpacked
from responder.steps.asking import Asking
from responder.steps.scan import ScanRequest, scan
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, SHOP
from tests.trail_buckets import ORGANIZATION, PREFIX, corpus
from tests.trail_logs import KEY, Logs, by_user

# One region of one trail: an hour of each is a listing.
OBJECTS = {
    f"{PREFIX}/{key}": body
    for key, body in Logs().honest(hours=8, each=2).theft().objects().items()
}
SINCE = NOON - timedelta(hours=24)
PLENTY = timedelta(minutes=10)
NONE_LEFT = timedelta(seconds=1)


@dataclass
class Reading:
    """A trail's bucket, and one of results."""

    s3: Any
    turns: int = 0
    parts: int = 0
    asked: list[str] = field(default_factory=list)

    def put(self, objects: dict[str, bytes]) -> None:
        for key, body in objects.items():
            self.s3.put_object(Bucket="trail", Key=key, Body=body)

    @property
    def results(self) -> Results:
        return Results("results", self.s3)

    @property
    def logs(self) -> LogBucket:
        return LogBucket("trail", self.s3)

    def whole(
        self,
        run: str = "run",
        *,
        of_reader: Callable[[], timedelta] = lambda: PLENTY,
        of_asker: Callable[[], timedelta] = lambda: PLENTY,
        times: int = 1,
        seeds: tuple[Node, ...] = (seed_of_key(KEY, SHOP),),
        accounts: tuple[str, ...] = (SHOP,),
        most_bytes: int | None = None,
    ) -> dict[str, Any]:
        """Turn after turn, each task read so many times, until there is an answer."""
        for number in count():
            assert number < 300, "it does not end"
            asking = Asking(
                incident_id=INCIDENT_ID,
                run=run,
                number=number,
                now=NOON,
                results=self.results,
                logs=self.logs,
                prefix=PREFIX,
                most_bytes=most_bytes,
                remaining=of_asker,
            )
            stand = asking.stand(number)
            if stand is None:
                assert number == 0
                stand = asking.begun(list(seeds), (), list(accounts), SINCE)
            found = asking.turn(stand)
            put = asking.put_down(stand)
            self.turns = number
            if found is not None:
                return self.told(found, put)
            if put.items_key:
                self._read(put.items_key, of_reader, times)
        raise AssertionError("unreachable")

    def told(self, found: Scope, stand: Stand) -> dict[str, Any]:
        assert stand.is_done
        return answer(found, since=SINCE, until=NOON)

    def _read(self, key: str, remaining: Callable[[], timedelta], times: int) -> None:
        body = self.results.get(key)
        assert body is not None
        for item in msgspec.json.decode(body):
            request = ScanRequest.model_validate(item)
            self.asked.append(request.question)
            for _ in range(times):
                done = scan(
                    request,
                    results=self.results,
                    logs=lambda bucket: LogBucket(bucket, self.s3),
                    remaining=remaining,
                )
                self.parts += done.parts


@pytest.fixture
def reading() -> Iterator[Reading]:
    with mock_aws():
        session = boto3.Session("operator", "pretend", region_name=REGION)
        s3: Any = session.client("s3")
        for name in ("trail", "results"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Reading(s3)


def test_a_reader_whose_time_ends_after_each_object_gives_the_same_answer(
    reading: Reading,
) -> None:
    reading.put(OBJECTS)
    whole = reading.whole()
    parts = reading.parts
    reading.parts = 0
    assert reading.whole("short", of_reader=lambda: NONE_LEFT) == whole
    assert reading.parts > 2 * parts
    assert whole["events"] == 12


def test_an_asker_whose_time_ends_while_it_joins_gives_the_same_answer(reading: Reading) -> None:
    reading.put(OBJECTS)
    whole, turns = reading.whole(), reading.turns
    assert reading.whole("short", of_asker=lambda: NONE_LEFT) == whole
    assert reading.turns > turns


def test_a_unit_that_is_read_three_times_counts_once(reading: Reading) -> None:
    reading.put(OBJECTS)
    whole, parts = reading.whole(), reading.parts
    reading.parts = 0
    assert reading.whole("thrice", times=3) == whole
    assert reading.parts == parts


def test_where_the_lineage_leads_into_another_account_its_logs_are_read_too(
    reading: Reading,
) -> None:
    role = f"arn:aws:iam::{HOME}:role/deploy"
    session = f"arn:aws:sts::{HOME}:assumed-role/deploy/job"
    key = "ASIAEXAMPLEEXAMPLE77"
    here, there = Logs(), Logs(8)
    here.call(
        61,
        "sts",
        "AssumeRole",
        by_user("orders-export", KEY),
        requestParameters={"roleArn": role, "roleSessionName": "job"},
        responseElements={
            "credentials": {"accessKeyId": key, "expiration": "Nov 23, 2026, 3:05:00 AM"},
            "assumedRoleUser": {"assumedRoleId": "AROAEXAMPLEEXAMPLE77:job", "arn": session},
        },
    )
    who = {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE77:job",
        "arn": session,
        "accountId": HOME,
        "accessKeyId": key,
    }
    there.call(70, "s3", "ListBuckets", who, recipientAccountId=HOME)
    theirs = {name.replace(SHOP, HOME): body for name, body in there.objects(trail="tttt").items()}
    reading.put({f"{PREFIX}/{name}": body for name, body in (here.objects() | theirs).items()})
    told = reading.whole()
    assert told["events"] == 2
    assert {one["access_key_id"] for one in told["principals"]} == {KEY, key}
    assert told["read"]["objects"] == 2
    of_first = sum(len(body) for body in here.objects().values())
    some = reading.whole("some", most_bytes=of_first)  # and the other account's are too much
    assert (some["events"], some["read"]["objects"]) == (1, 1)
    assert any("more than is read without a person" in gap for gap in some["gaps"])


def test_an_account_without_logs_is_told_and_so_is_nobody_to_look_for(reading: Reading) -> None:
    reading.put(OBJECTS)
    told = reading.whole(accounts=(SHOP, HOME))
    assert f"trail has no log of the account {HOME}" in told["gaps"]
    nobody = reading.whole("nobody", seeds=())
    assert "no finding names anybody who could be looked for" in nobody["gaps"]
    assert nobody["read"]["objects"] == 0


def test_an_object_that_comes_once_all_were_listed_is_in_no_round(reading: Reading) -> None:
    reading.put(OBJECTS)
    late = Logs(9)
    late.call(61, "s3", "ListBuckets", by_user("orders-export", KEY))
    listed = reading.whole()
    reading.put({f"{PREFIX}/{key}": body for key, body in late.objects(trail="late").items()})
    again = reading.whole("run")  # the same run goes on where it stood, and that is its end
    assert again == listed
    assert reading.whole("another")["events"] == listed["events"] + 1


def test_a_question_that_is_not_there_is_broken(reading: Reading) -> None:
    task = {"unit": "u000000", "sources": []}
    request = ScanRequest(incident_id=INCIDENT_ID, question="nowhere", task=task)
    with pytest.raises(Broken, match="no question"):
        scan(
            request,
            results=reading.results,
            logs=lambda bucket: LogBucket(bucket, reading.s3),
            remaining=lambda: PLENTY,
        )


@pytest.mark.parametrize("task", [{}, {"unit": 5, "sources": []}, {"unit": "u", "more": 1}])
def test_a_task_of_another_form_is_refused(reading: Reading, task: dict[str, Any]) -> None:
    request = ScanRequest(incident_id=INCIDENT_ID, question="nowhere", task=task)
    with pytest.raises(msgspec.ValidationError):
        scan(
            request,
            results=reading.results,
            logs=lambda bucket: LogBucket(bucket, reading.s3),
            remaining=lambda: PLENTY,
        )


def test_the_folders_of_a_trail_and_of_an_organizations_trail_are_found(reading: Reading) -> None:
    reading.put(corpus(20))
    reading.put({f"{PREFIX}/AWSLogs/{HOME}/CloudTrail/{REGION}/x": b"", f"{PREFIX}/other": b""})
    found = log_places(reading.logs, f"{PREFIX}/", [SHOP])
    assert found == [
        LogPlace(f"{PREFIX}/AWSLogs/", SHOP, "us-east-1"),
        LogPlace(f"{PREFIX}/AWSLogs/", SHOP, REGION),
        LogPlace(f"{PREFIX}/AWSLogs/{ORGANIZATION}/", SHOP, REGION),
    ]
    assert log_places(reading.logs, "", [SHOP]) == []


def test_where_it_stands_after_a_turn_is_what_was_put_first(reading: Reading) -> None:
    reading.put(OBJECTS)
    reading.whole()
    body = reading.results.get(f"{INCIDENT_ID}/run/turns/0001")
    assert body is not None
    before = unpacked(body, Stand)
    assert not reading.results.put(f"{INCIDENT_ID}/run/turns/0001", b"another")
    again = reading.results.get(f"{INCIDENT_ID}/run/turns/0001")
    assert again is not None
    assert unpacked(again, Stand) == before
