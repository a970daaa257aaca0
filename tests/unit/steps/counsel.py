"""An incident with clocks, a counsel who records facts, and topics that keep what they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import boto3

from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.closings import Closings
from responder.aws.correlations import Correlations
from responder.aws.facts import RecordedFacts
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.pager import Pager
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.snoozable import Snoozable
from responder.aws.timeline import Timeline
from responder.aws.trackers import Trackers
from responder.domain.clock import Clock
from responder.steps.assess import AssessRequest, start_clocks
from responder.steps.record import RecordAnswer, read_request, record
from responder.steps.sweep import SweepAnswer, sweep
from responder.steps.tick import TickAnswer, TickRequest, tick
from responder.steps.wake import Wake
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, a_finding, an_incident
from tests.consoles import TOPIC_ARN, Topic, a_snoozable
from tests.vaults import Life

BY = "counsel@example.com"
HERE = ("US-CA", "US-NY", "US-TX")
DISCOVERED = (NOON - timedelta(minutes=20)).isoformat()


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


@dataclass
class Office:
    """Everything the four steps stand on. Each call may live a short life."""

    ledger: Ledger
    jurisdictions: Sequence[str] = HERE
    on_call: Topic = field(default_factory=Topic)
    above: Topic = field(default_factory=Topic)
    quietly: Topic = field(default_factory=Topic)
    escalation_arn: str = TOPIC_ARN

    def open(self, incident_id: str = INCIDENT_ID, **given: Any) -> None:
        incident = an_incident(id=incident_id, **given)
        Incidents(self.ledger).create(incident, a_finding())

    def records(self, life: Life | None = None) -> Records:
        table = self.table(life)
        return Records(Incidents(table), RecordedFacts(table), Clocks(table), self.jurisdictions)

    def table(self, life: Life | None = None) -> Ledger:
        return replace(self.ledger, client=(life or Life()).of(self.ledger.client))

    def assess(self, now: datetime = NOON, life: Life | None = None) -> int:
        living = life or Life()
        request = AssessRequest(incident_id=INCIDENT_ID, now=now)
        timeline = Timeline(self.table(living))
        return start_clocks(request, records=self.records(living), timeline=timeline).clocks

    def tick(
        self, now: datetime = NOON, life: Life | None = None, incident_id: str = INCIDENT_ID
    ) -> TickAnswer:
        living = life or Life()
        table = self.table(living)
        return tick(
            TickRequest(incident_id=incident_id, now=now),
            records=self.records(living),
            timeline=Timeline(table),
            pager=Pager(table, living.of(self.on_call), TOPIC_ARN),
            escalation=Pager(table, living.of(self.above), self.escalation_arn),
            snoozable=self.snoozable(living),
        )

    def snoozable(self, life: Life) -> Snoozable:
        return a_snoozable(self.table(life), life.of(self.on_call), life.of(self.quietly))

    def sweep(self, now: datetime = NOON) -> SweepAnswer:
        return sweep(
            records=self.records(),
            timeline=Timeline(self.ledger),
            pager=Pager(self.ledger, Life().of(self.on_call), TOPIC_ARN),
            escalation=Pager(self.ledger, Life().of(self.above), self.escalation_arn),
            snoozable=self.snoozable(Life()),
            trackers=self.trackers,
            wake=Wake(
                Incidents(self.ledger),
                Approvals(self.ledger),
                Receipts(self.ledger),
                self.snoozable(Life()),
            ),
            closings=Closings(self.ledger, Correlations(self.ledger)),
            now=now,
        )

    @cached_property
    def trackers(self) -> Trackers:
        """Where trackers run: an account of its own kind, in which nothing is executed."""
        states = boto3.client("stepfunctions", region_name=REGION)
        machine = states.create_state_machine(
            name="deadline-tracker",
            definition='{"StartAt": "Wait", "States": {"Wait": {"Type": "Succeed"}}}',
            roleArn=f"arn:aws:iam::{HOME}:role/tracker",
        )
        return Trackers(machine["stateMachineArn"], states)

    def record(self, now: datetime = NOON, life: Life | None = None, **said: Any) -> RecordAnswer:
        living = life or Life()
        return record(
            read_request({"incident_id": INCIDENT_ID, "by": BY, **said}),
            records=self.records(living),
            timeline=Timeline(self.table(living)),
            now=now,
        )

    def run_until(self, end: datetime, now: datetime = NOON) -> datetime:
        """Tick as the tracker does, from wait to wait, until all have ended or it is `end`."""
        while True:
            answer = self.tick(now)
            assert now < answer.next_at <= now + timedelta(days=1, seconds=1)
            if not answer.running or answer.next_at > end:
                return now
            now = answer.next_at

    def clocks(self) -> dict[str, Clock]:
        return {clock.clock_id: clock for clock in Clocks(self.ledger).all(INCIDENT_ID)}

    def timeline(self) -> list[str]:
        return [event.text for event in Timeline(self.ledger).events(INCIDENT_ID)]

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.on_call.messages]

    def escalated(self) -> list[str]:
        return [message["Subject"] for message in self.above.messages]


def fulfilled(*clock_ids: str, at: datetime) -> list[dict[str, str]]:
    """What counsel types when these were done."""
    return [
        {"clock_id": clock_id, "at": at.isoformat(), "how": "portal receipt 4711"}
        for clock_id in clock_ids
    ]


def forget(ledger: Ledger) -> None:
    """Empty the table."""
    for item in ledger.client.scan(TableName=ledger.table)["Items"]:
        key = {"pk": item["pk"], "sk": item["sk"]}
        ledger.client.delete_item(TableName=ledger.table, Key=key)
