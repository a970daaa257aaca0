"""Every management event of the principals in the window, once, and what that leaves out."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.collectors import cloudtrail_events
from responder.collectors.collector import Collected, Scene
from responder.domain.errors import Broken
from responder.domain.finding import Finding
from tests import collecting
from tests.builders import NOON, REGION, SHOP, a_finding, a_session, a_user, an_incident
from tests.collecting import at_once
from tests.consoles import fits

KEY = "AKIAEXAMPLEEXAMPLE00"


class History(Clients):
    """The event history of accounts and regions: newest first, fifty to a page, as CloudTrail."""

    def __init__(self, *events: dict[str, Any], refusing: dict[str, str] | None = None) -> None:
        super().__init__(REGION)
        self.events = sorted(events, key=lambda event: event["at"], reverse=True)
        self.refusing = refusing or {}
        self.asked: list[tuple[str, str, datetime, datetime]] = []

    def cloudtrail(self, account: str, region: str) -> Any:
        return _There(self, account, region)


class _There:
    def __init__(self, history: History, account: str, region: str) -> None:
        self._history, self._account, self._region = history, account, region

    def lookup_events(self, **given: Any) -> dict[str, Any]:
        fits("cloudtrail", "LookupEvents", given)
        if self._region in self._history.refusing:
            code = self._history.refusing[self._region]
            raise ClientError({"Error": {"Code": code}}, "LookupEvents")
        [attribute] = given["LookupAttributes"]
        key, value = attribute["AttributeKey"], attribute["AttributeValue"]
        self._history.asked.append((self._region, key, given["StartTime"], given["EndTime"]))
        found = [
            {
                "EventId": event["id"],
                "EventTime": event["at"],
                "CloudTrailEvent": event["record"],
            }
            for event in self._history.events
            if (event["account"], event["region"]) == (self._account, self._region)
            and given["StartTime"] <= event["at"] <= given["EndTime"]
            and event[key] == value
        ]
        start = int(given.get("NextToken", "0"))
        page: dict[str, Any] = {"Events": found[start : start + given["MaxResults"]]}
        if start + 50 < len(found):
            page["NextToken"] = str(start + 50)
        return page


def an_event(number: int, **given: Any) -> dict[str, Any]:
    plain = {
        "id": f"event-{number}",
        "at": NOON - timedelta(seconds=number),
        "account": SHOP,
        "region": REGION,
        "AccessKeyId": KEY,
        "Username": "orders-export",
        "record": json.dumps({"eventName": "GetObject", "n": number, "userAgent": "x\u2028y"}),
    }
    return plain | given


def a_scene(history: Clients, *findings: Finding, pauses: list[float] | None = None) -> Scene:
    return collecting.a_scene(
        history, *findings, pause=(pauses if pauses is not None else []).append
    )


def lines(collected: Collected) -> Iterator[dict[str, Any]]:
    for line in gzip.decompress(collected.content.body).decode("ascii").splitlines():
        yield json.loads(line)


def test_every_event_of_the_window_is_kept_once_as_cloudtrail_wrote_it() -> None:
    events = [an_event(n) for n in range(120)]
    [item] = at_once(cloudtrail_events, a_scene(History(*events)))
    kept = list(lines(item))
    assert sorted(line["event_id"] for line in kept) == sorted(event["id"] for event in events)
    assert {line["event_id"]: line["event"] for line in kept} == {
        event["id"]: event["record"] for event in events
    }
    assert not any("cut" in gap for gap in item.gaps)


def test_the_same_events_are_the_same_bytes() -> None:
    events = [an_event(n) for n in range(3)]
    [first] = at_once(cloudtrail_events, a_scene(History(*events)))
    [again] = at_once(cloudtrail_events, a_scene(History(*events)))
    assert first.content.sha256 == again.content.sha256


def test_what_the_user_did_with_another_key_is_found_by_name() -> None:
    other = an_event(1, AccessKeyId="AKIAEXAMPLEEXAMPLE99")
    [item] = at_once(cloudtrail_events, a_scene(History(other)))
    assert [line["event_id"] for line in lines(item)] == ["event-1"]


def test_iam_calls_are_looked_for_where_global_services_report() -> None:
    made = an_event(1, region="us-east-1")
    [item] = at_once(cloudtrail_events, a_scene(History(made)))
    assert [line["region"] for line in lines(item)] == ["us-east-1"]


def test_a_roles_sessions_are_asked_by_session_name_and_key() -> None:
    history = History(an_event(1, Username="i-0abc1234def567890", AccessKeyId="ASIA"))
    [item] = at_once(cloudtrail_events, a_scene(history, a_finding(principals=(a_session(),))))
    assert {key for _, key, _, _ in history.asked} == {"AccessKeyId", "Username"}
    assert len(list(lines(item))) == 1


def test_the_window_begins_an_hour_before_the_activity_was_first_seen() -> None:
    history = History()
    list(cloudtrail_events.collect(a_scene(history)))
    since = an_incident().first_seen_at - timedelta(hours=1)
    assert {(start, end) for _, _, start, end in history.asked} == {(since, NOON)}


def test_it_never_asks_more_than_twice_a_second() -> None:
    pauses: list[float] = []
    history = History(*[an_event(n) for n in range(170)])
    list(cloudtrail_events.collect(a_scene(history, pauses=pauses)))
    assert len(pauses) == len(history.asked) - 1
    assert min(pauses) >= 0.5


def test_a_history_too_long_to_read_is_cut_with_a_gap_that_names_the_oldest_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cloudtrail_events, "MAX_PAGES", 8)
    history = History(*[an_event(n) for n in range(300)])
    [item] = at_once(cloudtrail_events, a_scene(history))
    assert len(list(lines(item))) == 100
    oldest = (NOON - timedelta(seconds=99)).isoformat()
    assert any("cut after 2 pages" in gap and oldest in gap for gap in item.gaps)


def test_a_region_that_refuses_is_a_gap_and_the_others_are_kept() -> None:
    history = History(an_event(1), refusing={"us-east-1": "AccessDeniedException"})
    [item] = at_once(cloudtrail_events, a_scene(history))
    assert len(list(lines(item))) == 1
    assert sum("us-east-1" in gap and "AccessDenied" in gap for gap in item.gaps) == 2


def test_when_no_region_answers_the_collector_fails() -> None:
    refusing = {REGION: "AccessDeniedException", "us-east-1": "AccessDeniedException"}
    with pytest.raises(Broken):
        list(cloudtrail_events.collect(a_scene(History(refusing=refusing))))


def test_it_says_what_event_history_does_not_show() -> None:
    [item] = at_once(cloudtrail_events, a_scene(History()))
    said = " ".join(item.gaps)
    assert "data events" not in said  # that none are there is a limit, and no gap of this run
    assert "regions other than us-east-1, us-west-2" in said
    assert "may not have arrived" in said


def test_a_principal_without_name_and_key_is_a_gap() -> None:
    nobody = a_user().model_copy(update={"access_key_id": None, "name": None})
    [item] = at_once(cloudtrail_events, a_scene(History(), a_finding(principals=(nobody,))))
    assert any("cannot be looked up" in gap for gap in item.gaps)
    assert list(lines(item)) == []
