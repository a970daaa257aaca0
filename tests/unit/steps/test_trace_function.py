"""The function, with what the machine sends it and nothing but its environment."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.trace import app as tracing
from responder import wiring
from responder.aws.incidents import FINDING, INCIDENT
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.lineages import Lineages
from tests.builders import INCIDENT_ID, a_finding, an_incident
from tests.taking_in import Context
from tests.unit.steps.test_intake_and_plan_functions import stack

SAMPLE = Path(__file__).parents[3] / "events/steps/trace.json"
__all__ = ["stack"]


@pytest.fixture
def incident(stack: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """An incident about a thing: nobody is named, so there is nobody to look up."""
    monkeypatch.setenv("MEMBER_COLLECT_ROLE", "breach-responder-collect")
    monkeypatch.setenv("EXTERNAL_ID", "an-external-id-of-tests")
    stack.add(incident_pk(INCIDENT_ID), INCIDENT, an_incident())
    finding = a_finding(principals=())
    stack.add(incident_pk(INCIDENT_ID), FINDING + finding.key, finding)
    yield stack
    wiring.collect_clients.cache_clear()


def test_it_traces_the_incident_of_its_sample(incident: Ledger) -> None:
    answer = tracing.handler(json.loads(SAMPLE.read_text()), Context())  # type: ignore[arg-type]
    assert (answer["nodes"], answer["edges"], answer["generation"]) == (0, 0, None)
    assert Lineages(incident).get(INCIDENT_ID) is not None
