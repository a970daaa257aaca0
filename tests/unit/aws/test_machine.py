"""The response to one generation of an incident is started once."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from responder.aws.machine import Machine
from responder.domain.errors import Broken
from tests.builders import HOME, INCIDENT_ID, REGION, an_incident


@pytest.fixture
def machine() -> Iterator[Machine]:
    with mock_aws():
        client = boto3.client("stepfunctions", region_name=REGION)
        arn = client.create_state_machine(
            name="respond",
            definition='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
            roleArn=f"arn:aws:iam::{HOME}:role/states",
        )["stateMachineArn"]
        yield Machine(arn, client)


def test_a_second_start_of_a_generation_is_refused_and_no_error(machine: Machine) -> None:
    assert machine.start(an_incident())
    machine.start(an_incident())
    assert machine.start(an_incident(generation=2))
    runs = machine.client.list_executions(stateMachineArn=machine.arn)["executions"]
    assert sorted(run["name"] for run in runs) == [INCIDENT_ID, f"{INCIDENT_ID}-2"]
    told = machine.client.describe_execution(executionArn=runs[0]["executionArn"])["input"]
    assert json.loads(told)["incident_id"] == INCIDENT_ID


def test_a_machine_that_is_not_there_is_told(machine: Machine) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        Machine(machine.arn + "x", machine.client).start(an_incident())
