"""The two functions, with what AWS sends them and nothing but their environment."""

import json
import logging
from collections.abc import Iterator

import boto3
import pytest

from functions.intake import app as intake
from functions.plan import app as planning
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from tests.builders import INCIDENT_ID, REGION, SHOP, a_finding, an_incident
from tests.events import STOLEN_KEY, an_event
from tests.taking_in import EVENTS, Context, a_stack, batch, failed, incidents, logged


@pytest.fixture
def stack(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    with a_stack(ledger, monkeypatch):
        yield ledger


def test_the_sample_batch_takes_in_one_and_fails_the_other(stack: Ledger) -> None:
    event = json.loads((EVENTS / "intake.json").read_text())
    answer = intake.handler(event, Context())  # type: ignore[arg-type]
    assert failed(answer) == ["00000000-0000-4000-8000-000000000002"]
    assert len(incidents(stack)) == 1


def test_what_cannot_be_read_fails_alone_names_the_field_and_writes_nothing(
    stack: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [
        "{not json",
        "x" * 1_000_000,
        an_event(accountId="1111222233334"),
        {"detail-type": "GuardDuty Finding", "source": "aws.guardduty"},
        {**an_event(), "detail-type": "Something else"},
    ]
    answer = intake.handler(batch(*bad, an_event()), Context())  # type: ignore[arg-type]
    assert failed(answer) == ["0", "1", "2", "3", "4"]
    [incident] = incidents(stack)
    keys = {item["pk"]["S"] for item in stack.client.scan(TableName=stack.table)["Items"]}
    assert all(
        key.startswith((f"INCIDENT#{incident.id}", "FINDING#", "CORRELATION#")) for key in keys
    )
    problems = [log["problem"] for log in logged(caplog) if log["message"] == "not taken in"]
    assert len(problems) == 5
    assert problems[2] == "field detail.accountId: 12 digits are wanted"
    assert problems[3].startswith("field detail: ")
    assert problems[4].startswith("field detail-type: ")


def test_a_batch_of_nothing_but_nonsense_fails_message_by_message(stack: Ledger) -> None:
    assert failed(intake.handler(batch("a", "b"), Context())) == ["0", "1"]  # type: ignore[arg-type]
    assert stack.client.scan(TableName=stack.table)["Count"] == 0


def test_logs_hold_ids_and_no_content(stack: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    intake.handler(batch(an_event(STOLEN_KEY)), Context())  # type: ignore[arg-type]
    text = json.dumps(logged(caplog))
    assert incidents(stack)[0].id in text
    for secret in ("203.0.113.7", "AKIAEXAMPLEEXAMPLE00", "orders-export", "anomalously"):
        assert secret not in text


def test_an_unreadable_policy_lets_findings_in_and_stops_the_plan(stack: Ledger) -> None:
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="policy", Value="rules: [", Type="String", Overwrite=True
    )
    assert failed(intake.handler(batch(an_event(severity=2)), Context())) == []  # type: ignore[arg-type]
    [incident] = incidents(stack)
    request = {"incident_id": incident.id, "generation": 1, "now": "2026-11-23T12:00:00Z"}
    with pytest.raises(Exception, match="policy, line 1"):
        planning.handler(request, Context())  # type: ignore[arg-type]
    assert Incidents(stack).orders(incident.id) == []


def test_the_sample_plan_is_planned(stack: Ledger) -> None:
    Incidents(stack).create(an_incident(), a_finding())
    event = json.loads((EVENTS / "plan.json").read_text())
    assert event["incident_id"] == INCIDENT_ID
    answer = planning.handler(event, Context())  # type: ignore[arg-type]
    assert [(order["mode"], order["held"]) for order in answer["orders"]] == [
        ("automatic", False),
        ("automatic", False),
    ]
    assert json.dumps(answer)


def test_from_the_event_to_the_plan(stack: Ledger) -> None:
    intake.handler(batch(an_event(), an_event()), Context())  # type: ignore[arg-type]
    [incident] = incidents(stack)
    request = {"incident_id": incident.id, "generation": 1, "now": "2026-11-23T12:00:00Z"}
    planning.handler(request, Context())  # type: ignore[arg-type]
    orders = Incidents(stack).orders(incident.id)
    assert {order.action_id for order in orders} == {"iam.deny_user", "iam.deactivate_key"}
    assert {order.resource for order in orders} == {f"arn:aws:iam::{SHOP}:user/orders-export"}
