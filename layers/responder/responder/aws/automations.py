"""Asks people in the Systems Manager console, and reads there what they decided or asked for.

The document that asks is `ApprovalDocument` of the template: its step `decide` waits for a person
(`aws:approve`), its step `handIn` calls the approve function. `CutDocument` and `ReleaseDocument`
are run by people. Nothing that a caller says about a person is believed; AWS is asked.
AWS: Systems Manager User Guide, "aws:approve - Pause an automation for manual approval".
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.answer import Answer
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.escaping import one_line

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_ssm.type_defs import AutomationExecutionTypeDef, StepExecutionTypeDef

STARTING = frozenset({"iam:PassRole", "ssm:StartAutomationExecution"})  # passes ApprovalRole
READING = frozenset({"ssm:GetAutomationExecution"})
STOPPING = frozenset({"ssm:StopAutomationExecution"})
STEP = "decide"
MOST = 512  # characters of a parameter (API Reference, "StartAutomationExecution")
MOST_MESSAGE = 4096  # characters (Systems Manager User Guide, "aws:approve")
_RUNNING = frozenset({"Pending", "InProgress", "Waiting"})
_WITHOUT = frozenset({"TimedOut", "Cancelling", "Cancelled"})
_APPROVES, _REJECTS = frozenset({"Approve", "Approved"}), frozenset({"Reject", "Rejected"})
_TOKENS = uuid.UUID("5c1c5d3e-3a0b-5d7e-9a55-0f6c2f1f7c11")  # any fixed namespace


@dataclass(frozen=True)
class Started:
    """What a person asks for by running a document: who it is, and what they filled in."""

    by: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """How an automation ended, and when, if AWS tells that."""

    status: str
    at: datetime | None


@dataclass(frozen=True)
class Automations:
    """The automations of one document."""

    client: "SSMClient"
    document: str

    def start(self, approval_id: str, shown: Mapping[str, str], *, before: int = 0) -> str:
        """Ask, and say under which id. The same request again is the same automation.

        `before` is how many automations asked the same and ended.

        The values of `shown` are put into the message as they are: no braces that Systems Manager
        would fill in, and at most `MOST` characters.
        """
        seed = f"{approval_id} {before}" if before else approval_id
        parameters = {"ApprovalId": [approval_id]} | {name: [text] for name, text in shown.items()}
        with asking_aws(f"asking about {approval_id}"):
            try:
                started = self.client.start_automation_execution(
                    DocumentName=self.document,
                    Parameters=parameters,
                    ClientToken=str(uuid.uuid5(_TOKENS, seed)),
                )
            except ClientError as error:
                if code_of(error) == "AutomationExecutionLimitExceededException":
                    raise Unavailable("too many automations run at once; try again") from error
                raise
        return started["AutomationExecutionId"]

    def answer(self, automation_id: str) -> Answer | None:
        """What a person decided; None while nobody has, and when nobody did in time.

        Raises `Refused` for an automation that is not one of ours, and `Broken` for one that ended
        without a decision that can be read.
        """
        execution = self._ours(automation_id)
        for step in execution.get("StepExecutions", []):
            if step.get("StepName") == STEP and step.get("Action") == "aws:approve":
                return _answer(automation_id, step)
        return None

    def ended(self, automation_id: str) -> Ended | None:
        """How the question ended, as AWS tells it; None while somebody can still answer it."""
        execution = self._ours(automation_id)
        for step in execution.get("StepExecutions", []):
            if step.get("StepName") == STEP and step.get("StepStatus", "Pending") not in _RUNNING:
                return Ended(step["StepStatus"], step.get("ExecutionEndTime"))
        status = execution.get("AutomationExecutionStatus", "Pending")
        return None if status in _RUNNING else Ended(status, execution.get("ExecutionEndTime"))

    def about(self, automation_id: str) -> str:
        """Which request an automation asks about: the approval id it was started with."""
        given = self._ours(automation_id).get("Parameters", {}).get("ApprovalId", [])
        if len(given) != 1:
            raise Refused(f"the automation {automation_id} asks about no request")
        return given[0]

    def started(self, automation_id: str) -> Started:
        """Who runs the document just now, and with which parameters.

        Raises `Refused` for an automation that is not one of ours, or that has ended.
        """
        execution = self._ours(automation_id)
        if execution.get("AutomationExecutionStatus") not in _RUNNING:
            raise Refused(f"the automation {automation_id} has ended; run the document again")
        by = execution.get("ExecutedBy")
        if not by:
            raise Broken(f"AWS does not say who runs the automation {automation_id}")
        given = execution.get("Parameters", {})
        return Started(by, {name: " ".join(values) for name, values in given.items()})

    def _ours(self, automation_id: str) -> "AutomationExecutionTypeDef":
        with asking_aws(f"reading the automation {automation_id}"):
            try:
                found = self.client.get_automation_execution(AutomationExecutionId=automation_id)
            except ClientError as error:
                if code_of(error) == "AutomationExecutionNotFoundException":
                    raise Refused(f"there is no automation {automation_id}") from error
                raise
        execution = found["AutomationExecution"]
        if execution.get("DocumentName") != self.document:
            raise Refused(f"the automation {automation_id} runs another document than ours")
        return execution

    def stop(self, automation_id: str) -> None:
        """Take the question back. One that has ended, or is gone, is left as it is."""
        with asking_aws(f"stopping the automation {automation_id}"):
            try:
                self.client.stop_automation_execution(
                    AutomationExecutionId=automation_id, Type="Cancel"
                )
            except ClientError as error:
                if code_of(error) not in (
                    "AutomationExecutionNotFoundException",
                    "InvalidAutomationStatusUpdateException",
                ):
                    raise


def _answer(automation_id: str, step: "StepExecutionTypeDef") -> Answer | None:
    status = step.get("StepStatus", "Pending")
    if status in _RUNNING:
        return None
    ended_at = step.get("ExecutionEndTime")
    outputs = step.get("Outputs", {})
    decisions = list(_decisions(automation_id, outputs.get("ApproverDecisions", [])))
    refusing = [one for one in decisions if one.get("Decision") in _REJECTS]
    agreeing = [one for one in decisions if one.get("Decision") in _APPROVES]
    denied = bool(refusing) or status == "Rejected" or outputs.get("ApprovalStatus") == ["Rejected"]
    if status in _WITHOUT and not denied:
        return None
    if ended_at is not None and denied:
        # A no is a no, also where AWS does not say whose.
        return _said(refusing[0] if refusing else {}, ended_at.astimezone(UTC), approves=False)
    if ended_at is not None and agreeing and status in ("Success", "Approved"):
        return _said(agreeing[0], ended_at.astimezone(UTC), approves=True)
    why = one_line(step.get("FailureMessage", "no reason given"), 300)
    raise Broken(f"the automation {automation_id} ended as {status}, without a decision: {why}")


def _said(decision: Mapping[str, Any], ended_at: Any, *, approves: bool) -> Answer:
    by, comment = decision.get("Approver"), decision.get("Comment")
    return Answer(
        approves=approves,
        by=by if isinstance(by, str) else None,
        decided_at=ended_at,
        comment=one_line(comment, 500) if isinstance(comment, str) and comment else None,
    )


def _decisions(automation_id: str, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        try:
            read = json.loads(text)
        except ValueError as error:
            raise Broken(f"a decision of the automation {automation_id} is no JSON") from error
        for one in read if isinstance(read, list) else [read]:
            if not isinstance(one, dict):
                raise Broken(f"a decision of the automation {automation_id} is no object")
            yield one
