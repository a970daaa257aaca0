"""How an automation looks from outside: the answers of the API, and the letter to approvers."""

import json
from datetime import UTC, datetime
from typing import Any

from localcloud.fakes.automation_run import Execution, Step
from localcloud.stack import Unsupported


def execution(one: Execution) -> dict[str, Any]:
    """GetAutomationExecution's view."""
    found = {
        **_both(one),
        "StepExecutions": steps(one),
        "StepExecutionsTruncated": False,
        "Parameters": one.parameters,
        "Outputs": {},
    }
    del found["AutomationType"]
    return found


def metadata(one: Execution) -> dict[str, Any]:
    """DescribeAutomationExecutions' view."""
    return {**_both(one), "LogFile": "", "Outputs": {}}


def _both(one: Execution) -> dict[str, Any]:
    found: dict[str, Any] = {
        "AutomationExecutionId": one.id,
        "DocumentName": one.document,
        "DocumentVersion": "1",
        "AutomationExecutionStatus": one.status,
        "ExecutionStartTime": one.started_at,
        "ExecutedBy": one.started_by,
        "Mode": "Auto",
        "AutomationType": "Local",
        "Targets": [],
    }
    at = next((s for s in one.steps.values() if s.status in ("Waiting", "InProgress")), None)
    if at is not None:
        found |= {"CurrentStepName": at.plan.name, "CurrentAction": at.plan.action}
    if one.ended_at is not None:
        found["ExecutionEndTime"] = one.ended_at
    if one.failure is not None:
        found["FailureMessage"] = one.failure
    return found


def steps(one: Execution) -> list[dict[str, Any]]:
    """Every step, also those that were not reached."""
    return [_step(step) for step in one.steps.values()]


def _step(step: Step) -> dict[str, Any]:
    plan = step.plan
    found: dict[str, Any] = {
        "StepName": plan.name,
        "StepExecutionId": step.id,
        "Action": plan.action,
        "TimeoutSeconds": plan.timeout_seconds,
        "OnFailure": plan.on_failure,
        "MaxAttempts": plan.max_attempts,
        "IsCritical": plan.is_critical,
        "IsEnd": plan.is_end,
        "StepStatus": step.status,
        "Inputs": {key: json.dumps(value) for key, value in step.inputs.items()},
        "Outputs": step.outputs,
    }
    if plan.next_step is not None:
        found["NextStep"] = plan.next_step
    if step.started_at is not None:
        found["ExecutionStartTime"] = step.started_at
    if step.ended_at is not None:
        found["ExecutionEndTime"] = step.ended_at
    if step.failure is not None:
        found["FailureMessage"] = step.failure
    return found


def ended(one: Execution) -> dict[str, Any]:
    """The event that tells of its end."""
    at = f"arn:aws:ssm:{one.region}:{one.account}"
    return {
        "source": "aws.ssm",
        "detail-type": "EC2 Automation Execution Status-change Notification",
        "resources": [
            f"{at}:automation-execution/{one.id}",
            f"{at}:automation-definition/{one.document}:1",
        ],
        "detail": {
            "ExecutionId": one.id,
            "Definition": one.document,
            "DefinitionVersion": 1.0,
            "Status": one.status,
            "StartTime": _clock(one.started_at),
            "EndTime": _clock(one.ended_at or one.started_at),
            "Time": ((one.ended_at or one.started_at) - one.started_at).total_seconds(),
            "ExecutedBy": one.started_by,
        },
    }


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%b %d, %Y %I:%M:%S %p")


def fits(one: Execution, key: str, values: list[str]) -> bool:
    """Whether an automation passes one filter."""
    found = {
        "DocumentNamePrefix": one.document,
        "ExecutionStatus": one.status,
        "ExecutionId": one.id,
    }
    if key not in found:
        raise Unsupported(f"the filter {key} of DescribeAutomationExecutions")
    if key == "DocumentNamePrefix":
        return any(one.document.startswith(value) for value in values)
    return found[key] in values


def request(one: Execution, message: str) -> str:
    """What approvers are sent."""
    return (
        f"You have been asked to approve automation {one.id} ({one.document}).\n\n{message}\n\n"
        "To approve or reject it, open the automation in the Systems Manager console, Automation."
    )
