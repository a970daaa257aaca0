"""The three functions of an approval, with the inputs of their states and their environment."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.approve import app as approving
from functions.ask import app as asks
from functions.expire import app as expiring
from responder import wiring
from responder.aws.ledger import Ledger
from tests.asking import APPROVERS, DOCUMENT, Asking
from tests.builders import REGION
from tests.consoles import TOPIC_ARN
from tests.taking_in import Context

EVENTS = Path(__file__).parents[3] / "events/steps"


@pytest.fixture
def asking(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """What the template makes for the three functions, with our console in place of AWS's."""
    told = {
        "TABLE_NAME": ledger.table,
        "STACK_NAME": "breach-responder",
        "MODE": "respond",
        "APPROVAL_DOCUMENT": DOCUMENT,
        "APPROVERS": ",".join(APPROVERS),
        "RELEASE_FUNCTION": "breach-responder-ReleaseFunction-0A1B2C3D4",
        "PAGER_TOPIC_ARN": TOPIC_ARN,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    _forget()
    world = Asking(ledger)
    clients = wiring.home_clients()
    clients._home |= {
        ("ssm", REGION): world.console,
        ("stepfunctions", REGION): world.executions,
        ("sns", REGION): world.topic,
    }
    yield world
    _forget()


def _forget() -> None:
    for built in vars(wiring).values():
        if hasattr(built, "cache_clear"):
            built.cache_clear()


def call(app: Any, asking: Asking, verb: str, **given: Any) -> dict[str, Any]:
    event = json.loads((EVENTS / f"{verb}.json").read_text())
    if "order_id" in event:
        event["order_id"] = asking.order.order_id
    answer: dict[str, Any] = app.handler(event | given, Context())
    json.dumps(answer)
    return answer


def test_asked_approved_and_handed_in_without_a_word_of_the_token(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asking.executions.open = {"a-secret-token"}
    asked = call(asks, asking, "ask", task_token="a-secret-token")
    asking.console.decide()
    answered = call(
        approving,
        asking,
        "approve",
        approval_id=asked["approval_id"],
        automation_id=asked["automation_id"],
    )
    assert (answered["status"], answered["verdict"]) == ("approved", "counts")
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskSuccess"]
    ours = [one for one in caplog.records if one.name == asks.logger.name]
    assert [one.message for one in ours] == ["asked", "answered"]
    logged = "".join(asks.logger.registered_formatter.format(one) for one in ours)
    assert asking.order.order_id in logged
    assert "a-secret-token" not in logged + json.dumps([asked, answered])


def test_asked_and_expired(asking: Asking) -> None:
    call(asks, asking, "ask")
    assert call(expiring, asking, "expire") == {"proceed": False, "status": "expired"}
    assert len(asking.topic.messages) == 1
