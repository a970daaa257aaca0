"""What people make of an incident in a console comes back to its timeline, and ends nothing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from responder import channels
from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.channels.channel import Channel as Place
from responder.channels.channel import Desk
from responder.domain.approval import Approval
from responder.domain.incident import Channel, Incident
from responder.domain.order import OrderMode, Plan
from responder.domain.summary import summarise
from responder.steps.hear import HearAnswer, HearRequest, hear
from tests.builders import (
    INCIDENT_ID,
    NOON,
    a_clock,
    a_finding,
    a_user,
    an_incident,
    an_order,
    closed,
)
from tests.closing import is_sealed, what_is_read
from tests.consoles import (
    OURS,
    PERSON,
    PLAN_ARN,
    Contacts,
    IncidentManager,
    OpsCenter,
    TheseClients,
)
from tests.vaults import DiedHereError, Life

LATER = NOON + timedelta(minutes=30)


@dataclass
class World:
    """An incident that is open at both consoles, and heard of from one of them."""

    ledger: Ledger
    ssm: OpsCenter = field(default_factory=OpsCenter)
    manager: IncidentManager = field(default_factory=IncidentManager)
    contacts: Contacts = field(default_factory=Contacts)

    @property
    def desk(self) -> Desk:
        clients = TheseClients(ssm=self.ssm, ssm_incidents=self.manager, ssm_contacts=self.contacts)
        return Desk(clients, "aws", PLAN_ARN, stack_name="responder")

    def opened(self, place: str) -> str:
        module: Place = channels.BY_ID[place]
        Incidents(self.ledger).create(an_incident(), a_finding())
        summary = summarise(an_incident(), [a_finding()], mode="monitor")
        reference = module.open(an_incident(), summary, self.desk).reference
        channel = Channel(id=place, reference=reference, opened_at=NOON)
        Incidents(self.ledger).save_channel(INCIDENT_ID, channel)
        Incidents(self.ledger).point_from(channel, INCIDENT_ID)
        return reference

    def hear(
        self, reference: str, at: datetime = LATER, ledger: Ledger | None = None
    ) -> HearAnswer:
        table = ledger or self.ledger
        return hear(
            HearRequest(reference=reference, now=at),
            reads=what_is_read(table),
            ledger=table,
            desk=self.desk,
        )

    def said(self) -> list[str]:
        return [f"{event.by}: {event.text}" for event in Timeline(self.ledger).events(INCIDENT_ID)]


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_who_took_it_over_and_who_resolved_it_stand_on_the_timeline_once(world: World) -> None:
    reference = world.opened("ops_center")
    world.ssm.set_by_a_person(reference, "InProgress", NOON)
    assert world.hear(reference) == HearAnswer(incident_id=INCIDENT_ID, noted=True)
    assert world.hear(reference) == HearAnswer(incident_id=INCIDENT_ID, noted=False)
    world.ssm.set_by_a_person(reference, "Resolved", LATER)
    world.hear(reference)
    assert world.said() == [
        f"{PERSON}: {PERSON} took it over at OpsCenter.",
        f"{PERSON}: {PERSON} resolved it at OpsCenter. That closes nothing here. Against "
        f"responder close {INCIDENT_ID} stands: evidence of generation 1 is not sealed.",
    ]


def test_an_item_that_is_opened_again_is_heard_of_too(world: World) -> None:
    reference = world.opened("ops_center")
    for status in ("Resolved", "Open", "Resolved"):
        world.ssm.set_by_a_person(reference, status, NOON)
        world.hear(reference, NOON)
    assert [line.partition(": ")[2].partition(" at ")[0] for line in world.said()] == [
        f"{PERSON} resolved it",
        "Somebody set it back to open",
        f"{PERSON} resolved it",
    ]


def test_resolving_it_stops_no_clock_and_no_question_and_says_so(world: World) -> None:
    reference = world.opened("ops_center")
    order = an_order(mode=OrderMode.APPROVAL)
    Incidents(world.ledger).save_plan(
        Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=(order,))
    )
    Clocks(world.ledger).add(a_clock())
    Approvals(world.ledger).create(
        Approval(
            approval_id="apr-1",
            incident_id=INCIDENT_ID,
            order_id=order.order_id,
            plan_hash="0" * 64,
            requested_at=NOON,
            expires_at=LATER,
        ),
        "token",
    )
    before = Clocks(world.ledger).all(INCIDENT_ID), Approvals(world.ledger).all(INCIDENT_ID)
    world.ssm.set_by_a_person(reference, "Resolved", NOON)
    world.hear(reference)
    after = Clocks(world.ledger).all(INCIDENT_ID), Approvals(world.ledger).all(INCIDENT_ID)
    assert before == after
    [line] = world.said()
    assert line.endswith(
        f"That closes nothing here. Against responder close {INCIDENT_ID} stands: "
        f"{order.order_id} (iam.deny_user on {order.resource}) waits for a yes or a no; "
        "1 deadline is open: us-ca-individuals; evidence of generation 1 is not sealed."
    )


def test_whom_the_incident_is_about_is_named_as_perhaps_the_attacker(world: World) -> None:
    reference = world.opened("ops_center")
    world.ssm.set_by_a_person(reference, "Resolved", NOON)
    world.ssm.items[reference]["LastModifiedBy"] = a_user().arn
    world.hear(reference)
    [line] = world.said()
    assert "This incident is about that identity, so it may have been the attacker." in line


def test_a_record_of_incident_manager_is_heard_of_alike(world: World) -> None:
    reference = world.opened("incident_manager")
    world.contacts.called("ana", NOON)
    world.hear(reference)
    world.manager.resolved[reference] = LATER
    world.hear(reference)
    assert [line.rpartition(" at ")[2][:42] for line in world.said()] == [
        "Incident Manager.",
        "Incident Manager. That closes nothing here",
    ]


def test_what_no_incident_of_ours_is_open_at_is_left_alone(world: World) -> None:
    world.opened("ops_center")
    assert world.hear("oi-ffffffffffff") == HearAnswer(incident_id=None, noted=False)
    # Somebody else's item that a record leads from: the incident knows another one.
    forged = Channel(id="ops_center", reference="oi-eeeeeeeeeeee", opened_at=NOON)
    Incidents(world.ledger).point_from(forged, INCIDENT_ID)
    assert world.hear("oi-eeeeeeeeeeee") == HearAnswer(incident_id=INCIDENT_ID, noted=False)
    assert world.said() == []


@pytest.mark.parametrize("reference", ["oi-1", "arn:aws:ssm:x", "../oi-0123456789ab", "*"])
def test_an_event_that_names_neither_is_refused(reference: str) -> None:
    with pytest.raises(ValidationError):
        HearRequest(reference=reference, now=NOON)


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(world: World) -> None:
    reference = world.opened("ops_center")
    whole = Life()
    alive = Ledger(world.ledger.table, whole.of(world.ledger.client))
    world.ssm.set_by_a_person(reference, "InProgress", NOON)
    world.hear(reference, ledger=alive)
    statuses = ["Resolved", "InProgress"] * whole.calls
    for number, status in zip(range(whole.calls), statuses, strict=False):
        world.ssm.set_by_a_person(reference, status, NOON + timedelta(minutes=number))
        dying = Ledger(world.ledger.table, Life(number).of(world.ledger.client))
        with pytest.raises(DiedHereError):
            world.hear(reference, ledger=dying)
        world.hear(reference)
        assert len(world.said()) == number + 2


def is_closed(world: World) -> None:
    item = Incidents(world.ledger).item(INCIDENT_ID)
    assert item is not None
    world.ledger.replace(item, closed(Incident.model_validate_json(item.body)))


def test_what_we_resolve_ourselves_is_nobodys_doing(world: World) -> None:
    reference = world.opened("ops_center")
    is_closed(world)
    world.ssm.set_by_a_person(reference, "Resolved", LATER, by=OURS)
    for _ in range(2):
        assert world.hear(reference) == HearAnswer(incident_id=INCIDENT_ID, noted=False)
    assert world.said() == []


def test_an_item_that_is_opened_again_opens_nothing_here_and_says_so(world: World) -> None:
    reference = world.opened("ops_center")
    is_closed(world)
    world.ssm.set_by_a_person(reference, "Resolved", NOON, by=OURS)
    world.hear(reference)
    world.ssm.set_by_a_person(reference, "InProgress", LATER)
    world.hear(reference)
    assert world.said() == [
        f"{PERSON}: {PERSON} took it over at OpsCenter. It stays closed here: what comes later and "
        "is news opens one that follows it."
    ]
    assert Incidents(world.ledger).get(INCIDENT_ID).closed is not None


def test_when_nothing_is_missing_the_timeline_says_how_it_is_closed(world: World) -> None:
    reference = world.opened("ops_center")
    is_sealed(world.ledger)
    world.ssm.set_by_a_person(reference, "Resolved", NOON)
    world.hear(reference)
    assert world.said()[0].endswith(
        "That closes nothing here, and undoes no cut. Nothing stands against: "
        f"responder close {INCIDENT_ID}"
    )
