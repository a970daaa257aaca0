"""A read is noted with what was asked, when and under which request; a failed one ends no other."""

import gzip
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from responder.collectors.contents import as_json, as_lines, as_packed_json, place
from responder.collectors.reads import Reads
from responder.domain.errors import Broken, Unavailable
from tests.builders import NOON
from tests.collecting import ticking


@pytest.fixture
def iam(aws: None) -> Any:
    client = boto3.client("iam")
    for name in ("one", "two", "three"):
        client.create_user(UserName=name)
        client.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return client


def a_reading(absent: frozenset[str] = frozenset({"NoSuchEntity"})) -> Reads:
    instants = ticking()
    return Reads(lambda: next(instants), absent)


def refusing(code: str) -> Any:
    def read() -> None:
        metadata = {"RequestId": "id-of-the-refusal"}
        raise ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "GetUser")  # type: ignore[typeddict-item]

    return read


def test_an_answer_is_noted_with_its_question_its_instant_and_its_request(iam: Any) -> None:
    reads = a_reading()
    whole = reads.ask("user one", iam, "get_user", UserName="one")
    user = reads.ask("again", iam, "get_user", "User", UserName="one")
    assert whole == {"User": user}
    note = reads.values["user one"]
    assert note["operation"] == "iam:GetUser"
    assert note["parameters"] == {"UserName": "one"}
    assert note["read_at"] == NOON
    assert reads.values["again"]["read_at"] == NOON + timedelta(seconds=1)
    assert len(note["request_ids"]) == 1
    assert reads.gaps == []
    assert reads.failure is None


def test_every_page_is_in_the_one_list_with_a_request_each(iam: Any) -> None:
    reads = a_reading()
    found = reads.pages("roles", iam, "list_roles", "Roles", PaginationConfig={"PageSize": 1})
    assert {role["RoleName"] for role in found} == {"one", "two", "three"}
    assert len(reads.values["roles"]["request_ids"]) == 3


def test_what_is_not_there_is_an_answer(iam: Any) -> None:
    reads = a_reading()
    assert reads.ask("gone", iam, "get_user", "User", UserName="gone") is None
    assert reads.values["gone"]["value"] is None
    assert reads.values["gone"]["answered"] == "NoSuchEntity"
    assert reads.gaps == []


def test_what_is_not_there_is_a_failure_where_nobody_named_its_code(iam: Any) -> None:
    reads = a_reading(absent=frozenset())
    assert reads.ask("gone", iam, "get_user", "User", UserName="gone") is None
    assert "value" not in reads.values["gone"]
    assert isinstance(reads.failure, Broken)


@pytest.mark.parametrize(("code", "error"), [("AccessDenied", Broken), ("Throttling", Unavailable)])
def test_a_failed_read_is_a_gap_and_the_others_stand(
    iam: Any, code: str, error: type[Exception]
) -> None:
    reads = a_reading()
    assert reads.take("secret", refusing(code)) is None
    assert isinstance(reads.failure, error)
    assert reads.take("plain", lambda: 7) == 7
    assert reads.failure is None
    assert reads.gaps == [
        f"secret could not be read: reading secret: AWS answered {code}",
    ]
    assert reads.values["secret"]["request_ids"] == ["id-of-the-refusal"]
    assert "value" not in reads.values["secret"]


def test_an_item_is_ascii_and_the_same_bytes_whatever_the_order() -> None:
    one, other = {"a": "\u2028", "b": b"\x00", "c": NOON}, {"c": NOON, "b": b"\x00", "a": "\u2028"}
    assert as_json(one) == as_json(other)
    assert b'"b": "AA=="' in as_json(one).body
    assert as_json(one).body.isascii()
    assert gzip.decompress(as_packed_json(one).body) == as_json(other).body
    assert as_lines([one, one]) == as_lines([other, other])
    assert gzip.decompress(as_lines([one, one]).body).count(b"\n") == 2


def test_two_things_have_two_places_though_their_names_are_alike_in_a_key() -> None:
    assert place("k", "a/../b", "one") != place("k", "a/../b", "two")
    assert place("k", "x", "one") == place("k", "x", "one")
