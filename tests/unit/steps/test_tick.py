"""Nobody is left untold, and nobody is told the same twice."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from responder.aws.clocks import Clocks
from responder.aws.ledger import Ledger
from responder.domain.clock import ClockState
from responder.domain.errors import Broken, Refused, Unavailable
from tests.builders import INCIDENT_ID, NOON
from tests.consoles import refusing
from tests.unit.steps.counsel import BY, DISCOVERED, Office, after, forget, fulfilled
from tests.vaults import DiedHereError, Life

CALIFORNIA = datetime(2026, 12, 24, 7, 59, 59, tzinfo=UTC)  # the last second of the 23rd there
ONLY_CALIFORNIA = ("US-CA",)


@pytest.fixture
def office(ledger: Ledger) -> Office:
    """One clock with a date, and one that waits."""
    office = Office(ledger, jurisdictions=ONLY_CALIFORNIA)
    office.open()
    office.assess()
    return office


@pytest.fixture
def states(ledger: Ledger) -> Office:
    """Ten clocks in three time zones."""
    office = Office(ledger)
    office.open()
    office.assess()
    return office


def test_what_starts_together_is_one_page_that_names_each_clock(states: Office) -> None:
    answer = states.tick()
    assert answer.running
    [page] = states.on_call.messages
    assert page["Subject"].startswith("[Clock started] California, Attorney General and 9 more")
    for clock in states.clocks().values():
        assert clock.citation in page["Message"]
    assert "Provisional. Nobody recorded" in page["Message"]
    assert states.above.messages == []


def test_ticking_again_says_nothing_new(states: Office) -> None:
    states.tick()
    before = states.clocks()
    states.tick()
    states.tick(after(minutes=1))
    states.tick(after(hours=1))
    assert len(states.on_call.messages) == 1
    assert states.clocks() == before


def test_a_clock_nobody_touches_is_reminded_escalated_and_missed(office: Office) -> None:
    office.record(discovered_at=DISCOVERED, residents={"US-CA": 100})
    missed = CALIFORNIA + timedelta(seconds=1)
    assert office.run_until(missed) == missed
    kinds = [subject.split("]")[0].strip("[") for subject in office.subjects()]
    assert kinds == [
        "Clock started",
        "Half the time is gone",
        "80 % of the time is gone",
        "72 hours left",
        "24 hours left",
        "4 hours left",
        "MISSED",
    ]
    assert office.escalated() == office.subjects()[3:]
    clock = office.clocks()["us-ca-individuals"]
    assert clock.state is ClockState.MISSED
    assert clock.ended_at is None


def test_what_was_missed_is_told_each_day_to_both_until_somebody_owns_it(office: Office) -> None:
    office.record(discovered_at=DISCOVERED, residents={"US-CA": 100})  # too few for the other one
    missed = CALIFORNIA + timedelta(seconds=1)
    office.run_until(missed + timedelta(days=3))
    told = [subject.split(",")[0] for subject in office.subjects()[-4:]]
    assert told == ["[MISSED] California", *["[STILL MISSED] California"] * 3]
    assert office.escalated()[-4:] == office.subjects()[-4:]
    assert "until somebody records `acknowledged`" in office.above.messages[-1]["Message"]
    assert office.tick(missed + timedelta(days=3, hours=23)).running
    assert len(office.subjects()) == 10
    office.record(
        missed + timedelta(days=3, hours=23), acknowledged={"clock_id": "us-ca-individuals"}
    )
    assert not office.tick(missed + timedelta(days=30)).running
    assert office.sweep(missed + timedelta(days=60)).incidents == 0
    assert len(office.subjects()) == 10
    clock = office.clocks()["us-ca-individuals"]
    assert clock.state is ClockState.MISSED  # still owed
    assert clock.acknowledged is not None
    assert clock.acknowledged.by == BY
    assert clock.history[-1].what.startswith(f"Owned by {BY} since 2026-12-28 07:00:00 UTC.")
    assert f"California, individuals: owned by {BY}." in office.timeline()[-1]


def test_who_owns_a_running_clock_is_still_reminded_and_a_miss_is_told_again(
    office: Office,
) -> None:
    office.record(discovered_at=DISCOVERED, residents={"US-CA": 100})
    seen = CALIFORNIA - timedelta(hours=71)
    office.run_until(seen)
    office.record(seen, acknowledged={"clock_id": "us-ca-individuals", "why": "mine"})
    missed = CALIFORNIA + timedelta(seconds=1)
    office.run_until(missed + timedelta(days=1), seen)
    kinds = [subject.split("]")[0].strip("[") for subject in office.subjects()]
    assert kinds[-5:] == [
        "72 hours left",
        "24 hours left",
        "4 hours left",
        "MISSED",
        "STILL MISSED",
    ]
    assert f"Owned by {BY}." in office.on_call.messages[-4]["Message"]


def test_a_miss_that_was_owned_is_told_again_after_its_answer_was_taken_back(
    office: Office,
) -> None:
    office.record(discovered_at=DISCOVERED, residents={"US-CA": 100})
    late = CALIFORNIA + timedelta(days=2)
    office.tick(late)
    office.record(late, acknowledged={"clock_id": "us-ca-individuals"})
    office.record(
        late + timedelta(hours=1), fulfilled=fulfilled("us-ca-individuals", at=CALIFORNIA)
    )
    back = late + timedelta(hours=2)
    again = {"clock_id": "us-ca-individuals", "why": "no receipt"}
    with pytest.raises(Refused, match="us-ca-attorney-general from 2027-01-07 to no date"):
        office.record(back, reopened=again)  # it would count from letters that nobody sent
    office.record(back, reopened=again, because="no letter went")
    assert office.tick(back).running
    office.tick(back + timedelta(days=1))
    kinds = [subject.split("]")[0].strip("[") for subject in office.escalated()]
    assert kinds == ["MISSED", "MISSED", "STILL MISSED"]


def test_days_of_three_time_zones_that_end_within_hours_wake_people_once(states: Office) -> None:
    states.tick()
    first = CALIFORNIA - timedelta(hours=75)  # in New York; three hours later in California
    states.tick(first)
    assert len(states.on_call.messages) == 2
    states.tick(first + timedelta(hours=3))
    assert len(states.on_call.messages) == 2
    told = {c.clock_id for c in states.clocks().values() if "72h" in c.milestones_sent}
    assert {"us-ny-individuals", "us-tx-attorney-general", "us-ca-individuals"} <= told


def test_the_last_hours_and_a_missed_date_are_never_told_early(states: Office) -> None:
    states.tick(CALIFORNIA - timedelta(hours=7))  # four hours before New York's day ends
    clocks = states.clocks()
    assert "4h" in clocks["us-ny-individuals"].milestones_sent
    assert "4h" not in clocks["us-ca-individuals"].milestones_sent
    states.tick(CALIFORNIA - timedelta(hours=3))  # its last second
    clocks = states.clocks()
    assert clocks["us-ny-individuals"].state is ClockState.RUNNING
    states.tick(CALIFORNIA - timedelta(hours=3) + timedelta(seconds=1))
    clocks = states.clocks()
    assert clocks["us-ny-individuals"].state is ClockState.MISSED
    assert clocks["us-ca-individuals"].state is ClockState.RUNNING
    assert "missed" in clocks["us-ny-individuals"].milestones_sent


def test_after_an_outage_only_the_most_urgent_is_told_and_the_rest_is_named(
    office: Office,
) -> None:
    office.tick()
    late = CALIFORNIA - timedelta(hours=20)
    office.tick(late)
    [_, page] = office.on_call.messages
    assert page["Subject"].startswith("[24 hours left]")
    assert "Passed over, because this came late: 50%, 80%, 72h." in page["Message"]
    [higher] = office.above.messages
    assert "Passed over, because this came late: 72h." in higher["Message"]
    clock = office.clocks()["us-ca-individuals"]
    assert clock.milestones_sent == ("started", "24h", "24h:escalation")
    assert clock.milestones_skipped == ("50%", "80%", "72h", "72h:escalation")
    office.tick(late + timedelta(minutes=1))
    assert len(office.on_call.messages) == 2
    assert any("passed over: 50%, 80%, 72h" in text for text in office.timeline())


def test_a_tick_long_after_the_end_tells_that_it_was_missed_and_nothing_else(
    office: Office,
) -> None:
    office.tick(CALIFORNIA + timedelta(days=30))
    kinds = [subject.split("]")[0] for subject in office.subjects()]
    assert kinds == ["[MISSED"]
    assert [subject.split("]")[0] for subject in office.escalated()] == ["[MISSED"]
    [page] = office.above.messages
    assert "Ran out Wed 2026-12-23 23:59:59 PST (30 days ago)." in page["Message"]
    assert "It is still owed" in page["Message"]


def test_a_date_that_moved_is_told_with_the_reason_and_its_milestones_come_again(
    office: Office,
) -> None:
    office.tick()
    office.tick(CALIFORNIA - timedelta(days=6))
    later = NOON + timedelta(days=2)
    office.record(
        CALIFORNIA - timedelta(days=5), discovered_at=later.isoformat(), because="the log's clock"
    )
    office.tick(CALIFORNIA - timedelta(days=5))
    page = office.on_call.messages[-1]
    assert page["Subject"].startswith("[Half the time is gone]")  # of the new span
    change = office.clocks()["us-ca-individuals"].history[-1]
    assert change.what.startswith("2026-12-24 07:59:59 UTC until 2026-12-19")
    assert "then 2026-12-26 07:59:59 UTC, later." in change.what
    assert change.why.startswith(f"{BY} let it move: the log's clock The breach was discovered")
    assert change.by == BY
    assert f"  Before: {change.text}\n" in page["Message"]
    office.record(
        CALIFORNIA - timedelta(days=4),
        discovered_at=after(days=10).isoformat(),
        because="the second report",
    )
    office.tick(CALIFORNIA - timedelta(days=4))
    page = office.on_call.messages[-1]
    assert page["Subject"].startswith("[Half the time is gone]")
    assert "  Before: 2026-12-26 07:59:59 UTC until 2026-12-20" in page["Message"]
    office.tick(CALIFORNIA + timedelta(days=3))
    assert office.on_call.messages[-1]["Subject"].startswith("[80 % of the time is gone]")


def test_a_clock_that_begins_after_its_date_is_told_as_missed(office: Office) -> None:
    office.tick()
    late = after(days=5)
    office.record(late, residents={"JP": 3})
    office.tick(late)
    for topic in (office.on_call, office.above):
        page = topic.messages[-1]
        assert page["Subject"].startswith("[MISSED] JP, counsel")
        assert "Ran out" in page["Message"]
    clock = office.clocks()["jp-unlisted"]
    assert clock.milestones_sent == ("missed", "missed:escalation")
    assert clock.milestones_skipped == ("started",)
    office.tick(late + timedelta(minutes=1))
    assert len(office.on_call.messages) == 2


def test_a_date_that_moves_into_the_past_is_told_as_missed_with_the_date_before(
    office: Office,
) -> None:
    office.tick()
    office.record(after(days=2), discovered_at=after(days=-45).isoformat())
    office.tick(after(days=2))
    page = office.on_call.messages[-1]
    assert page["Subject"].startswith("[MISSED] California, individuals")
    assert "Before: 2026-12-24 07:59:59 UTC until 2026-11-25" in page["Message"]
    assert "then 2026-11-09 07:59:59 UTC, earlier." in page["Message"]
    assert office.escalated()[-1].startswith("[MISSED] California, individuals")


def test_on_a_weekend_past_the_day_to_act_the_last_day_is_told(office: Office) -> None:
    """Due on Saturday 2 January, to be acted on by 31 December; nobody ticked since."""
    sent = after(days=25, hours=8)
    office.tick()
    office.record(
        sent,
        notices_sent_at=sent.isoformat(),
        discovered_at=after(days=10).isoformat(),
        because="the first report was wrong",
    )
    office.tick(sent)
    assert str(office.clocks()["us-ca-attorney-general"].act_by) == "2026-12-31"
    office.tick(datetime(2027, 1, 2, 20, tzinfo=UTC))
    assert "24 hours left: California, Attorney General" in office.on_call.messages[-1]["Message"]


def test_a_clock_that_waits_for_letters_after_the_time_for_them_is_asked_about_each_week(
    office: Office,
) -> None:
    office.record(discovered_at=DISCOVERED, residents={"US-CA": 1200})
    over = CALIFORNIA + timedelta(seconds=1)
    office.run_until(over)
    office.record(over, acknowledged={"clock_id": "us-ca-individuals"})
    office.run_until(CALIFORNIA + timedelta(days=22), over)
    asked = [
        page
        for page in office.on_call.messages
        if "Still without a date: California, Attorney General" in page["Message"]
    ]
    assert len(asked) == 4  # when the time was over, and then each week
    assert all("record notices_sent_at" in page["Message"] for page in asked)
    assert not any("Still without a date" in page["Message"] for page in office.above.messages)
    late = CALIFORNIA + timedelta(days=60)
    before = len(office.subjects())
    office.tick(late)
    office.tick(late + timedelta(days=1))
    assert len(office.subjects()) == before + 1  # weeks in which nobody looked are not made up for
    assert office.sweep(late + timedelta(days=6)).incidents == 0
    assert office.sweep(late + timedelta(days=7)).incidents == 1
    assert len(office.subjects()) == before + 2
    office.record(late, not_owed={"clock_id": "us-ca-attorney-general", "why": "no letter went"})
    assert not office.tick(late + timedelta(days=30)).running
    assert len(office.subjects()) == before + 2


def test_a_clock_that_gets_its_date_is_told_of_and_runs(office: Office) -> None:
    office.tick()
    office.record(after(days=20), notices_sent_at=after(days=20).isoformat())
    office.tick(after(days=20))
    page = office.on_call.messages[-1]
    assert "Date changed: California, Attorney General" in page["Message"]
    assert "Before: no date until 2026-12-13" in page["Message"]
    assert office.clocks()["us-ca-attorney-general"].state is ClockState.RUNNING


def test_what_is_fulfilled_is_not_mentioned_again(office: Office) -> None:
    office.tick()
    done = ("us-ca-individuals", "us-ca-attorney-general")
    office.record(after(days=1), fulfilled=fulfilled(*done, at=after(days=1)))
    answer = office.tick(after(days=40))
    assert not answer.running
    assert len(office.on_call.messages) == 1
    assert office.above.messages == []


def test_a_clock_that_waits_for_its_anchor_keeps_the_tracker_going(office: Office) -> None:
    office.record(fulfilled=fulfilled("us-ca-individuals", at=NOON))
    answer = office.tick()
    assert answer.running
    assert answer.next_at == after(days=1)


def test_the_next_look_is_after_now_and_within_a_day(states: Office) -> None:
    now = NOON + timedelta(microseconds=123_456)
    while now < CALIFORNIA + timedelta(days=2):
        answer = states.tick(now)
        assert now < answer.next_at <= now + timedelta(days=1, seconds=1)
        assert answer.next_at.microsecond == 0
        now = answer.next_at + timedelta(hours=11)


def test_in_a_drill_each_page_says_that_it_is_practice(ledger: Ledger) -> None:
    office = Office(ledger)
    office.open(drill=True)
    office.assess()
    office.tick()
    [page] = office.on_call.messages
    assert page["Subject"].startswith("DRILL: ")
    assert "This is practice." in page["Message"]


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    """The moment at which both topics are told of two clocks in one page each."""
    moment = CALIFORNIA - timedelta(hours=23)

    def fresh() -> Office:
        forget(ledger)
        office = Office(ledger, jurisdictions=("US-CA", "US-WA"))
        office.open()
        office.assess()
        office.tick()
        office.on_call.messages.clear()
        return office

    whole = Life()
    expected = fresh()
    expected.tick(moment, life=whole)
    assert (len(expected.on_call.messages), len(expected.above.messages)) == (1, 1)
    for ends_at in range(whole.calls):
        office = fresh()
        with pytest.raises(DiedHereError):
            office.tick(moment, life=Life(ends_at))
        # The machine's retry has the same time; the sweep comes later. Both must do.
        office.tick(moment + (timedelta(minutes=30) if ends_at % 2 else timedelta()))
        for topic in (office.on_call, office.above):
            assert 1 <= len(topic.messages) <= 2
            assert len({message["Subject"] for message in topic.messages}) == 1
        assert _notes(office) == _notes(expected)


def _notes(office: Office) -> dict[str, tuple[Any, ...]]:
    return {
        clock.clock_id: (clock.milestones_sent, clock.milestones_skipped, clock.state)
        for clock in office.clocks().values()
    }


def test_a_page_that_another_run_is_sending_is_left_to_it_and_looked_at_again_soon(
    office: Office,
) -> None:
    class Dies:
        def publish(self, **given: Any) -> Any:
            raise DiedHereError

    on_call = office.on_call
    office.on_call = Dies()  # type: ignore[assignment]
    with pytest.raises(DiedHereError):
        office.tick()
    office.on_call = on_call
    answer = office.tick(after(seconds=30))
    assert on_call.messages == []
    assert answer.next_at == after(seconds=30) + timedelta(minutes=3)
    office.tick(answer.next_at)
    assert len(on_call.messages) == 1


def test_a_topic_that_fails_does_not_silence_the_other_and_is_raised(office: Office) -> None:
    office.tick()
    publish = office.on_call.publish
    office.on_call.publish = refusing("InternalError")  # type: ignore[method-assign]
    moment = CALIFORNIA - timedelta(hours=23)
    with pytest.raises(Unavailable):
        office.tick(moment)
    assert len(office.above.messages) == 1
    office.on_call.publish = publish  # type: ignore[method-assign]
    office.tick(moment)
    assert Counter(subject.split("]")[0] for subject in office.subjects()) == {
        "[Clock started": 1,
        "[24 hours left": 1,
    }
    assert len(office.above.messages) == 1


def test_reminders_do_not_wait_for_a_count_that_fails(office: Office, ledger: Ledger) -> None:
    office.tick()
    ledger.client.put_item(
        TableName=ledger.table,
        Item={
            "pk": {"S": f"INCIDENT#{INCIDENT_ID}"},
            "sk": {"S": "FACT#unreadable"},
            "version": {"N": "1"},
            "body": {"S": "{}"},
        },
    )
    with pytest.raises(Exception, match="validation errors for Fact"):
        office.tick(CALIFORNIA - timedelta(days=2))
    assert office.subjects()[-1].startswith("[72 hours left]")
    assert office.escalated()[-1].startswith("[72 hours left]")


def test_without_an_escalation_topic_the_timeline_says_that_nobody_was_told(
    office: Office,
) -> None:
    office.escalation_arn = ""
    office.tick(CALIFORNIA - timedelta(hours=23))
    assert any(
        text.startswith("Nobody was told, because there is no") for text in office.timeline()
    )
    assert office.subjects()


def test_a_fact_that_was_recorded_and_not_counted_is_counted_by_the_next_tick(
    office: Office,
) -> None:
    office.tick()
    whole = Life()
    probe = {"notices_sent_at": after(minutes=-5).isoformat()}
    office.record(NOON, life=whole, **probe)
    reopened = Office(office.ledger, jurisdictions=ONLY_CALIFORNIA)
    forget(office.ledger)
    reopened.open()
    reopened.assess()
    for ends_at in range(whole.calls):
        with suppress(DiedHereError):
            reopened.record(NOON, life=Life(ends_at), **probe)
        if reopened.records().facts.all(INCIDENT_ID):
            break
    assert reopened.clocks()["us-ca-attorney-general"].state is ClockState.WAITING
    reopened.tick(after(minutes=1))
    assert reopened.clocks()["us-ca-attorney-general"].state is ClockState.RUNNING


def test_a_clock_written_by_another_between_our_read_and_our_write_keeps_both(
    office: Office, ledger: Ledger
) -> None:
    class Meddler:
        """Another writer, once, just before our first transaction."""

        def __init__(self) -> None:
            self.meddled = False

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger.client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.meddled:
                self.meddled = True
                clocks = Clocks(ledger)
                [seen, *_] = clocks.stored(INCIDENT_ID)
                clocks.replace(seen, seen.clock.model_copy(update={"confidence": "low"}))
            return ledger.client.transact_write_items(**given)

    meddler: Any = Meddler()
    theirs = Office(Ledger(ledger.table, meddler), jurisdictions=ONLY_CALIFORNIA)
    theirs.tick()
    assert meddler.meddled
    assert len(theirs.on_call.messages) == 1
    assert {c.milestones_sent for c in office.clocks().values()} == {("started",)}


def test_an_incident_that_is_not_there_is_broken(ledger: Ledger) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        Office(ledger).tick()


def test_more_clocks_than_a_message_holds_are_all_named(ledger: Ledger) -> None:
    """SNS refuses more than 256 KiB, and then nobody would be told of anything."""
    office = Office(ledger, jurisdictions=ONLY_CALIFORNIA)
    office.open()
    office.assess()
    model = office.clocks()["us-ca-individuals"]
    for number in range(400):
        more = {"clock_id": f"us-ca-{number:03}", "rule": "é" * 400, "recipient_name": f"n{number}"}
        office.records().clocks.add(model.model_copy(update=more))
    office.tick()
    [page] = office.on_call.messages
    assert len(page["Message"].encode()) < 262_144
    assert all(f"California, n{number}" in page["Message"] for number in range(400))
