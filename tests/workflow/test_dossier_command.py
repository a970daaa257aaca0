"""`responder report`, by an investigator: the dossier as it is now, and a case that holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.aws.evidence import Evidence
from responder.domain.custody import READ
from responder_cli import verify_custody
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with a_night() as night:
        night.send("GuardDuty Finding")
        night.ends()
        yield night


@pytest.mark.prove
def test_an_investigator_gets_page_pdf_and_a_case_that_holds(
    night: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [incident] = night.watch.incidents()
    files = {name: tmp_path / f"out/dossier.{name}" for name in ("html", "pdf", "zip")}
    asked = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    asked += ["--purpose", "handed to counsel"]
    result = night.types(monkeypatch, "report", incident.id, *asked, role=world.INVESTIGATOR)
    assert result.exit_code == 0, result.output
    assert b"Incident dossier" in files["html"].read_bytes()
    assert files["pdf"].read_bytes().startswith(b"%PDF-")
    checks = verify_custody.checked(files["zip"])
    assert verify_custody.exit_code(checks) == verify_custody.HOLDS, checks
    [link] = [
        one
        for one in Evidence(night.watch.receipts.ledger).custody(incident.id)
        if one.event == READ
    ]
    assert link.detail == "handed to counsel"
    assert ":assumed-role/investigator/" in link.by


def test_the_dossier_is_made_but_not_given_to_who_may_not_read(
    night: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [incident] = night.watch.incidents()
    path = tmp_path / "dossier.html"
    result = night.types(monkeypatch, "report", incident.id, "--html", str(path))
    assert result.exit_code == 2
    assert "AccessDenied" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize("words", [(), ("--zip", "case.zip"), ("--zip", "x", "--purpose", " ")])
def test_where_it_goes_and_what_for_is_asked_first(
    night: Night, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    [incident] = night.watch.incidents()
    result = night.types(monkeypatch, "report", incident.id, *words, role=world.INVESTIGATOR)
    assert result.exit_code == 2
    assert "--zip" in result.stderr
