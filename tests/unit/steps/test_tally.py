"""A week of noise is counted by what it was about, for whom, and by finding type."""

from datetime import timedelta
from typing import Any, cast

import pytest

from responder.aws.correlations import Correlations, Recorded
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.notices import Notices
from responder.aws.pager import Pager
from responder.aws.silences import Silences
from responder.domain.noise import Attention
from responder.domain.silence import Pattern, SilenceKind, silence_of
from responder.steps.tally import OfType, TallyAnswer, TallyRequest, tally
from tests.builders import INCIDENT_ID, NOON, SHOP, a_finding, an_incident, closed
from tests.consoles import QUIET_ARN, TOPIC_ARN, Topic

OTHER = "inc-20261123-ffffffffff"
DAY = timedelta(days=1)
MINOR = "Recon:EC2/Portscan"
WHY = "The policy only records such findings."


class World:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.quietly = ledger, Topic()
        self.pager = Pager(ledger, cast(Any, Topic()), TOPIC_ARN)
        self.quiet = Pager(ledger, cast(Any, self.quietly), QUIET_ARN)

    def told(self, topic: Pager, about: str, incident_id: str = INCIDENT_ID, days: int = 0) -> None:
        at = NOON + days * DAY
        topic.page(incident_id, subject="s", text="t", now=at, about=about)

    def count(self, days: int = 7, *, tell: bool = False) -> TallyAnswer:
        return tally(
            TallyRequest(days=days, tell=tell),
            incidents=Incidents(self.ledger),
            notices=Notices(self.ledger),
            silences=Silences(self.ledger),
            ledger=self.ledger,
            quiet=self.quiet,
            now=NOON + 3 * DAY,
        )


@pytest.fixture
def world(ledger: Ledger) -> World:
    world = World(ledger)
    Incidents(ledger).create(closed(an_incident()), a_finding())
    Incidents(ledger).create(an_incident(id=OTHER), a_finding(key="arn:2", type=MINOR))
    Notices(ledger).decide(INCIDENT_ID, Attention(loud=True, reason="x"), now=NOON)
    Notices(ledger).decide(OTHER, Attention(loud=False, reason="x"), now=NOON)
    world.told(world.pager, "")
    world.told(world.pager, "call:1:2")
    world.told(world.pager, "us-ca-individuals:72h")
    world.told(world.pager, "us-ca-individuals:4h:escalation")
    world.told(world.quiet, "quiet", OTHER)
    world.told(world.quiet, "quiet:us-ca-individuals:started", OTHER)
    world.told(world.pager, "left:ord-1", days=-9)
    for number in range(3):
        finding = a_finding(key=f"arn:aws:{number}", type=MINOR)
        recorded = Recorded(finding=finding, reason=WHY, recorded_at=NOON + number * DAY)
        Correlations(ledger).record(recorded)
    return world


def test_a_week_is_counted_by_what_and_for_whom(world: World) -> None:
    answer = world.count()
    assert answer.pages == {
        "told quietly": 2,
        "a deadline: the escalation topic": 1,
        "a deadline: the pager": 1,
        "nobody answered: the next person": 1,
        "opened: the pager": 1,
    }
    # What was told quietly woke nobody.
    assert answer.people == {"whoever the topic pages": 4}
    assert answer.types == [
        OfType(type="Exfiltration:S3/AnomalousBehavior", paged=1),
        OfType(type=MINOR, quiet=1, recorded=3),
    ]
    assert answer.recorded == {WHY: 3}
    assert (answer.incidents, answer.closed) == (2, 1)


def test_what_was_before_is_not_counted(world: World) -> None:
    answer = world.count(days=1)
    assert (answer.pages, answer.incidents, answer.recorded) == ({}, 0, {WHY: 1})
    assert answer.closed == 0
    assert world.count(days=30).pages["an order left to a person: the pager"] == 1


def test_silences_in_force_are_named_with_what_they_kept_quiet(world: World) -> None:
    silences = Silences(world.ledger)
    for hours in (4, 96):
        made = silence_of(
            SilenceKind.KNOWN,
            incident=None,
            pattern=Pattern.model_validate({"accounts": [SHOP], "networks": ["203.0.113.0/24"]}),
            by="arn:aws:sts::444455556666:assumed-role/on-call/ana",
            reason="a test",
            now=NOON,
            until=NOON + timedelta(hours=hours),
        )
        silences.add(made)
        silences.cover(made, INCIDENT_ID, now=NOON)
    assert [one.incidents for one in world.count().silences] == [1, 1]
    assert len(world.count(days=1).silences) == 1


def test_it_is_told_once_on_the_quiet_topic_and_only_if_that_is_asked(world: World) -> None:
    before = len(world.quietly.messages)
    world.count()
    assert len(world.quietly.messages) == before
    world.count(tell=True)
    world.count(tell=True)
    [message] = world.quietly.messages[before:]
    assert message["Subject"] == "[NOISE] 6 told of, 7 days"
    assert "2 incidents opened, 1 closed." in message["Message"]
    assert f"- 0 / 1 / 3  {MINOR}" in message["Message"]


def test_who_was_woken_is_counted_by_person_of_the_rota(world: World) -> None:
    for about, people in (("left:ord-2", ("ana",)), ("call:1:3", ("ben",)), ("stuck:1", ("ana",))):
        world.pager.page(
            INCIDENT_ID, subject="x", text="x", now=NOON + DAY, about=about, people=people
        )
    world.pager.leave_to_channel("inc-20261123-eeeeeeeeee", now=NOON)
    Incidents(world.ledger).create(an_incident(id="inc-20261123-eeeeeeeeee"), a_finding(key="e"))
    assert world.count().people == {
        "whoever the topic pages": 4,
        "ana": 2,
        "ben": 1,
        "whoever Incident Manager called": 1,
    }
    assert world.count(days=1).people == {}
    world.count(tell=True)
    assert "- 2 x ana\n" in world.quietly.messages[-1]["Message"]
