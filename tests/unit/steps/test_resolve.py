"""What was closed here is resolved once wherever it is open; a place that refuses is told of."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from responder import channels
from responder.aws.closings import Closings
from responder.aws.correlations import Correlations, Seat
from responder.aws.incidents import FINDING, Incidents
from responder.aws.ledger import Ledger, Write, incident_pk
from responder.aws.timeline import Timeline
from responder.channels.channel import Channel as Place
from responder.channels.channel import Desk
from responder.domain.errors import Unavailable
from responder.domain.incident import Channel
from responder.domain.summary import summarise
from responder.steps.case import note_case, open_case
from responder.steps.resolve import resolve
from tests.builders import INCIDENT_ID, NOON, a_closing, a_finding, an_incident
from tests.consoles import (
    PLAN_ARN,
    CaseDesk,
    IncidentManager,
    OpsCenter,
    TheseClients,
    refusing,
)
from tests.vaults import DiedHereError, Life

LATER = NOON + timedelta(hours=2)


@dataclass
class World:
    """An incident that is open at one console, with a case beside it, and was closed."""

    ledger: Ledger
    ssm: OpsCenter = field(default_factory=OpsCenter)
    manager: IncidentManager = field(default_factory=IncidentManager)
    cases: CaseDesk = field(default_factory=CaseDesk)
    calls: list[str] = field(default_factory=list)

    def desk(self, life: Life | None = None) -> Desk:
        of = (life or Life()).of
        clients = TheseClients(
            ssm=of(self.ssm), ssm_incidents=of(self.manager), security_ir=of(self.cases)
        )
        return Desk(clients, "aws", PLAN_ARN, stack_name="responder", security_ir="aws")

    def opened(self, place: str = "ops_center", *, with_case: bool = True) -> str:
        module: Place = channels.BY_ID[place]
        incidents, findings = Incidents(self.ledger), [a_finding()]
        incidents.create(an_incident(), findings[0])
        summary = summarise(an_incident(), findings, mode="monitor")
        desk = Desk(self.desk().clients, "aws", PLAN_ARN, "arn:aws:sns:pager", "responder")
        reference = module.open(an_incident(), summary, desk).reference
        incidents.save_channel(INCIDENT_ID, Channel(id=place, reference=reference, opened_at=NOON))
        if with_case:
            told: dict[str, Any] = {"ledger": self.ledger, "timeline": Timeline(self.ledger)}
            open_case(an_incident(), findings, summary, **told, desk=self.desk(), now=NOON)
        return reference

    def closings(self, ledger: Ledger | None = None) -> Closings:
        table = ledger or self.ledger
        return Closings(table, Correlations(table))

    def closed(self) -> None:
        item = Incidents(self.ledger).item(INCIDENT_ID)
        assert item is not None
        assert self.closings().close(item, a_closing(), "Closed: over.")

    def resolve(self, life: Life | None = None) -> list[str]:
        living = life or Life()
        table = Ledger(self.ledger.table, living.of(self.ledger.client))
        return resolve(
            INCIDENT_ID,
            incidents=Incidents(table),
            closings=self.closings(table),
            timeline=Timeline(table),
            desk=self.desk(living),
            now=LATER,
        )

    def said(self) -> list[str]:
        return [
            one.text
            for one in Timeline(self.ledger).events(INCIDENT_ID)
            if one.key.startswith(("resolved", "not-closed"))
        ]


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_nothing_is_resolved_before_it_is_closed(world: World) -> None:
    reference = world.opened()
    assert world.resolve() == []
    assert world.ssm.items[reference]["Status"] == "Open"
    assert world.cases.closed == []


def test_the_ops_item_and_the_case_are_resolved_once(world: World) -> None:
    reference = world.opened()
    world.closed()
    assert world.resolve() == ["ops_center", "security_ir"]
    assert world.ssm.items[reference]["Status"] == "Resolved"
    assert world.cases.closed == ["0000000001"]
    updates = len(world.ssm.updates)
    assert world.resolve() == []
    assert len(world.ssm.updates) == updates
    assert world.said() == [
        "Resolved at OpsCenter.",
        "Resolved at Security Incident Response.",
    ]
    assert world.closings().late(until=LATER + timedelta(days=9)) == []


def test_an_incident_record_is_resolved(world: World) -> None:
    reference = world.opened("incident_manager", with_case=False)
    world.closed()
    assert world.resolve() == ["incident_manager"]
    assert world.manager.records[reference]["status"] == "RESOLVED"


def test_a_topic_has_nothing_to_resolve_and_is_not_said_to_be(world: World) -> None:
    world.opened("sns_topic", with_case=False)
    world.closed()
    assert world.resolve() == []
    assert world.said() == []
    assert world.closings().is_resolved(INCIDENT_ID)


def test_a_place_that_refuses_is_told_of_once_and_keeps_no_other_open(world: World) -> None:
    world.opened()
    world.closed()
    world.ssm.update_ops_item = refusing("OpsItemNotFoundException")  # type: ignore[method-assign]
    for _ in range(2):
        world.resolve()
    assert world.cases.closed == ["0000000001"]
    assert world.said() == [
        "It is closed here, and still open at OpsCenter: resolving the OpsItem: AWS answered "
        "OpsItemNotFoundException. Resolve it by hand.",
        "Resolved at Security Incident Response.",
    ]


def test_a_place_that_is_busy_is_asked_again(world: World) -> None:
    reference = world.opened()
    world.closed()
    there = world.ssm.update_ops_item
    world.ssm.update_ops_item = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.resolve()
    assert world.closings().late(until=LATER) == [INCIDENT_ID]
    world.ssm.update_ops_item = there  # type: ignore[method-assign]
    world.resolve()
    assert world.ssm.items[reference]["Status"] == "Resolved"


def test_a_case_that_somebody_closed_before_is_closed(world: World) -> None:
    world.opened()
    world.cases.closed.append("0000000001")
    world.closed()
    assert "security_ir" in world.resolve()
    assert world.said()[-1] == "Resolved at Security Incident Response."


def test_a_case_that_will_not_be_closed_is_told_of(world: World) -> None:
    world.opened()
    world.closed()
    world.cases.close_case = refusing("ConflictException")  # type: ignore[method-assign]
    world.resolve()
    assert "still open at Security Incident Response: closing the case" in world.said()[-1]


def test_a_closed_case_is_told_nothing_more(world: World) -> None:
    world.opened()
    world.closed()
    world.resolve()
    line = Timeline(world.ledger)
    line.record(INCIDENT_ID, "released:ord-1", at=LATER, by="ana", text="Put back.")
    note_case(INCIDENT_ID, ledger=world.ledger, timeline=line, desk=world.desk(), now=LATER)
    assert world.cases.comments == {}
    assert all(one.key != "case-not-told" for one in line.events(INCIDENT_ID))


def test_nothing_is_resolved_when_a_finding_joined_while_it_was_closed(world: World) -> None:
    """Whoever closed it died before they looked once more: this looks for them."""
    reference = world.opened()
    world.closed()
    second, pk = a_finding(key="second"), incident_pk(INCIDENT_ID)
    seating = Correlations(world.ledger).seating("second", Seat(incident_id=INCIDENT_ID), None)
    assert world.ledger.together([Write(pk, FINDING + "second", second), seating])
    assert world.resolve() == []
    assert world.ssm.items[reference]["Status"] == "Open"
    assert Incidents(world.ledger).get(INCIDENT_ID).closed is None
    assert "a finding joined it at the moment in which it was closed" in world.said()[0]
    assert world.closings().late(until=LATER + timedelta(days=9)) == []


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(world: World) -> None:
    reference = world.opened()
    world.closed()
    ends_at = 0
    while True:
        try:
            world.resolve(Life(ends_at))
            break
        except DiedHereError:
            ends_at += 1
    assert ends_at > 5
    assert world.ssm.items[reference]["Status"] == "Resolved"
    assert world.cases.closed == ["0000000001"]
    assert world.said() == ["Resolved at OpsCenter.", "Resolved at Security Incident Response."]
    assert world.closings().is_resolved(INCIDENT_ID)
