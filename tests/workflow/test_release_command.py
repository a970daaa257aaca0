"""`responder release`, run by the on-call engineer against the deployed stack."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import Result

from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

CUT_ALL = json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})


@pytest.fixture(scope="module")
def cut() -> Iterator[Night]:
    with a_night(Policy=CUT_ALL) as night:
        night.send("GuardDuty Finding")
        night.ends()
        yield night


def run(night: Night, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    return night.types(monkeypatch, "release", *words, "--reason", "it was our export")


@pytest.mark.prove
def test_an_incident_is_put_back_and_the_leaked_key_stays_off(
    cut: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = cut.watch.incidents()
    result = run(cut, monkeypatch, incident.id, "--json")
    assert result.exit_code == 1
    answer: dict[str, Any] = json.loads(result.stdout)
    names = [one["resource"].rpartition("/")[2] for one in answer["released"]]
    assert world.USER in names
    assert ["stays off" in one["why"] for one in answer["left"]] == [True]
    assert (cut.key_status(), cut.user_policies()) == ("Inactive", [])
    released = [r for r in cut.receipts() if r.status is ReceiptStatus.RELEASED]
    assert {r.released_by for r in released} == {
        f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
    }


def test_who_says_that_the_key_never_was_out_gets_it_back(
    cut: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = cut.watch.incidents()
    [key] = [r.order for r in cut.receipts() if r.order.action_id == "iam.deactivate_key"]
    result = run(cut, monkeypatch, incident.id, key.order_id, "--key-was-never-out")
    assert result.exit_code == 0
    assert "put back" in result.stdout
    assert cut.key_status() == "Active"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["inc-20990101-0000000000"], "has cut nothing"),
        (["not-an-incident"], "incident_id"),
        (["inc-20990101-0000000000", "--stack", "nowhere"], "nowhere does not exist"),
        (["inc-20990101-0000000000", "--stack", "evidence-vault"], "no output"),
    ],
)
def test_what_cannot_be_asked_is_named_and_changes_nothing(
    cut: Night, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    before = cut.items()
    result = run(cut, monkeypatch, *words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert cut.items() == before
