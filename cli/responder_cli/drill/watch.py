"""Watches the responder at work: tells each new event, and reads where things stand."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from localcloud.cloud import Cloud
from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.evidence import Evidence
from responder.aws.incidents import INCIDENT, Incidents
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.incident import Incident
from responder_cli.drill.screen import Screen
from responder_cli.drill.world import HOME, Stacks

_CHANGES = ("PutItem", "TransactWriteItems", "Publish")


class Watch:
    """The operator's eyes on the pretend account. Reads only."""

    def __init__(self, cloud: Cloud, stacks: Stacks) -> None:
        self._cloud, self._stacks = cloud, stacks
        self._dynamodb: Any = cloud.client("dynamodb", account=HOME)
        ledger = Ledger(stacks.responder.outputs["TableName"], self._dynamodb)
        self.ledger = ledger
        self.records, self.receipts = Incidents(ledger), Receipts(ledger)
        self.approvals, self.evidence = Approvals(ledger), Evidence(ledger)
        self.clocks, self.timeline = Clocks(ledger), Timeline(ledger)

    def tells(self, screen: Screen) -> None:
        """Tell each new event there, from now on."""
        topics = {arn: name for name, arn in self._stacks.responder.resources.items()}
        told = _Told(self, self._cloud, screen, topics)
        self._cloud.watchers.append(lambda _: told.look())

    def until(self, happened: Callable[[], bool], *, at_most: timedelta) -> None:
        """Let the responder work until something happened, or for so long."""
        with suppress(TimeoutError):  # what did not happen is for the checks to say
            self._cloud.run_until(happened, at_most=at_most)

    def advance(self, span: timedelta) -> None:
        """Let this much virtual time pass."""
        self._cloud.advance(span)

    def incidents(self) -> list[Incident]:
        """Every incident in the table, in order of their ids."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self.ledger.table,
            FilterExpression="sk = :sk",
            ExpressionAttributeValues={":sk": {"S": INCIDENT}},
            ConsistentRead=True,
        )
        found = [item["body"]["S"] for page in pages for item in page["Items"]]
        return sorted(
            (Incident.model_validate_json(body) for body in found), key=lambda one: one.id
        )

    def running(self, output: str = "IncidentResponseArn") -> int:
        """How many executions of a machine have not ended."""
        states = self._cloud.client("stepfunctions", account=HOME)
        found = states.list_executions(
            stateMachineArn=self._stacks.responder.outputs[output], statusFilter="RUNNING"
        )
        return len(found["executions"])

    def failed(self) -> list[str]:
        """Executions that ended badly: of which machine, which, and how."""
        states = self._cloud.client("stepfunctions", account=HOME)
        names = list[str]()
        for machine in states.list_state_machines()["stateMachines"]:
            found = states.list_executions(stateMachineArn=machine["stateMachineArn"])
            names += [
                f"{machine['name']}: {one['name']}: {one['status']}"
                for one in found["executions"]
                if one["status"] not in ("RUNNING", "SUCCEEDED")
            ]
        return names


class _Told:
    """What was told of the events, and what is new."""

    def __init__(self, watch: Watch, cloud: Cloud, screen: Screen, topics: dict[str, str]) -> None:
        self._watch, self._cloud, self._screen, self._topics = watch, cloud, screen, topics
        self._events: set[tuple[str, str]] = set()
        self._pages = self._looked_at = 0

    def look(self) -> None:
        """Tell what is new, if anything was written or published since the last look."""
        calls = self._cloud.calls[self._looked_at :]
        self._looked_at += len(calls)
        if not any(call.operation in _CHANGES for call in calls):
            return
        for incident in self._watch.incidents():
            for event in self._watch.timeline.events(incident.id):
                if (incident.id, event.key) not in self._events:
                    self._events.add((incident.id, event.key))
                    kind = "GuardDuty" if event.key.startswith("found:") else "step"
                    self._screen.happened(event.at, event.by, event.text, kind=kind)
        for page in self._cloud.published[self._pages :]:
            topic = self._topics.get(page.topic_arn, page.topic_arn)
            self._screen.happened(page.at, topic, f"page: {page.subject}", kind="person")
        self._pages = len(self._cloud.published)
