"""`make secrets`: detect-secrets over every file that is not ignored, without the network.

Fails on what looks like a credential and is in none of the exceptions below, and on an exception
that excepts nothing any more.
"""

import fnmatch
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from tests.template.templates import ROOT

# Hashes and nothing else: tests/template/test_project.py holds each of their lines to that.
_PINS = re.compile(r"(requirements|layers/dependencies|layers/scan)/[a-z]+\.txt")


@dataclass(frozen=True, order=True)
class Found:
    """Something that looks like a credential."""

    path: str
    line: int
    kind: str
    text: str  # of the line

    def __str__(self) -> str:
        """Where it is, and never what it is: this goes to logs."""
        return f"{self.path}:{self.line}: {self.kind}"


@dataclass(frozen=True)
class Accepted:
    """A kind of credential that is none, in lines of these files."""

    kind: str
    path: str  # a regular expression, as is the next
    line: str  # what stands in the line
    because: str

    def excepts(self, found: Found) -> bool:
        """Whether this is one."""
        return (
            found.kind == self.kind
            and re.fullmatch(self.path, found.path) is not None
            and re.search(self.line, found.text) is not None
        )


_KEY, _HEX, _BASE64, _WORD = (
    "AWS Access Key",
    "Hex High Entropy String",
    "Base64 High Entropy String",
    "Secret Keyword",
)
# The patterns are written so that they are no find themselves.
ACCEPTED = (
    Accepted(
        _KEY,
        r".*\.(py|json)",
        r"\bA[KS]IAEXAMPLEEXAMPLE[0-9]{2}\b",
        "No key of AWS: the ids of the story that the drill, the events and the tests tell.",
    ),
    Accepted(
        _KEY,
        r"tests/unit/domain/.*",
        r"\bAKIAIOSFODNN7[E]XAMPLE\b",
        "The id that AWS prints in its own documentation.",
    ),
    Accepted(
        _KEY,
        r"tests/conftest\.py",
        r"\bAKIA(TEST){4}\b",
        "Given to the SDK so that no test finds the key of whoever runs it.",
    ),
    Accepted(
        _KEY,
        r"tests/unit/localcloud/test_fakes_iam\.py",
        r"\bACCA0{16}\b",
        "An id that no credential of the emulator has.",
    ),
    Accepted(
        _HEX,
        r"events/.*\.json",
        r'^\s*("(id|uid|uid_alt|eventID|eTag|hash|md5OfBody|manifest_sha256|executableSha256)": )?'
        r'"([0-9a-f]{32}){1,2}",?$',
        "Ids of findings, and digests of objects and messages, as AWS sends them.",
    ),
    Accepted(
        _HEX,
        r"tests/unit/steps/test_plan\.py",
        r'assert one\.hash == "[0-9a-f]{64}"',
        "The hash of a plan, as it was before orders said how many people they need.",
    ),
    Accepted(
        _BASE64,
        r"(events|tests)/.*",
        r'"AWSReservedSSO_[A-Za-z]+_0123456789abcdef"',
        "The name of a role of Identity Center.",
    ),
    Accepted(
        _BASE64,
        r"tests/unit/actions/test_member_role_suffices\.py",
        r'"breach-responder-ContainFunctionRole-1[A-L]{12}"',
        "The name of a role, as CloudFormation makes one up.",
    ),
    Accepted(
        _WORD,
        r"(bench/cold_contain|tests/(conftest|unit/.+|workflow/.+))\.py",
        r'"([Nn]ot-a-secret(-1)?|Their-1|a(nother)?-Passw0rd!|Correct-Horse-7)"',
        "Passwords of users who are in the emulator only, or of nobody.",
    ),
    Accepted(
        _WORD,
        r"tests/shown\.py",
        r'\{"Password": "nobody knows the new one',
        "A sentence about passwords.",
    ),
    Accepted(
        _WORD,
        r"layers/responder/responder/domain/lineage(_next_steps)?\.py",
        r"\bSECRET_POLICY\b",
        "The name of a kind of thing, and what a person does about one.",
    ),
    Accepted(
        _WORD,
        r"layers/responder/responder/domain/statement\.py",
        r"\bPRIVATE_KEY = .private_key.",
        "The name of a kind of data that laws protect.",
    ),
    Accepted(
        _WORD,
        r"localcloud/deploy\.py",
        r"aws_secret_access_key=.pretend.,",
        "The operator of the emulator, who is known by the key's id.",
    ),
)


def files(root: Path) -> Iterator[Path]:
    """Every file that .gitignore does not name; so what is not committed yet is seen as well."""
    ignored = [".git", *(one.rstrip("/") for one in (root / ".gitignore").read_text().split())]
    for path, folders, names in root.walk():
        folders[:] = sorted(one for one in folders if not _matches(one, ignored))
        yield from (path / one for one in sorted(names) if not _matches(one, ignored))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def credentials(root: Path) -> Iterator[Found]:
    """What looks like one, in any of the files."""
    with default_settings():  # none of which verifies a find, so nothing is sent anywhere
        for file in files(root):
            path = str(file.relative_to(root))
            if _PINS.fullmatch(path):
                continue
            for one in scan_file(str(file)):
                text = file.read_text(errors="replace").split("\n")[one.line_number - 1]
                yield Found(path, one.line_number, one.type, text)


def differences(found: Iterable[Found], accepted: Iterable[Accepted]) -> list[str]:
    """One line for each find that nobody accepted, and each exception that excepts nothing."""
    found, accepted = sorted(set(found)), list(accepted)
    return [
        *(str(one) for one in found if not any(each.excepts(one) for each in accepted)),
        *(
            f"nothing is excepted by {each.kind} in {each.path}: {each.line}"
            for each in accepted
            if not any(each.excepts(one) for one in found)
        ),
    ]


def main() -> int:
    """0 if all that is found is accepted, 1 if not."""
    found = list(credentials(ROOT))
    wrong = differences(found, ACCEPTED)
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"detect-secrets: {len(found)} looked at, {len(wrong)} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
