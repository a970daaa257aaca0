"""A message that nobody can read is kept where a person sees it, and stops no other."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from responder.domain.errors import ResponderError
from responder.sources import feeds
from responder_cli.drill import world
from tests.events import EVENTS
from tests.workflow.nights import Night, a_night

BROKEN = sorted((EVENTS / "broken").glob("*.json"))
NONSENSE = "x" * 1_000_000


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    """Broken messages and a good one were put into the queue together, and given up or taken."""
    with a_night(Mode="monitor", Policy="default") as night:
        sqs = night.cloud.client("sqs", account=world.HOME)
        url = night.stacks.responder.resources["IntakeQueue"]
        good = (EVENTS / "guardduty/exfiltration-s3-anomalousbehavior.json").read_text()
        for text in [*(path.read_text(encoding="utf-8") for path in BROKEN), good, NONSENSE]:
            sqs.send_message(QueueUrl=url, MessageBody=text)
        night.cloud.advance(timedelta(hours=1))
        yield night


def test_what_cannot_be_read_waits_in_the_dead_letter_queue_and_the_rest_goes_through(
    night: Night,
) -> None:
    dead = night.dead_letters()
    unreadable = [path for path in BROKEN if _problem(path) is not None]
    assert sorted(dead) == sorted(
        [*(path.read_text(encoding="utf-8") for path in unreadable), NONSENSE]
    )
    [incident] = [one for one in night.watch.incidents() if "orders-export" in one.title]
    assert night.watch.records.findings(incident.id)


def test_the_log_names_the_field_of_each_unreadable_message(night: Night) -> None:
    logs = [one.log for one in night.cloud.invocations if one.logical_id == "IntakeFunction"]
    for path in BROKEN:
        problem = _problem(path)
        if problem is not None:
            assert any(json.dumps(problem)[1:-1] in log for log in logs), (path.name, problem)


def test_nothing_is_half_written(night: Night) -> None:
    items = night.items()
    incidents = {pk for pk, sk, _ in items if sk == "INCIDENT"}
    findings = {pk for pk, sk, _ in items if sk.startswith("FINDING#")}
    assert incidents == findings
    assert {pk for pk, sk, _ in items if sk.startswith("STARTED#")} == incidents


def _problem(path: Path) -> str | None:
    """What reading it raises, in words; None for what can be read, and is recorded."""
    try:
        list(feeds.read_text(path.read_text(encoding="utf-8")))
    except ResponderError as error:
        return str(error)
    return None
