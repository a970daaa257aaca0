"""Approval in the console: the deployed document is run, and only its approvers decide."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from moto.awslambda.models import LambdaFunction

from localcloud.stack import Document, Unsupported
from tests.builders import HOME, REGION
from tests.unit.localcloud.judging import World, a_world, allow, code

FUNCTION = f"arn:aws:lambda:{REGION}:{HOME}:function:approve"
TOPIC = f"arn:aws:sns:{REGION}:{HOME}:Automation-approvals"
ON_CALL = f"arn:aws:iam::{HOME}:role/on-call"
SIGNALS = allow(["ssm:SendAutomationSignal", "ssm:GetAutomationExecution"])
TOKEN = "11111111-2222-3333-4444-555555555555"


def a_document(**decide: Any) -> dict[str, Any]:
    """As the template's, in short."""
    return {
        "schemaVersion": "0.3",
        "assumeRole": f"arn:aws:iam::{HOME}:role/approval",
        "parameters": {"ApprovalId": {"type": "String"}, "Cut": {"type": "String"}},
        "mainSteps": [
            {
                "name": "decide",
                "action": "aws:approve",
                "timeoutSeconds": 3600,
                "onFailure": "step:handIn",
                "isCritical": False,
                "nextStep": "handIn",
                "inputs": {
                    "NotificationArn": TOPIC,
                    "Message": "Cut {{ Cut }}?",
                    "MinRequiredApprovals": 1,
                    "Approvers": [ON_CALL],
                },
            }
            | decide,
            {
                "name": "handIn",
                "action": "aws:invokeLambdaFunction",
                "maxAttempts": 2,
                "isEnd": True,
                "inputs": {
                    "FunctionName": FUNCTION,
                    "InputPayload": {
                        "approval_id": "{{ ApprovalId }}",
                        "automation_id": "{{ automation:EXECUTION_ID }}",
                    },
                },
            },
        ],
    }


@dataclass
class Office:
    """The world with what an approval needs."""

    world: World
    payloads: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0  # how often the function will still fail

    def open(self, document: dict[str, Any]) -> None:
        place = ("approve-containment", HOME, REGION, "Automation")
        self.world.registry.documents.append(Document(*place, document))

    @property
    def ssm(self) -> Any:
        return self.world.operator("ssm")

    def start(self, **more: Any) -> str:
        given = {"ApprovalId": ["apr-1"], "Cut": ["the web tier"]}
        answer = self.ssm.start_automation_execution(
            DocumentName="approve-containment", Parameters=given, **more
        )
        self.world.clock.settle()
        return str(answer["AutomationExecutionId"])

    def find(self, execution: str) -> dict[str, Any]:
        answer = self.ssm.get_automation_execution(AutomationExecutionId=execution)
        found: dict[str, Any] = answer["AutomationExecution"]
        return found

    def signal(self, ssm: Any, execution: str, kind: str = "Approve", *comment: str) -> str | None:
        given: dict[str, Any] = {"Payload": {"Comment": list(comment)}} if comment else {}
        answer = code(
            ssm.send_automation_signal,
            AutomationExecutionId=execution,
            SignalType=kind,
            **given,
        )
        self.world.clock.settle()
        return answer

    def person(self, name: str, role: str = "on-call") -> Any:
        return self.world.session(f"arn:aws:iam::{HOME}:role/{role}", name)("ssm")

    def decided(self, execution: str) -> dict[str, Any]:
        steps: list[dict[str, Any]] = self.find(execution)["StepExecutions"]
        [step] = [one for one in steps if one["StepName"] == "decide"]
        return step


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with a_world() as world:
        office = Office(world)

        def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
            office.payloads.append(json.loads(body))
            if office.failures:
                office.failures -= 1
                response_headers["x-amz-function-error"] = "Unhandled"
                return b'{"errorType": "Unavailable"}'
            return b"{}"

        monkeypatch.setattr(LambdaFunction, "invoke", invoke)
        world.role(
            "approval",
            allow("sns:Publish", TOPIC),
            allow("lambda:InvokeFunction", FUNCTION),
            trusts={"Service": "ssm.amazonaws.com"},
        )
        world.role("on-call", SIGNALS)
        world.role("somebody", SIGNALS)
        world.operator("sns").create_topic(Name="Automation-approvals")
        world.operator("lambda").create_function(
            FunctionName="approve",
            Runtime="python3.13",
            Role=f"arn:aws:iam::{HOME}:role/approval",
            Handler="app.handler",
            Code={"ZipFile": b"nothing"},
        )
        yield office


def test_it_asks_and_waits(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    assert office.find(execution)["AutomationExecutionStatus"] == "Waiting"
    assert office.decided(execution)["StepStatus"] == "Waiting"
    [letter] = office.world.switchboard.published
    assert letter.topic_arn == TOPIC
    assert "Cut the web tier?" in letter.message
    assert office.payloads == []


def test_an_approver_approves_and_the_answer_is_handed_in(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    assert office.signal(office.person("alice"), execution, "Approve", "It may re-assume.") is None
    found, step = office.find(execution), office.decided(execution)
    assert found["AutomationExecutionStatus"] == "Success"
    assert step["StepStatus"] == "Success"
    assert step["Outputs"]["ApprovalStatus"] == ["Approved"]
    [decision] = [json.loads(text) for text in step["Outputs"]["ApproverDecisions"]]
    assert decision == {
        "Approver": f"arn:aws:sts::{HOME}:assumed-role/on-call/alice",
        "Decision": "Approve",
        "ApprovalDecisionTime": "2026-11-23T12:00:00.000000Z",
        "Comment": "It may re-assume.",
    }
    assert office.payloads == [{"approval_id": "apr-1", "automation_id": execution}]


def test_a_denial_is_handed_in_too(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    office.signal(office.person("alice"), execution, "Reject", "Not on a sale day.")
    step = office.decided(execution)
    assert step["StepStatus"] == "Failed"
    assert step["Outputs"]["ApprovalStatus"] == ["Rejected"]
    assert office.find(execution)["AutomationExecutionStatus"] == "Success"
    assert len(office.payloads) == 1


def test_silence_ends_on_the_clock(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    office.world.clock.advance(timedelta(minutes=59))
    assert office.decided(execution)["StepStatus"] == "Waiting"
    office.world.clock.advance(timedelta(minutes=2))
    step = office.decided(execution)
    assert step["StepStatus"] == "TimedOut"
    assert step["Outputs"] == {"ApprovalStatus": ["Waiting"], "ApproverDecisions": []}
    assert len(office.payloads) == 1


def test_after_the_answer_the_time_out_does_nothing(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    office.signal(office.person("alice"), execution)
    office.world.clock.advance(timedelta(hours=2))
    assert office.decided(execution)["StepStatus"] == "Success"
    assert len(office.payloads) == 1


def test_nobody_else_decides(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    refused = office.signal(office.person("mallory", "somebody"), execution)
    assert refused == "InvalidAutomationSignalException"
    bare = office.world.user("bare")("ssm")
    assert office.signal(bare, execution) == "AccessDeniedException"
    assert office.decided(execution)["StepStatus"] == "Waiting"


def test_users_and_sessions_can_be_named(office: Office) -> None:
    session = f"arn:aws:sts::{HOME}:assumed-role/on-call/alice"
    bob = office.world.user("bob", SIGNALS)("ssm")
    office.open(a_document(inputs={"Approvers": [session, "bob"], "MinRequiredApprovals": 2}))
    execution = office.start()
    assert office.signal(office.person("carol"), execution) == "InvalidAutomationSignalException"
    alice = office.person("alice")
    assert office.signal(alice, execution) is None
    assert office.signal(alice, execution) == "InvalidAutomationSignalException"
    assert office.decided(execution)["StepStatus"] == "Waiting"
    assert office.signal(bob, execution) is None
    assert office.decided(execution)["StepStatus"] == "Success"


def test_the_same_token_starts_once(office: Office) -> None:
    office.open(a_document())
    first = office.start(ClientToken=TOKEN)
    assert office.start(ClientToken=TOKEN) == first
    assert len(office.world.switchboard.published) == 1
    refused = code(
        office.ssm.start_automation_execution,
        DocumentName="approve-containment",
        Parameters={"ApprovalId": ["apr-2"], "Cut": ["more"]},
        ClientToken=TOKEN,
    )
    assert refused == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    "given",
    [
        {"ApprovalId": ["a"]},
        {"ApprovalId": ["a"], "Cut": ["b"], "More": ["c"]},
        {"ApprovalId": ["a", "b"], "Cut": ["b"]},
        {"ApprovalId": ["{{ global:REGION }}"], "Cut": ["b"]},
    ],
)
def test_parameters_are_checked(office: Office, given: dict[str, list[str]]) -> None:
    office.open(a_document())
    start = office.ssm.start_automation_execution
    refused = code(start, DocumentName="approve-containment", Parameters=given)
    assert refused == "InvalidAutomationExecutionParametersException"


def test_a_value_longer_than_512_characters_is_refused(office: Office) -> None:
    office.open(a_document())
    given = {"ApprovalId": ["a"], "Cut": ["b" * 513]}
    start = office.ssm.start_automation_execution
    refused = code(start, DocumentName="approve-containment", Parameters=given)
    assert refused == "ValidationException"


def test_a_function_that_fails_is_tried_again(office: Office) -> None:
    office.open(a_document())
    office.failures = 1
    execution = office.start()
    office.signal(office.person("alice"), execution)
    office.world.clock.advance(timedelta(minutes=1))
    assert len(office.payloads) == 2
    assert office.find(execution)["AutomationExecutionStatus"] == "Success"


def test_a_function_that_keeps_failing_fails_the_automation(office: Office) -> None:
    office.open(a_document())
    office.failures = 9
    execution = office.start()
    office.signal(office.person("alice"), execution)
    office.world.clock.advance(timedelta(minutes=1))
    found = office.find(execution)
    assert found["AutomationExecutionStatus"] == "Failed"
    assert "Unavailable" in found["FailureMessage"]


def test_the_role_needs_the_right_to_tell_and_to_hand_in(office: Office) -> None:
    office.world.operator("iam").delete_role_policy(RoleName="approval", PolicyName="own")
    office.open(a_document())
    execution = office.start()
    office.world.clock.advance(timedelta(minutes=1))
    step = office.decided(execution)
    assert step["StepStatus"] == "Failed"
    assert "sns:Publish" in step["FailureMessage"]
    assert office.payloads == []


def test_the_role_must_trust_systems_manager(office: Office) -> None:
    office.world.operator("iam").delete_role_policy(RoleName="approval", PolicyName="own")
    office.world.operator("iam").delete_role(RoleName="approval")
    office.world.role("approval", trusts={"Service": "ec2.amazonaws.com"})
    office.open(a_document())
    given = {"ApprovalId": ["a"], "Cut": ["b"]}
    start = office.ssm.start_automation_execution
    refused = code(start, DocumentName="approve-containment", Parameters=given)
    assert refused == "InvalidAutomationExecutionParametersException"


def test_who_starts_it_must_pass_the_role(office: Office) -> None:
    office.open(a_document())
    given = {
        "DocumentName": "approve-containment",
        "Parameters": {"ApprovalId": ["a"], "Cut": ["b"]},
    }
    start = allow("ssm:StartAutomationExecution", "arn:aws:ssm:*:*:document/approve-*")
    condition = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    role = f"arn:aws:iam::{HOME}:role/approval"
    bare = office.world.user("bare", start)("ssm")
    passes = office.world.user("passes", start, allow("iam:PassRole", role, Condition=condition))
    assert code(bare.start_automation_execution, **given) == "AccessDeniedException"
    assert code(passes("ssm").start_automation_execution, **given) is None


def test_stopping_takes_the_question_back(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    stop = office.ssm.stop_automation_execution
    assert code(stop, AutomationExecutionId=execution, Type="Cancel") is None
    assert office.find(execution)["AutomationExecutionStatus"] == "Cancelled"
    assert office.signal(office.person("alice"), execution) == "InvalidAutomationSignalException"
    office.world.clock.advance(timedelta(hours=2))
    assert office.payloads == []
    again = code(stop, AutomationExecutionId=execution, Type="Cancel")
    assert again == "InvalidAutomationStatusUpdateException"


def test_the_bus_hears_how_it_ended_and_when(office: Office) -> None:
    heard: list[tuple[dict[str, Any], str, str]] = []
    office.world.switchboard.announce = lambda *told: heard.append(told)
    office.open(a_document())
    execution = office.start()
    assert heard == []
    office.world.clock.advance(timedelta(minutes=2))
    office.ssm.stop_automation_execution(AutomationExecutionId=execution)
    [(event, account, region)] = heard
    assert (account, region) == (HOME, REGION)
    assert (event["source"], event["detail-type"]) == (
        "aws.ssm",
        "EC2 Automation Execution Status-change Notification",
    )
    assert event["detail"]["ExecutionId"] == execution
    assert event["detail"]["Definition"] == "approve-containment"
    assert event["detail"]["Status"] == "Cancelled"
    assert event["detail"]["EndTime"] == "Nov 23, 2026 12:02:00 PM"


def test_what_is_not_there_is_not_found(office: Office) -> None:
    start, get = office.ssm.start_automation_execution, office.ssm.get_automation_execution
    assert code(start, DocumentName="missing") == "AutomationDefinitionNotFoundException"
    refused = code(get, AutomationExecutionId=TOKEN)
    assert refused == "AutomationExecutionNotFoundException"


def test_the_console_lists_what_waits(office: Office) -> None:
    office.open(a_document())
    execution = office.start()
    rule = {"Key": "ExecutionStatus", "Values": ["Waiting"]}
    answer = office.ssm.describe_automation_executions(Filters=[rule])
    [one] = answer["AutomationExecutionMetadataList"]
    assert (one["AutomationExecutionId"], one["CurrentStepName"]) == (execution, "decide")
    office.signal(office.person("alice"), execution)
    answer = office.ssm.describe_automation_executions(Filters=[rule])
    assert answer["AutomationExecutionMetadataList"] == []


@pytest.mark.parametrize("change", [{"action": "aws:sleep"}, {"timeout": 3}, {"onFailure": "Ask"}])
def test_a_step_that_cannot_be_run_is_refused_by_name(office: Office, change: Any) -> None:
    office.open(a_document(**change))
    with pytest.raises(Unsupported, match=r"decide|approve-containment"):
        office.start()


def test_a_topic_of_another_name_is_not_told(office: Office) -> None:
    topic = office.world.operator("sns").create_topic(Name="pager")["TopicArn"]
    office.open(a_document(inputs={"Approvers": [ON_CALL], "NotificationArn": topic}))
    execution = office.start()
    step = office.decided(execution)
    assert step["StepStatus"] == "Failed"
    assert "must begin with Automation" in step["FailureMessage"]
    assert office.world.switchboard.published == []
