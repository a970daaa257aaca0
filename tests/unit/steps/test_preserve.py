"""What is collected is sealed in one manifest, wherever a run dies."""

import json
from pathlib import Path

import pytest

from responder.aws.clients import Clients
from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.aws.vault import Content
from responder.domain.errors import Broken
from responder.steps.collect import CollectRequest, collect
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, NOON, REGION, a_finding, an_incident
from tests.preserving import COLLECTED_BY, World
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
        collect(
            CollectRequest(
                incident_id=INCIDENT_ID, generation=1, collector_id="memory.dump", now=NOON
            ),
            collectors={},
            incidents=Incidents(world.ledger),
            receipts=Receipts(world.ledger),
            evidence=Evidence(world.ledger),
            vault=world.vault,
            timeline=Timeline(world.ledger),
            clients=Clients(REGION),
            by=COLLECTED_BY,
            read_at=lambda: NOON,
            pause=lambda seconds: None,
        )


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
        "key": first.manifest_key,
        "version_id": first.manifest_version_id,
        "sha256": first.manifest_sha256,
    }
    assert len(second["items"]) == 4
    checks = verify_custody.check(download(tmp_path, INCIDENT_ID))
    assert verify_custody.exit_code(checks) == verify_custody.HOLDS, checks


def test_a_seal_that_dies_at_any_call_leaves_one_of_everything_after_the_next(
    world: World, tmp_path: Path
) -> None:
    world.pictures.names = ("one",)
    whole = Life()
    world.seal(life=whole)
    assert whole.calls > 20
    for ends_at in range(whole.calls):
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


def test_an_item_whose_collector_stopped_before_custody_is_linked_by_the_seal(
    world: World, tmp_path: Path
) -> None:
    life = Life()
    world.collect(life=life)
    Incidents(world.ledger).create(an_incident(id="inc-20261123-ffffffffff"), a_finding())
    for ends_at in range(life.calls):
        incident = f"inc-20261123-{ends_at + 500:010x}"
        Incidents(world.ledger).create(an_incident(id=incident), a_finding())
        with pytest.raises(DiedHereError):
            world.collect(incident=incident, life=Life(ends_at))
        world.seal(incident=incident)
        evidence = Evidence(world.ledger)
        linked = {link.subject for link in evidence.custody(incident)}
        assert {item.name for item in evidence.items(incident)} <= linked


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
