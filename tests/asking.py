"""The Automation console, executions that wait, and an order that people are asked about.

Input is held to the SDK's own service models: what AWS would refuse for its shape is refused here.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.approvals import Approvals
from responder.aws.automations import Automations
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.pager import Pager
from responder.aws.questions import Questions
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.waiting import Waiting
from responder.domain.approval import Approval
from responder.domain.finding import Finding
from responder.domain.incident import TimelineEvent
from responder.domain.order import Order, OrderMode, Plan, Receipt, ReceiptStatus
from responder.report.model import Here
from responder.steps.approve import ApproveAnswer, ApproveRequest, approve
from responder.steps.ask import AskAnswer, AskRequest, ask
from responder.steps.expire import ExpireAnswer, ExpireRequest, expire
from tests.builders import (
    HOME,
    INCIDENT_ID,
    NOON,
    REGION,
    a_finding,
    a_session,
    an_incident,
    an_order,
)
from tests.consoles import TOPIC_ARN, Topic, fits
from tests.vaults import Life

DOCUMENT = "breach-responder-approve-containment"
ONCALL = f"arn:aws:iam::{HOME}:role/people/oncall"
ALICE = f"arn:aws:sts::{HOME}:assumed-role/oncall/alice"
COUNSEL = f"arn:aws:iam::{HOME}:user/counsel"
APPROVERS = (ONCALL, COUNSEL)
TITLES = {"iam.cut_role_sessions": "End the sessions of the role"}
HERE = Here(region=REGION, release_function="breach-responder-ReleaseFunction-0A1B2C3D4")
SOON = NOON + timedelta(minutes=5)
LATER = NOON + timedelta(minutes=30)  # when the wait of an order ends


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class Console:
    """Automations by id, and the people who decide them."""

    def __init__(self, document: str = DOCUMENT) -> None:
        self.document = document
        self.started: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}

    def start_automation_execution(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "StartAutomationExecution", given)
        assert all(
            1 <= len(text) <= 512 and "{{" not in text and "}}" not in text
            for texts in given["Parameters"].values()
            for text in texts
        )
        token = given["ClientToken"]
        if token not in self._ids:
            self._ids[token] = f"11111111-2222-3333-4444-{len(self._ids):012x}"
            self.started[self._ids[token]] = given
            step = {"StepName": "decide", "Action": "aws:approve", "StepStatus": "Waiting"}
            self.steps[self._ids[token]] = step
        elif self.started[self._ids[token]] != given:
            raise _error("IdempotentParameterMismatch", "StartAutomationExecution")
        return {"AutomationExecutionId": self._ids[token]}

    def get_automation_execution(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "GetAutomationExecution", given)
        automation_id = given["AutomationExecutionId"]
        if automation_id not in self.steps:
            raise _error("AutomationExecutionNotFoundException", "GetAutomationExecution")
        return {
            "AutomationExecution": {
                "AutomationExecutionId": automation_id,
                "DocumentName": self.document,
                "Parameters": self.started[automation_id]["Parameters"],
                "StepExecutions": [
                    self.steps[automation_id],
                    {"StepName": "handIn", "Action": "aws:invokeLambdaFunction"},
                ],
            }
        }

    def stop_automation_execution(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "StopAutomationExecution", given)
        step = self.steps[given["AutomationExecutionId"]]
        if step["StepStatus"] != "Waiting":
            raise _error("InvalidAutomationStatusUpdateException", "StopAutomationExecution")
        step |= {"StepStatus": "Cancelled"}
        return {}

    def decide(
        self,
        verb: str = "Approve",
        *,
        by: str = ALICE,
        at: datetime = SOON,
        comment: str = "I know this role.",
    ) -> None:
        """A person decides the automation that waits, as `SendAutomationSignal` does it."""
        [step] = [one for one in self.steps.values() if one["StepStatus"] == "Waiting"]
        decision = {
            "Approver": by,
            "Decision": verb,
            "ApprovalDecisionTime": at.isoformat(),
            "Comment": comment,
        }
        approved = verb == "Approve"
        step |= {
            "StepStatus": "Success" if approved else "Failed",
            "ExecutionEndTime": at,
            "Outputs": {
                "ApprovalStatus": ["Approved" if approved else "Rejected"],
                "ApproverDecisions": [json.dumps(decision)],
            },
        }


class Executions:
    """Tasks that wait, by token. A token is good for one answer."""

    def __init__(self) -> None:
        self.open = {"token-1"}
        self.told: list[tuple[str, dict[str, Any]]] = []

    def send_task_success(self, **given: Any) -> dict[str, Any]:
        fits("stepfunctions", "SendTaskSuccess", given)
        return self._answer("SendTaskSuccess", given)

    def send_task_failure(self, **given: Any) -> dict[str, Any]:
        fits("stepfunctions", "SendTaskFailure", given)
        assert len(given["error"]) <= 256
        return self._answer("SendTaskFailure", given)

    def _answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        if given["taskToken"] not in self.open:
            raise _error("TaskTimedOut", operation)
        self.open.remove(given["taskToken"])
        self.told.append((operation, given))
        return {}


def an_asked_order(action_id: str = "iam.cut_role_sessions", **given: Any) -> Order:
    """An order that waits for a person: the sessions of a role."""
    plain: dict[str, Any] = {"mode": OrderMode.APPROVAL, "principal": a_session()}
    return an_order(action_id, **(plain | given))


def emptied(ledger: Ledger) -> Ledger:
    """The same table with nothing in it, for the next life."""
    for item in ledger.client.scan(TableName=ledger.table)["Items"]:
        key = {"pk": item["pk"], "sk": item["sk"]}
        ledger.client.delete_item(TableName=ledger.table, Key=key)
    return ledger


@dataclass
class Asking:
    """One incident with one order in its plan, and everybody who is involved in its approval."""

    ledger: Ledger
    order: Order = field(default_factory=an_asked_order)
    console: Console = field(default_factory=Console)
    executions: Executions = field(default_factory=Executions)
    topic: Topic = field(default_factory=Topic)
    topic_arn: str = TOPIC_ARN
    approvers: tuple[str, ...] = APPROVERS
    finding: Finding = field(default_factory=a_finding)

    def __post_init__(self) -> None:
        incidents = Incidents(self.ledger)
        incidents.create(an_incident(), self.finding)
        plan = Plan(
            incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=(an_order(), self.order)
        )
        assert incidents.save_plan(plan)
        self.plan = plan

    def ask(
        self, token: str = "token-1", *, now: datetime = NOON, life: Life | None = None
    ) -> AskAnswer:
        living = life or Life()
        table = self._table(living)
        return ask(
            AskRequest(
                incident_id=INCIDENT_ID, order_id=self.order.order_id, task_token=token, now=now
            ),
            incidents=Incidents(table),
            approvals=Approvals(table),
            questions=Questions(table),
            automations=Automations(living.of(self.console), DOCUMENT),
            receipts=Receipts(table),
            uses=Uses(table),
            waiting=Waiting(living.of(self.executions)),
            timeline=Timeline(table),
            approvers=self.approvers,
            titles=TITLES,
            here=HERE,
        )

    def approve(
        self, life: Life | None = None, *, now: datetime = SOON, **given: str | None
    ) -> ApproveAnswer:
        living = life or Life()
        table, stands = self._table(living), self.approval
        plain = {"approval_id": stands.approval_id, "automation_id": stands.automation_id}
        return approve(
            ApproveRequest.model_validate(plain | given),
            incidents=Incidents(table),
            approvals=Approvals(table),
            questions=Questions(table),
            automations=Automations(living.of(self.console), DOCUMENT),
            receipts=Receipts(table),
            uses=Uses(table),
            waiting=Waiting(living.of(self.executions)),
            timeline=Timeline(table),
            pager=Pager(table, living.of(self.topic), self.topic_arn),
            approvers=self.approvers,
            titles=TITLES,
            here=HERE,
            now=now,
        )

    def expire(
        self, *, now: datetime = LATER, real: datetime | None = None, life: Life | None = None
    ) -> ExpireAnswer:
        """`now` is what the machine says, `real` what the instant is, if that is another."""
        living = life or Life()
        table = self._table(living)
        return expire(
            ExpireRequest(incident_id=INCIDENT_ID, order_id=self.order.order_id, now=now),
            incidents=Incidents(table),
            approvals=Approvals(table),
            questions=Questions(table),
            receipts=Receipts(table),
            automations=Automations(living.of(self.console), DOCUMENT),
            pager=Pager(table, living.of(self.topic), self.topic_arn),
            timeline=Timeline(table),
            approvers=self.approvers,
            titles=TITLES,
            now=real or now,
        )

    @property
    def approval(self) -> Approval:
        [approval] = Approvals(self.ledger).all(INCIDENT_ID)
        return approval

    @property
    def automation_id(self) -> str:
        """Of the automation that was started last."""
        return list(self.console.started)[-1]

    def time_out(self) -> None:
        """The wait ends: no token is good any more."""
        self.executions.open.clear()

    def leave(self, note: str, replaced_by: str | None = None) -> None:
        """The order is given up, or a stronger one takes its place."""
        left = Receipt(
            order=self.order, status=ReceiptStatus.LEFT, note=note, replaced_by=replaced_by
        )
        Receipts(self.ledger).file(left)

    def happened(self) -> dict[str, TimelineEvent]:
        """The timeline by the first word of its keys."""
        events = Timeline(self.ledger).events(INCIDENT_ID)
        assert all(event.key.endswith(f":{self.order.order_id}") for event in events)
        return {event.key.partition(":")[0]: event for event in events}

    def _table(self, life: Life) -> Ledger:
        return replace(self.ledger, client=life.of(self.ledger.client))
