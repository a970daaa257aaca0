"""Check downloaded evidence offline: every hash, every link of custody, every signature.

This one file is all it takes, with Python 3.9 or later and nothing installed:

    aws s3 cp --recursive s3://VAULT/INCIDENT-ID/ INCIDENT-ID
    python3 verify_custody.py FOLDER-OR-ZIP [--public-key KEY.pem] [--json]

It trusts nothing of the responder and imports nothing of it. Three things it cannot see by itself:
that the latest manifest was left out together with its custody log (compare the generation with
what the owner says); whose the public key beside the evidence is (ask the key's owner for it,
and give it here); and whether the links after the last sealing were written by the responder, for
only a manifest signs the log up to itself. Pages that tell of the case are in no manifest: one that
a link of the log names is checked against it, and any other only against its own name.
Signatures are checked by the `openssl` command, and where there is none by the
arithmetic at the end of this file (FIPS 186-5, section 6.4.2); each line says by which.

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
import tempfile
import unicodedata
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OK, BROKEN, UNCHECKED, NOTE = "ok", "BROKEN", "not checked", "note"
HOLDS, SOMETHING_BROKEN, NO_MANIFEST, NOT_ALL_CHECKED = 0, 1, 2, 3
NO_PREVIOUS = "0" * 64
_WAITING = "as it should be while the incident runs, until the next sealing, and not afterwards"
_INCIDENT = re.compile(r"inc-[0-9]{8}-[0-9a-f]{10}")
# What stands at the top of a case, beside its evidence.
_BESIDE = ("READ-ME.txt", "dossier.html", "dossier.pdf", "verify_custody.py")
_PAGE = re.compile(r".+-([0-9a-f]{64})\.html")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what was found."""

    state: str
    subject: str
    text: str


@dataclass(frozen=True)
class _Log:
    """The links of a custody log, and what it says was collected, sealed and told in a page."""

    links: list[Any]
    collected: set[tuple[str, str]]
    sealed: set[str]
    pages: list[tuple[int, Any]]  # the link of each page, and its place; older logs have none

    @classmethod
    def of(cls, links: list[Any]) -> _Log:
        told = [(one.get("event"), str(one.get("subject")), _told(one)) for one in links]
        return cls(
            links,
            {(subject, sha256) for event, subject, sha256 in told if event == "collected"},
            {sha256 for event, _, sha256 in told if event == "sealed"},
            [at for at in enumerate(links, start=1) if at[1].get("event") == "reported"],
        )


class _Hashes(dict[Path, str]):
    """SHA-256 by file, each read once: every later manifest names a large item again."""

    def __missing__(self, path: Path) -> str:
        self[path] = found = _sha256(path)
        return found


def check(folder: Path, public_key: Path | None = None) -> list[Check]:
    """Everything there is to check under `folder`. Empty when there is no manifest."""
    manifests = sorted(folder.glob("**/manifest/*.json"))
    checks: list[Check] = []
    hashes = _Hashes()
    logs: dict[Path, _Log] = {}
    begun = folder.glob("**/custody/*.json") if manifests else ()
    for root in sorted({path.parent.parent for path in (*manifests, *begun)}):
        links, found = _custody(root)
        logs[root] = _Log.of(links)
        checks += found
    here = {hashes[path] for path in manifests}
    read: dict[tuple[Path, str], str] = {}
    for path in manifests:
        document, log = _json(path), logs[path.parent.parent]
        if isinstance(document, dict) and hashes[path] in log.sealed:
            read[path.parent.parent, _label(document)] = hashes[path]
    for path in manifests:
        checks += _manifest(path, logs[path.parent.parent], here, read, hashes, public_key)
    for link in (one for log in logs.values() for one in log.links):
        if link.get("event") == "sealed" and link.get("subject_sha256") not in here:
            text = "the custody log says that this manifest was sealed, and it is not here"
            checks.append(Check(BROKEN, str(link.get("subject")), text))
    for root, log in logs.items():
        own = [path for path in manifests if path.parent.parent == root]
        checks += _unsealed(root, log, own, hashes)
    return checks + (_outside(folder, set(logs)) if logs else [])


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
            text = "is not a custody log, or says something twice"
            checks.append(Check(BROKEN, _name(root, path), text))
            continue
        logs.append(entries)
        broken = first_broken_link(entries) or _around(document, entries)
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


def _around(document: dict[str, Any], entries: list[Any]) -> str | None:
    """What a log says beside its links, which no hash covers."""
    incident = entries[0].get("incident_id")
    if document.get("incident_id", incident) != incident:
        return f"its links are about {incident}, and it says {document.get('incident_id')}"
    more = sorted(set(document) - {"entries", "format", "incident_id"})
    return f"holds more than links: {', '.join(more)}" if more else None


def first_broken_link(entries: list[Any]) -> str | None:
    """As a sentence; None when every link holds."""
    if not entries:
        return "the custody log is empty"
    last = NO_PREVIOUS
    for place, entry in enumerate(entries, start=1):
        fields = {key: value for key, value in entry.items() if key != "entry_sha256"}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        sequence = entry.get("sequence")
        if type(sequence) is not int or sequence != place:
            return f"link {place} is numbered {sequence}"
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
    log: _Log,
    here: set[str],
    read: dict[tuple[Path, str], str],
    hashes: _Hashes,
    public_key: Path | None,
) -> list[Check]:
    chain, sha256 = log.links, hashes[path]
    root, name = path.parent.parent, _name(path.parent.parent, path)
    document = _json(path)
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return [Check(BROKEN, name, "is not a manifest, or says something twice")]
    if sha256 not in log.sealed:
        # Two runs at once can leave a second manifest. It is harmless beside the sealed one only.
        sealed = (one for one in chain if one.get("event") == "sealed" and _same(one, document))
        if any(one.get("subject_sha256") in here for one in sealed):
            return [Check(NOTE, name, "another manifest was sealed in its place")]
        if not _signatures(root, document):
            text = "was never sealed or signed: what it names is not vouched for"
            return [Check(UNCHECKED, name, text)]
        text = "the custody log does not say that this manifest was sealed"
        return [*_whose(root, name, document, chain), Check(BROKEN, name, text)]
    checks = [Check(OK, name, f"is the manifest that was sealed; SHA-256 {sha256}")]
    checks += _whose(root, name, document, chain)
    checks += _head(name, document, chain)
    checks += _predecessor(root, name, document, read)
    for item in document["items"]:
        checks.append(_item(root, item, document, log, hashes))
    for one in document.get("uncollected") or []:
        if isinstance(one, dict):
            why = f"never collected: {one.get('error')} {one.get('cause')}"
            checks.append(Check(NOTE, str(one.get("collector_id")), why))
    checks.append(_signature(root, name, path, document, public_key))
    return checks


def _whose(root: Path, name: str, document: dict[str, Any], chain: list[Any]) -> list[Check]:
    """Cases that were swapped, or mixed, tell so by their names."""
    incident = document.get("incident_id")
    told = [str(one.get("incident_id")) for one in chain[:1]]
    named = root.resolve().name
    told += [named] if _INCIDENT.fullmatch(named) else []
    return [
        Check(BROKEN, name, f"is about {incident}, and lies in the case of {other}")
        for other in sorted(set(told))
        if other != incident
    ]


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
    root: Path, name: str, document: dict[str, Any], read: dict[tuple[Path, str], str]
) -> list[Check]:
    before = document.get("predecessor")
    if not isinstance(before, dict):
        return []
    label = _label(before)
    if (root, label) not in read:
        return [Check(BROKEN, name, f"follows manifest {label}, which is missing")]
    if read[root, label] != before.get("sha256"):
        return [Check(BROKEN, name, f"follows another manifest {label} than this one")]
    return [Check(OK, name, f"follows manifest {label}")]


def _item(root: Path, item: Any, document: dict[str, Any], log: _Log, hashes: _Hashes) -> Check:
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
    if hashes[path] != item.get("sha256"):
        return Check(BROKEN, name, "is not what was sealed: its SHA-256 differs")
    if (name, hashes[path]) not in log.collected:
        return Check(BROKEN, name, "the custody log does not say who collected it")
    return Check(OK, name, f"as sealed; SHA-256 {item.get('sha256')}")


def _unsealed(root: Path, log: _Log, manifests: list[Path], hashes: _Hashes) -> list[Check]:
    """What no sealed manifest here names. Until the next sealing that may be as it should be."""
    files: set[Path] = set()
    sealed: set[tuple[str, str]] = set()
    head = 0
    for path in manifests:
        document = _json(path)
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list) or hashes[path] not in log.sealed:
            continue
        signed = document.get("custody_head")
        head = max(head, _int(signed.get("sequence")) if isinstance(signed, dict) else 0)
        for item in items:
            if isinstance(item, dict):
                key = str(item.get("key", ""))
                files.add((root / key.removeprefix(f"{document.get('incident_id')}/")).resolve())
                sealed.add((str(item.get("name")), str(item.get("sha256"))))
    checks, others = _papers(root, manifests, log, head, hashes)
    found = {path: hashes[path.resolve()] for path in others}
    everywhere, waiting = set(found.values()), set[str]()
    for place, link in enumerate(log.links, start=1):
        event, name, sha256 = link.get("event"), str(link.get("subject")), _told(link)
        if event == "collected" and (name, sha256) not in sealed:
            waiting.add(sha256)
            where = "is here" if sha256 in everywhere else "is not here"
            text = f"collected by {link.get('by')}, in no sealed manifest, and {where}: {_WAITING}"
            checks.append(Check(UNCHECKED, name, text))
        elif place > head and event not in ("sealed", "reported"):
            text = f"link {place}, by {link.get('by')}, came after the last manifest: unsigned"
            checks.append(Check(NOTE, str(event), text))
    unknown = (
        "neither a sealed manifest nor the custody log names it: a collector that stopped left"
    )
    checks += [
        Check(UNCHECKED, _name(root, path), f"{unknown} it, or somebody put it there")
        for path, sha256 in found.items()
        if path.resolve() not in files and sha256 not in waiting
    ]
    if not manifests and all(one.state != UNCHECKED for one in checks):
        checks.append(Check(UNCHECKED, root.resolve().name, "has no manifest here"))
    return checks


def _papers(
    root: Path, manifests: list[Path], log: _Log, head: int, hashes: _Hashes
) -> tuple[list[Check], list[Path]]:
    """What is said of the pages and links of a case, and the files that are none of its papers."""
    documents = [one for one in map(_json, manifests) if isinstance(one, dict)]
    signatures = {path for one in documents for path in _signatures(root, one)}
    known = {*manifests, *signatures, *root.glob("custody/*.json"), *root.glob("public-key/*.pem")}
    checks: list[Check] = []
    others: list[Path] = []
    pages: dict[str, Path] = {}
    logged = {_told(link) for _, link in log.pages}
    for path in sorted(root.rglob("*")):
        page = _PAGE.fullmatch(path.name) if path.parent == root / "report" else None
        if path.is_symlink():
            checks.append(Check(UNCHECKED, _name(root, path), "is a link to another place"))
        elif not path.is_file() or path in known:
            continue
        elif page is None:
            others.append(path)
        elif page[1] != hashes[path]:
            checks.append(Check(BROKEN, _name(root, path), "is not the page that its name says"))
        elif page[1] in logged:
            pages[page[1]] = path
        else:
            text = (
                "tells of the case, and is the page that its name says; nobody signed it, and this"
                " custody log does not name it"
            )
            checks.append(Check(NOTE, _name(root, path), text))
    checks += [_page(root, place, link, head, pages, hashes) for place, link in log.pages]
    return checks, [path for path in others if _name(root, path) != "verify_custody.py"]


def _page(
    root: Path, place: int, link: Any, head: int, pages: dict[str, Path], hashes: _Hashes
) -> Check:
    """A page is in no manifest; the link that names it is signed with the manifest after it."""
    subject, sha256 = str(link.get("subject")), _told(link)
    said = str(link.get("detail"))
    if sha256 not in pages:
        text = f"link {place} of the custody log names this page, and it is not here as it was put"
        return Check(BROKEN, subject, text)
    path = pages[sha256]
    if not said.startswith(f"{path.stat().st_size} bytes: ") or f"/{path.name}, " not in said:
        text = f"link {place} of the custody log names another size or key of {path.name}"
        return Check(BROKEN, subject, text)
    text = f"{_name(root, path)} is the page that link {place}, by {link.get('by')}, names"
    if place > head:
        return Check(NOTE, subject, f"{text}; the link came after the last manifest: unsigned")
    return Check(OK, subject, f"{text}; SHA-256 {hashes[path]}")


def _outside(folder: Path, roots: set[Path]) -> list[Check]:
    """What lies beside the cases: nothing here says anything of it."""
    checks: list[Check] = []
    for path in sorted(folder.rglob("*")):
        if (path.is_dir() and not path.is_symlink()) or roots.intersection(path.parents):
            continue
        beside = path.parent == folder and path.name in _BESIDE
        text = "lies beside the case; nobody signed it" if beside else "belongs to no case here"
        checks.append(Check(NOTE if beside else UNCHECKED, _name(folder, path), text))
    return checks


def _signature(
    root: Path, name: str, path: Path, document: dict[str, Any], public_key: Path | None
) -> Check:
    expected = (document.get("signing_key") or {}).get("public_key_sha256")
    signatures = _signatures(root, document)
    if not signatures:
        return Check(BROKEN, name, "there is no signature of it")
    keys = [public_key] if public_key else sorted(root.glob("public-key/*.pem"))
    fitting = [key for key in keys if hashlib.sha256(_der(key)).hexdigest() == expected]
    if not fitting:
        return Check(BROKEN, name, "the public key is not the one the manifest names")
    der, openssl = _der(fitting[0]), shutil.which("openssl")
    for signature in signatures:
        if openssl is None:
            holds, by = is_signed(der, signature.read_bytes(), path), "this script"
        else:
            holds, by = _openssl(openssl, der, signature, path), "openssl"
        if holds:
            whose = "the key you gave" if public_key else "the key beside it; compare its SHA-256"
            return Check(OK, name, f"signature holds ({by}), by {whose} {expected}")
    return Check(BROKEN, name, "its signature does not hold")


def _openssl(openssl: str, der: bytes, signature: Path, path: Path) -> bool:
    """Whether the very key whose hash was compared signed it: a file may hold more than one."""
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "key.pem"
        key.write_text(
            "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----\n"])
        )
        command = [openssl, "dgst", "-sha256", "-verify", str(key)]
        command += ["-signature", str(signature), str(path)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


def _signatures(root: Path, document: dict[str, Any]) -> list[Path]:
    form = re.compile(rf"{re.escape(_label(document))}-[0-9a-f]{{64}}\.sig")
    return [path for path in sorted(root.glob("signature/*.sig")) if form.fullmatch(path.name)]


def _told(link: Any) -> str:
    return str(link.get("subject_sha256"))


def _same(link: Any, document: dict[str, Any]) -> bool:
    """Whether a link of the log is about the manifest that this one would be."""
    stem = f"{document.get('incident_id')}/manifest/{_label(document)}"
    form = rf"{re.escape(stem)}-[0-9a-f]{{64}}\.json"
    return re.fullmatch(form, str(link.get("subject", ""))) is not None


def _label(document: dict[str, Any]) -> str:
    """The name of a manifest: its generation, and its part unless that is the reads."""
    generation, part = f"{_int(document.get('generation')):04d}", document.get("part", "reads")
    return generation if part == "reads" else f"{generation}-{part}"


def _der(pem: Path) -> bytes:
    """The DER inside a PEM file, or the file when it is none."""
    raw = pem.read_bytes()
    inside = re.search(rb"-----BEGIN PUBLIC KEY-----(.+?)-----END", raw, re.DOTALL)
    try:
        return base64.b64decode(inside.group(1)) if inside else raw
    except binascii.Error:
        return b""


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _json(path: Path) -> Any:
    """None also where an object says one thing twice: every reader would pick another."""
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name is there twice")
    return told


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _plain(text: str) -> str:
    """Only what a terminal shows as it is: the evidence may hold an attacker's text."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:400]


# ---- ECDSA over P-256, for machines without openssl. It only verifies, so no secret is in it.
# FIPS 186-5, section 6.4.2, and SP 800-186, section 3.2.1.3.

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480): this, and then x and y.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04"


def is_signed(key_der: bytes, signature: bytes, path: Path) -> bool:
    """Whether the key signed the SHA-256 of a file. False also for what is no key or signature."""
    point, numbers = _point(key_der), _two_integers(signature)
    if point is None or numbers is None:
        return False
    r, s = numbers
    if not (0 < r < _N and 0 < s < _N):
        return False
    inverse = pow(s, -1, _N)
    u, v = int(_sha256(path), 16) * inverse % _N, r * inverse % _N
    found = _plus(_times(u, _G), _times(v, point))
    return found is not None and found[0] % _N == r


def _point(der: bytes) -> tuple[int, int] | None:
    if len(der) != len(_SPKI) + 64 or not der.startswith(_SPKI):
        return None
    x, y = int.from_bytes(der[-64:-32], "big"), int.from_bytes(der[-32:], "big")
    on_curve = x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0
    return (x, y) if on_curve else None


def _two_integers(der: bytes) -> tuple[int, int] | None:
    """SEQUENCE of two INTEGERs, in the one encoding that DER allows."""
    if len(der) < 2 or der[0] != 0x30 or der[1] != len(der) - 2:
        return None
    numbers, rest = [], der[2:]
    while rest:
        if len(rest) < 3 or rest[0] != 0x02 or not 0 < rest[1] <= len(rest) - 2:
            return None
        body, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if body[0] & 0x80 or (len(body) > 1 and body[0] == 0 and not body[1] & 0x80):
            return None
        numbers.append(int.from_bytes(body, "big"))
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _plus(left: tuple[int, int] | None, right: tuple[int, int] | None) -> tuple[int, int] | None:
    """The sum of two points; None is the point at infinity."""
    if left is None or right is None:
        return right if left is None else left
    if left[0] == right[0]:
        if (left[1] + right[1]) % _P == 0:
            return None
        slope = (3 * left[0] * left[0] - 3) * pow(2 * left[1], -1, _P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _P)
    x = (slope * slope - left[0] - right[0]) % _P
    return x, (slope * (left[0] - x) - left[1]) % _P


def _times(factor: int, point: tuple[int, int]) -> tuple[int, int] | None:
    total, doubled = None, point
    while factor:
        total = _plus(total, doubled) if factor & 1 else total
        doubled, factor = _plus(doubled, doubled) or doubled, factor >> 1
    return total


def _unpacked(archive: Path, folder: Path) -> list[Check]:
    """Unpack a case. Names that become one file somewhere read as another thing elsewhere."""
    with zipfile.ZipFile(archive) as packed:
        seen: set[str] = set()
        checks: list[Check] = []
        for name in packed.namelist():
            parts = [part for part in name.split("/") if part not in ("", ".")]
            alike = unicodedata.normalize("NFC", "/".join(parts)).casefold()
            if ".." in parts or "\\" in name or name.startswith("/"):
                checks.append(Check(BROKEN, name, "is no name inside the archive"))
            elif alike in seen:
                checks.append(Check(BROKEN, name, "is in the archive twice, or reads alike"))
            seen.add(alike)
        if not checks:
            packed.extractall(folder)
    return checks


def checked(given: Path, public_key: Path | None = None) -> list[Check]:
    """Everything there is to check in a folder or a ZIP archive."""
    if not given.is_file():
        return check(given, public_key)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _unpacked(given, Path(folder)) or check(Path(folder), public_key)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            return [Check(BROKEN, given.name, f"cannot be unpacked: {error}")]


def main(arguments: list[str] | None = None) -> int:
    """Print one line for each check; the exit code sums them up."""
    what, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=what, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", type=Path, help="folder or ZIP of one incident, or of more")
    parser.add_argument("--public-key", type=Path, help="PEM, obtained from the key's owner")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    given = parser.parse_args(arguments)
    if given.public_key is not None and not given.public_key.is_file():
        parser.error(f"there is no file {given.public_key}")
    checks = checked(given.case, given.public_key)
    code = exit_code(checks)
    if given.json:
        print(json.dumps({"exit_code": code, "checks": [asdict(one) for one in checks]}, indent=1))
        return code
    for one in checks:
        print(f"{one.state:>11}  {_plain(one.subject)}: {_plain(one.text)}")
    verdict = {
        HOLDS: "Everything holds."
        if given.public_key
        else "Everything holds, if the public key beside it is the owner's: see --public-key.",
        SOMETHING_BROKEN: "Something is broken: see the lines above.",
        NO_MANIFEST: f"There is no manifest under {given.case}; nothing was checked.",
        NOT_ALL_CHECKED: "Nothing is broken, but not everything could be checked.",
    }
    print(verdict[code])
    return code


if __name__ == "__main__":
    sys.exit(main())
