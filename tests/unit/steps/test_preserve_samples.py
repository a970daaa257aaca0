"""The sample inputs under `events/steps` are what the steps take."""

import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent

from responder import collectors
from responder.collectors.collector import part_of
from responder.steps.collect import CollectRequest
from responder.steps.mirror import incident_of
from responder.steps.open import OpenRequest
from responder.steps.seal import SealRequest
from tests.builders import INCIDENT_ID

EVENTS = Path(__file__).parents[3] / "events/steps"


def sample(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_collect_takes_its_sample_and_names_a_collector_there_is() -> None:
    request = CollectRequest.model_validate(sample("collect"))
    assert request.collector_id in collectors.BY_ID
    assert request.now.tzinfo is not None


def test_open_takes_its_sample() -> None:
    assert OpenRequest.model_validate(sample("open")).incident_id == INCIDENT_ID


def test_seal_takes_its_sample_with_the_failure_that_step_functions_caught() -> None:
    request = SealRequest.model_validate(sample("seal"))
    named = [one.collector_id for one in request.collected]
    assert named == [one for one in collectors.BY_ID if one in named]
    assert {part_of(collectors.BY_ID[one]) for one in named} == {request.part}
    [failed] = [one for one in request.collected if one.failure is not None]
    assert failed.failure is not None
    assert failed.failure.error == "Broken"


def test_mirror_finds_the_incident_in_its_sample() -> None:
    [record] = DynamoDBStreamEvent(sample("mirror")).records
    assert record.dynamodb is not None
    assert incident_of(record.dynamodb.keys) == INCIDENT_ID
