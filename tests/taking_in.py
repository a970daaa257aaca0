"""The functions that take findings in and plan, with what AWS gives them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.intake import app as intake
from responder import wiring
from responder.aws.incidents import INCIDENT
from responder.aws.ledger import Ledger
from responder.domain.incident import Incident
from tests.builders import HOME, REGION

EVENTS = Path(__file__).parents[1] / "events/steps"


@dataclass
class Context:
    """What Lambda gives a handler."""

    function_name: str = "breach-responder-Function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{HOME}:function:breach-responder"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    log_stream: list[str] = field(default_factory=list)

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@contextmanager
def a_stack(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the template makes for the two functions."""
    ssm = boto3.client("ssm", region_name=REGION)
    for name, value in (("policy", "default"), ("protect", "[]")):
        ssm.put_parameter(Name=name, Value=value, Type="String")
    machine = boto3.client("stepfunctions", region_name=REGION).create_state_machine(
        name="respond",
        definition='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
        roleArn=f"arn:aws:iam::{HOME}:role/states",
    )["stateMachineArn"]
    told = {
        "TABLE_NAME": ledger.table,
        "STACK_NAME": "breach-responder",
        "MODE": "respond",
        "POLICY_PARAMETER": "policy",
        "PROTECT_PARAMETER": "protect",
        "INCIDENT_MACHINE_ARN": machine,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for built in vars(wiring).values():
        if hasattr(built, "cache_clear"):
            built.cache_clear()


def batch(*bodies: object) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((EVENTS / "intake.json").read_text())
    [plain, _] = whole["Records"]
    return {
        "Records": [
            {
                **plain,
                "messageId": str(place),
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for place, body in enumerate(bodies)
        ]
    }


def failed(answer: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def incidents(ledger: Ledger) -> list[Incident]:
    items = ledger.client.scan(TableName=ledger.table)["Items"]
    bodies = [item["body"]["S"] for item in items if item["sk"]["S"] == INCIDENT]
    return [Incident.model_validate_json(body) for body in bodies]


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines as CloudWatch gets them."""
    ours = [record for record in caplog.records if record.name == intake.logger.name]
    formatter = intake.logger.registered_formatter
    return [json.loads(formatter.format(record)) for record in ours]
