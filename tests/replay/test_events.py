"""Every saved event goes through the whole responder, in monitor mode, and none is lost."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from responder.domain.decision import Disposition, decide
from responder.domain.finding import Finding
from responder.domain.policy import DEFAULT_POLICY
from responder.domain.protection import ProtectList
from responder.sources import feeds
from responder_cli.drill import world
from tests.events import EVENTS
from tests.workflow.nights import Night, a_night

SAVED = sorted(
    path
    for feed in ("guardduty", "security-hub", "security-hub-v2")
    for path in (EVENTS / feed).glob("*.json")
)


def _findings(path: Path) -> list[Finding]:
    return list(feeds.read(json.loads(path.read_text(encoding="utf-8"))))


def _decides(finding: Finding) -> Disposition:
    return decide(finding, DEFAULT_POLICY, ProtectList(), "monitor").disposition


@pytest.fixture(
    scope="module", params=[3, pytest.param(1, marks=pytest.mark.prove)], ids=["a third", "all"]
)
def saved(request: pytest.FixtureRequest) -> list[Path]:
    """One of so many, from a random one on."""
    return SAVED[random.randrange(request.param) :: request.param]


@pytest.fixture(scope="module")
def night(saved: list[Path]) -> Iterator[Night]:
    """The saved events were delivered, and everything that they started has ended."""
    with a_night(Mode="monitor", Policy="default") as night:
        for path in saved:
            event = json.loads(path.read_text(encoding="utf-8"))
            night.cloud.deliver(event, account=world.HOME)
        night.cloud.settle()
        night.ends(at_most=timedelta(hours=6))
        yield night


def test_no_finding_is_lost_and_none_has_two_incidents(night: Night, saved: list[Path]) -> None:
    items = night.items()
    in_incidents = [body["key"] for _, sk, body in items if sk.startswith("FINDING#")]
    recorded = {body["finding"]["key"] for pk, _, body in items if pk.startswith("RECORDED#")}
    assert len(in_incidents) == len(set(in_incidents))
    for path in saved:
        for finding in _findings(path):
            assert finding.key in {*in_incidents, *recorded}, path.name
            if _decides(finding) is not Disposition.RECORD:
                assert finding.key in in_incidents, path.name
    assert night.dead_letters() == []


def test_each_incident_is_told_of_once_and_has_evidence_clocks_and_a_report(night: Night) -> None:
    incidents = night.watch.incidents()
    items = night.cloud.client("ssm", account=world.HOME).describe_ops_items(OpsItemFilters=[])
    assert len(items["OpsItemSummaries"]) == len(incidents) > 1
    for incident in incidents:
        assert night.watch.evidence.items(incident.id), incident.title
        assert night.watch.clocks.all(incident.id), incident.title
        told = [event.text for event in night.watch.timeline.events(incident.id)]
        assert any("report" in text for text in told), incident.title
    assert night.watch.failed() == []


def test_nothing_was_cut_in_monitor_mode(night: Night) -> None:
    assert night.receipts() == []
    assert (night.key_status(), night.user_policies()) == ("Active", [])
