"""The board reads and changes nothing; what it could not look at, it says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest

from responder.aws.approvals import Approvals
from responder.aws.correlations import Correlations, Recorded
from responder.aws.escalations import Escalations
from responder.aws.evidence import Evidence
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.machine import Machine
from responder.aws.queues import Queues
from responder.aws.receipts import Receipts
from responder.aws.rehashes import Rehashes
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.uses import Uses
from responder.domain.decision import Mode
from responder.domain.errors import Broken
from responder.domain.escalation import Acknowledgement, Call, Escalation
from responder.domain.incident import incident_of
from responder.domain.order import OrderMode, Plan
from responder.domain.silence import Silence, SilenceKind, silence_of
from responder.report.board import Verdict, View
from responder.steps import readiness
from responder.steps.board import DESCRIPTION, MOST_READ, BoardRequest, Documents, Reads, board
from responder.steps.readiness import NO_ROTA, QUIET, Places
from tests.builders import (
    HOME,
    INCIDENT_ID,
    NOON,
    REGION,
    a_closing,
    a_finding,
    an_incident,
    an_order,
)
from tests.consoles import PERSON
from tests.unit.report.reports import HERE, an_approval
from tests.unit.steps.counsel import Office, after

ROTA = """
people:
  ana: {name: Ana Ruiz, email: ana@example.com}
  ben: {name: Ben Okafor, phone: "+14155550101"}
levels:
  - name: primary
    turns: [{people: [ana, ben], first_day: 2026-11-16, time_zone: UTC}]
"""
GAP = ROTA.replace("time_zone: UTC", 'time_zone: UTC, hours: {from: "09:00", to: "17:00"}')
OTHER = "inc-20261122-ffffffffff"


@dataclass
class Desk:
    """Everything the board looks at, in a pretend account."""

    office: Office
    reads: Reads
    places: Places
    ssm: Any
    sqs: Any

    def shows(
        self,
        event: dict[str, Any],
        *,
        mode: Mode = "respond",
        now: datetime = NOON,
        most_read: int = MOST_READ,
    ) -> str:
        return board(
            BoardRequest.model_validate(event),
            reads=self.reads,
            places=self.places,
            titles={},
            mode=mode,
            here=HERE,
            documents=Documents("breach-responder-release", "breach-responder-acknowledge"),
            endpoint="arn:aws:lambda:us-west-2:444455556666:function:board",
            now=now,
            most_read=most_read,
        )

    def checks(self, *, mode: Mode = "respond", now: datetime = NOON) -> dict[str, Verdict]:
        found = readiness.checks(
            mode=mode,
            rules=self.reads.rules,
            rota=self.reads.rota,
            queues=self.reads.queues,
            places=self.places,
            trackers=self.reads.trackers,
            records=self.reads.records,
            correlations=self.reads.correlations,
            silences=self.reads.silences,
            latest=lambda: map(incident_of, self.reads.machine.latest(10)),
            now=now,
        )
        return {check.title: check.verdict for check in found}

    def says(self, name: str, value: str) -> None:
        self.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    office = Office(ledger, jurisdictions=("US-CA",))
    ssm = boto3.client("ssm", region_name=REGION)
    sqs = boto3.client("sqs", region_name=REGION)
    states = boto3.client("stepfunctions", region_name=REGION)
    machine = states.create_state_machine(
        name="incident-response",
        definition='{"StartAt": "Wait", "States": {"Wait": {"Type": "Succeed"}}}',
        roleArn=f"arn:aws:iam::{HOME}:role/states",
    )["stateMachineArn"]
    reads = Reads(
        records=office.records(),
        receipts=Receipts(ledger),
        approvals=Approvals(ledger),
        uses=Uses(ledger),
        evidence=Evidence(ledger),
        rehashes=Rehashes(ledger),
        escalations=Escalations(ledger),
        correlations=Correlations(ledger),
        silences=Silences(ledger),
        machine=Machine(machine, states),
        trackers=office.trackers,
        queues=Queues(sqs),
        rules=RuleStore(ssm, "policy", "protect", "stop"),
        rota=RotaStore(ssm, "rota"),
    )
    places = Places(*(sqs.create_queue(QueueName=one)["QueueUrl"] for one in "abc"))
    made = Desk(office, reads, places, ssm, sqs)
    for name, value in {"policy": "default", "stop": "go", "rota": "none"}.items():
        made.says(name, value)
    return made


def a_snooze(hours: int = 2) -> Silence:
    return silence_of(
        SilenceKind.SNOOZE,
        incident=an_incident(),
        pattern=None,
        by="ana",
        reason="I have it",
        now=NOON - timedelta(hours=1),
        until=NOON - timedelta(hours=1) + timedelta(hours=hours),
    )


def a_waiting_order(ledger: Ledger) -> None:
    order = an_order(mode=OrderMode.APPROVAL)
    plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=(order,))
    assert Incidents(ledger).save_plan(plan)
    Approvals(ledger).create(an_approval(order), "a-task-token")


def test_asked_to_describe_itself_it_reads_nothing(desk: Desk) -> None:
    nothing = cast(Reads, SimpleNamespace())
    assert replace(desk, reads=nothing).shows({"describe": True, "view": "waiting"}) == DESCRIPTION
    for view in View:
        assert f"`{view.value}`" in DESCRIPTION


@pytest.mark.parametrize(
    "event",
    [
        {"view": "<script>alert(1)</script>"},
        {"view": ["incidents"]},
        {"view": None},
    ],
)
def test_a_part_that_there_is_not_is_refused_without_its_name(
    desk: Desk, event: dict[str, Any]
) -> None:
    page = desk.shows(event)
    assert "There is no such part of the board." in page
    assert "alert" not in page


@pytest.mark.parametrize(
    "told",
    ["inc-20261123-0a1b2c3d4f", "inc-1", "<b>", {"$ne": ""}, 7, None, "INC-20261123-0A1B2C3D4E"],
)
def test_an_incident_that_there_is_not_is_refused(desk: Desk, told: object) -> None:
    assert "There is no such incident." in desk.shows({"view": "incident", "incident_id": told})


@pytest.mark.parametrize(
    "context",
    [
        None,
        "dark",
        [],
        {"theme": "</style><script>alert(1)</script>"},
        {"theme": {"a": "b"}, "locale": "<i>", "forms": {"all": {"view": "<u>"}}},
        {"forms": None, "params": 3, "width": "wide"},
    ],
)
def test_whatever_a_dashboard_says_of_itself_changes_colours_at_most(
    desk: Desk, context: object
) -> None:
    plain = desk.shows({"view": "queues"})
    assert desk.shows({"view": "queues", "widgetContext": context}) == plain


def test_a_dashboard_that_is_dark_gets_a_dark_part(desk: Desk) -> None:
    page = desk.shows({"view": "queues", "widgetContext": {"theme": "dark", "locale": "de"}})
    assert "color-scheme: dark;" in page


def test_with_nothing_on_record_every_part_says_so(desk: Desk) -> None:
    assert "No incident is open." in desk.shows({})
    assert "Nothing waits for anybody." in desk.shows({"view": "waiting"})
    assert NO_ROTA in desk.shows({"view": "waiting"})


@pytest.mark.parametrize("view", View)
def test_no_part_of_it_writes_anything(desk: Desk, ledger: Ledger, view: View) -> None:
    desk.office.open()
    desk.reads.machine.start(an_incident())
    desk.office.assess()
    a_waiting_order(ledger)
    before = ledger.client.scan(TableName=ledger.table)["Items"]
    page = desk.shows({"view": view.value, "incident_id": INCIDENT_ID})
    assert "There is no such" not in page
    assert ledger.client.scan(TableName=ledger.table)["Items"] == before
    assert "a-task-token" not in page
    assert "apr-1" not in page


def test_an_incident_is_found_by_its_execution_before_anything_else_is_on_record(
    desk: Desk,
) -> None:
    desk.office.open()
    assert "No incident is open." in desk.shows({})
    desk.reads.machine.start(an_incident(generation=3))
    assert INCIDENT_ID in desk.shows({})


def test_an_old_incident_is_found_by_its_open_deadline(desk: Desk) -> None:
    desk.office.open()
    desk.office.assess()
    assert INCIDENT_ID in desk.shows({})


def test_a_closed_incident_and_the_execution_of_another_machine_are_not_open_ones(
    desk: Desk,
) -> None:
    desk.office.open(status="closed", closed=a_closing())
    desk.reads.machine.start(an_incident())
    desk.reads.machine.start(an_incident(id=OTHER))
    page = desk.shows({})
    assert "No incident is open." in page
    listed = page[page.index("<h3>Closed</h3>") :]
    assert f"{PERSON}: the key is replaced" in listed
    assert INCIDENT_ID in listed
    assert "<h3>Closed</h3>" not in desk.shows({"view": "waiting"})


def test_a_closed_incident_whose_deadline_is_open_again_stays_among_the_open_ones(
    desk: Desk,
) -> None:
    """Counsel learned something after it was closed: that is not hidden."""
    desk.office.open(status="closed", closed=a_closing())
    desk.office.assess()
    page = desk.shows({})
    assert "No incident is open." not in page
    assert "<h3>Closed</h3>" not in page
    assert INCIDENT_ID in page
    assert INCIDENT_ID in desk.shows({"view": "deadlines"})


def test_of_very_many_an_old_one_with_the_next_deadline_is_read_before_the_newest(
    desk: Desk,
) -> None:
    desk.office.open()
    desk.office.assess()
    for number in range(6):
        newer = f"inc-20261124-{number:010x}"
        desk.office.open(newer)
        desk.reads.machine.start(an_incident(id=newer))
    page = desk.shows({}, most_read=4)
    assert INCIDENT_ID in page
    assert page.count('<li class="restless">') + page.count('<li class="calm">') == 4
    assert "3 others were not read" in page


def test_what_waits_names_its_end_and_leads_to_the_automation(desk: Desk, ledger: Ledger) -> None:
    desk.office.open()
    desk.reads.machine.start(an_incident())
    a_waiting_order(ledger)
    page = desk.shows({"view": "waiting"})
    assert "2026-11-23 12:30:00 UTC" in page
    assert "/systems-manager/automation/execution/4105a4fc-f944-11e6-9d32-0a1b2c3d495h?" in page


def test_a_page_that_nobody_answered_is_told_and_one_that_somebody_did(desk: Desk) -> None:
    desk.office.open()
    desk.reads.machine.start(an_incident())
    call = Call(
        round=1, place=1, level="primary", who="Ana", at=NOON, answer_within=timedelta(minutes=15)
    )
    assert desk.reads.escalations.begin(INCIDENT_ID, Escalation(calls=(call,)))
    one = {"view": "incident", "incident_id": INCIDENT_ID}
    assert "called 1 time, nobody answered yet" in desk.shows({})
    assert "/automation/execute/breach-responder-acknowledge?" in desk.shows(one)
    stored = desk.reads.escalations.stored(INCIDENT_ID)
    assert stored is not None
    said = Acknowledgement(by="<b>ana</b>", how="acknowledged it", at=NOON)
    desk.reads.escalations.replace(
        stored, stored.escalation.model_copy(update={"acknowledged": said})
    )
    assert "answered by &lt;b&gt;ana&lt;/b&gt;" in desk.shows({})
    assert "breach-responder-acknowledge" not in desk.shows(one)


def test_everything_in_order_passes(desk: Desk) -> None:
    desk.says("rota", ROTA)
    desk.office.open()
    desk.reads.machine.start(an_incident())
    assert set(desk.checks().values()) == {Verdict.PASS}


@pytest.mark.parametrize(
    ("spoil", "title", "verdict"),
    [
        (lambda desk: desk.says("stop", "stop"), "The kill switch is off", Verdict.FAIL),
        (lambda desk: desk.says("stop", "maybe"), "The kill switch is off", Verdict.UNKNOWN),
        (lambda desk: desk.says("policy", "{"), "The policy can be read", Verdict.UNKNOWN),
        (lambda desk: desk.says("rota", "none"), "Somebody is on call, now and next", Verdict.FAIL),
        (lambda desk: desk.says("rota", GAP), "Somebody is on call, now and next", Verdict.FAIL),
        (lambda desk: desk.says("rota", "{"), "Somebody is on call, now and next", Verdict.UNKNOWN),
        (
            lambda desk: desk.reads.silences.add(a_snooze()),
            "No page is kept quiet",
            Verdict.FAIL,
        ),
        (
            lambda desk: desk.sqs.send_message(QueueUrl=desk.places.dead_letters, MessageBody="x"),
            "No finding lies unread",
            Verdict.FAIL,
        ),
        (
            lambda desk: desk.sqs.delete_queue(QueueUrl=desk.places.dead_letters),
            "No finding lies unread",
            Verdict.UNKNOWN,
        ),
        (
            lambda desk: desk.office.assess(NOON - timedelta(hours=1)),
            "Every open deadline is watched",
            Verdict.FAIL,
        ),
    ],
)
def test_one_thing_that_is_not_as_it_should_be_is_told_and_stops_no_other_check(
    desk: Desk, spoil: Callable[[Desk], object], title: str, verdict: Verdict
) -> None:
    desk.says("rota", ROTA)
    desk.office.open()
    desk.reads.machine.start(an_incident())
    spoil(desk)
    found = desk.checks()
    assert found.pop(title) is verdict
    assert set(found.values()) == {Verdict.PASS}


def test_a_silence_that_is_over_keeps_nothing_quiet(desk: Desk) -> None:
    desk.reads.silences.add(a_snooze(hours=1))
    assert desk.checks()["No page is kept quiet"] is Verdict.PASS


def test_monitor_mode_and_findings_that_stay_away_are_told(desk: Desk) -> None:
    assert desk.checks(mode="monitor")["Cuts are carried out"] is Verdict.FAIL
    assert desk.checks()["Findings arrive"] is Verdict.UNKNOWN
    recorded = Recorded(finding=a_finding(), reason="a sample", recorded_at=NOON)
    desk.reads.correlations.record(recorded)
    assert desk.checks()["Findings arrive"] is Verdict.PASS
    assert desk.checks(now=NOON + QUIET)["Findings arrive"] is Verdict.PASS
    assert desk.checks(now=after(days=8))["Findings arrive"] is Verdict.UNKNOWN


def test_a_queue_that_cannot_be_asked_is_told_and_the_others_are_shown(desk: Desk) -> None:
    desk.sqs.send_message(QueueUrl=desk.places.intake, MessageBody="x")
    desk.sqs.delete_queue(QueueUrl=desk.places.touches)
    page = desk.shows({"view": "queues"})
    assert "being worked through" in page
    assert "could not look" in page
    assert "empty" in page


def test_a_record_that_cannot_be_read_is_an_error_and_no_empty_board(desk: Desk) -> None:
    gone = replace(desk.reads.machine, arn=f"{desk.reads.machine.arn}x")
    with pytest.raises(Broken, match="StateMachineDoesNotExist"):
        replace(desk, reads=replace(desk.reads, machine=gone)).shows({})
