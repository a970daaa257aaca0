"""Many raw objects in one item of evidence: an uncompressed tar with an index of what is in it.

The first member, `index.jsonl`, has a line for each of the others: where it was read, in which
version, and its SHA-256. So thousands of log objects are few items, each byte as it lay there.
The same members in the same order are the same bytes. Any tar program unpacks it.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from responder.aws.vault import Content
from responder.domain.errors import Broken

MAX_BYTES = 32 * 1024 * 1024
INDEX = "index.jsonl"
_OTHER = "other"  # the folder of what cannot go by its key
_HEADERS_BYTES = 3072  # what tar adds to one member: headers, with a long name, and padding
_MOST_AROUND_BYTES = 12_288  # these, and the line of the index for a key of 1,024 bytes
_MOST_NAME = 900  # a key of S3 has at most 1,024 bytes; most file systems take 255 of a part
_PART = re.compile(r"[A-Za-z0-9_=@+,.-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class Member:
    """One object under its name in the bundle, and where it was read."""

    name: str
    body: bytes
    source: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Lower-case hex over the exact bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Bundle:
    """Members in the order of adding, at most `most_bytes` of them with all that tar adds."""

    most_bytes: int = MAX_BYTES
    members: list[Member] = field(default_factory=list)
    size_bytes: int = _MOST_AROUND_BYTES
    _taken: set[str] = field(default_factory=lambda: {INDEX})  # names of files
    _folders: set[str] = field(default_factory=lambda: {_OTHER})

    def has_room(self, size_bytes: int) -> bool:
        """Whether an object of this size still fits."""
        return self.size_bytes + size_bytes + _MOST_AROUND_BYTES <= self.most_bytes

    def add(self, key: str, body: bytes, source: Mapping[str, Any]) -> Member:
        """Take an object in, under its key where that can be unpacked, else under a hash.

        Whoever put it there has chosen the key; `source` has it as it is. Raises `Broken` where
        there is no room.
        """
        if not self.has_room(len(body)):
            raise Broken(f"{len(body)} bytes have no room in a bundle of {self.most_bytes}")
        member = Member(self._name(key, body), body, source)
        self._taken.add(member.name)
        self._folders |= _above(member.name)
        self.members.append(member)
        self.size_bytes += len(body) + len(_line(member)) + _HEADERS_BYTES
        return member

    def _name(self, key: str, body: bytes) -> str:
        """A file cannot stand where another has its folder, as keys can."""
        folders = _above(key)
        is_free = key not in self._taken and key not in self._folders
        if is_a_path(key) and is_free and _OTHER not in folders and folders.isdisjoint(self._taken):
            return key
        told = json.dumps([key, len(self.members), hashlib.sha256(body).hexdigest()])
        return f"{_OTHER}/{hashlib.sha256(told.encode()).hexdigest()}"

    @property
    def mark(self) -> str:
        """Tells bundles of other members, or of the same ones in another state, from this one."""
        told = [[one.name, one.sha256] for one in self.members]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def content(self) -> Content:
        """The tar."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _put(tar, INDEX, b"".join(_line(one) for one in self.members))
            for one in self.members:
                _put(tar, one.name, one.body)
        return Content(out.getvalue(), ".tar", "application/x-tar")


def is_a_path(name: str) -> bool:
    """Whether every tool unpacks this name below the folder it is unpacked in, and nowhere else."""
    parts = name.split("/")
    return (
        0 < len(name) <= _MOST_NAME
        and all(_PART.fullmatch(part) for part in parts)
        and not any(part in (".", "..") for part in parts)
    )


def _above(name: str) -> set[str]:
    """The folders that a file with this name is in."""
    parts = name.split("/")
    return {"/".join(parts[:depth]) for depth in range(1, len(parts))}


def _line(member: Member) -> bytes:
    told = {
        "name": member.name,
        **member.source,
        "size_bytes": len(member.body),
        "sha256": member.sha256,
    }
    return json.dumps(told, ensure_ascii=True, sort_keys=True, default=str).encode("ascii") + b"\n"


def _put(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    info = tarfile.TarInfo(name)  # no owner, no time, 0o644: nothing of this machine
    info.size = len(body)
    tar.addfile(info, io.BytesIO(body))
