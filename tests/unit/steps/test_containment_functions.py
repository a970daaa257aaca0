"""The four functions on their sample events, with nothing but what the template tells them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.contain import app as containing
from functions.leave import app as leaving
from functions.release import app as releasing
from functions.verify import app as verifying
from responder import wiring
from responder.aws.ledger import Ledger
from responder.domain.errors import Refused
from responder.domain.order import ReceiptStatus
from responder.steps.verify import APART
from tests.builders import REGION, SHOP, a_user, an_order
from tests.containing import DENY_ALL, World, a_small_member_account, simulating
from tests.taking_in import Context

EVENTS = Path(__file__).parents[3] / "events/steps"


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """What the template makes for the four functions, and the order of the samples."""
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="protect", Value='["break-glass-*"]', Type="String"
    )
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="/breach-responder/stop", Value="go", Type="String"
    )
    told = {
        "TABLE_NAME": ledger.table,
        "STACK_NAME": "breach-responder",
        "MODE": "respond",
        "MEMBER_CONTAIN_ROLE": "breach-responder-contain",
        "EXTERNAL_ID": "an-external-id-of-16",
        "PROTECT_PARAMETER": "protect",
        "STOP_PARAMETER": "/breach-responder/stop",
        "PAGER_TOPIC_ARN": boto3.client("sns", region_name=REGION).create_topic(Name="pager")[
            "TopicArn"
        ],
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    _forget()
    simulating(wiring.contain_clients().iam(SHOP))
    world = World(ledger)
    world.planned(an_order(principal=a_user()))
    yield world
    _forget()


def _forget() -> None:
    for built in vars(wiring).values():
        if hasattr(built, "cache_clear"):
            built.cache_clear()


def run(app: Any, verb: str, **given: Any) -> Any:
    event = json.loads((EVENTS / f"{verb}.json").read_text()) | given
    answer = app.handler(event, Context())
    assert json.dumps(answer)
    return answer


def test_from_the_cut_through_the_reads_to_the_undo(world: World) -> None:
    untouched = world.shop.standing()
    assert run(containing, "contain")["status"] == "applied"
    assert DENY_ALL in world.shop.standing()["attached"]
    cut_at = datetime.now(UTC)
    verdicts = [
        run(verifying, "verify", now=(cut_at + wait).isoformat())["verdict"]
        for wait in (APART, 2 * APART)
    ]
    assert verdicts == ["read-again", "contained"]
    assert run(leaving, "leave")["status"] == "contained"
    assert run(releasing, "release")["status"] == "released"
    assert world.shop.standing() == untouched
    with pytest.raises(Refused):
        run(containing, "contain")
    assert world.shop.standing() == untouched


def test_what_is_left_is_left_in_the_words_of_the_sample(world: World) -> None:
    answer = run(leaving, "leave")
    assert answer["status"] == ReceiptStatus.LEFT.value
    assert "is on the protect list (orders-*)" in answer["note"]


def test_the_protect_parameter_is_read_anew_before_each_cut(world: World) -> None:
    untouched = world.shop.standing()
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name="protect", Value='["orders-*"]', Type="String", Overwrite=True
    )
    with pytest.raises(Refused, match="on the protect list"):
        run(containing, "contain")
    assert world.shop.standing() == untouched


def test_monitor_mode_in_the_environment_cuts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    untouched = world.shop.standing()
    monkeypatch.setenv("MODE", "monitor")
    _forget()
    with pytest.raises(Refused, match="monitor mode"):
        run(containing, "contain")
    assert world.shop.standing() == untouched
