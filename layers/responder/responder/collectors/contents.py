"""How what was read becomes the bytes and the name of an item."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from responder.aws.evidence import in_a_key
from responder.aws.vault import Content


def as_json(value: Any) -> Content:
    """A document that a person can read. ASCII only: any text in it may be an attacker's."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, default=_plain)
    return Content(text.encode("ascii"), ".json", "application/json")


def as_packed_json(value: Any) -> Content:
    """The same, compressed. The same value is the same bytes."""
    return Content(gzip.compress(as_json(value).body, mtime=0), ".json.gz", "application/gzip")


def as_lines(values: Iterable[Any]) -> Content:
    """One document a line, compressed. The same values are the same bytes."""
    lines = (json.dumps(one, sort_keys=True, ensure_ascii=True, default=_plain) for one in values)
    packed = gzip.compress("".join(f"{line}\n" for line in lines).encode("ascii"), mtime=0)
    return Content(packed, ".jsonl.gz", "application/gzip")


def place(kind: str, name: str, identity: str) -> str:
    """Where an item about one thing goes: the same on every run, and another for another thing.

    Two names can be the same in a key. What tells them apart must not be one that whoever chose
    the names can make alike, because the second of two would not be kept.
    """
    told_apart = hashlib.sha256(identity.encode()).hexdigest()[:32]
    return f"{kind}-{in_a_key(name)}-{told_apart}"


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, datetime) else str(value)
