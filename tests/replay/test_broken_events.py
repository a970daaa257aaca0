"""A message that nobody can read is kept where a person sees it, and stops no other.

One whose every string is an attack can be read, and the whole responder comes to its end with it.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.domain.errors import ResponderError
from responder.sources import feeds
from responder_cli.drill import world
from responder_cli.drill.evidence import custody_holds
from tests.events import EVENTS
from tests.hostile.attacked import about_another, an_event_of, chunks
from tests.hostile.looking import UNSEEN, Tags, as_a_console_shows, of_a_line
from tests.workflow.nights import Night, a_night

BROKEN = sorted((EVENTS / "broken").glob("*.json"))
GOOD = (EVENTS / "guardduty/exfiltration-s3-anomalousbehavior.json").read_text(encoding="utf-8")
NONSENSE = "x" * 1_000_000
ATTACKS = [about_another(json.dumps(an_event_of(text)), n) for n, text in enumerate(chunks())]


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    """Broken messages and a good one were put into the queue together, and given up or taken."""
    with a_night(Mode="monitor", Policy="default") as night:
        sqs = night.cloud.client("sqs", account=world.HOME)
        url = night.stacks.responder.resources["IntakeQueue"]
        for text in [
            *(path.read_text(encoding="utf-8") for path in BROKEN),
            GOOD,
            NONSENSE,
            *ATTACKS,
        ]:
            sqs.send_message(QueueUrl=url, MessageBody=text)
        night.cloud.advance(timedelta(hours=1))
        night.ends()
        yield night


def test_what_cannot_be_read_waits_in_the_dead_letter_queue_and_the_rest_goes_through(
    night: Night,
) -> None:
    dead = night.dead_letters()
    unreadable = [path for path in BROKEN if _problem(path) is not None]
    assert sorted(dead) == sorted(
        [*(path.read_text(encoding="utf-8") for path in unreadable), NONSENSE]
    )
    [finding] = feeds.read_text(GOOD)
    assert finding.key in {found for _, found in _findings(night)}


def test_the_log_names_the_field_of_each_unreadable_message(night: Night) -> None:
    logs = [one.log for one in night.cloud.invocations if one.logical_id == "IntakeFunction"]
    for path in BROKEN:
        problem = _problem(path)
        if problem is not None:
            assert any(json.dumps(problem)[1:-1] in log for log in logs), (path.name, problem)


def test_an_incident_of_nothing_but_attacks_is_told_of_sealed_and_reported(night: Night) -> None:
    keys = {finding.key for text in ATTACKS for finding in feeds.read_text(text)}
    incidents = {incident_id for incident_id, key in _findings(night) if key in keys}
    assert {key for _, key in _findings(night)} >= keys
    assert night.watch.failed() == []
    for incident_id in incidents:
        holds, seen = custody_holds(night.cloud, _bucket(night), incident_id)
        assert holds, seen
        [page] = _reports(night, incident_id)
        tags = {tag for tag, _ in Tags(page).found}
        assert not tags & {"script", "img", "iframe", "form", "base", "link", "object"}
        assert not UNSEEN.search(page.replace("\n", ""))
    items = _ops_items(night)
    assert len(items) == len(night.watch.incidents())
    for item in items:
        of_a_line(item["Title"], 200)
        assert as_a_console_shows(item["Description"]) <= {"ul", "li", "strong", "code"}
        for entry in item["OperationalData"].values():
            of_a_line(entry["Value"], 5_100)


def test_nothing_is_half_written(night: Night) -> None:
    items = night.items()
    incidents = {pk for pk, sk, _ in items if sk == "INCIDENT"}
    findings = {pk for pk, sk, _ in items if sk.startswith("FINDING#")}
    assert incidents == findings
    assert {pk for pk, sk, _ in items if sk.startswith("STARTED#")} == incidents


def _findings(night: Night) -> set[tuple[str, str]]:
    """Each finding on record, with its incident."""
    return {
        (pk.removeprefix("INCIDENT#"), body["key"])
        for pk, sk, body in night.items()
        if pk.startswith("INCIDENT#") and sk.startswith("FINDING#")
    }


def _bucket(night: Night) -> str:
    return night.stacks.vault.outputs["EvidenceBucketName"]


def _reports(night: Night, incident_id: str) -> list[str]:
    s3 = night.cloud.client("s3", account=world.HOME)
    found = s3.list_objects_v2(Bucket=_bucket(night), Prefix=f"{incident_id}/report/")["Contents"]
    pages = [s3.get_object(Bucket=_bucket(night), Key=one["Key"])["Body"].read() for one in found]
    return [page.decode() for page in pages]


def _ops_items(night: Night) -> list[Any]:
    ssm = night.cloud.client("ssm", account=world.HOME)
    found = ssm.describe_ops_items(OpsItemFilters=[])["OpsItemSummaries"]
    return [ssm.get_ops_item(OpsItemId=one["OpsItemId"])["OpsItem"] for one in found]


def _problem(path: Path) -> str | None:
    """What reading it raises, in words; None for what can be read, and is recorded."""
    try:
        list(feeds.read_text(path.read_text(encoding="utf-8")))
    except ResponderError as error:
        return str(error)
    return None
