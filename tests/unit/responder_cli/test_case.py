"""A case that is handed over checks itself, and says the same in each form."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.report.page import render
from responder_cli import verify_custody
from responder_cli.dossier.case import pack
from tests.builders import INCIDENT_ID, a_finding, an_incident
from tests.preserving import World
from tests.unit.report.reports import a_report
from tests.vaults import download

PAGE = render(a_report())


@pytest.fixture
def case(ledger: Ledger, tmp_path: Path) -> Path:
    world = World(ledger)
    Incidents(ledger).create(an_incident(), a_finding())
    world.collect()
    world.seal()
    return download(tmp_path / INCIDENT_ID, INCIDENT_ID)


def test_the_packed_case_holds_and_says_so_by_its_own_script_alone(
    case: Path, tmp_path: Path
) -> None:
    packed = pack(case, PAGE, tmp_path / "out/case.zip")
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    for given in (packed, folder):
        command = [sys.executable, "-I", "-S", "verify_custody.py", str(given), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        assert done.returncode == verify_custody.HOLDS, done.stdout + done.stderr
        states = {one["state"] for one in json.loads(done.stdout)["checks"]}
        assert states == {verify_custody.OK, verify_custody.NOTE}  # the papers beside it


def test_page_and_pdf_bear_one_number(case: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(case, PAGE, tmp_path / "case.zip")) as archive:
        page, file = archive.read("dossier.html").decode(), archive.read("dossier.pdf")
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(file)).pages)
    assert page.encode() == PAGE
    assert a_report().sha256 in page
    assert a_report().sha256 in text.replace("\n", "").replace("\u200b", "")


def test_the_same_case_is_the_same_file(case: Path, tmp_path: Path) -> None:
    one, two = (pack(case, PAGE, tmp_path / name) for name in ("1.zip", "2.zip"))
    assert one.read_bytes() == two.read_bytes()


def test_a_check_that_lies_in_the_folder_is_not_evidence(case: Path, tmp_path: Path) -> None:
    (case / "verify_custody.py").write_text("print('all is well')")
    packed = pack(case, PAGE, tmp_path / "case.zip")
    with zipfile.ZipFile(packed) as archive:
        assert f"{INCIDENT_ID}/verify_custody.py" not in archive.namelist()
        ours = Path(verify_custody.__file__).read_bytes()
        assert archive.read("verify_custody.py") == ours
