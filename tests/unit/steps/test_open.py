"""People are told once, by the best channel there is, and see everything that happened."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.notices import Notices
from responder.aws.pager import Pager
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.timeline import Timeline
from responder.channels.channel import Desk
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Severity
from responder.domain.noise import NO_POLICY
from responder.steps.mirror import incident_of, mirror
from responder.steps.notice import notice
from responder.steps.open import OpenAnswer, OpenRequest, open_incident
from tests.builders import INCIDENT_ID, NOON, REGION, a_finding, a_user, an_incident
from tests.consoles import (
    PLAN_ARN,
    QUIET_ARN,
    TOPIC_ARN,
    IncidentManager,
    OpsCenter,
    TheseClients,
    Topic,
    no_endpoint,
    refusing,
)
from tests.vaults import DiedHereError, Life


@dataclass
class World:
    """A ledger with an incident in it, and the places people look at."""

    ledger: Ledger
    plan: str = ""
    topic_arn: str = TOPIC_ARN
    ssm: OpsCenter = field(default_factory=OpsCenter)
    manager: IncidentManager = field(default_factory=IncidentManager)
    topic: Topic = field(default_factory=Topic)
    quietly: Topic = field(default_factory=Topic)
    quiet_arn: str = QUIET_ARN
    rota: str = ""  # the name of its parameter

    def run(self, now: datetime = NOON, life: Life | None = None) -> OpenAnswer:
        living = life or Life()
        table = replace(self.ledger, client=living.of(self.ledger.client))
        clients = TheseClients(ssm=living.of(self.ssm), ssm_incidents=living.of(self.manager))
        return open_incident(
            OpenRequest(incident_id=INCIDENT_ID, now=now),
            incidents=Incidents(table),
            timeline=Timeline(table),
            ledger=table,
            pager=Pager(table, living.of(self.topic), self.topic_arn),
            quiet=Pager(table, living.of(self.quietly), self.quiet_arn),
            notices=Notices(table),
            silences=Silences(table),
            rules=RuleStore(self._ssm(living), "policy", "", "", "assets"),
            rotas=RotaStore(self._ssm(living), self.rota),
            desk=Desk(clients, "aws", self.plan, self.topic_arn),
            mode="monitor",
        )

    def _ssm(self, living: Life) -> Any:
        return living.of(boto3.client("ssm", region_name=REGION))

    def mirror(self) -> int:
        desk = Desk(TheseClients(ssm=self.ssm, ssm_incidents=self.manager))
        return mirror(
            INCIDENT_ID,
            incidents=Incidents(self.ledger),
            timeline=Timeline(self.ledger),
            ledger=self.ledger,
            desk=desk,
            now=NOON,
        )

    def happened(self, key: str, minutes: int = 0) -> None:
        at = NOON + timedelta(minutes=minutes)
        Timeline(self.ledger).record(INCIDENT_ID, key, at=at, by="test", text=key)

    def said(self, key: str) -> str:
        [text] = [e.text for e in Timeline(self.ledger).events(INCIDENT_ID) if e.key == key]
        return text


@pytest.fixture
def world(ledger: Ledger) -> World:
    ssm = boto3.client("ssm", region_name=REGION)
    ssm.put_parameter(Name="policy", Type="String", Value="default")
    ssm.put_parameter(Name="assets", Type="String", Value="none")
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def test_opened_however_often_it_is_asked_it_is_one_item_and_one_page(world: World) -> None:
    first = world.run()
    again = world.run(NOON + timedelta(minutes=10))
    assert first == again == OpenAnswer(channel="ops_center", reference="oi-000000000000")
    assert len(world.ssm.items) == 1
    [page] = world.topic.messages
    assert "oi-000000000000" in page["Message"]
    assert INCIDENT_ID in page["Message"]
    assert Incidents(world.ledger).get(INCIDENT_ID).channel is not None


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(world: World) -> None:
    whole = Life()
    world.happened("found", -5)
    world.run(life=whole)
    tables = world.ledger.client
    for ends_at in range(whole.calls):
        fresh = World(world.ledger)
        _forget(tables)
        Incidents(fresh.ledger).create(an_incident(), a_finding())
        fresh.happened("found", -5)
        with pytest.raises(DiedHereError):
            fresh.run(life=Life(ends_at))
        fresh.run()
        [(reference, _)] = fresh.ssm.items.items()
        notes = [note.split(" (")[0].split(" ")[0] for note in fresh.ssm.notes(reference)]
        assert sorted(notes) == ["Opened", "Paged", "found"]
        assert 1 <= len(fresh.topic.messages) <= 2


def _forget(client: Any) -> None:
    for item in client.scan(TableName="responder")["Items"]:
        client.delete_item(TableName="responder", Key={"pk": item["pk"], "sk": item["sk"]})


def test_incident_manager_is_used_when_a_plan_is_given_and_then_nobody_else_pages(
    world: World,
) -> None:
    world.plan = PLAN_ARN
    world.manager.engagements = ["arn:aws:ssm-contacts:us-west-2:444455556666:contact/oncall"]
    answer = world.run()
    assert answer.channel == "incident_manager"
    assert len(world.manager.records) == 1
    assert not world.ssm.items
    assert not world.topic.messages
    world.run()
    assert not world.topic.messages


def test_a_plan_that_calls_nobody_does_not_keep_people_asleep(world: World) -> None:
    world.plan = PLAN_ARN
    world.run()
    assert len(world.topic.messages) == 1


@pytest.mark.parametrize(
    ("failing", "word"),
    [(refusing("AccessDeniedException"), "AccessDenied"), (no_endpoint, "no endpoint")],
)
def test_a_channel_this_account_lacks_is_passed_over_by_name_and_reason(
    world: World, failing: Any, word: str
) -> None:
    world.plan = PLAN_ARN
    world.manager.start_incident = failing  # type: ignore[method-assign]
    assert world.run().channel == "ops_center"
    assert "Passed over: Incident Manager" in world.said("opened")
    assert word in world.said("opened")
    assert len(world.topic.messages) == 1


def test_without_any_console_the_pager_topic_is_the_channel(world: World) -> None:
    world.ssm.create_ops_item = no_endpoint  # type: ignore[method-assign]
    assert world.run() == OpenAnswer(channel="sns_topic", reference=TOPIC_ARN)
    assert len(world.topic.messages) == 1
    world.happened("contained")
    assert world.mirror() == 0
    assert len(world.topic.messages) == 1


def test_nowhere_to_tell_anybody_is_an_error_that_names_each_rung(world: World) -> None:
    world.ssm.create_ops_item = refusing("AccessDenied")  # type: ignore[method-assign]
    world.topic_arn = ""
    with pytest.raises(Broken, match=r"OpsCenter.*pager topic"):
        world.run()


def test_a_busy_console_delays_the_item_but_not_the_page(world: World) -> None:
    whole = world.ssm.create_ops_item
    world.ssm.create_ops_item = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.run()
    assert len(world.topic.messages) == 1
    world.ssm.create_ops_item = whole  # type: ignore[method-assign]
    assert world.run().channel == "ops_center"
    assert len(world.topic.messages) == 1


ROTA = """
people:
  ana: {name: Ana Ruiz, email: ana@example.com, phone: "+14155550100"}
  ben: {name: Ben Okafor, phone: "+14155550101"}
  dee: {name: Dee Marsh, email: dee@example.com}
levels:
  - name: primary
    answer_within_minutes: 10
    turns:
      - {people: [ana, ben], first_day: 2026-11-16, time_zone: America/Los_Angeles}
  - name: manager
    turns:
      - people: [dee]
        first_day: 2026-11-16
        time_zone: America/New_York
        hours: {from: "08:00", to: "20:00"}
"""


def with_rota(world: World, text: str) -> None:
    world.rota = "rota"
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name=world.rota, Type="String", Value=text, Overwrite=True
    )


def test_the_page_names_whom_to_call_in_order_and_the_timeline_who_was(world: World) -> None:
    """On Monday 23 November Ana's week ends at nine in Los Angeles, at 17:00 UTC."""
    with_rota(world, ROTA)
    world.run()
    [page] = world.topic.messages
    assert (
        "On call, in this order:\n"
        "1. primary: Ana Ruiz, +14155550100, ana@example.com; no answer in 10 minutes: the next\n"
        "2. manager: NOBODY is on call now\n"
    ) in page["Message"]
    assert world.said("paged").endswith("On call: Ana Ruiz (primary), nobody (manager).")


def test_the_page_names_who_has_the_turn_at_its_instant(world: World) -> None:
    with_rota(world, ROTA)
    world.run(NOON + timedelta(hours=5, minutes=1))
    [page] = world.topic.messages
    assert "1. primary: Ben Okafor, +14155550101; no answer" in page["Message"]
    assert "2. manager: Dee Marsh, dee@example.com\n" in page["Message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("levels: []", "field people: Field required"), (None, "reading the parameter rota")],
)
def test_a_rota_that_cannot_be_read_keeps_no_page_back(
    world: World, text: str | None, says: str
) -> None:
    if text is None:
        world.rota = "rota"
    else:
        with_rota(world, text)
    world.run()
    [page] = world.topic.messages
    assert "Who is on call could not be read: " in page["Message"]
    assert says in page["Message"]
    assert "On call: not known" in world.said("paged")


def test_without_a_rota_a_page_says_nothing_of_it(world: World) -> None:
    with_rota(world, "none")
    world.run()
    [page] = world.topic.messages
    assert "n call" not in page["Message"]


def test_a_page_that_fails_is_raised_after_the_console_is_filled_and_sent_later(
    world: World,
) -> None:
    whole = world.topic.publish
    world.topic.publish = refusing("InternalError")  # type: ignore[method-assign]
    world.happened("found", -5)
    with pytest.raises(Unavailable):
        world.run()
    assert len(world.ssm.notes("oi-000000000000")) == 2
    world.topic.publish = whole  # type: ignore[method-assign]
    world.run()
    assert len(world.topic.messages) == 1
    assert len(world.ssm.items) == 1


def test_without_a_topic_the_timeline_says_that_nobody_was_paged(world: World) -> None:
    world.topic_arn = ""
    world.run()
    assert world.said("paged").startswith("Nobody was paged")


def test_mirroring_waits_until_the_incident_is_open_and_then_shows_all_in_order(
    world: World,
) -> None:
    world.happened("late", 9)
    world.happened("early", -9)
    assert world.mirror() == 0
    world.run()
    notes = world.ssm.notes("oi-000000000000")
    assert notes[0] == "early (test)"
    assert notes[-1] == "late (test)"
    assert len(notes) == 4
    assert world.mirror() == 0
    world.happened("contained", 3)
    assert world.mirror() == 1
    assert world.mirror() == 0
    assert len(world.ssm.notes("oi-000000000000")) == 5


def test_a_note_that_fails_is_noted_later_and_the_ones_before_it_once(world: World) -> None:
    world.run()
    whole, left = world.ssm.update_ops_item, [1]

    def once(**given: Any) -> Any:
        if not left:
            refusing("ThrottlingException")()
        left.pop()
        return whole(**given)

    for number in range(3):
        world.happened(f"event {number}", number)
    world.ssm.update_ops_item = once  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.mirror()
    world.ssm.update_ops_item = whole  # type: ignore[method-assign]
    assert world.mirror() == 2
    notes = [note for note in world.ssm.notes("oi-000000000000") if note.startswith("event")]
    assert notes == ["event 0 (test)", "event 1 (test)", "event 2 (test)"]


@pytest.mark.parametrize("keys", [{}, {"pk": None}, {"pk": 3}, {"pk": "CORRELATION#x"}])
def test_a_stream_item_of_no_incident_is_broken(keys: dict[str, object]) -> None:
    with pytest.raises(Broken):
        incident_of(keys)


def test_what_belongs_to_the_incident_is_shown_beside_it_and_grows_with_it(world: World) -> None:
    world.run()
    [item] = world.ssm.items.values()
    assert a_user().arn in item["OperationalData"]["/aws/resources"]["Value"]
    written = len(world.ssm.updates)
    world.mirror()
    assert len(world.ssm.updates) == written, "nothing new is written again"
    more = a_finding(key="another", principals=(a_user("reports"),))
    world.ledger.add(f"INCIDENT#{INCIDENT_ID}", "FINDING#another", more)
    world.mirror()
    assert "user/reports" in item["OperationalData"]["/aws/resources"]["Value"]


def test_a_list_that_the_channel_refuses_is_said_and_keeps_no_event_back(world: World) -> None:
    world.happened("found", -5)
    world.ssm.lists_nothing = True
    world.run()
    assert "OpsItemInvalidParameterException" in world.said("not-related")
    [reference] = world.ssm.items
    assert "found (test)" in world.ssm.notes(reference)


BRUTE = "UnauthorizedAccess:EC2/SSHBruteForce"


def quiet_world(ledger: Ledger, **given: Any) -> World:
    ssm = boto3.client("ssm", region_name=REGION)
    ssm.put_parameter(Name="policy", Type="String", Value="default")
    ssm.put_parameter(Name="assets", Type="String", Value="none")
    minor = {"type": BRUTE, "severity": Severity.LOW, "principals": ()} | given
    Incidents(ledger).create(an_incident(severity=minor["severity"]), a_finding(**minor))
    return World(ledger)


def joined(world: World, **given: Any) -> None:
    """A finding that intake wrote to the incident since."""
    finding = a_finding(**{"key": f"{a_finding().key}2", "principals": (), **given})
    world.ledger.add(incident_pk(INCIDENT_ID), f"FINDING#{finding.key}", finding)


def test_what_need_not_wake_anybody_is_told_quietly_once_and_says_why(ledger: Ledger) -> None:
    world = quiet_world(ledger)
    world.run()
    world.run(NOON + timedelta(minutes=10))
    assert not world.topic.messages
    [told] = world.quietly.messages
    assert told["Subject"].startswith("[QUIET] ")
    reason = f"Quiet: the most of it is {BRUTE} (low): likely, of normal value, and nothing is cut."
    assert f"Nobody was paged. {reason}" in told["Message"]
    assert world.said("told-quietly") == f"Told quietly; nobody was paged. {reason}"
    assert len(world.ssm.items) == 1


def test_a_finding_that_makes_it_worse_pages_once(ledger: Ledger) -> None:
    world = quiet_world(ledger)
    world.run()
    joined(world, type=BRUTE, severity=Severity.HIGH)
    world.run(NOON + timedelta(minutes=10))
    world.run(NOON + timedelta(minutes=20))
    [page] = world.topic.messages
    assert "Pages for UnauthorizedAccess:EC2/SSHBruteForce (high): likely" in page["Message"]
    assert "Pages for" in world.said("paged")
    assert len(world.quietly.messages) == 1


def test_what_woke_people_does_not_become_quiet(world: World) -> None:
    world.run()
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="assets",
        Type="String",
        Overwrite=True,
        Value='{"assets": [{"value": "low", "patterns": ["*"]}]}',
    )
    world.run(NOON + timedelta(minutes=10))
    assert len(world.topic.messages) == 1
    assert not world.quietly.messages


def test_a_finding_that_comes_while_it_is_decided_is_decided_about(ledger: Ledger) -> None:
    """Intake saw no decision yet, so nobody has this looked at again."""
    world = quiet_world(ledger)

    class Late(Incidents):
        def findings(self, incident_id: str) -> list[Finding]:
            found = super().findings(incident_id)
            if len(found) == 1:
                joined(world, type=BRUTE, severity=Severity.CRITICAL)
            return found

    told = notice(
        INCIDENT_ID,
        incidents=Late(ledger),
        notices=Notices(ledger),
        rules=RuleStore(boto3.client("ssm", region_name=REGION), "policy", "", "", "assets"),
        silences=Silences(ledger),
        now=NOON,
    )
    assert told.loud


@pytest.mark.parametrize("text", ["assets: 3", "nonsense: []"])
def test_what_things_are_worth_and_cannot_be_read_pages(ledger: Ledger, text: str) -> None:
    world = quiet_world(ledger)
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="assets", Type="String", Value=text, Overwrite=True
    )
    world.run()
    [page] = world.topic.messages
    assert NO_POLICY in page["Message"]


def test_a_quiet_incident_is_not_opened_where_that_calls_people_until_it_must_be(
    ledger: Ledger,
) -> None:
    world = quiet_world(ledger)
    world.plan = PLAN_ARN
    world.manager.engagements = ["arn:aws:ssm-contacts:us-west-2:444455556666:contact/oncall"]
    assert world.run().channel == "ops_center"
    assert not world.manager.records
    assert "Incident Manager (its plan calls people, and this is quiet)" in world.said("opened")
    joined(world, type=BRUTE, severity=Severity.CRITICAL)
    world.run(NOON + timedelta(minutes=10))
    assert len(world.manager.records) == 1
    assert not world.topic.messages
    assert world.said("paged").startswith("Left paging to Incident Manager")


def test_where_incident_manager_cannot_be_reached_later_the_topic_pages(ledger: Ledger) -> None:
    world = quiet_world(ledger)
    world.plan = PLAN_ARN
    world.run()
    world.manager.start_incident = no_endpoint  # type: ignore[method-assign]
    joined(world, type=BRUTE, severity=Severity.CRITICAL)
    world.run(NOON + timedelta(minutes=10))
    assert len(world.topic.messages) == 1


def test_without_a_quiet_topic_the_timeline_says_so(ledger: Ledger) -> None:
    world = quiet_world(ledger)
    world.quiet_arn = ""
    world.run()
    assert not world.topic.messages
    assert world.said("told-quietly").startswith("This stack has no quiet topic; nobody was paged.")
