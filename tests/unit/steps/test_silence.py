"""A silence has an owner, a reason and an end; it moves pages, and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.pager import Pager
from responder.aws.receipts import Receipts
from responder.aws.silences import Silences
from responder.aws.timeline import Timeline
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Refused
from responder.steps.silence import Listed, SilenceRequest, silence
from responder.steps.wake import Wake
from tests.builders import INCIDENT_ID, NOON, SHOP, a_finding, a_user, an_incident
from tests.consoles import QUIET_ARN, TOPIC_ARN, Topic, a_snoozable
from tests.unit.steps.counsel import Office, after
from tests.vaults import DiedHereError, Life

ANA = "arn:aws:sts::444455556666:assumed-role/on-call/ana"
HOUR = timedelta(hours=1)
PATTERN = {"accounts": [SHOP], "networks": ["203.0.113.0/24"]}


@dataclass
class World:
    ledger: Ledger
    loud: Topic = field(default_factory=Topic)
    quietly: Topic = field(default_factory=Topic)

    def ask(self, now: datetime = NOON, life: Life | None = None, **asked: Any) -> list[Listed]:
        living = life or Life()
        table = Ledger(self.ledger.table, living.of(self.ledger.client))
        return silence(
            SilenceRequest.model_validate(asked),
            incidents=Incidents(table),
            silences=Silences(table),
            timeline=Timeline(table),
            pager=Pager(table, living.of(self.loud), TOPIC_ARN),
            quiet=Pager(table, living.of(self.quietly), QUIET_ARN),
            now=now,
        ).silences

    def snooze(self, now: datetime = NOON, life: Life | None = None, **given: Any) -> Listed:
        plain = {"by": ANA, "reason": "I have it", "until": NOON + 4 * HOUR}
        asked = plain | ({} if "pattern" in given else {"incident_id": INCIDENT_ID}) | given
        [one] = self.ask(now, life, **asked)
        return one

    def page(self, now: datetime) -> str:
        snoozable = a_snoozable(self.ledger, self.loud, self.quietly)
        about = f"left:{now.isoformat()}"
        return snoozable.page(INCIDENT_ID, subject="[LEFT] a", text="b", now=now, about=about)

    def wake(self, now: datetime) -> Wake:
        return Wake(
            Incidents(self.ledger),
            Approvals(self.ledger),
            Receipts(self.ledger),
            a_snoozable(self.ledger, self.loud, self.quietly),
        )

    def subjects(self) -> list[str]:
        return [message["Subject"].partition("]")[0] for message in self.loud.messages]


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def test_a_snoozed_page_is_told_quietly_until_the_instant_and_not_after(world: World) -> None:
    world.snooze()
    world.page(NOON + 3 * HOUR)
    assert not world.loud.messages
    told = world.quietly.messages[-1]["Message"]
    assert "Nobody was paged. Snoozed until 2026-11-23T16:00:00Z" in told
    assert ANA in told
    world.page(NOON + 4 * HOUR)
    assert world.subjects() == ["[LEFT"]


def test_a_snooze_is_on_the_timeline_and_told_with_who_and_why(world: World) -> None:
    made = world.snooze()
    [event] = Timeline(world.ledger).events(INCIDENT_ID)
    assert (event.key, event.by) == (f"silence-made:{made.silence_id}", ANA)
    assert "I have it" in event.text
    assert len(world.quietly.messages) == 1


def test_quiet_about_what_has_not_happened_yet_pages_that_it_was_asked_for(world: World) -> None:
    made = world.snooze(kind="known", pattern=PATTERN)
    assert world.subjects() == ["[QUIET MADE"]
    assert made.silence_id in world.loud.messages[0]["Message"]


def test_the_same_twice_or_after_a_crash_is_once(world: World) -> None:
    whole = Life()
    World(world.ledger).snooze(life=whole, reason="first")
    for ends_at in range(whole.calls):
        fresh = World(world.ledger)
        reason = f"run {ends_at}"
        with pytest.raises(DiedHereError):
            fresh.snooze(life=Life(ends_at), reason=reason)
        first = fresh.snooze(NOON + timedelta(minutes=5), reason=reason)
        assert fresh.snooze(NOON + timedelta(minutes=9), reason=reason) == first
        assert 1 <= len(fresh.quietly.messages) <= 2
    assert len(Silences(world.ledger).all()) == whole.calls + 1


def test_an_ended_one_does_nothing_and_says_who_ended_it(world: World) -> None:
    made = world.snooze()
    [ended] = world.ask(NOON + HOUR, end=made.silence_id, by=ANA, reason="somebody else has it")
    assert not ended.in_force
    world.page(NOON + HOUR)
    assert world.subjects() == ["[LEFT"]
    assert [one.in_force for one in world.ask(NOON + HOUR)] == [False]
    assert world.ask(NOON + timedelta(days=9)) == []


def test_who_an_incident_is_about_silences_nothing_in_it(world: World) -> None:
    for by in (a_user().arn, f"arn:aws:iam::{SHOP}:user/orders-export"):
        with pytest.raises(Refused, match="is a principal of"):
            world.snooze(by=by)
    assert Silences(world.ledger).all() == []


def test_an_incident_that_is_not_there_or_a_silence_that_is_not_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="there is no incident"):
        world.snooze(incident_id="inc-20261123-ffffffffff")
    with pytest.raises(Refused, match="there is no silence"):
        world.ask(end="sil-0123456789ab", by=ANA, reason="x")


@pytest.mark.parametrize(
    "asked",
    [
        {"by": ANA},
        {"incident_id": INCIDENT_ID, "until": NOON + HOUR},
        {"incident_id": INCIDENT_ID, "by": ANA, "reason": "x"},
        {"by": ANA, "reason": " ", "incident_id": INCIDENT_ID, "until": NOON + HOUR},
        {"by": ANA, "reason": "x", "incident_id": INCIDENT_ID, "until": "2026-11-23T13:00:00"},
    ],
)
def test_without_an_owner_a_reason_and_an_end_there_is_no_quiet(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SilenceRequest.model_validate(asked)


def test_the_end_of_a_snooze_pages_once_while_the_incident_is_open(world: World) -> None:
    made = world.snooze()
    assert world.wake(NOON).after_quiet(now=NOON + 3 * HOUR) == 0
    at = NOON + 4 * HOUR + timedelta(minutes=20)
    assert world.wake(at).after_quiet(now=at) == 1
    assert world.wake(at).after_quiet(now=at + HOUR) == 0
    [page] = world.loud.messages
    assert page["Subject"].startswith("[QUIET IS OVER] 1 open")
    assert INCIDENT_ID in page["Message"]
    assert made.silence_id in page["Message"]


def test_the_end_of_what_was_known_is_told_quietly(world: World) -> None:
    world.snooze(kind="known", pattern=PATTERN)
    world.page(NOON + HOUR)
    assert world.wake(NOON).after_quiet(now=NOON + 5 * HOUR) == 1
    assert world.subjects() == ["[QUIET MADE"]
    assert "[QUIET IS OVER]" in world.quietly.messages[-1]["Subject"]


def test_a_question_that_nobody_expired_pages_once_also_when_snoozed(world: World) -> None:
    world.snooze()
    asked = Approval(
        approval_id="apr-1",
        incident_id=INCIDENT_ID,
        order_id="ord-00000000000000000000",
        plan_hash="x",
        requested_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
    )
    approvals = Approvals(world.ledger)
    approvals.create(asked, "token")
    for minutes, stuck in ((59, 0), (61, 1), (90, 1)):
        at = NOON + timedelta(minutes=minutes)
        assert world.wake(at).of_stuck_questions([INCIDENT_ID], now=at) == stuck
    assert world.subjects() == ["[STUCK QUESTION"]
    approvals.replace(asked, status=ApprovalStatus.EXPIRED)
    assert world.wake(at).of_stuck_questions([INCIDENT_ID], now=at) == 0


def test_reminders_are_quiet_and_what_is_due_within_days_or_missed_never_is(
    ledger: Ledger,
) -> None:
    """The clock runs as it does without: what a snooze keeps quiet is who hears of it."""
    office, world = Office(ledger, jurisdictions=("US-CA",)), World(ledger)
    office.open()
    office.assess()
    world.snooze(kind="known", pattern=PATTERN, until=NOON + timedelta(days=14))
    told = world.loud.messages.copy()
    office.tick()
    assert not office.on_call.messages
    assert office.quietly.messages[-1]["Subject"].startswith("[QUIET] [Clock started]")
    due = office.clocks()["us-ca-individuals"].due_at
    assert due is not None
    begins = due - timedelta(days=4)
    world.ask(
        begins,
        kind="known",
        pattern=PATTERN,
        by=ANA,
        reason="again",
        until=begins + timedelta(days=9),
    )
    for at in (due - timedelta(hours=71), due - timedelta(hours=3), due + timedelta(hours=1)):
        office.tick(at)
    assert [one.split("]")[0] for one in office.subjects()] == [
        "[72 hours left",
        "[4 hours left",
        "[MISSED",
    ]
    assert told == world.loud.messages[:1]
    assert after(hours=1) > NOON
