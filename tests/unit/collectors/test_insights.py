"""A search holds what findings name as words and as nothing else, and says what it cut."""

import gzip
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from responder.collectors import insights
from responder.collectors.collector import Collected
from responder.collectors.insights import Ask, Asked, answer, asks, is_group, is_word, query
from responder.collectors.reads import Reads
from responder.domain.errors import Broken, Unavailable
from tests.builders import NOON, REGION, SHOP
from tests.collecting import a_scene
from tests.searches import Logs, Searched, a_group

GROUP = "/shop/audit"
HOSTILE = [
    '" or 1=1',
    '203.0.113.7" | stats count(*)',
    "a'b'c",
    "back\\slash",
    "one|two",
    "line\nbreak",
    "star*star",
    "/regex.*/",
    "`tick`",
    "# comment",
    "semi;colon",
    "$variable",
    "(group)",
    "per%cent",
    "with space",
    "\u202euser",
    "us\u0435r-cyrillic",
    "tab\tuser",
    "null\x00user",
    "",
    "abc",
    "a" * 129,
    "name\n",
]


@pytest.fixture(autouse=True)
def _accounts_by_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_mean_something_in_a_query_is_no_word(text: str) -> None:
    assert not is_word(text)
    with pytest.raises(Broken):
        query(["203.0.113.7", text])


@pytest.mark.parametrize(
    "text",
    ["203.0.113.7", "2001:db8::7", "AKIAEXAMPLEEXAMPLE00", "eni-0a1b2c3d", "o.k+x=y,z@shop_1-2"],
)
def test_names_keys_ids_and_addresses_are_words(text: str) -> None:
    assert is_word(text)
    assert f'@message like "{text}"' in query([text])


def test_a_query_of_no_words_is_none() -> None:
    with pytest.raises(Broken):
        query([])


def test_many_words_are_several_queries_none_too_long() -> None:
    words = [f"{'w' * 124}-{number:03d}" for number in range(insights.MAX_WORDS * 2 + 1)]
    found = list(asks("audit", SHOP, REGION, GROUP, words))
    assert [len(ask.words) for ask in found] == [insights.MAX_WORDS, insights.MAX_WORDS, 1]
    assert len({ask.about for ask in found}) == 3
    assert all(len(query(ask.words)) <= 10_000 for ask in found)


@pytest.mark.parametrize("name", ["", "a b", "a|b", "a\n", "x" * 513, 'a"b'])
def test_a_log_group_has_no_such_name(name: str) -> None:
    assert not is_group(name)


AN_ASK = Ask(about="audit", account=SHOP, region=REGION, group=GROUP, words=("203.0.113.7",))


def answered(logs: Logs, asked: Asked, **refusing: str) -> tuple[bool, list[Collected]]:
    """One run."""
    found, is_done = list[Collected](), False

    def one_run() -> Any:
        nonlocal is_done
        scene = a_scene(Searched(logs, refusing))
        window = {"since": NOON - timedelta(hours=1), "until": NOON}
        is_done = yield from answer(scene, AN_ASK, asked, "a-name", **window)

    found.extend(one_run())
    return is_done, found


def document(item: Collected) -> Any:
    return json.loads(gzip.decompress(item.content.body))


def some_logs(*messages: str, **given: Any) -> Logs:
    return Logs(a_group(GROUP, *messages), **given)


def test_events_are_kept_with_the_query_its_window_and_its_statistics(aws: None) -> None:
    is_done, [item] = answered(some_logs("GET /a 203.0.113.7", "GET /b 198.51.100.1"), Asked())
    assert is_done
    told = document(item)
    assert [
        one["value"] for row in told["results"] for one in row if one["field"] == "@message"
    ] == ["GET /a 203.0.113.7"]
    assert told["query"] == query(AN_ASK.words)
    assert (told["since"], told["until"]) == ("2026-11-23T11:00:00+00:00", NOON.isoformat())
    assert told["statistics"]["recordsMatched"] == 1
    assert told["request_id"]
    assert item.gaps == ()


def test_a_query_that_runs_is_looked_at_again_by_the_next_run(aws: None) -> None:
    logs, asked = some_logs("203.0.113.7", running=7), Asked()
    assert answered(logs, asked) == (False, [])
    asked = Asked.model_validate(json.loads(asked.model_dump_json()))
    is_done, [item] = answered(logs, asked)
    assert is_done
    assert len(document(item)["results"]) == 1
    assert len(logs.queries) == 1


def test_a_query_that_never_ends_is_given_up(aws: None) -> None:
    logs, asked = some_logs(running=10_000), Asked()
    answered(logs, asked)
    long_ago = replace_started(asked)
    is_done, [item] = answered(logs, long_ago)
    assert is_done
    assert any("did not end" in gap for gap in item.gaps)


def replace_started(asked: Asked) -> Asked:
    assert asked.started_at is not None
    return asked.model_copy(update={"started_at": asked.started_at - timedelta(hours=2)})


def test_too_many_queries_at_once_are_waited_for(aws: None) -> None:
    logs, asked = some_logs("203.0.113.7", busy=1), Asked()
    assert answered(logs, asked) == (False, [])
    assert answered(logs, asked)[0]


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled"])
def test_a_query_that_failed_is_said_to_have(aws: None, status: str) -> None:
    _, [item] = answered(some_logs("203.0.113.7", ends_as=status), Asked())
    assert any(status in gap for gap in item.gaps)


def test_more_events_than_are_given_are_said_to_be_more(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "MAX_EVENTS", 2)
    _, [item] = answered(some_logs("1 203.0.113.7", "2 203.0.113.7", "3 203.0.113.7"), Asked())
    assert len(document(item)["results"]) == 2
    assert item.gaps == ("3 events matched, and the first 2 were kept",)


@pytest.mark.parametrize("operation", ["StartQuery", "GetQueryResults"])
def test_a_search_that_is_refused_is_a_gap_that_says_how_to_allow_it(
    aws: None, operation: str
) -> None:
    refusing = {operation: "AccessDeniedException"}
    is_done, [item] = answered(some_logs("203.0.113.7"), Asked(), **refusing)
    assert is_done
    [gap] = item.gaps
    assert GROUP in gap
    assert "AccessDeniedException" in gap
    assert "LogGroups of stacks/member-role.yaml" in gap


def test_a_service_that_does_not_answer_is_asked_again(aws: None) -> None:
    with pytest.raises(Unavailable):
        answered(some_logs(), Asked(), StartQuery="ServiceUnavailableException")


def kept_back(**given: Any) -> list[str]:
    client = Searched().logs(SHOP, REGION)
    made = a_group(GROUP, client=client, **given)
    assert made
    scene = a_scene(Searched())
    reads = Reads(scene.read_at)
    return insights.retention(reads, client, GROUP, NOON - timedelta(days=20))


def test_what_a_log_group_no_longer_has_is_said(aws: None) -> None:
    gaps = kept_back(days=14)
    assert any("keeps 14 days" in gap for gap in gaps)


def test_a_log_group_that_is_not_there_is_said(aws: None) -> None:
    client = boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName=f"{GROUP}-of-another")
    reads = Reads(lambda: NOON)
    assert insights.retention(reads, client, GROUP, NOON) == [f"log group {GROUP} is not there"]
