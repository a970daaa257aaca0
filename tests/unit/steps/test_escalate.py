"""While nobody answers, the next is called: one page each, whatever dies on the way."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from responder.aws.approvals import Approvals
from responder.aws.escalations import Escalations
from responder.aws.incidents import FINDING, Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.notices import Notices
from responder.aws.pager import LEASE, Pager
from responder.aws.rota_store import RotaStore
from responder.aws.timeline import Timeline
from responder.channels import ops_center
from responder.channels.channel import Desk
from responder.domain.approval import Approval, ApprovalStatus, Yes
from responder.domain.errors import Refused
from responder.domain.escalation import Escalation
from responder.domain.incident import Channel
from responder.domain.noise import Attention
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.summary import summarise
from responder.steps.acknowledge import AcknowledgeAnswer, AcknowledgeRequest, acknowledge
from responder.steps.escalate import EscalateAnswer, EscalateRequest, escalate
from responder.steps.hear import HearRequest, hear
from tests.builders import INCIDENT_ID, NOON, REGION, SHOP, a_finding, an_incident, closed
from tests.closing import what_is_read
from tests.consoles import TOPIC_ARN, OpsCenter, TheseClients, Topic, a_snoozable, refusing
from tests.vaults import DiedHereError, Life

ESCALATION_ARN = TOPIC_ARN.replace(":pager", ":escalation")
PARAMETER = "rota"
ROTA: dict[str, Any] = {
    "people": {
        "ana": {"name": "Ana Ruiz", "email": "ana@example.com"},
        "ben": {"name": "Ben Okafor", "phone": "+14155550101"},
        "dee": {"name": "Dee Marsh", "email": "dee@example.com"},
    },
    "levels": [
        {
            "name": name,
            "answer_within_minutes": minutes,
            "turns": [
                {"people": [person], "first_day": "2026-11-01", "time_zone": "America/New_York"}
            ],
        }
        for name, person, minutes in (
            ("primary", "ana", 10),
            ("secondary", "ben", 20),
            ("manager", "dee", 30),
        )
    ],
}
PERSON = "arn:aws:sts::444455556666:assumed-role/on-call/alex"
OURS = "arn:aws:sts::444455556666:assumed-role/breach-responder-MirrorRole/f"
THIEF = "arn:aws:iam::111122223333:user/orders-export"


@dataclass
class Night:
    """A ledger with an incident in it that was paged about at noon."""

    ledger: Ledger
    ssm: OpsCenter = field(default_factory=OpsCenter)
    topic: Topic = field(default_factory=Topic)
    rota: str = ""  # the name of its parameter

    def clients(self, life: Life) -> TheseClients:
        return TheseClients(ssm=life.of(self.ssm))

    def pager(self, table: Ledger, life: Life, arn: str = TOPIC_ARN) -> Pager:
        return Pager(table, life.of(self.topic), arn, self.rotas(life))

    def rotas(self, life: Life) -> RotaStore:
        return RotaStore(life.of(boto3.client("ssm", region_name=REGION)), self.rota)

    def begins(self) -> "Night":
        """Everything before is forgotten; an incident is opened, and its page is sent."""
        client = self.ledger.client
        for item in client.scan(TableName="responder")["Items"]:
            client.delete_item(TableName="responder", Key={"pk": item["pk"], "sk": item["sk"]})
        self.topic.messages.clear()
        Incidents(self.ledger).create(an_incident(), a_finding())
        found = summarise(an_incident(), [a_finding()], mode="respond")
        desk = Desk(self.clients(Life()), stack_name="breach-responder")
        reference = ops_center.open(an_incident(), found, desk).reference
        channel = Channel(id="ops_center", reference=reference, opened_at=NOON)
        Incidents(self.ledger).save_channel(INCIDENT_ID, channel)
        self.pager(self.ledger, Life()).page(INCIDENT_ID, subject="s", text="t", now=NOON)
        return self

    def taken(self, status: str, by: str) -> None:
        """As the button of OpsCenter does it."""
        [item] = self.ssm.items
        self.ssm.set_by_a_person(item, status, NOON + timedelta(minutes=3), by)

    def escalate(self, at: datetime, life: Life | None = None) -> EscalateAnswer:
        living = life or Life()
        table = replace(self.ledger, client=living.of(self.ledger.client))
        return escalate(
            EscalateRequest(incident_id=INCIDENT_ID, now=at),
            incidents=Incidents(table),
            approvals=Approvals(table),
            escalations=Escalations(table),
            timeline=Timeline(table),
            pager=self.pager(table, living),
            escalation=Pager(table, living.of(self.topic), ESCALATION_ARN),
            snoozable=a_snoozable(table, living.of(self.topic), living.of(self.topic)),
            rotas=self.rotas(living),
            desk=Desk(self.clients(living), stack_name="breach-responder"),
            mode="respond",
        )

    def acknowledge(self, by: str = PERSON, at: datetime = NOON) -> AcknowledgeAnswer:
        return acknowledge(
            AcknowledgeRequest(incident_id=INCIDENT_ID, by=by, note="on it"),
            incidents=Incidents(self.ledger),
            escalations=Escalations(self.ledger),
            timeline=Timeline(self.ledger),
            now=at,
        )

    def hear(self) -> None:
        [item] = self.ssm.items
        Incidents(self.ledger).point_from(
            Channel(id="ops_center", reference=item, opened_at=NOON), INCIDENT_ID
        )
        hear(
            HearRequest(reference=item, now=NOON),
            reads=what_is_read(self.ledger),
            ledger=self.ledger,
            desk=Desk(self.clients(Life()), stack_name="breach-responder"),
        )

    def joins(self, arn: str) -> None:
        """A finding about somebody else joins the incident."""
        principal = Principal(kind=PrincipalKind.IAM_USER, account=SHOP, arn=arn, name="helper")
        found = a_finding(key="0" * 32, principals=(principal,))
        self.ledger.add(incident_pk(INCIDENT_ID), FINDING + found.key, found)

    def sleeps(self, at: datetime = NOON) -> list[tuple[int, str, str]]:
        """As the machine runs it until it is over: minute, topic and whom each call is for."""
        while (answer := self.escalate(at)).waiting:
            assert answer.next_at > at
            at = answer.next_at
        return self.calls()

    def calls(self) -> list[tuple[int, str, str]]:
        return [
            (
                int((at - NOON).total_seconds() // 60),
                message["TopicArn"].rpartition(":")[2],
                _people(message),
            )
            for at, message in zip(self.times(), self.topic.messages, strict=True)
        ]

    def times(self) -> list[datetime]:
        return [call.at for call in self.record().calls]

    def record(self) -> Escalation:
        stored = Escalations(self.ledger).stored(INCIDENT_ID)
        assert stored is not None
        return stored.escalation

    def said(self, key: str) -> list[str]:
        events = Timeline(self.ledger).events(INCIDENT_ID)
        return [f"{event.by}: {event.text}" for event in events if event.key.startswith(key)]


def _people(message: dict[str, Any]) -> str:
    told = message["MessageAttributes"].get("people")
    return "everybody" if told is None else ",".join(json.loads(told["StringValue"]))


@pytest.fixture
def night(ledger: Ledger) -> Night:
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name=PARAMETER, Value=json.dumps(ROTA), Type="String"
    )
    return Night(ledger, rota=PARAMETER).begins()


def test_a_page_that_nobody_answers_walks_up_the_rota_three_times(night: Night) -> None:
    once = [(0, "pager", "ana"), (10, "pager", "ben"), (30, "pager", "dee")]
    once.append((60, "escalation", "everybody"))
    assert night.sleeps() == [
        (minutes + 75 * again, topic, who) for again in range(3) for minutes, topic, who in once
    ]
    assert night.said("answered-page") == [
        "escalate: Nobody answered any of the calls, and nobody else is called."
    ]
    assert night.said("call:1:2") == [
        "escalate: Nobody answered, so Ben Okafor (secondary) was called. Round 1."
    ]


def test_without_a_rota_the_topic_is_called_and_the_escalation_once(ledger: Ledger) -> None:
    assert Night(ledger).begins().sleeps() == [
        (0, "pager", "everybody"),
        (15, "escalation", "everybody"),
    ]


def test_the_next_call_names_who_was_called_before_and_how_to_answer(night: Night) -> None:
    night.escalate(NOON)
    night.escalate(NOON + timedelta(minutes=10))
    text, subject = (night.topic.messages[-1][name] for name in ("Message", "Subject"))
    assert subject.startswith("[NOBODY ANSWERED] [HIGH]")
    assert "Called at 2026-11-23 12:00:00 UTC: Ana Ruiz (primary)" in text
    assert "Called now: Ben Okafor (secondary)" in text
    assert f"responder acknowledge {INCIDENT_ID}" in text


@pytest.mark.parametrize("minutes", [0, 9, 10, 29])
def test_whoever_acknowledges_ends_it_before_the_next_is_called(night: Night, minutes: int) -> None:
    night.escalate(NOON)
    at = NOON + timedelta(minutes=minutes)
    night.escalate(at)
    before = len(night.topic.messages)
    assert night.acknowledge(at=at).by == PERSON
    assert not night.escalate(at + timedelta(hours=1)).waiting
    assert not night.escalate(at + timedelta(hours=2)).waiting
    assert len(night.topic.messages) == before
    [said] = night.said("answered-page")
    assert said.startswith(f"{PERSON}: ")


def test_of_several_who_acknowledge_the_first_counts_and_all_are_on_the_timeline(
    night: Night,
) -> None:
    other = PERSON.replace("alex", "kim")
    night.acknowledge()
    assert night.acknowledge(other, NOON + timedelta(minutes=1)).by == PERSON
    assert night.acknowledge(at=NOON + timedelta(minutes=2)).at == NOON
    assert night.said("acknowledged") == [
        f"{PERSON}: Has the incident in hand: on it",
        f"{other}: Has the incident in hand: on it",
    ]


def test_a_principal_of_the_incident_keeps_nobody_from_being_called(night: Night) -> None:
    with pytest.raises(Refused, match="principal of this incident"):
        night.acknowledge(THIEF)
    assert night.said("acknowledged") == []
    assert len(night.sleeps()) == 12


@pytest.mark.parametrize(
    ("status", "how"), [("InProgress", "took it over"), ("Resolved", "resolved it")]
)
def test_an_opsitem_that_somebody_took_is_an_answer(night: Night, status: str, how: str) -> None:
    night.escalate(NOON)
    night.taken(status, PERSON)
    assert not night.escalate(NOON + timedelta(minutes=10)).waiting
    assert len(night.topic.messages) == 1
    assert night.said("answered-page") == [
        f"{PERSON}: {PERSON} answered the page: {how} at OpsCenter. Nobody else is called."
    ]


def test_an_opsitem_that_a_principal_of_the_incident_took_is_none(night: Night) -> None:
    night.taken("InProgress", THIEF)
    assert len(night.sleeps()) == 12


def test_our_own_note_on_the_item_does_not_clear_a_principal_that_took_it(night: Night) -> None:
    night.taken("InProgress", THIEF)
    night.hear()
    night.taken("InProgress", OURS)  # as `mirror` leaves it, when it notes what was heard
    assert len(night.sleeps()) == 12


def test_our_own_note_on_the_item_hides_no_person_that_took_it(night: Night) -> None:
    night.taken("InProgress", PERSON)
    night.hear()
    night.taken("InProgress", OURS)
    assert night.sleeps() == [(0, "pager", "ana")]
    assert night.said("answered-page")[0].startswith(f"{PERSON}: ")


@pytest.mark.parametrize("looked", [True, False])
def test_whoever_a_later_finding_is_about_answered_nothing(night: Night, looked: bool) -> None:
    helper = "arn:aws:iam::111122223333:user/helper"
    night.escalate(NOON)
    night.acknowledge(helper)
    at = NOON + timedelta(minutes=10)
    if looked:
        assert not night.escalate(at).waiting
    night.joins(helper)
    assert night.escalate(at).waiting
    assert [call.who for call in night.record().calls] == ["Ana Ruiz", "Ben Okafor"]
    assert night.acknowledge(at=at).by == PERSON
    assert not night.escalate(at + timedelta(minutes=20)).waiting


def test_a_rota_that_cannot_be_read_for_a_while_ends_no_calls(night: Night) -> None:
    at = NOON
    for _ in range(3):
        at = night.escalate(at).next_at
    assert [call.who for call in night.record().calls] == ["Ana Ruiz", "Ben Okafor", "Dee Marsh"]
    readable, night.rota = night.rota, "gone"
    at = night.escalate(at).next_at
    assert "could not be read" in night.topic.messages[-1]["Message"]
    assert night.calls()[-1] == (60, "pager", "everybody")
    night.rota = readable
    assert night.escalate(at).waiting


def test_where_every_level_has_a_gap_the_escalation_is_called_after_everybody(
    ledger: Ledger,
) -> None:
    at_night = ROTA["levels"][0]["turns"][0] | {"hours": {"from": "01:00", "to": "02:00"}}
    rota = ROTA | {"levels": [ROTA["levels"][0] | {"turns": [at_night]}]}
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name=PARAMETER, Value=json.dumps(rota), Type="String"
    )
    night = Night(ledger, rota=PARAMETER).begins()
    assert night.sleeps() == [
        (0, "pager", "everybody"),
        *((15 * number, "escalation", "everybody") for number in (1, 2, 3)),
    ]
    assert [call.who for call in night.record().calls][:2] == [
        "whoever the pager topic pages",
        "whoever the escalation topic pages",
    ]


def test_where_the_console_cannot_be_read_people_are_called_and_told_so(night: Night) -> None:
    night.escalate(NOON)
    night.ssm.get_ops_item = refusing("AccessDeniedException")  # type: ignore[method-assign]
    night.escalate(NOON + timedelta(minutes=10))
    assert len(night.topic.messages) == 2
    assert "could not be read" in night.topic.messages[-1]["Message"]


YES = Yes(by=PERSON, at=NOON + timedelta(minutes=5), automation_id="a")
DECIDED = {"decided_by": PERSON, "decided_at": NOON + timedelta(minutes=5)}


@pytest.mark.parametrize(
    "said",
    [
        {"status": ApprovalStatus.APPROVED} | DECIDED,
        {"status": ApprovalStatus.DENIED} | DECIDED,
        {"yeses": (YES,)},  # and another person has to approve it too
    ],
)
def test_an_answer_to_a_question_is_an_answer_to_the_page(
    night: Night, said: dict[str, Any]
) -> None:
    night.escalate(NOON)
    approval = Approval(
        approval_id="apr-" + "0" * 32,
        incident_id=INCIDENT_ID,
        order_id="ord-" + "0" * 20,
        plan_hash="h",
        requested_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    approvals = Approvals(night.ledger)
    approvals.replace(approvals.create(approval, "token"), **said)
    assert not night.escalate(NOON + timedelta(minutes=10)).waiting
    assert len(night.topic.messages) == 1


def test_a_closed_incident_calls_nobody(night: Night) -> None:
    night.escalate(NOON)
    item = Incidents(night.ledger).item(INCIDENT_ID)
    assert item is not None
    night.ledger.replace(item, closed(Incidents(night.ledger).get(INCIDENT_ID)))
    assert not night.escalate(NOON + timedelta(minutes=10)).waiting
    assert night.said("answered-page") == ["escalate: The incident was closed."]


def test_where_the_channel_calls_people_nobody_is_called_here(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(), a_finding())
    night = Night(ledger)
    night.pager(ledger, Life()).leave_to_channel(INCIDENT_ID, now=NOON)
    assert not night.escalate(NOON).waiting
    assert night.topic.messages == []
    assert night.said("answered-page") == []


def test_where_the_opening_paged_nobody_the_first_is_called_here(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(), a_finding())
    night = Night(ledger)
    assert night.escalate(NOON).waiting
    [page] = night.topic.messages
    assert page["Subject"].startswith("[NOBODY WAS PAGED YET]")


def test_a_run_that_dies_at_any_call_is_completed_and_each_is_called_once(night: Night) -> None:
    at, whole, twice = NOON + timedelta(minutes=10), Life(), 0
    night.escalate(NOON)
    night.escalate(at, whole)
    for ends_at in range(whole.calls):
        night.begins().escalate(NOON)
        with pytest.raises(DiedHereError):
            night.escalate(at, Life(ends_at))
        assert night.escalate(at).next_at == at + timedelta(minutes=20)
        assert [call.who for call in night.record().calls] == ["Ana Ruiz", "Ben Okafor"]
        twice += len(night.topic.messages) - 2
    assert twice == 1  # published, and dead before the receipt: see aws.pager


def test_while_another_run_calls_nobody_is_called_twice(night: Night) -> None:
    at, whole = NOON + timedelta(minutes=10), Life()
    night.escalate(NOON)
    night.escalate(at, whole)
    for ends_at in range(whole.calls):
        night.begins().escalate(NOON)
        with pytest.raises(DiedHereError):  # as long as nobody knows, it is still at work
            night.escalate(at, Life(ends_at))
        paged = len(night.topic.messages)
        other = night.escalate(at + timedelta(seconds=5))
        assert other.waiting
        later = at + LEASE + timedelta(seconds=5)
        night.escalate(later)
        assert len(night.topic.messages) <= max(paged, 1) + 1
        assert [call.who for call in night.record().calls] == ["Ana Ruiz", "Ben Okafor"]


def test_nobody_is_called_about_what_is_quiet_and_the_next_is_once_it_is_not(night: Night) -> None:
    notices = Notices(night.ledger)
    notices.decide(INCIDENT_ID, Attention(loud=False, reason="minor"), now=NOON)
    at, before = NOON, len(night.topic.messages)
    for _ in range(3):
        answer = night.escalate(at)
        assert answer.waiting
        assert answer.next_at == at + timedelta(minutes=15)
        at = answer.next_at
    assert len(night.topic.messages) == before
    notices.decide(INCIDENT_ID, Attention(loud=True, reason="worse"), now=at)
    night.escalate(at)
    assert len(night.topic.messages) == before + 1


def test_what_stays_quiet_is_not_looked_at_for_ever(night: Night) -> None:
    told = Attention(loud=False, reason="minor")
    Notices(night.ledger).decide(INCIDENT_ID, told, now=NOON)
    assert night.escalate(NOON + timedelta(days=14)).waiting
    assert not night.escalate(NOON + timedelta(days=15)).waiting
