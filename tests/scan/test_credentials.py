"""The look for credentials: what it finds, what it excepts, and where it looks."""

import random
import re
import string
from pathlib import Path

import pytest

from tests.scan.credentials import ACCEPTED, Accepted, Found, credentials, differences, files

KEY = "AKIA" + "".join(random.Random(7).choices(string.ascii_uppercase + "234567", k=16))
DIGEST = "".join(random.Random(7).choices("0123456789abcdef", k=40))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".gitignore").write_text("build/\n*.pyc\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "events").mkdir()
    return tmp_path


def told(root: Path) -> list[str]:
    return [
        one for one in differences(credentials(root), ACCEPTED) if not one.startswith("nothing")
    ]


@pytest.mark.parametrize(
    ("path", "line", "kind"),
    [
        ("app.py", f'key = "{KEY}"', "AWS Access Key"),
        ("events/finding.json", f'  "accessKeyId": "{KEY}",', "AWS Access Key"),
        ("events/finding.json", f'  "token": "{DIGEST[:32]}",', "Hex High Entropy String"),
        ("events/finding.json", f'  "id": "{DIGEST}",', "Hex High Entropy String"),
        ("tests/test_app.py", "sign_in(pass" + 'word="Blue-Heron-41")', "Secret Keyword"),
        ("key.pem", "-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"),
    ],
)
def test_a_credential_is_found_wherever_it_is_put(
    repository: Path, path: str, line: str, kind: str
) -> None:
    file = repository / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"\n{line}\n")
    assert told(repository) == [f"{path}:2: {kind}"]


def test_what_is_found_is_never_printed(repository: Path) -> None:
    (repository / "app.py").write_text(f'key = "{KEY}"\n')
    assert KEY not in str(told(repository))


def test_the_id_of_a_finding_is_none(repository: Path) -> None:
    (repository / "events/finding.json").write_text(f'{{\n  "id": "{DIGEST[:32]}",\n')
    assert [one.kind for one in credentials(repository)] == ["Hex High Entropy String"]
    assert told(repository) == []


def test_what_is_ignored_is_not_looked_at(repository: Path) -> None:
    for name in ("build/app.py", "app.pyc", "app.py"):
        (repository / name).write_text("")
    assert [one.name for one in files(repository)] == [".gitignore", "app.py"]


def test_an_exception_is_one_of_a_kind_a_file_and_a_line() -> None:
    accepted = Accepted("Word", r"tests/.+", r"\bpretend\b", "Because.")
    found = Found("tests/app.py", 1, "Word", 'word = "pretend"')
    assert differences({found}, [accepted]) == []
    for other in (
        Found("tests/app.py", 1, "Key", 'word = "pretend"'),
        Found("app/tests/app.py", 1, "Word", 'word = "pretend"'),
        Found("tests/app.py", 1, "Word", 'word = "pretended"'),
    ):
        assert differences({found, other}, [accepted]) == [str(other)]


def test_an_exception_that_excepts_nothing_is_told() -> None:
    accepted = Accepted("Word", "a", "b", "Because.")
    assert differences([], [accepted]) == ["nothing is excepted by Word in a: b"]


def test_each_exception_says_why() -> None:
    for one in ACCEPTED:
        assert re.fullmatch(r"[A-Z].{20,}\.", one.because)
