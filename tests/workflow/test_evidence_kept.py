"""What becomes of evidence once it is in the vault: it is held, hashed again, and read."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import Result

from responder.aws.evidence import Evidence, Shelf
from responder.aws.holds import Holds, VersionHolds
from responder.domain.custody import HELD, HOLD_LIFTED, READ, REHASHED, verify_chain
from responder_cli import verify_custody
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night
from tests.workflow.test_generations import ASKS_THEN_CUTS, EXFILTRATION, SEQUENCE, comes, found

WHY = "preservation letter of 23 November"


@pytest.fixture(scope="module")
def kept() -> Iterator[Night]:
    """An incident of one finding, whose evidence is in the vault; a worse one is to come."""
    with a_night(Policy=ASKS_THEN_CUTS) as night:
        comes(night, found(night, EXFILTRATION))
        night.ends()
        yield night


def run(night: Night, monkeypatch: pytest.MonkeyPatch, *words: str, role: str) -> Result:
    [incident] = night.watch.incidents()
    told = ["hold", incident.id, "--reason", WHY, "--json", *words]
    return night.types(monkeypatch, *told, role=role)


def legal_holds(night: Night) -> list[bool]:
    """Whether each version on record is held."""
    [incident] = night.watch.incidents()
    versions = VersionHolds(world.HOME, night.cloud.client("s3", account=world.HOME))
    evidence = Evidence(night.watch.receipts.ledger)
    return [versions.is_on(one) for shelf in Shelf for one in evidence.items(incident.id, shelf)]


def test_what_is_put_after_the_hold_began_is_held_within_the_hour(
    kept: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = run(kept, monkeypatch, role=world.ON_CALL)
    assert held.exit_code == 0, held.output
    answer: dict[str, Any] = json.loads(held.stdout)
    assert (answer["in_force"], answer["left"]) == (True, 0)
    assert len(legal_holds(kept)) == answer["objects"]
    comes(kept, found(kept, SEQUENCE))
    kept.ends()
    assert len(legal_holds(kept)) > answer["objects"]
    kept.watch.until(lambda: set(legal_holds(kept)) == {True}, at_most=timedelta(hours=1))


def test_only_counsel_ends_a_hold_and_it_is_told(
    kept: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = kept.watch.incidents()
    ledger = kept.watch.receipts.ledger
    assert run(kept, monkeypatch, role=world.ON_CALL).exit_code == 0
    refused = run(kept, monkeypatch, "--lift", role=world.ON_CALL)
    assert refused.exit_code == 2
    assert "AccessDenied" in refused.stderr
    assert set(legal_holds(kept)) == {True}
    assert Holds(ledger).in_force(incident.id)

    lifted = run(kept, monkeypatch, "--lift", role=world.COUNSEL)
    assert lifted.exit_code == 0, lifted.output
    assert json.loads(lifted.stdout)["in_force"] is False
    assert set(legal_holds(kept)) == {False}
    assert not Holds(ledger).in_force(incident.id)
    chain = Evidence(ledger).custody(incident.id)
    told = [(one.event, one.detail) for one in chain if one.event in (HELD, HOLD_LIFTED)]
    assert told == [(HELD, WHY), (HOLD_LIFTED, WHY)]
    assert verify_chain(chain) is None


def test_every_version_is_read_and_found_as_recorded_by_the_one_role_that_may(kept: Night) -> None:
    [incident] = kept.watch.incidents()
    client = kept.cloud.client("lambda", account=world.HOME)
    answer = client.invoke(
        FunctionName=kept.stacks.responder.outputs["RehashFunctionName"],
        Payload=json.dumps({"incident_id": incident.id}).encode(),
    )
    assert json.loads(answer["Payload"].read()) == {"incidents": 1, "ended": 1, "wrong": 0}
    chain = Evidence(kept.watch.receipts.ledger).custody(incident.id)
    [link] = [one for one in chain if one.event == REHASHED]
    assert link.detail.startswith(f"{len(legal_holds(kept))} versions (")
    assert link.detail.endswith("0 in archive and not read; 0 not as recorded")
    assert "RehashFunction" in link.by


def test_an_investigator_takes_it_out_with_a_purpose_and_it_verifies(
    kept: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [incident] = kept.watch.incidents()
    evidence = Evidence(kept.watch.receipts.ledger)
    before = len(evidence.custody(incident.id))
    told = ["evidence", incident.id, "--purpose", WHY, "--out", str(tmp_path), "--json"]
    result = kept.types(monkeypatch, *told, role=world.INVESTIGATOR)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["files"] == len(legal_holds(kept))
    checks = verify_custody.check(tmp_path / incident.id)
    assert verify_custody.exit_code(checks) == verify_custody.HOLDS
    assert (tmp_path / "verify_custody.py").is_file()
    read = [one for one in evidence.custody(incident.id)[before:] if one.event == READ]
    assert [(one.subject, one.detail) for one in read] == [(incident.id, WHY)]
    assert ":assumed-role/investigator/" in read[0].by


def test_who_is_no_investigator_gets_nothing_but_the_custody_log_knows_who_asked(
    kept: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [incident] = kept.watch.incidents()
    told = ["evidence", incident.id, "--purpose", "curious", "--out", str(tmp_path), "--json"]
    result = kept.types(monkeypatch, *told)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["files"] == 0
    assert {"AccessDenied" in one["why"] for one in answer["failed"]} == {True}
    assert [path for path in (tmp_path / incident.id).rglob("*") if path.is_file()] == []
    chain = Evidence(kept.watch.receipts.ledger).custody(incident.id)
    assert (chain[-1].event, chain[-1].detail) == (READ, "curious")


@pytest.mark.parametrize("role", [world.ADMINISTRATOR, world.CUSTODIAN])
def test_no_administrator_ends_a_hold(kept: Night, role: str) -> None:
    s3 = kept.cloud.role("s3", role_arn=role, session_name="mallory", region=world.REGION)
    [incident] = kept.watch.incidents()
    one = Evidence(kept.watch.receipts.ledger).items(incident.id)[0]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_legal_hold(
            Bucket=one.bucket,
            Key=one.key,
            VersionId=one.version_id,
            LegalHold={"Status": "OFF"},
        )


def test_what_is_there_is_kept_and_what_is_not_as_recorded_is_told_and_set_aside(
    kept: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [incident] = kept.watch.incidents()
    ledger = kept.watch.receipts.ledger
    told = ["evidence", incident.id, "--purpose", WHY, "--out", str(tmp_path)]
    assert kept.types(monkeypatch, *told, role=world.INVESTIGATOR).exit_code == 0
    first, second = Evidence(ledger).items(incident.id)[:2]
    (tmp_path / first.key).write_bytes(b"changed in the folder")
    untouched = (tmp_path / second.key).stat().st_mtime_ns
    assert kept.types(monkeypatch, *told, role=world.INVESTIGATOR).exit_code == 0
    assert len((tmp_path / first.key).read_bytes()) == first.size_bytes
    assert (tmp_path / second.key).stat().st_mtime_ns == untouched

    for item, change in ((first, {"sha256": "0" * 64}), (second, {"key": f"{incident.id}/../x"})):
        stored = ledger.get(f"INCIDENT#{incident.id}", f"EVIDENCE#{item.name}")
        assert stored is not None
        ledger.replace(stored, item.model_copy(update=change))
    result = kept.types(monkeypatch, *told, "--json", role=world.INVESTIGATOR)
    for item in (first, second):  # others look at this night too, in whichever order
        stored = ledger.get(f"INCIDENT#{incident.id}", f"EVIDENCE#{item.name}")
        assert stored is not None
        ledger.replace(stored, item)
    assert result.exit_code == 1
    why = {one["name"]: one["why"] for one in json.loads(result.stdout)["failed"]}
    assert "is not as recorded" in why[first.name]
    assert "points out of the folder" in why[second.name]
    assert not (tmp_path / "x").exists()
    assert (tmp_path / f"{first.key}.not-as-recorded").is_file()
