"""A stranger can check sealed evidence offline, and is told exactly what broke."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.aws.evidence import Evidence
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.vault import Content
from responder.domain.custody import next_entry
from responder.domain.errors import Broken
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, a_finding, an_incident
from tests.preserving import World
from tests.vaults import PrehashedKms, a_signer, download


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def sealed(world: World, folder: Path) -> Path:
    world.collect()
    world.seal()
    return download(folder, INCIDENT_ID)


def states(folder: Path, key: Path | None = None) -> tuple[int, str]:
    checks = verify_custody.check(folder, key)
    broken = [f"{one.subject}: {one.text}" for one in checks if one.state == verify_custody.BROKEN]
    return verify_custody.exit_code(checks), "\n".join(broken)


def unchecked(folder: Path) -> list[verify_custody.Check]:
    checks = verify_custody.check(folder)
    return [one for one in checks if one.state == verify_custody.UNCHECKED]


def test_evidence_that_nobody_touched_holds(world: World, tmp_path: Path) -> None:
    assert states(sealed(world, tmp_path)) == (verify_custody.HOLDS, "")


def test_what_no_manifest_names_is_not_called_checked(world: World, tmp_path: Path) -> None:
    """A sealing that failed, or a file that somebody slipped in, must not read as all fine."""
    folder = sealed(world, tmp_path)
    extra = folder / "iam.principal/0002/three-abc.json"
    extra.parent.mkdir()
    extra.write_bytes(b"{}")
    code, broken = states(folder)
    assert (code, broken) == (verify_custody.NOT_ALL_CHECKED, "")
    [said] = unchecked(folder)
    assert "three-abc.json" in said.subject
    assert "neither a sealed manifest nor the custody log names it" in said.text


def test_what_was_collected_after_the_last_sealing_is_listed_as_not_yet_sealed(
    world: World, tmp_path: Path
) -> None:
    """It may be as it should be, so it is not called broken; and nobody is told that all holds."""
    folder = sealed(world, tmp_path)
    world.collect(generation=2)
    with_log = download(tmp_path, INCIDENT_ID)
    entries = [one.model_dump(mode="json") for one in Evidence(world.ledger).custody(INCIDENT_ID)]
    document = {"incident_id": INCIDENT_ID, "entries": entries}
    (with_log / "custody/0002-now.json").write_text(json.dumps(document))
    assert states(folder) == (verify_custody.NOT_ALL_CHECKED, "")
    said = unchecked(folder)
    assert [one.subject for one in said] == [
        f"iam.principal/0002/{name}" for name in ("one", "two")
    ]
    assert all("is here: as it should be while the incident runs" in one.text for one in said)
    [gone] = folder.glob("iam.principal/0002/two-*")
    gone.unlink()
    assert ["and is not here" in one.text for one in unchecked(folder)] == [False, True]
    world.seal(generation=2)
    (with_log / "custody/0002-now.json").unlink()
    download(tmp_path, INCIDENT_ID)
    assert states(folder) == (verify_custody.HOLDS, "")


def test_a_manifest_that_was_not_sealed_vouches_for_nothing(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    extra = folder / "iam.principal/0001/three.json"
    extra.write_bytes(b"{}")
    [path] = folder.glob("manifest/*")
    document = json.loads(path.read_bytes())
    digest = Content(b"{}", "", "").sha256
    key = f"{INCIDENT_ID}/iam.principal/0001/three.json"
    document["items"].append({"name": "three", "key": key, "size_bytes": 2, "sha256": digest})
    (folder / "manifest/0001-leftover.json").write_text(json.dumps(document))
    assert states(folder) == (verify_custody.NOT_ALL_CHECKED, "")
    assert [one.subject for one in unchecked(folder)] == ["iam.principal/0001/three.json"]


def test_an_incident_that_was_never_sealed_is_not_passed_over(world: World, tmp_path: Path) -> None:
    sealed(world, tmp_path / "sealed")
    entries = [one.model_dump(mode="json") for one in Evidence(world.ledger).custody(INCIDENT_ID)]
    other = tmp_path / "another-incident"
    (other / "custody").mkdir(parents=True)
    (other / "custody/0001-x.json").write_text(json.dumps({"entries": entries[:1]}))
    assert states(tmp_path) == (verify_custody.NOT_ALL_CHECKED, "")
    [said] = unchecked(tmp_path)
    assert "in no sealed manifest, and is not here" in said.text


def test_one_changed_byte_of_an_item_is_found_by_name(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [path] = folder.glob("iam.principal/0001/two-*")
    path.write_bytes(b"Look 2")
    code, broken = states(folder)
    assert code == verify_custody.SOMETHING_BROKEN
    assert broken == "iam.principal/0001/two: is not what was sealed: its SHA-256 differs"


def test_a_missing_item_and_a_shortened_one_are_found(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [one], [two] = (folder.glob(f"iam.principal/0001/{name}-*") for name in ("one", "two"))
    one.unlink()
    two.write_bytes(b"")
    _, broken = states(folder)
    assert "one-" in broken
    assert "is missing" in broken
    assert "two: has 0 bytes" in broken


def test_a_changed_custody_link_is_named(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [path] = folder.glob("custody/*")
    log = json.loads(path.read_bytes())
    log["entries"][1]["by"] = "somebody else"
    path.write_text(json.dumps(log))
    assert "link 2 was changed after it was written" in states(folder)[1]


def test_a_custody_log_rewritten_whole_does_not_fit_the_signed_manifest(
    world: World, tmp_path: Path
) -> None:
    folder = sealed(world, tmp_path)
    entries = [link.model_dump(mode="json") for link in _rewritten(world)]
    [path] = folder.glob("custody/*")
    path.write_text(json.dumps({"incident_id": INCIDENT_ID, "entries": entries}))
    code, broken = states(folder)
    assert code == verify_custody.SOMETHING_BROKEN
    assert "link 2 of the custody log is not the one this manifest was sealed on" in broken


def _rewritten(world: World) -> list[Any]:
    chain: list[Any] = []
    for link in Evidence(world.ledger).custody(INCIDENT_ID):
        chain.append(
            next_entry(
                chain[-1] if chain else None,
                incident_id=INCIDENT_ID,
                at=link.at,
                by="forger",
                event=link.event,
                subject=link.subject,
                subject_sha256=link.subject_sha256,
            )
        )
    return chain


def test_a_changed_manifest_is_not_the_one_that_was_sealed(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [path] = folder.glob("manifest/*")
    path.write_text(path.read_text().replace("is blurred", "is sharp"))
    assert "does not say that this manifest was sealed" in states(folder)[1]


def test_a_manifest_taken_out_is_missed(world: World, tmp_path: Path) -> None:
    sealed(world, tmp_path)
    world.seal(generation=2)
    folder = download(tmp_path, INCIDENT_ID)
    [first] = folder.glob("manifest/0001-*")
    first.unlink()
    _, broken = states(folder)
    assert "follows manifest 0001, which is missing" in broken
    assert "sealed, and it is not here" in broken


def test_a_leftover_beside_the_sealed_manifest_is_a_note(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [path] = folder.glob("manifest/*")
    document = json.loads(path.read_bytes()) | {"sealed_by": "another run"}
    (folder / "manifest/0001-leftover.json").write_text(json.dumps(document))
    assert states(folder) == (verify_custody.HOLDS, "")


def test_a_signature_by_another_key_does_not_hold(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path)
    [path] = folder.glob("signature/*")
    digest = bytes.fromhex("00" * 32)
    path.write_bytes(a_signer().sign(digest))
    assert "its signature does not hold" in states(folder)[1]


def test_a_public_key_from_elsewhere_must_be_the_one_the_manifest_names(
    world: World, tmp_path: Path
) -> None:
    folder = sealed(world, tmp_path / "evidence")
    [beside] = folder.glob("public-key/*")
    given = tmp_path / "given.pem"
    shutil.copy(beside, given)
    assert states(folder, given)[0] == verify_custody.HOLDS
    given.write_bytes(a_signer().public_key())
    assert "not the one the manifest names" in states(folder, given)[1]


def test_without_openssl_the_script_checks_the_signature_itself(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sealed(world, tmp_path)
    monkeypatch.setenv("PATH", "")
    assert states(folder) == (verify_custody.HOLDS, "")
    [path] = folder.glob("signature/*")
    path.write_bytes(a_signer().sign(bytes.fromhex("00" * 32)))
    assert "its signature does not hold" in states(folder)[1]


def test_a_sealing_that_stopped_after_its_manifest_is_not_checked_and_not_broken(
    world: World, tmp_path: Path
) -> None:
    folder = sealed(world, tmp_path)
    for paper in ("signature", "custody"):
        [path] = folder.glob(f"{paper}/*")
        if paper == "signature":
            path.unlink()
            continue
        log = json.loads(path.read_bytes())
        log["entries"] = [one for one in log["entries"] if one["event"] != "sealed"]
        path.write_text(json.dumps(log))
    assert states(folder) == (verify_custody.NOT_ALL_CHECKED, "")
    assert "was never sealed or signed" in unchecked(folder)[0].text


class _SignsNothing(PrehashedKms):
    """A signing key that this stack may not use any more."""

    def sign(self, **given: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Sign")


def test_without_its_signature_what_was_kept_is_still_checked(world: World, tmp_path: Path) -> None:
    world.collect()
    world.kms = _SignsNothing()
    with pytest.raises(Broken):
        world.seal()
    folder = download(tmp_path, INCIDENT_ID)
    code, broken = states(folder)
    assert code == verify_custody.SOMETHING_BROKEN
    assert broken.endswith(": there is no signature of it")
    assert broken.count("\n") == 0
    said = {one.subject: one.state for one in verify_custody.check(folder)}
    assert said["iam.principal/0001/one"] == said["iam.principal/0001/two"] == verify_custody.OK


def test_a_manifest_that_points_out_of_the_folder_is_not_followed(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_bytes(b"look 1")
    folder = tmp_path / "evidence"
    (folder / "manifest").mkdir(parents=True)
    (folder / "custody").mkdir()
    sha256 = Content(b"look 1", "", "").sha256
    item = {"name": "x", "key": "../outside", "size_bytes": 6, "sha256": sha256}
    document = {"incident_id": "", "generation": 1, "items": [item]}
    text = json.dumps(document)
    (folder / "manifest/0001-x.json").write_text(text)
    sha256 = Content(text.encode(), "", "").sha256
    entries = [{"sequence": 1, "event": "sealed", "subject": "x", "subject_sha256": sha256}]
    (folder / "custody/0001-x.json").write_text(json.dumps({"entries": entries}))
    assert "its key points out of the folder" in states(folder)[1]


def test_an_empty_folder_is_not_good_news(tmp_path: Path) -> None:
    assert verify_custody.main([str(tmp_path)]) == verify_custody.NO_MANIFEST


def test_the_script_runs_alone_without_this_project(world: World, tmp_path: Path) -> None:
    folder = sealed(world, tmp_path / "evidence")
    script = tmp_path / "verify_custody.py"
    shutil.copy(verify_custody.__file__, script)
    command = [sys.executable, "-I", "-S", str(script), str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == verify_custody.HOLDS, done.stderr
    assert json.loads(done.stdout)["exit_code"] == verify_custody.HOLDS
