"""Check downloaded evidence offline: every hash, every link of custody, every signature.

This one file is all it takes, with Python 3.9 or later and nothing installed:

    aws s3 cp --recursive s3://VAULT/INCIDENT-ID/ FOLDER
    python3 verify_custody.py FOLDER [--public-key KEY.pem] [--json]

It trusts nothing of the responder and imports nothing of it. Two things it cannot see by itself:
that the latest manifest was left out together with its custody log (compare the generation with
what the owner says), and whose the public key beside the evidence is (ask the key's owner for it,
and give it here). Signatures need the `openssl` command; it says so where one was not checked.

What was collected after the last sealing is in no manifest yet, so nothing vouches for it. It is
listed as not checked: as it should be while an incident runs, and not once it is over.

Exit codes: 0 everything holds; 1 something is broken; 2 there is no manifest to check; 3 nothing is
broken, but something could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OK, BROKEN, UNCHECKED, NOTE = "ok", "BROKEN", "not checked", "note"
HOLDS, SOMETHING_BROKEN, NO_MANIFEST, NOT_ALL_CHECKED = 0, 1, 2, 3
NO_PREVIOUS = "0" * 64
_WAITING = "as it should be while the incident runs, until the next sealing, and not afterwards"
_PAPERS = ("manifest", "custody", "signature", "public-key", "report")  # what seals, or tells


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what was found."""

    state: str
    subject: str
    text: str


def check(folder: Path, public_key: Path | None = None) -> list[Check]:
    """Everything there is to check under `folder`. Empty when there is no manifest."""
    manifests = sorted(folder.glob("**/manifest/*.json"))
    checks: list[Check] = []
    logs: dict[Path, list[Any]] = {}
    begun = folder.glob("**/custody/*.json") if manifests else ()
    for root in sorted({path.parent.parent for path in (*manifests, *begun)}):
        logs[root], found = _custody(root)
        checks += found
    read: dict[tuple[Path, int], str] = {}
    here = {_sha256(path) for path in manifests}
    for path in manifests:
        checks += _manifest(path, logs[path.parent.parent], here, read, public_key)
    for link in (one for log in logs.values() for one in log):
        if link.get("event") == "sealed" and link.get("subject_sha256") not in here:
            text = "the custody log says that this manifest was sealed, and it is not here"
            checks.append(Check(BROKEN, str(link.get("subject")), text))
    for root, log in logs.items():
        own = [path for path in manifests if path.parent.parent == root]
        checks += _unsealed(root, log, own)
    return checks


def exit_code(checks: list[Check]) -> int:
    """See the top of this file."""
    states = {one.state for one in checks}
    if not checks:
        return NO_MANIFEST
    if BROKEN in states:
        return SOMETHING_BROKEN
    return NOT_ALL_CHECKED if UNCHECKED in states else HOLDS


def _custody(root: Path) -> tuple[list[Any], list[Check]]:
    """The longest custody log, and whether every log is a whole chain that the longest extends."""
    checks: list[Check] = []
    logs: list[list[Any]] = []
    for path in sorted(root.glob("custody/*.json")):
        document = _json(path)
        entries = document.get("entries") if isinstance(document, dict) else None
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            checks.append(Check(BROKEN, _name(root, path), "is not a custody log"))
            continue
        logs.append(entries)
        broken = first_broken_link(entries)
        text = broken or f"{len(entries)} links, each follows from the one before"
        checks.append(Check(BROKEN if broken else OK, _name(root, path), text))
    if not logs:
        return [], [*checks, Check(BROKEN, "custody", "there is no custody log")]
    longest = max(logs, key=len)
    checks += [
        Check(BROKEN, "custody", "two custody logs of this incident tell different stories")
        for log in logs
        if log != longest[: len(log)]
    ]
    return longest, checks


def first_broken_link(entries: list[Any]) -> str | None:
    """As a sentence; None when every link holds."""
    if not entries:
        return "the custody log is empty"
    last = NO_PREVIOUS
    for place, entry in enumerate(entries, start=1):
        fields = {key: value for key, value in entry.items() if key != "entry_sha256"}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        if entry.get("sequence") != place:
            return f"link {place} is numbered {entry.get('sequence')}"
        if entry.get("incident_id") != entries[0].get("incident_id"):
            return f"link {place} belongs to another incident"
        if entry.get("previous_sha256") != last:
            return f"link {place} does not follow from link {place - 1}"
        if entry.get("entry_sha256") != hashlib.sha256(text.encode("ascii")).hexdigest():
            return f"link {place} was changed after it was written"
        last = entry["entry_sha256"]
    return None


def _manifest(
    path: Path,
    chain: list[Any],
    here: set[str],
    read: dict[tuple[Path, int], str],
    public_key: Path | None,
) -> list[Check]:
    root, name = path.parent.parent, _name(path.parent.parent, path)
    document = _json(path)
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return [Check(BROKEN, name, "is not a manifest")]
    sha256 = _sha256(path)
    if not any(_is(link, "sealed", sha256) for link in chain):
        # Two runs at once can leave a second manifest. It is harmless beside the sealed one only.
        sealed = (one for one in chain if _is(one, "sealed", None) and _same(one, document))
        state = NOTE if any(one.get("subject_sha256") in here for one in sealed) else BROKEN
        return [Check(state, name, "the custody log does not say that this manifest was sealed")]
    checks = [Check(OK, name, f"is the manifest that was sealed; SHA-256 {sha256}")]
    read[root, _int(document.get("generation"))] = sha256
    checks += _head(name, document, chain)
    checks += _predecessor(root, name, document, read)
    for item in document["items"]:
        checks.append(_item(root, item, document, chain))
    for one in document.get("uncollected") or []:
        if isinstance(one, dict):
            why = f"never collected: {one.get('error')} {one.get('cause')}"
            checks.append(Check(NOTE, str(one.get("collector_id")), why))
    checks.append(_signature(root, name, path, document, public_key))
    return checks


def _head(name: str, document: dict[str, Any], chain: list[Any]) -> list[Check]:
    """A signed manifest pins the chain: links before it cannot be rewritten or cut off."""
    head = document.get("custody_head")
    if not isinstance(head, dict):
        return [Check(NOTE, name, "was sealed before anything was in custody")]
    place = _int(head.get("sequence"))
    there = chain[place - 1].get("entry_sha256") if 0 < place <= len(chain) else None
    if there != head.get("entry_sha256"):
        text = f"link {place} of the custody log is not the one this manifest was sealed on"
        return [Check(BROKEN, name, text)]
    return [Check(OK, name, f"stands on link {place} of the custody log")]


def _predecessor(
    root: Path, name: str, document: dict[str, Any], read: dict[tuple[Path, int], str]
) -> list[Check]:
    before = document.get("predecessor")
    if not isinstance(before, dict):
        return []
    generation = _int(before.get("generation"))
    if (root, generation) not in read:
        return [Check(BROKEN, name, f"follows manifest {generation}, which is missing")]
    if read[root, generation] != before.get("sha256"):
        return [Check(BROKEN, name, f"follows another manifest {generation} than this one")]
    return [Check(OK, name, f"follows manifest {generation}")]


def _item(root: Path, item: Any, document: dict[str, Any], chain: list[Any]) -> Check:
    name = str(item.get("name") if isinstance(item, dict) else item)
    if not isinstance(item, dict):
        return Check(BROKEN, name, "is no item")
    key = str(item.get("key", ""))
    path = (root / key.removeprefix(f"{document.get('incident_id')}/")).resolve()
    if root.resolve() not in path.parents:
        return Check(BROKEN, name, "its key points out of the folder")
    if not path.is_file():
        return Check(BROKEN, name, f"{key} is missing")
    if path.stat().st_size != item.get("size_bytes"):
        text = f"has {path.stat().st_size} bytes, and was sealed with {item.get('size_bytes')}"
        return Check(BROKEN, name, text)
    if _sha256(path) != item.get("sha256"):
        return Check(BROKEN, name, "is not what was sealed: its SHA-256 differs")
    collected = (one for one in chain if one.get("subject") == name)
    if not any(_is(link, "collected", item.get("sha256")) for link in collected):
        return Check(BROKEN, name, "the custody log does not say who collected it")
    return Check(OK, name, f"as sealed; SHA-256 {item.get('sha256')}")


def _unsealed(root: Path, chain: list[Any], manifests: list[Path]) -> list[Check]:
    """What no sealed manifest here names. Until the next sealing that may be as it should be."""
    files: set[Path] = set()
    sealed: set[tuple[str, str]] = set()
    for path in manifests:
        document = _json(path)
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list) or not any(_is(o, "sealed", _sha256(path)) for o in chain):
            continue
        for item in items:
            if isinstance(item, dict):
                key = str(item.get("key", ""))
                files.add((root / key.removeprefix(f"{document.get('incident_id')}/")).resolve())
                sealed.add((str(item.get("name")), str(item.get("sha256"))))
    found = {
        path: _sha256(path)
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in _PAPERS
    }
    checks: list[Check] = []
    waiting: set[str] = set()
    for link in chain:
        name, sha256 = str(link.get("subject")), str(link.get("subject_sha256"))
        if link.get("event") == "collected" and (name, sha256) not in sealed:
            waiting.add(sha256)
            where = "is here" if sha256 in found.values() else "is not here"
            text = f"collected by {link.get('by')}, in no sealed manifest, and {where}: {_WAITING}"
            checks.append(Check(UNCHECKED, name, text))
    unknown = (
        "neither a sealed manifest nor the custody log names it: a collector that stopped left"
    )
    return checks + [
        Check(UNCHECKED, _name(root, path), f"{unknown} it, or somebody put it there")
        for path, sha256 in found.items()
        if path.resolve() not in files and sha256 not in waiting
    ]


def _signature(
    root: Path, name: str, path: Path, document: dict[str, Any], public_key: Path | None
) -> Check:
    expected = (document.get("signing_key") or {}).get("public_key_sha256")
    signatures = sorted(root.glob(f"signature/{_int(document.get('generation')):04d}-*.sig"))
    if not signatures:
        return Check(BROKEN, name, "there is no signature of it")
    keys = [public_key] if public_key else sorted(root.glob("public-key/*.pem"))
    fitting = [key for key in keys if _fingerprint(key) == expected]
    if not fitting:
        return Check(BROKEN, name, "the public key is not the one the manifest names")
    openssl = shutil.which("openssl")
    if openssl is None:
        return Check(UNCHECKED, name, "signature: there is no openssl command here")
    for signature in signatures:
        command = [openssl, "dgst", "-sha256", "-verify", str(fitting[0])]
        command += ["-signature", str(signature), str(path)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
        if done.returncode == 0:
            whose = "the key you gave" if public_key else "the key beside it; compare its SHA-256"
            return Check(OK, name, f"signature holds, by {whose} {expected}")
    return Check(BROKEN, name, "its signature does not hold")


def _is(link: Any, event: str, sha256: Any) -> bool:
    return link.get("event") == event and sha256 in (None, link.get("subject_sha256"))


def _same(link: Any, document: dict[str, Any]) -> bool:
    stem = f"{document.get('incident_id')}/manifest/{_int(document.get('generation')):04d}-"
    return str(link.get("subject", "")).startswith(stem)


def _fingerprint(pem: Path) -> str | None:
    """SHA-256 over the DER inside a PEM file, or over the file when it is DER."""
    raw = pem.read_bytes()
    inside = re.search(rb"-----BEGIN PUBLIC KEY-----(.+?)-----END", raw, re.DOTALL)
    try:
        der = base64.b64decode(inside.group(1)) if inside else raw
    except binascii.Error:
        return None
    return hashlib.sha256(der).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _plain(text: str) -> str:
    """Only what a terminal shows as it is: the evidence may hold an attacker's text."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:400]


def main(arguments: list[str] | None = None) -> int:
    """Print one line for each check; the exit code sums them up."""
    what, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=what, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what was downloaded of one incident, or of more")
    parser.add_argument("--public-key", type=Path, help="PEM, obtained from the key's owner")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    given = parser.parse_args(arguments)
    checks = check(given.folder, given.public_key)
    code = exit_code(checks)
    if given.json:
        print(json.dumps({"exit_code": code, "checks": [asdict(one) for one in checks]}, indent=1))
        return code
    for one in checks:
        print(f"{one.state:>11}  {_plain(one.subject)}: {_plain(one.text)}")
    verdict = {
        HOLDS: "Everything holds.",
        SOMETHING_BROKEN: "Something is broken: see the lines above.",
        NO_MANIFEST: f"There is no manifest under {given.folder}; nothing was checked.",
        NOT_ALL_CHECKED: "Nothing is broken, but not everything could be checked.",
    }
    print(verdict[code])
    return code


if __name__ == "__main__":
    sys.exit(main())
