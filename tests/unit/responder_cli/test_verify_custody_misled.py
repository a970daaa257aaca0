"""Cases made to mislead the one-file check, and honest ones that it must not call broken."""

import base64
import hashlib
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.domain.custody import hash_of
from responder.domain.evidence import CustodyEntry
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, a_finding, an_incident
from tests.preserving import World
from tests.vaults import a_signer, download


@pytest.fixture
def case(ledger: Ledger, tmp_path: Path) -> Path:
    world = World(ledger)
    Incidents(ledger).create(an_incident(), a_finding())
    world.collect()
    world.seal()
    return download(tmp_path / "all" / INCIDENT_ID, INCIDENT_ID)


def only(case: Path, pattern: str) -> Path:
    [found] = case.glob(pattern)
    return found


def said(case: Path, state: str) -> list[str]:
    checks = verify_custody.check(case)
    return [f"{one.subject}: {one.text}" for one in checks if one.state == state]


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("between", [b"", b"\n-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_a_key_file_that_holds_the_owners_key_for_show_does_not_make_a_forgery_hold(
    case: Path, between: bytes
) -> None:
    """The hash of the owner's key would be shown, and the forger's used."""
    pem = only(case, "public-key/*")
    real, forger = pem.read_bytes(), a_signer()
    manifest = only(case, "manifest/*")
    body = manifest.read_bytes().replace(b"is blurred", b"is forged!")
    path = manifest.with_name(f"0001-{_sha256(body)}.json")
    manifest.unlink()
    path.write_bytes(body)
    only(case, "signature/*").write_bytes(forger.sign(hashlib.sha256(body).digest()))
    theirs = base64.encodebytes(forger.public_key())
    theirs = b"\n-----BEGIN PUBLIC KEY-----\n" + theirs + b"-----END PUBLIC KEY-----\n"
    for_show = real.replace(b"\n", b"")
    pem.write_bytes(b"a comment" + for_show + between + theirs)
    _tail(case, lambda links: [*links[:-1], links[-1] | {"subject_sha256": _sha256(body)}])
    assert any("its signature does not hold" in one for one in said(case, verify_custody.BROKEN))


def _tail(case: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change the log and hash every link anew, as anybody can."""
    path = only(case, "custody/*")
    log = json.loads(path.read_bytes())
    links: list[Any] = []
    for place, one in enumerate(change(log["entries"]), start=1):
        before = links[-1]["entry_sha256"] if links else "0" * 64
        entry = CustodyEntry.model_validate(one | {"sequence": place, "previous_sha256": before})
        links.append(entry.model_dump(mode="json") | {"entry_sha256": hash_of(entry)})
    path.write_text(json.dumps(log | {"entries": links}))


def test_links_that_no_manifest_signs_are_named(case: Path) -> None:
    invented = {"event": "read", "by": "the defence", "subject": "all of it", "subject_sha256": ""}
    _tail(case, lambda links: [*links, links[-1] | invented])
    assert said(case, verify_custody.BROKEN) == []
    [one] = said(case, verify_custody.NOTE)
    assert one == "read: link 4, by the defence, came after the last manifest: unsigned"


def test_a_link_that_says_something_twice_is_broken(case: Path) -> None:
    """Python takes the last, another reader the first."""
    path = only(case, "custody/*")
    text = path.read_text()
    path.write_text(text.replace('"by":', '"by": "somebody else",\n   "by":', 1))
    assert json.loads(text) == json.loads(path.read_text())
    assert any("says something twice" in one for one in said(case, verify_custody.BROKEN))


@pytest.mark.parametrize("more", [{"incident_id": "inc-20260101-0000000000"}, {"note": "forced"}])
def test_what_a_log_says_beside_its_links_is_broken(case: Path, more: dict[str, str]) -> None:
    path = only(case, "custody/*")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | more))
    assert len(said(case, verify_custody.BROKEN)) == 1


@pytest.mark.parametrize("place", [True, 1.0])
def test_a_link_is_numbered_by_a_whole_number(case: Path, place: Any) -> None:
    links = json.loads(only(case, "custody/*").read_bytes())["entries"]
    links[0]["sequence"] = place
    told = verify_custody.first_broken_link(links[:1])
    assert told == f"link 1 is numbered {place}"


@pytest.mark.parametrize(
    "where",
    [
        "report/0001.html",
        "signature/note.txt",
        "manifest/more/list.txt",
        "custody/log.txt",
        "public-key/read-me.txt",
        "verify_custody.py/evidence.json",
        f"../inc-20261123-ffffffffff/iam.principal/0001/one-{64 * 'a'}.json",
    ],
)
def test_a_file_that_nothing_names_is_listed_wherever_it_lies(case: Path, where: str) -> None:
    path = case / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"planted")
    assert len(said(case.parent, verify_custody.UNCHECKED)) == 1
    assert said(case.parent, verify_custody.BROKEN) == []


def test_a_link_to_another_place_is_listed(case: Path) -> None:
    (case / "more").symlink_to(case.parent)
    [one] = said(case, verify_custody.UNCHECKED)
    assert "is a link to another place" in one


def test_a_page_is_held_to_its_name_and_said_to_be_unsigned(case: Path) -> None:
    page = case / f"report/0001-{_sha256(b'page')}.html"
    page.parent.mkdir()
    page.write_bytes(b"page")
    assert any("nobody signed it" in one for one in said(case, verify_custody.NOTE))
    assert said(case, verify_custody.UNCHECKED) == []
    page.write_bytes(b"another page")
    [one] = said(case, verify_custody.BROKEN)
    assert "is not the page that its name says" in one


def test_a_case_without_any_manifest_is_not_passed_over_beside_another(case: Path) -> None:
    other = case.with_name("inc-20261123-ffffffffff")
    (other / "custody").mkdir(parents=True)
    log = only(case, "custody/*")
    (other / "custody/0001-x.json").write_bytes(log.read_bytes())
    _tail(other, lambda links: [links[0] | {"event": "not collected"}])
    assert f"{other.name}: has no manifest here" in said(case.parent, verify_custody.UNCHECKED)


def test_a_case_is_about_its_folder_also_from_inside(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = case.rename(case.with_name("inc-20261123-ffffffffff"))
    monkeypatch.chdir(other)
    assert any("lies in the case of" in one for one in said(Path(), verify_custody.BROKEN))


def test_the_order_of_two_manifests_on_disk_says_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """The SHA-256 of one may sort behind the word `copies` of the other."""
    world = World(ledger)
    Incidents(ledger).create(an_incident(), a_finding())
    world.collect()
    world.seal()
    world.collect(generation=2)
    world.seal(generation=2)
    case = download(tmp_path, INCIDENT_ID)
    first = only(case, "manifest/0001-*")
    first.rename(first.with_name("0003-behind.json"))
    assert said(case, verify_custody.BROKEN) == []


def _zip(case: Path, more: str) -> Path:
    archive = case.parent / "case.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(case.rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(case.parent))
        packed.writestr(more, b"another")
    return archive


@pytest.mark.parametrize("form", ["{0}/./{1}", "{0}//{1}", "/{0}/{1}", "{0}/x/../{1}", "{0}/{2}"])
def test_names_that_become_one_file_are_refused(case: Path, form: str) -> None:
    name = only(case, "manifest/*").relative_to(case).as_posix()
    archive = _zip(case, form.format(INCIDENT_ID, name, name.upper()))
    checks = verify_custody.checked(archive)
    assert [one.state for one in checks] == [verify_custody.BROKEN], checks


def test_an_archive_of_broken_bytes_is_said_to_be_broken(case: Path) -> None:
    archive = case.parent / "case.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.txt", b"evidence " * 100)
    body = bytearray(archive.read_bytes())
    body[35] ^= 0xFF
    archive.write_bytes(body)
    [check] = verify_custody.checked(archive)
    assert check.state == verify_custody.BROKEN


def test_a_key_that_is_not_there_is_no_broken_case(case: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        verify_custody.main([str(case), "--public-key", "nowhere.pem"])
    assert stopped.value.code == 2


def test_the_verdict_says_on_what_it_rests(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_custody.main([str(case)]) == verify_custody.HOLDS
    assert "if the public key beside it is the owner's" in capsys.readouterr().out
    key = only(case, "public-key/*")
    assert verify_custody.main([str(case), "--public-key", str(key)]) == verify_custody.HOLDS
    assert capsys.readouterr().out.endswith("Everything holds.\n")


def test_many_links_and_items_are_checked_in_seconds(tmp_path: Path) -> None:
    """Each of 20,000 items against 20,000 links would take minutes if each were looked for."""
    case, number = tmp_path / INCIDENT_ID, 20_000
    for folder in ("manifest", "custody", "items"):
        (case / folder).mkdir(parents=True)
    (case / "items/one").write_bytes(b"one")
    sha256, items, links = _sha256(b"one"), [], []
    for place in range(1, number + 1):
        item = {"name": f"item-{place}", "key": f"{INCIDENT_ID}/items/one", "size_bytes": 3}
        items.append(item | {"sha256": sha256})
        links.append(
            {"sequence": place, "event": "collected", "subject": item["name"]}
            | {"subject_sha256": sha256, "incident_id": INCIDENT_ID}
        )
    document = {"incident_id": INCIDENT_ID, "generation": 1, "items": items}
    body = json.dumps(document).encode()
    (case / "manifest/0001-x.json").write_bytes(body)
    links.append({"event": "sealed", "subject": "x", "subject_sha256": _sha256(body)})
    (case / "custody/0001-x.json").write_text(json.dumps({"entries": links}))
    command = [sys.executable, "-I", verify_custody.__file__, str(case), "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 15
    states = [one["state"] for one in json.loads(done.stdout)["checks"]]
    assert states.count(verify_custody.OK) >= number
