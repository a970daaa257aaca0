"""The four functions, with what AWS sends them and nothing but their environment."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine

from functions.assess import app as assessing
from functions.record import app as recording
from functions.sweep import app as sweeping
from functions.tick import app as ticking
from responder import wiring
from responder.aws.clocks import Clocks
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.domain.clock import ClockState, Standing
from responder.domain.errors import Refused
from tests.builders import INCIDENT_ID, REGION, a_finding, an_incident
from tests.taking_in import Context
from tests.unit.steps.counsel import Office

EVENTS = Path(__file__).parents[3] / "events/steps"


CONTEXT: Any = Context()


@pytest.fixture
def stack(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """What the template makes for the four functions."""
    sns = boto3.client("sns", region_name=REGION)
    told = {
        "TABLE_NAME": ledger.table,
        "STACK_NAME": "breach-responder",
        "JURISDICTIONS": "US-CA,US-NY,US-TX",
        "PAGER_TOPIC_ARN": sns.create_topic(Name="pager")["TopicArn"],
        "ESCALATION_TOPIC_ARN": sns.create_topic(Name="escalation")["TopicArn"],
        "TRACKER_MACHINE_ARN": Office(ledger).trackers.arn,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    _forget()
    Incidents(ledger).create(an_incident(), a_finding())
    yield ledger
    _forget()


def _forget() -> None:
    for built in vars(wiring).values():
        if hasattr(built, "cache_clear"):
            built.cache_clear()


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return loaded


def clocks(ledger: Ledger) -> dict[str, Any]:
    return {clock.clock_id: clock for clock in Clocks(ledger).all(INCIDENT_ID)}


def test_the_samples_go_from_the_first_clock_to_counsels_facts(stack: Ledger) -> None:
    assert assessing.handler(sample("assess"), CONTEXT) == {"clocks": 10}
    assert ticking.handler(sample("tick"), CONTEXT) == {
        "running": True,
        "next_at": "2026-11-24T12:00:05Z",
    }
    swept = sweeping.handler(sample("sweep"), CONTEXT)
    assert (swept["incidents"], swept["trackers"]) == (0, 1)
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        answer = recording.handler(sample("record"), CONTEXT)
    assert answer["recorded"].startswith("2026-11-25T12:00:00")
    assert json.dumps(answer)
    dated = [clock for clock in clocks(stack).values() if clock.due_at is not None]
    assert {clock.standing for clock in dated} == {Standing.CONFIRMED}


def test_the_sweep_without_a_time_goes_by_its_own(stack: Ledger) -> None:
    assessing.handler(sample("assess"), CONTEXT)
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        swept = sweeping.handler({}, CONTEXT)
        assert (swept["incidents"], swept["trackers"]) == (1, 1)
    assert clocks(stack)["us-ca-individuals"].state is ClockState.MISSED


def test_what_counsel_mistyped_is_refused_by_field_and_nothing_is_kept(stack: Ledger) -> None:
    assessing.handler(sample("assess"), CONTEXT)
    before = stack.client.scan(TableName=stack.table)["Count"]
    with pytest.raises(Refused, match=r"field residents\.US-CA"):
        recording.handler(sample("record") | {"residents": {"US-CA": "1200"}}, CONTEXT)
    assert stack.client.scan(TableName=stack.table)["Count"] == before


def test_logs_hold_ids_and_fields_and_not_what_was_said(
    stack: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assessing.handler(sample("assess"), CONTEXT)
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        recording.handler(sample("record"), CONTEXT)
    formatter = recording.logger.registered_formatter
    ours = [record for record in caplog.records if record.name == recording.logger.name]
    text = " ".join(str(formatter.format(record)) for record in ours)
    assert INCIDENT_ID in text
    assert "residents" in text
    for private in ("counsel@example.com", "1200"):
        assert private not in text
