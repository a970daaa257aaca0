"""A case stands beside where an incident is open: once, in the words of the first time."""

from dataclasses import dataclass, field, replace

import pytest

from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.channels import security_ir
from responder.channels.channel import Desk
from responder.domain.errors import Unavailable
from responder.domain.incident import Incident
from responder.domain.summary import summarise
from responder.steps.case import note_case, open_case
from tests.builders import INCIDENT_ID, NOON, SHOP, a_finding, an_incident
from tests.consoles import CaseDesk, TheseClients, refusing
from tests.vaults import DiedHereError, Life


@dataclass
class World:
    """A ledger, and a desk of cases."""

    ledger: Ledger
    cases: CaseDesk = field(default_factory=CaseDesk)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(TheseClients(security_ir=self.cases), security_ir="aws")

    def opens(self, incident: Incident | None = None, ledger: Ledger | None = None) -> None:
        incident, table = incident or an_incident(), ledger or self.ledger
        findings = [a_finding(addresses=("203.0.113.7", "2001:db8::1", "no-address.example.com"))]
        open_case(
            incident,
            findings,
            summarise(incident, findings, mode="monitor"),
            ledger=table,
            timeline=Timeline(table),
            desk=self.desk,
            now=NOON,
        )

    def notes(self) -> None:
        line = Timeline(self.ledger)
        note_case(INCIDENT_ID, ledger=self.ledger, timeline=line, desk=self.desk, now=NOON)

    def happened(self, key: str, text: str = "Done.") -> None:
        Timeline(self.ledger).record(INCIDENT_ID, key, at=NOON, by="contain", text=text)

    def said(self) -> dict[str, str]:
        return {one.key: one.text for one in Timeline(self.ledger).events(INCIDENT_ID)}


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_a_case_is_opened_once_and_its_later_words_change_nothing(world: World) -> None:
    world.opens()
    world.opens(an_incident(title="Another title by now"))
    [case] = world.cases.cases.values()
    assert case["resolverType"] == "AWS"
    assert case["impactedAccounts"] == [SHOP]
    assert [one["ipAddress"] for one in case["threatActorIpAddresses"]] == [
        "203.0.113.7",
        "2001:0DB8:0000:0000:0000:0000:0000:0001",
    ]
    assert "Another title" not in case["title"]
    assert world.said() == {
        "case": "Case 0000000001 at Security Incident Response, AWS works on it."
    }


def test_nobody_at_aws_is_called_by_a_drill_or_unless_told_to(world: World) -> None:
    world.opens(an_incident(drill=True))
    [case] = world.cases.cases.values()
    assert case["resolverType"] == "Self"
    assert case["title"].startswith("DRILL")
    world.desk = replace(world.desk, security_ir="self")
    own = security_ir.case_of(
        an_incident(), [], summarise(an_incident(), [], mode="monitor"), world.desk
    )
    assert own.resolver == "Self"
    world.desk = replace(world.desk, security_ir="")
    world.cases.cases.clear()
    world.opens()
    assert world.cases.cases == {}


@pytest.mark.parametrize(
    "code", ["SecurityIncidentResponseNotActiveException", "AccessDeniedException"]
)
def test_where_there_is_no_membership_the_timeline_says_so(world: World, code: str) -> None:
    there = world.cases.create_case
    world.cases.create_case = refusing(code)  # type: ignore[method-assign]
    world.opens()
    assert world.said() == {
        "no-case": f"Passed over: Security Incident Response (opening a case: AWS answered {code})."
    }
    world.cases.create_case = there  # type: ignore[method-assign]
    world.opens()
    assert "case" in world.said()


def test_a_service_that_is_busy_is_asked_again(world: World) -> None:
    world.cases.create_case = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.opens()


def test_a_run_that_dies_at_any_call_leaves_one_case(world: World) -> None:
    for ends_at in range(50):
        life = Life(ends_at)
        fresh = World(replace(world.ledger, client=world.ledger.client))
        fresh.cases = world.cases
        fresh.desk = Desk(TheseClients(security_ir=life.of(world.cases)), security_ir="aws")
        try:
            fresh.opens(ledger=replace(world.ledger, client=life.of(world.ledger.client)))
        except DiedHereError:
            continue
        break
    assert len(world.cases.cases) == 1
    assert list(world.said()) == ["case"]


def test_the_case_is_told_what_was_cut_and_what_is_left_and_nothing_else(world: World) -> None:
    hostile = "cut https://evil.example.com\nSubject: forged"
    world.happened("contained:ord-1", hostile)
    world.happened("paged")
    world.opens()
    for _ in range(2):
        world.notes()
    world.happened("left:ord-2")
    world.notes()
    first, second = world.cases.comments.values()
    assert first == f"{NOON.isoformat()}: cut https[:]//evil.example.com Subject: forged (contain)"
    assert "Done." in second


def test_a_case_that_takes_no_comment_is_said_once(world: World) -> None:
    world.opens()
    world.happened("contained:ord-1")
    world.cases.create_case_comment = refusing("ResourceNotFoundException")  # type: ignore[method-assign]
    for _ in range(2):
        world.notes()
    assert "ResourceNotFoundException" in world.said()["case-not-told"]


def test_no_case_is_noted_on_where_there_is_none(world: World) -> None:
    world.happened("contained:ord-1")
    world.notes()
    assert world.cases.comments == {}
