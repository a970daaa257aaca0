"""What somebody does to a case in their hands is found, by the one-file check, with its name.

`pytest -s tests/unit/responder_cli/test_tampering.py` prints each thing, and what is said of it.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, a_finding, an_incident
from tests.preserving import World
from tests.vaults import a_signer, download

OTHER = "inc-20261123-ffffffffff"


@pytest.fixture(scope="module")
def told() -> Iterator[Table]:
    table = Table("what was done", "exit", "what is said", title="Tampering", show_lines=True)
    yield table
    Console(width=150).print(table)


@pytest.fixture
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Path:
    """Two incidents: one sealed twice, and one beside it. A copy of what is sealed once for all."""
    folder = tmp_path_factory.getbasetemp() / "sealed"
    if not folder.exists():
        _seal(request.getfixturevalue("ledger"), folder)
    copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path / INCIDENT_ID


def _seal(ledger: Ledger, folder: Path) -> None:
    world = World(ledger)
    for incident in (INCIDENT_ID, OTHER):
        Incidents(ledger).create(an_incident(id=incident), a_finding())
        for generation in (1, 2):
            world.collect(incident=incident, generation=generation)
            world.seal(incident=incident, generation=generation)
        download(folder / incident, incident)


def only(case: Path, pattern: str) -> Path:
    [found] = case.glob(pattern)
    return found


def _flip(case: Path) -> None:
    path = only(case, "iam.principal/0001/two-*")
    body = bytearray(path.read_bytes())
    body[3] ^= 1
    path.write_bytes(body)


def _truncate(case: Path) -> None:
    path = only(case, "iam.principal/0001/two-*")
    path.write_bytes(path.read_bytes()[:-1])


def _logs(case: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    for path in case.glob("custody/*"):
        log = json.loads(path.read_bytes())
        log["entries"] = change(log["entries"])
        path.write_text(json.dumps(log))


def _edit_manifest(case: Path) -> None:
    path = only(case, "manifest/0002-*")
    path.write_text(path.read_text().replace("is blurred", "is clear"))


def _replace_signature(case: Path) -> None:
    only(case, "signature/0002-*").write_bytes(a_signer().sign(bytes(32)))


def _replace_key_too(case: Path) -> None:
    _replace_signature(case)
    only(case, "public-key/*").write_bytes(a_signer().public_key())


def _swap_an_item(case: Path) -> None:
    ours, theirs = (only(one, "iam.principal/0001/one-*") for one in (case, case.with_name(OTHER)))
    ours.write_bytes(theirs.read_bytes())


def _swap_manifests(case: Path) -> None:
    shutil.rmtree(case / "manifest")
    shutil.copytree(case.with_name(OTHER) / "manifest", case / "manifest")


def _swap_cases(case: Path) -> None:
    shutil.rmtree(case)
    shutil.copytree(case.with_name(OTHER), case)


def _cut_off_the_last_sealing(case: Path) -> None:
    for pattern in ("manifest/0002-*", "custody/0002-*"):
        only(case, pattern).unlink()


TAMPERING: dict[str, tuple[Callable[[Path], object], str]] = {
    "flip one bit of an item": (_flip, "is not what was sealed: its SHA-256 differs"),
    "cut the last byte off an item": (_truncate, "has 5 bytes, and was sealed with 6"),
    "drop an item": (lambda case: only(case, "iam.principal/0002/one-*").unlink(), "is missing"),
    "reorder the custody log": (
        lambda case: _logs(case, lambda entries: [entries[1], entries[0], *entries[2:]]),
        "link 1 is numbered 2",
    ),
    "change who collected": (
        lambda case: _logs(case, lambda entries: [entries[0] | {"by": "x"}, *entries[1:]]),
        "link 1 was changed after it was written",
    ),
    "drop a link": (
        lambda case: _logs(case, lambda entries: [entries[0], *entries[2:]]),
        "link 2 is numbered 3",
    ),
    "truncate the custody log": (
        lambda case: _logs(case, lambda entries: entries[:1]),
        "does not say that this manifest was sealed",
    ),
    "delete the custody log": (
        lambda case: shutil.rmtree(case / "custody"),
        "there is no custody log",
    ),
    "edit the manifest": (_edit_manifest, "does not say that this manifest was sealed"),
    "drop a manifest": (
        lambda case: only(case, "manifest/0001-*").unlink(),
        "follows manifest 0001, which is missing",
    ),
    "replace the signature": (_replace_signature, "its signature does not hold"),
    "replace signature and public key": (_replace_key_too, "not the one the manifest names"),
    "delete the signature": (
        lambda case: only(case, "signature/0002-*").unlink(),
        "there is no signature of it",
    ),
    "put an item of another case in": (_swap_an_item, "is not what was sealed"),
    "put another case's manifests in": (_swap_manifests, "lies in the case of"),
    "swap two cases": (_swap_cases, f"is about {OTHER}, and lies in the case of {INCIDENT_ID}"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("done", TAMPERING)
def test_what_was_done_is_found(
    case: Path, done: str, packed: bool, told: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_custody.main([str(case)]) == verify_custody.HOLDS
    capsys.readouterr()
    tamper, expected = TAMPERING[done]
    tamper(case)
    given = _zipped(case) if packed else case
    code = verify_custody.main([str(given)])
    said = [line.strip() for line in capsys.readouterr().out.splitlines() if "BROKEN" in line]
    assert code == verify_custody.SOMETHING_BROKEN
    assert any(expected in line for line in said), said
    if not packed:
        told.add_row(done, str(code), next(line for line in said if expected in line))


def test_the_last_sealing_left_out_whole_is_what_only_its_owner_can_tell(case: Path) -> None:
    """The top of the script says so: compare the generation with what the owner says."""
    _cut_off_the_last_sealing(case)
    checks = verify_custody.check(case)
    assert verify_custody.exit_code(checks) == verify_custody.NOT_ALL_CHECKED


def test_a_name_that_is_in_the_archive_twice_is_broken(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = _zipped(case)
    with zipfile.ZipFile(archive, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr(packed.namelist()[0], b"another")
    assert verify_custody.main([str(archive)]) == verify_custody.SOMETHING_BROKEN
    assert "is in the archive twice" in capsys.readouterr().out


def test_what_is_no_archive_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(b"PK, or so")
    [check] = verify_custody.checked(path)
    assert check.state == verify_custody.BROKEN


def _zipped(case: Path) -> Path:
    return Path(
        shutil.make_archive(str(case.parent / "case"), "zip", case.parent, base_dir=case.name)
    )
