"""What is collected is sealed in one manifest, wherever a run dies."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.progress import Progress
from responder.aws.vault import Content
from responder.collectors import COLLECTORS
from responder.domain.errors import Broken
from responder.domain.manifest import Part
from responder.steps.collect import MAX_LENGTH, MAX_ROUNDS
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, NOON, a_finding, an_incident
from tests.preserving import COLLECTED_BY, SEALED_BY, World
from tests.vaults import DiedHereError, Life, download, versions


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def test_collecting_answers_with_names_and_gaps_and_keeps_the_bytes(world: World) -> None:
    answer = world.collect()
    assert answer.evidence == ["iam.principal/0001/one", "iam.principal/0001/two"]
    assert answer.gaps == ["one is blurred", "dark", "two is blurred"]
    assert sorted(versions().values()) == [b"look 1", b"look 2"]


def test_collecting_again_keeps_the_first_look(world: World) -> None:
    world.collect()
    assert world.collect().evidence == ["iam.principal/0001/one", "iam.principal/0001/two"]
    assert sorted(versions().values()) == [b"look 1", b"look 2"]


def test_a_collector_nobody_has_is_broken(world: World) -> None:
    with pytest.raises(Broken, match=r"no collector memory\.dump"):
        world.collect(collector_id="memory.dump")


def test_what_no_finding_calls_for_is_not_looked_at(world: World) -> None:
    world.pictures.KINDS = ("Instance",)
    assert world.collect().evidence == []
    assert world.pictures.looks == 0


def test_what_takes_several_runs_goes_on_where_the_last_one_stopped(world: World) -> None:
    world.pictures.names, world.pictures.each_run = ("one", "two", "three"), 1
    world.pictures.waits = timedelta(minutes=5)
    answers = [world.collect() for _ in range(3)]
    assert [answer.more for answer in answers] == [True, True, False]
    assert [answer.wait_seconds for answer in answers[:2]] == [300, 300]
    assert [answer.evidence for answer in answers] == [
        ["iam.principal/0001/one"],
        ["iam.principal/0001/two"],
        ["iam.principal/0001/three"],
    ]
    assert sorted(versions().values()) == [b"look 1", b"look 2", b"look 3"]


def test_a_run_that_dies_at_any_call_is_taken_up_without_a_loss_or_a_second_copy(
    world: World,
) -> None:
    world.pictures.names, world.pictures.each_run = ("one", "two"), 1
    whole = Life()
    world.collect(life=whole)
    for ends_at in range(whole.calls):
        incident = f"inc-20261123-{ends_at + 900:010x}"
        Incidents(world.ledger).create(an_incident(id=incident), a_finding())
        with pytest.raises(DiedHereError):
            world.collect(incident=incident, life=Life(ends_at))
        while world.collect(incident=incident).more:
            pass
        names = [item.name for item in Evidence(world.ledger).items(incident)]
        assert names == ["iam.principal/0001/one", "iam.principal/0001/two"]
        assert len(versions(f"{incident}/")) == 2


def test_a_generation_begins_anew(world: World) -> None:
    world.pictures.each_run = 1
    world.collect()
    assert world.collect(generation=2).evidence == ["iam.principal/0002/one"]


@pytest.mark.parametrize(("asked", "waits"), [(timedelta(), 1), (timedelta(days=365), 1800)])
def test_no_wait_is_shorter_than_a_second_or_longer_than_half_an_hour(
    world: World, asked: timedelta, waits: int
) -> None:
    world.pictures.names, world.pictures.each_run, world.pictures.waits = ("one", "two"), 1, asked
    assert world.collect().wait_seconds == waits


def test_who_comes_often_is_asked_to_come_later(world: World) -> None:
    world.pictures.names, world.pictures.each_run = tuple("abcdef"), 1
    assert [world.collect().wait_seconds for _ in range(4)] == [1, 5, 10, 15]


WAITING = [one for one in COLLECTORS if hasattr(one, "AT_MOST")]


@pytest.mark.parametrize("collector", WAITING, ids=lambda one: one.ID)
def test_who_waits_for_aws_comes_again_after_the_longest_it_waits(
    world: World, collector: Any
) -> None:
    """Else what it said it would tell then is never told."""
    world.pictures.each_run, world.pictures.waits = 0, collector.ASK_AGAIN
    now, rounds = NOON, 0
    while now - NOON <= collector.AT_MOST:
        now, rounds = now + timedelta(seconds=world.collect(now=now).wait_seconds), rounds + 1
    assert rounds <= MAX_ROUNDS
    assert now - NOON < MAX_LENGTH
    world.pictures.each_run = None
    assert not world.collect(now=now).more


def test_those_that_wait_for_aws_are_known() -> None:
    assert {"ec2.memory", "ec2.snapshots", "ec2.snapshot_copies", "rds.snapshots"} == {
        one.ID for one in WAITING
    }


@pytest.mark.parametrize("bound", ["runs", "hours"])
def test_who_never_ends_is_ended_and_what_it_kept_stays(world: World, bound: str) -> None:
    world.pictures.names, world.pictures.each_run = ("one", "two", "three"), 1
    world.collect()
    if bound == "runs":
        progress = Progress(world.ledger)
        stand = progress.of(INCIDENT_ID, 1, world.pictures.ID, at=NOON)
        progress.go_on(replace(stand, rounds=MAX_ROUNDS - 1), stand.bookmark)
    with pytest.raises(Broken, match="had more to collect after"):
        world.collect(now=NOON + MAX_LENGTH if bound == "hours" else NOON)
    names = [item.name for item in Evidence(world.ledger).items(INCIDENT_ID)]
    assert names == ["iam.principal/0001/one", "iam.principal/0001/two"]


def by_folder(name: str) -> list[bytes]:
    kept = versions(f"{INCIDENT_ID}/{name}/")
    return [kept[one] for one in sorted(kept)]


def test_a_manifest_lists_each_item_with_its_version_hash_gaps_and_who_put_it_there(
    world: World,
) -> None:
    world.collect()
    manifest = world.manifest(world.seal())
    kept = versions()
    assert [item["name"] for item in manifest["items"]] == [
        "iam.principal/0001/one",
        "iam.principal/0001/two",
    ]
    for item in manifest["items"]:
        body = kept[item["key"], item["version_id"]]
        assert Content(body, "", "").sha256 == item["sha256"]
        assert item["size_bytes"] == len(body)
        assert item["by"] == COLLECTED_BY
        assert "dark" in item["gaps"]
    assert manifest["predecessor"] is None
    assert manifest["custody_head"]["sequence"] == 2


def test_failed_and_silent_collectors_are_named_in_the_manifest(world: World) -> None:
    cause = json.dumps({"errorMessage": "IAM said no", "errorType": "Broken", "stackTrace": []})
    failed = {
        "incident_id": INCIDENT_ID,
        "generation": 1,
        "collector_id": "iam.principal",
        "failure": {"Error": "Broken", "Cause": cause},
    }
    manifest = world.manifest(world.seal(collected=[failed]))
    assert manifest["uncollected"] == [
        {"collector_id": "iam.principal", "error": "Broken", "cause": "IAM said no"},
        {
            "collector_id": "memory.dump",
            "error": "never ran",
            "cause": "the machine reported nothing of it",
        },
    ]
    assert manifest["items"] == []


def test_failed_captures_are_in_the_custody_log_too(world: World) -> None:
    failed = {"collector_id": "iam.principal", "failure": {"Error": "Broken", "Cause": "no"}}
    world.seal(collected=[failed, {"collector_id": "memory.dump"}])
    world.seal(collected=[failed, {"collector_id": "memory.dump"}])
    [link, _] = Evidence(world.ledger).custody(INCIDENT_ID)
    assert (link.event, link.subject) == ("not collected", "iam.principal/0001")
    assert (link.detail, link.by) == ("Broken: no", SEALED_BY)


def test_copies_are_sealed_by_themselves_whichever_ends_first(world: World, tmp_path: Path) -> None:
    world.pictures.COPIES = frozenset({"ec2:CreateSnapshots"})
    world.collect()
    world.seal(part=Part.COPIES)
    world.seal()
    manifests = sorted(map(json.loads, by_folder("manifest")), key=lambda one: one["part"])[::-1]
    assert [one["part"] for one in manifests] == ["reads", "copies"]
    assert [one["expected_collectors"] for one in manifests] == [
        ["memory.dump"],
        ["iam.principal"],
    ]
    checks = verify_custody.check(download(tmp_path, INCIDENT_ID))
    assert verify_custody.exit_code(checks) == verify_custody.HOLDS, checks


def test_sealing_twice_is_one_manifest_and_one_signature(world: World) -> None:
    world.collect()
    first = world.seal()
    before = versions()
    assert world.seal() == first
    assert versions() == before


def test_a_later_generation_names_the_manifest_before_it_and_holds_everything(
    world: World, tmp_path: Path
) -> None:
    world.collect()
    first = world.seal()
    world.collect(generation=2)
    second = world.manifest(world.seal(generation=2))
    assert second["predecessor"] == {
        "generation": 1,
        "part": "reads",
        "key": first.manifest_key,
        "version_id": first.manifest_version_id,
        "sha256": first.manifest_sha256,
    }
    assert len(second["items"]) == 4
    checks = verify_custody.check(download(tmp_path, INCIDENT_ID))
    assert verify_custody.exit_code(checks) == verify_custody.HOLDS, checks


@pytest.mark.parametrize("one_of", [4, pytest.param(1, marks=pytest.mark.prove)])
def test_a_seal_that_dies_at_any_call_leaves_one_of_everything_after_the_next(
    world: World, tmp_path: Path, one_of: int
) -> None:
    world.pictures.names = ("one",)
    whole = Life()
    world.seal(life=whole)
    assert whole.calls > 20
    for ends_at in range(random.randrange(one_of), whole.calls, one_of):
        incident = f"inc-20261123-{ends_at:010x}"
        Incidents(world.ledger).create(an_incident(id=incident), a_finding())
        world.collect(incident=incident)
        with pytest.raises(DiedHereError):
            world.seal(incident=incident, life=Life(ends_at))
        answer = world.seal(incident=incident)
        kept = sorted(key.split("/")[1] for key, _ in versions(f"{incident}/"))
        assert kept == ["custody", "iam.principal", "manifest", "public-key", "signature"]
        assert world.manifest(answer)["incident_id"] == incident
        checks = verify_custody.check(download(tmp_path / incident, incident))
        assert verify_custody.exit_code(checks) == verify_custody.HOLDS, checks


def test_an_item_is_on_record_with_its_link_or_not_at_all(world: World) -> None:
    """Whoever seals did not collect it, and never has to say so."""
    life, evidence = Life(), Evidence(world.ledger)
    world.collect(life=life)
    for ends_at in range(life.calls):
        incident = f"inc-20261123-{ends_at + 500:010x}"
        Incidents(world.ledger).create(an_incident(id=incident), a_finding())
        with pytest.raises(DiedHereError):
            world.collect(incident=incident, life=Life(ends_at))
        manifest = world.manifest(world.seal(incident=incident))
        assert {item["by"] for item in manifest["items"]} <= {COLLECTED_BY}
        linked = [one.subject for one in evidence.custody(incident) if one.event == "collected"]
        assert linked == [item.name for item in evidence.items(incident)]


def test_the_seal_leaves_its_papers_beside_the_evidence(world: World) -> None:
    world.collect()
    world.seal()
    papers = Evidence(world.ledger).items(INCIDENT_ID, Shelf.SEAL)
    assert [paper.name.split("/")[0] for paper in papers] == [
        "custody",
        "manifest",
        "public-key",
        "signature",
    ]
