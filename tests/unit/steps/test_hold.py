"""Legal holds: on everything, once, by anybody who says why; off only when nothing is held."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.holds import Holds, VersionHolds
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.aws.vault import Content
from responder.domain.custody import HELD, HOLD_LIFTED, verify_chain
from responder.domain.errors import Broken, Refused
from responder.domain.evidence import EvidenceItem
from responder.steps.hold import HeldIncident, HoldRequest, hold
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, a_finding, an_incident
from tests.vaults import BUCKET, DiedHereError, Life, a_vault

COUNSEL = "arn:aws:sts::444455556666:assumed-role/counsel/dana"


class World:
    """An incident with evidence in the vault, and a clock that each look moves."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.vault = ledger, a_vault()
        self.now, self.tick = NOON, timedelta(seconds=1)
        Incidents(ledger).create(an_incident(), a_finding())
        for shelf, name in ((Shelf.EVIDENCE, "a"), (Shelf.EVIDENCE, "b"), (Shelf.SEAL, "c")):
            self.put(shelf, name)

    def put(self, shelf: Shelf, name: str) -> EvidenceItem:
        content = Content(name.encode(), ".json", "application/json")
        draft = Draft(shelf, "a.collector", name, content, "a thing")
        return Evidence(self.ledger).keep(
            INCIDENT_ID, draft, vault=self.vault, by="collect", at=NOON
        )

    def read(self) -> Any:
        self.now += self.tick
        return self.now

    def run(self, life: Life | None = None, seconds: int = 300, **asked: Any) -> list[HeldIncident]:
        life = life or Life()
        table = Ledger(self.ledger.table, life.of(self.ledger.client))
        return hold(
            HoldRequest.model_validate(asked),
            incidents=Incidents(table),
            evidence=Evidence(table),
            holds=Holds(table),
            versions=VersionHolds(HOME, life.of(boto3.client("s3", region_name=REGION))),
            timeline=Timeline(table),
            read_at=self.read,
            ends_at=self.now + timedelta(seconds=seconds),
        ).incidents

    def hold(self, reason: str = "a letter", **more: Any) -> HeldIncident:
        [answer] = self.run(incident_id=INCIDENT_ID, by=COUNSEL, reason=reason, **more)
        return answer

    def lift(self) -> HeldIncident:
        [answer] = self.run(incident_id=INCIDENT_ID, by=COUNSEL, reason="settled", lift=True)
        return answer

    def in_force(self) -> bool:
        return Holds(self.ledger).in_force(INCIDENT_ID)

    def items(self) -> list[EvidenceItem]:
        return [one for shelf in Shelf for one in Evidence(self.ledger).items(INCIDENT_ID, shelf)]

    def held(self) -> list[str]:
        return [one.name for one in self.items() if VersionHolds(HOME, self.s3).is_on(one)]

    @property
    def s3(self) -> Any:
        return self.vault.client

    def set_off(self, names: str) -> None:
        """As counsel does it, with credentials of their own."""
        for one in self.items():
            if one.name in names:
                self.s3.put_object_legal_hold(
                    Bucket=BUCKET,
                    Key=one.key,
                    VersionId=one.version_id,
                    LegalHold={"Status": "OFF"},
                )

    def told(self) -> list[tuple[str, str]]:
        chain = Evidence(self.ledger).custody(INCIDENT_ID)
        assert verify_chain(chain) is None
        return [(one.event, one.detail) for one in chain if one.event in (HELD, HOLD_LIFTED)]

    def timeline(self) -> list[str]:
        return [one.text for one in Timeline(self.ledger).events(INCIDENT_ID)]


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_every_item_and_every_paper_is_held_and_it_is_told_once(world: World) -> None:
    assert world.hold().newly == 3
    assert world.held() == ["a", "b", "c"]
    assert world.in_force()
    assert world.hold().in_force
    assert world.told() == [(HELD, "a letter")]
    assert world.timeline() == ["What the vault has of it is held for counsel: a letter"]


def test_the_very_version_on_record_is_held_not_whatever_stands_before_it(world: World) -> None:
    item = world.items()[0]
    later = world.s3.put_object(Bucket=BUCKET, Key=item.key, Body=b"another")["VersionId"]
    world.hold()
    other = item.model_copy(update={"version_id": later})
    assert VersionHolds(HOME, world.s3).is_on(item)
    assert not VersionHolds(HOME, world.s3).is_on(other)


def test_the_schedule_holds_what_was_put_since_and_nothing_else_again(world: World) -> None:
    assert world.run() == []
    world.hold()
    world.put(Shelf.EVIDENCE, "d")
    [answer] = world.run()
    assert (answer.newly, answer.objects) == (1, 4)
    assert world.held() == ["a", "b", "d", "c"]
    assert world.run()[0].newly == 0


def test_a_run_without_time_says_what_is_left_and_the_next_goes_on(world: World) -> None:
    world.tick = timedelta(seconds=20)
    answer = world.hold(seconds=75)
    assert (answer.newly, answer.left) == (1, 2)
    [after] = world.run(incident_id=INCIDENT_ID)
    assert (after.newly, after.left) == (2, 0)
    assert world.held() == ["a", "b", "c"]


def test_a_person_who_asks_again_holds_anew_what_was_set_off_beside_us(world: World) -> None:
    world.hold()
    world.set_off("b")
    assert world.run()[0].newly == 0
    assert world.hold().newly == 3
    assert world.held() == ["a", "b", "c"]


@pytest.mark.parametrize("calls", range(1, 26))
def test_a_run_that_dies_is_followed_by_one_that_ends_the_same(world: World, calls: int) -> None:
    try:
        world.run(Life(calls), incident_id=INCIDENT_ID, by=COUNSEL, reason="a letter")
    except DiedHereError:
        world.hold()
    assert world.held() == ["a", "b", "c"]
    assert world.told() == [(HELD, "a letter")]
    assert len(world.timeline()) == 1


def test_a_hold_is_not_lifted_while_a_version_is_held_and_the_answer_names_it(
    world: World,
) -> None:
    world.hold()
    world.set_off("ac")
    answer = world.lift()
    assert answer.in_force
    assert [one.name for one in answer.still_held] == ["b"]
    assert answer.still_held[0].version_id
    assert world.in_force()
    assert world.told() == [(HELD, "a letter")]
    world.set_off("b")
    assert not world.lift().in_force
    assert not world.in_force()
    assert world.told() == [(HELD, "a letter"), (HOLD_LIFTED, "settled")]
    assert world.run() == []


def test_what_was_lifted_can_be_held_again_and_every_word_stays_on_record(world: World) -> None:
    world.hold()
    world.set_off("abc")
    world.lift()
    assert world.hold("another letter").newly == 3
    assert world.held() == ["a", "b", "c"]
    assert [detail for _, detail in world.told()] == ["a letter", "settled", "another letter"]


def test_a_second_ground_is_told_and_lifting_ends_both(world: World) -> None:
    world.hold("a letter")
    world.hold("a subpoena")
    world.set_off("abc")
    assert not world.lift().in_force
    assert [event for event, _ in world.told()] == [HELD, HELD, HOLD_LIFTED]


def test_an_object_that_is_gone_keeps_none_of_the_others_and_is_raised(world: World) -> None:
    gone = world.items()[0].model_copy(update={"name": "0", "bucket": "gone"})
    world.ledger.add(f"INCIDENT#{INCIDENT_ID}", "EVIDENCE#0", gone)
    with pytest.raises(Broken, match="1 versions could not be held: holding"):
        world.hold()
    assert world.in_force()
    assert all(VersionHolds(HOME, world.s3).is_on(one) for one in world.items() if one != gone)


def test_what_nobody_held_cannot_be_lifted(world: World) -> None:
    with pytest.raises(Refused, match="never held"):
        world.lift()
    assert not world.in_force()
    assert world.held() == []


@pytest.mark.parametrize(
    "asked",
    [
        {"incident_id": INCIDENT_ID, "by": COUNSEL},
        {"incident_id": INCIDENT_ID, "reason": "why"},
        {"incident_id": INCIDENT_ID, "lift": True},
        {"by": COUNSEL, "reason": "why"},
        {"incident_id": "inc-1", "by": COUNSEL, "reason": "why"},
        {"incident_id": INCIDENT_ID, "by": COUNSEL, "reason": " \u200b "},
    ],
)
def test_who_and_why_are_said_or_nothing_is_done(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        world.run(**asked)
    assert not world.in_force()


def test_a_report_is_held_as_evidence_is(world: World) -> None:
    world.put(Shelf.REPORT, "report/0001")
    [answer] = world.run(incident_id=INCIDENT_ID, by=COUNSEL, reason="a suit")
    assert (answer.objects, answer.newly) == (4, 4)
    page = Evidence(world.ledger).item(INCIDENT_ID, Shelf.REPORT, "report/0001")
    assert page is not None
    assert VersionHolds(HOME, world.vault.client).is_on(page)
