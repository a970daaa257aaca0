"""The calendar of deadlines, read again by the library that wrote it and by another one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from icalendar import Calendar, Component

from responder.domain.clock import Clock
from responder.report.deadline_lines import explain
from responder_cli.deadlines.calendar import calendar, left_out
from tests.builders import INCIDENT_ID, a_clock
from tests.deadlines import NOW, every_kind
from tests.unit.report.hostile import CORPUS

HOSTILE = "a;b,c\\d\r\nBEGIN:VALARM\nEND:VEVENT\nSUMMARY:owned \u2028\x00\x1b[2J 🏴 " + "é" * 200


def events(clocks: list[Clock], *, of: str = INCIDENT_ID, now: datetime = NOW) -> dict[str, Any]:
    found = Calendar.from_ical(calendar(clocks, of=of, now=now))
    return {str(one["uid"]).partition(".")[0]: one for one in found.walk("VEVENT")}


def one(clock: Clock) -> Component:
    [event] = events([clock]).values()
    assert isinstance(event, Component)
    return event


def test_every_clock_with_a_date_is_an_event_and_no_other() -> None:
    dated = {clock.clock_id for clock in every_kind() if clock.due_at is not None}
    assert set(events(every_kind())) == dated
    assert left_out(every_kind()) == [
        "Texas Attorney General waits for: the first notice to individuals"
    ]


def test_what_rfc_5545_wants_of_a_calendar_is_there() -> None:
    data = calendar(every_kind(), of=INCIDENT_ID, now=NOW)
    found = Calendar.from_ical(data)
    assert (found["version"], found["method"]) == ("2.0", "PUBLISH")
    assert found["prodid"]
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    data.decode()


def test_a_day_is_an_event_of_the_whole_day_to_act_by() -> None:
    event = events(every_kind())["us-ca-attorney-general"]
    assert event.decoded("dtstart") == date(2026, 12, 31)
    assert event.decoded("dtend") == date(2027, 1, 1)
    assert event["summary"] == "Act by: California Attorney General (due 2027-01-02)"


def test_an_instant_is_an_event_at_that_instant_in_utc() -> None:
    event = events(every_kind())["eu-authority"]
    assert event.decoded("dtstart") == datetime(2026, 12, 27, 17, 30, tzinfo=UTC)
    assert "act by 2026-12-25" in event["summary"]
    assert b"DTSTART:20261227T173000Z" in event.to_ical()


def test_it_rings_72_and_24_hours_before_while_there_is_something_to_do() -> None:
    found = events(every_kind())
    for name, event in found.items():
        triggers = [alarm.decoded("trigger") for alarm in event.walk("VALARM")]
        over = name in ("us-ny-state-police", "us-ca-letters", "us-tx-agencies")
        assert triggers == ([] if over else [-timedelta(hours=72), -timedelta(hours=24)]), name


def test_the_text_says_why_and_where_it_is_written_and_how_sure_we_are() -> None:
    text = str(one(a_clock())["description"])
    for part in (
        explain(a_clock()),
        "Citation: Cal. Civ. Code § 1798.82(a)",
        "Source: https://leginfo.example.com/1798.82",
        "Confidence in the rule: high, read on 2026-11-23",
        "The law; provisional",
        "Not legal advice",
    ):
        assert part in text


def test_law_and_own_target_sure_and_unsure_are_told_apart() -> None:
    found = events(every_kind())
    assert "own target" in found["us-ga-individuals"]["summary"]
    assert "own target" not in found["us-ca-individuals"]["summary"]
    assert found["us-ca-individuals"]["status"] == "TENTATIVE"
    assert found["us-ca-attorney-general"]["status"] == "CONFIRMED"
    assert found["us-ny-state-police"]["summary"].startswith("MISSED: ")


def test_what_ended_is_cancelled_so_that_it_goes_away() -> None:
    found = events(every_kind())
    for name in ("us-ca-letters", "us-tx-agencies"):
        assert found[name]["status"] == "CANCELLED"
        assert found[name]["sequence"] == 1


def test_an_event_is_the_same_one_in_the_next_calendar_and_newer() -> None:
    moved = a_clock(
        due_at=datetime(2027, 1, 9, 7, 59, 59, tzinfo=UTC),
        act_by=date(2027, 1, 8),
        moves=1,
    )
    before, after = one(a_clock()), next(iter(events([moved], now=NOW + timedelta(1)).values()))
    assert before["uid"] == after["uid"]
    assert before["sequence"] < after["sequence"]
    assert before.decoded("dtstamp") < after.decoded("dtstamp") == NOW + timedelta(days=1)
    [again] = events([moved.model_copy(update={"moves": 2})]).values()
    assert again["sequence"] > after["sequence"]


def test_two_incidents_and_two_clocks_never_share_an_event() -> None:
    ours = {str(event["uid"]) for event in events(every_kind()).values()}
    others = {str(event["uid"]) for event in events(every_kind(), of="another").values()}
    assert len(ours) == len(every_kind()) - 1
    assert not ours & others


def test_the_same_clocks_give_the_same_bytes() -> None:
    first = calendar(every_kind(), of=INCIDENT_ID, now=NOW)
    assert calendar(every_kind()[::-1], of=INCIDENT_ID, now=NOW) == first


@pytest.mark.parametrize("field", ["line", "citation"])
def test_a_hostile_string_is_text_and_no_line_of_a_calendar(field: str) -> None:
    event = one(a_clock(**{field: HOSTILE}))
    assert len(event.walk("VALARM")) == 2
    text = str(event["description"])
    assert "a;b,c\\d BEGIN:VALARM END:VEVENT SUMMARY:owned" in text
    assert str(event["summary"]).startswith("Act by: ")
    assert not {"\x00", "\x1b", "\u2028"} & set(text)


def test_the_words_of_the_calendar_itself_are_escaped_too() -> None:
    waiting = a_clock(due_at=None, act_by=None, recipient_name=HOSTILE)
    data = calendar([waiting], of=INCIDENT_ID, now=NOW)
    assert b"\r\nBEGIN:" not in data
    line = data.replace(b"\r\n ", b"").split(b"X-WR-CALDESC:")[1].split(b"\r\n")[0].decode()
    assert r"\nNo date yet: California a\;b\,c\\d BEGIN:VALARM" in line


def test_an_independent_reader_finds_the_same() -> None:
    clocks = every_kind() + [
        a_clock(f"us-hostile-{n}", rule=text, recipient_name=text, citation=text, sources=(text,))
        for n, text in enumerate([HOSTILE, *CORPUS])
    ]
    data = calendar(clocks, of=INCIDENT_ID, now=NOW)
    [found] = vobject.readComponents(data.decode())
    theirs = {event.uid.value: event for event in found.vevent_list}
    ours = {str(event["uid"]): event for event in Calendar.from_ical(data).walk("VEVENT")}
    assert len(ours) == len(clocks) - 1
    assert set(theirs) == set(ours)
    for uid, event in ours.items():
        other = theirs[uid]
        assert other.summary.value == str(event["summary"])
        assert other.description.value == str(event["description"])
        assert other.dtstart.value == event.decoded("dtstart")
        assert other.status.value == str(event["status"])
        assert len(other.contents.get("valarm", [])) == len(event.walk("VALARM"))
    assert found.method.value == "PUBLISH"
