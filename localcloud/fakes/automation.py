"""Systems Manager Automation: runs the deployed document, asks for approval, hands in the answer.

The steps run as the document's role, through the same IAM as everybody, so a right that the role
lacks shows. Time-outs are on the cloud's clock.
AWS: Systems Manager User Guide, "aws:approve", "aws:invokeLambdaFunction"; API Reference,
"SendAutomationSignal".
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.authorizing.identities import passing
from localcloud.enforcement import Enforcement, service_may_assume
from localcloud.fakes import automation_views as views
from localcloud.fakes.automation_document import StepPlan, check_parameters, put_in, read
from localcloud.fakes.automation_run import Execution, Step
from localcloud.fault import Fault
from localcloud.stack import Registry, Unsupported
from localcloud.switchboard import Asked, Caller, Fake, Switchboard

_ENDED: Final = frozenset({"Success", "Failed", "TimedOut", "Cancelled"})
_BETWEEN_ATTEMPTS: Final = timedelta(seconds=5)
_PREFIX: Final = "Automation"  # of every topic that aws:approve may tell
_APPROVERS: Final = 10
_MESSAGE: Final = 4096  # characters
_NOT_SERVED: Final = frozenset(
    {"AlarmConfiguration", "MaxConcurrency", "MaxErrors", "TargetLocations", "TargetLocationsURL"}
    | {"TargetMaps", "TargetParameterName", "Targets"}
)


class Automations:
    """The automations of every account and region."""

    def __init__(
        self,
        switchboard: Switchboard,
        registry: Registry,
        later: Callable[..., None],
        enforcement: Enforcement,
    ) -> None:
        self._switchboard = switchboard
        self._registry, self._later, self._enforcement = registry, later, enforcement
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[tuple[str, str, str], tuple[str, str]] = {}

    def operations(self) -> dict[str, Fake]:
        """What this serves."""
        return {
            "StartAutomationExecution": self._start,
            "GetAutomationExecution": self._get,
            "DescribeAutomationExecutions": self._describe,
            "DescribeAutomationStepExecutions": self._describe_steps,
            "SendAutomationSignal": self._signal,
            "StopAutomationExecution": self._stop,
        }

    # ---- what is called

    def _start(self, asked: Asked) -> dict[str, Any]:
        given = asked.params
        if unknown := sorted(_NOT_SERVED & set(given)):
            raise Unsupported(f"{', '.join(unknown)} of StartAutomationExecution")
        if given.get("Mode", "Auto") != "Auto":
            raise Unsupported("an automation run step by step")
        same = json.dumps([given["DocumentName"], given.get("Parameters", {})], sort_keys=True)
        token = (asked.account, asked.region, given.get("ClientToken") or str(uuid.uuid4()))
        if token in self._tokens:
            started, before = self._tokens[token]
            if before != same:
                text = "The token was used before, with other parameters"
                raise Fault("IdempotentParameterMismatch", text)
            return {"AutomationExecutionId": started}
        execution = self._execution(asked)
        self._executions[execution.id] = execution
        self._tokens[token] = (execution.id, same)
        first = next(iter(execution.plan.steps.values()))
        self._next(execution, first, asked.at)
        return {"AutomationExecutionId": execution.id}

    def _execution(self, asked: Asked) -> Execution:
        name = asked.params["DocumentName"].rpartition("document/")[2]
        here = (name, asked.account, asked.region, "Automation")
        for one in self._registry.documents:
            if (one.name, one.account, one.region, one.document_type) == here:
                plan = read(name, one.content)
                break
        else:
            text = f"Automation definition not found for document {name}"
            raise Fault("AutomationDefinitionNotFoundException", text)
        if asked.params.get("DocumentVersion", "1") not in ("1", "$DEFAULT", "$LATEST"):
            raise Fault("AutomationDefinitionVersionNotFoundException", "There is one version: 1")
        execution = Execution(
            id=str(uuid.uuid4()),
            account=asked.account,
            region=asked.region,
            document=name,
            plan=plan,
            parameters=check_parameters(plan, asked.params.get("Parameters", {})),
            role_arn="",
            started_by=asked.caller.arn,
            started_at=asked.at,
            steps={one.name: Step(one) for one in plan.steps.values()},
        )
        if plan.assume_role is None:
            raise Unsupported(f"{name} has no assumeRole, and would run with its starter's rights")
        execution.role_arn = str(put_in(plan.assume_role, execution.value))
        self._enforcement.demand(passing(asked, execution.role_arn, "ssm.amazonaws.com"), asked)
        if not service_may_assume(execution.role_arn, "ssm.amazonaws.com", asked.account):
            text = "The defined assume role is unable to be assumed."
            raise Fault("InvalidAutomationExecutionParametersException", text)
        return execution

    def _get(self, asked: Asked) -> dict[str, Any]:
        return {"AutomationExecution": views.execution(self._find(asked))}

    def _describe(self, asked: Asked) -> dict[str, Any]:
        here = (asked.account, asked.region)
        found = [one for one in self._executions.values() if (one.account, one.region) == here]
        for rule in asked.params.get("Filters", []):
            found = [one for one in found if views.fits(one, rule["Key"], rule["Values"])]
        found.reverse()  # the newest first
        start = int(asked.params.get("NextToken") or 0)
        end = start + int(asked.params.get("MaxResults") or 50)
        answer: dict[str, Any] = {
            "AutomationExecutionMetadataList": [views.metadata(one) for one in found[start:end]]
        }
        if end < len(found):
            answer["NextToken"] = str(end)
        return answer

    def _describe_steps(self, asked: Asked) -> dict[str, Any]:
        if asked.params.get("Filters"):
            raise Unsupported("filters of DescribeAutomationStepExecutions")
        return {"StepExecutions": views.steps(self._find(asked))}

    def _signal(self, asked: Asked) -> dict[str, Any]:
        execution, kind = self._find(asked), asked.params["SignalType"]
        if kind not in ("Approve", "Reject"):
            raise Unsupported(f"the signal {kind}")
        step = next((one for one in execution.steps.values() if one.status == "Waiting"), None)
        if step is None:
            text = f"Automation {execution.id} is not waiting for an approval"
            raise Fault("InvalidAutomationSignalException", text)
        if not self._is_approver(asked.caller, step.inputs["Approvers"]):
            text = f"{asked.caller.arn} is not an approver of step {step.plan.name}"
            raise Fault("InvalidAutomationSignalException", text)
        if any(one["Approver"] == asked.caller.arn for one in step.decisions):
            text = f"{asked.caller.arn} has decided on step {step.plan.name} before"
            raise Fault("InvalidAutomationSignalException", text)
        comment = asked.params.get("Payload", {}).get("Comment", [])
        decision = {
            "Approver": asked.caller.arn,
            "Decision": kind,
            "ApprovalDecisionTime": asked.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if comment:
            decision["Comment"] = " ".join(comment)
        step.decisions.append(decision)
        needed = int(step.inputs.get("MinRequiredApprovals", 1))
        approvals = sum(one["Decision"] == "Approve" for one in step.decisions)
        self._tell_decisions(step, "Waiting")
        if kind == "Reject":
            self._tell_decisions(step, "Rejected")
            self._fail(execution, step, asked.at, f"Approval rejected by {asked.caller.arn}")
        elif approvals >= needed:
            self._tell_decisions(step, "Approved")
            self._succeed(execution, step, asked.at)
        return {}

    def _stop(self, asked: Asked) -> dict[str, Any]:
        execution = self._find(asked)
        if execution.status in _ENDED:
            text = f"Automation {execution.id} has ended: {execution.status}"
            raise Fault("InvalidAutomationStatusUpdateException", text)
        if asked.params.get("Type", "Cancel") != "Cancel":
            raise Unsupported("stopping an automation after its step")
        for step in execution.steps.values():
            if step.status in ("Waiting", "InProgress"):
                step.status, step.ended_at = "Cancelled", asked.at
        self._end(execution, "Cancelled", asked.at)
        return {}

    def _find(self, asked: Asked) -> Execution:
        found = self._executions.get(asked.params["AutomationExecutionId"])
        if found is None or (found.account, found.region) != (asked.account, asked.region):
            text = "Couldn't find an automation with this execution id"
            raise Fault("AutomationExecutionNotFoundException", text)
        return found

    def _is_approver(self, caller: Caller, approvers: list[str]) -> bool:
        names = {caller.arn}
        if caller.enforced:
            identity = self._enforcement.identities.identity(caller)
            names |= {identity.arn} | ({identity.user_name} if identity.user_name else set())
        return not names.isdisjoint(approvers)

    # ---- what the clock runs

    def _next(self, execution: Execution, plan: StepPlan | None, at: datetime) -> None:
        if plan is None:
            failed = any(
                one.status in ("Failed", "TimedOut") and one.plan.is_critical
                for one in execution.steps.values()
            )
            self._end(execution, "Failed" if failed else "Success", at)
            return
        step = execution.steps[plan.name]
        name = f"automation {execution.document}: {plan.name}"
        self._later(lambda: self._run(execution, step), name=name)

    def _run(self, execution: Execution, step: Step) -> None:
        if execution.status in _ENDED:
            return
        at = self._enforcement.now()
        execution.status = "InProgress"
        step.status, step.started_at = "InProgress", step.started_at or at
        step.attempts += 1
        step.inputs = put_in(dict(step.plan.inputs), execution.value)
        try:
            if step.plan.action == "aws:approve":
                self._ask(execution, step, at)
            else:
                self._invoke(execution, step)
        except ClientError as error:
            self._retry(execution, step, str(error))

    def _ask(self, execution: Execution, step: Step, at: datetime) -> None:
        given = step.inputs
        approvers = given["Approvers"]
        needed = int(given.get("MinRequiredApprovals", 1))
        if not 1 <= len(approvers) <= _APPROVERS or not 1 <= needed <= len(approvers):
            text = f"{needed} approvals of {len(approvers)} approvers cannot be had"
            self._fail(execution, step, at, text)
            return
        if len(given.get("Message", "")) > _MESSAGE:
            self._fail(execution, step, at, f"The message has more than {_MESSAGE} characters")
            return
        if topic := given.get("NotificationArn"):
            if not topic.rpartition(":")[2].startswith(_PREFIX):
                text = f"{topic}: the name of the topic must begin with {_PREFIX}"
                self._fail(execution, step, at, text)
                return
            sns = self._as_role(execution, "sns")
            sns.publish(
                TopicArn=topic,
                Subject=f"Approval request for automation {execution.id}"[:99],
                Message=views.request(execution, given.get("Message", "")),
            )
        step.status = execution.status = "Waiting"
        self._tell_decisions(step, "Waiting")
        until = at + timedelta(seconds=step.plan.timeout_seconds)
        name = f"time-out of automation {execution.document}: {step.plan.name}"
        self._later(lambda: self._time_out(execution, step), name=name, at=until)

    def _time_out(self, execution: Execution, step: Step) -> None:
        if step.status == "Waiting" and execution.status not in _ENDED:
            text = f"Nobody decided within {step.plan.timeout_seconds} seconds"
            self._fail(execution, step, self._enforcement.now(), text, status="TimedOut")

    def _invoke(self, execution: Execution, step: Step) -> None:
        given = step.inputs
        payload = given.get("Payload") or json.dumps(given.get("InputPayload", {}))
        answer = self._as_role(execution, "lambda").invoke(
            FunctionName=given["FunctionName"],
            InvocationType=given.get("InvocationType", "RequestResponse"),
            Payload=payload.encode(),
        )
        step.outputs = {
            "StatusCode": [str(answer["StatusCode"])],
            "Payload": [answer["Payload"].read().decode("utf-8", "replace")],
        }
        if error := answer.get("FunctionError"):
            step.outputs["FunctionError"] = [error]
            self._retry(execution, step, f"the function failed: {step.outputs['Payload'][0]}")
        else:
            self._succeed(execution, step, self._enforcement.now())

    def _retry(self, execution: Execution, step: Step, why: str) -> None:
        at = self._enforcement.now()
        if step.attempts >= step.plan.max_attempts:
            self._fail(execution, step, at, why)
            return
        name = f"automation {execution.document}: {step.plan.name} again"
        again = at + _BETWEEN_ATTEMPTS
        self._later(lambda: self._run(execution, step), name=name, at=again)

    def _succeed(self, execution: Execution, step: Step, at: datetime) -> None:
        step.status, step.ended_at = "Success", at
        execution.status = "InProgress"
        self._next(execution, execution.plan.after(step.plan), at)

    def _fail(
        self, execution: Execution, step: Step, at: datetime, why: str, *, status: str = "Failed"
    ) -> None:
        step.status, step.ended_at, step.failure = status, at, why
        execution.status = "InProgress"
        where = step.plan.on_failure
        if where.startswith("step:"):
            self._next(execution, execution.plan.steps[where.removeprefix("step:")], at)
        elif where == "Continue":
            self._next(execution, execution.plan.after(step.plan), at)
        else:
            execution.failure = f"Step {step.plan.name} failed: {why}"
            self._end(execution, status, at)

    def _end(self, execution: Execution, status: str, at: datetime) -> None:
        execution.status, execution.ended_at = status, at
        # EventBridge hears of it (Systems Manager User Guide, "Amazon EventBridge event examples").
        if self._switchboard.announce is not None:
            event = views.ended(execution)
            self._switchboard.announce(event, execution.account, execution.region)

    def _tell_decisions(self, step: Step, status: str) -> None:
        step.outputs = {
            "ApprovalStatus": [status],
            "ApproverDecisions": [json.dumps(one) for one in step.decisions],
        }

    def _as_role(self, execution: Execution, service: str) -> Any:
        """A client of the document's role, as Systems Manager assumes it."""
        config = Config(retries={"total_max_attempts": 1})
        where: dict[str, Any] = {"region_name": execution.region, "config": config}
        keys = (
            boto3.Session("AKIAOPERATOR", "pretend")
            .client("sts", **where)
            .assume_role(RoleArn=execution.role_arn, RoleSessionName=execution.id)["Credentials"]
        )
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return session.client(service, **where)  # type: ignore[call-overload]
