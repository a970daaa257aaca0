"""A bundle keeps each byte, says where it was read, and unpacks into one folder only."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from responder.aws.vault import Content
from responder.collectors.bundle import INDEX, Bundle, is_a_path
from responder.domain.errors import Broken

HOSTILE = [
    "",
    "/etc/passwd",
    "../up",
    "a/../../up",
    "a//b",
    "a/./b",
    "a\\..\\b",
    "a\nb",
    "a\x00b",
    "C:/windows",
    "\u202etxt.exe",
    "~/x" * 400,
    "x" * 1024,
    "\ud800",
    INDEX,
    "other/" + "0" * 64,
]


def unpacked(content: Content) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content.body), mode="r:") as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def index(content: Content) -> list[dict[str, Any]]:
    return [json.loads(line) for line in unpacked(content)[INDEX].splitlines()]


def a_bundle(*keys: str) -> Bundle:
    bundle = Bundle()
    for number, key in enumerate(keys):
        bundle.add(key, f"body {number}".encode(), {"bucket": "logs", "key": key})
    return bundle


def test_each_object_is_kept_and_the_index_says_where_it_was_read() -> None:
    content = a_bundle("AWSLogs/a/1.json.gz", "AWSLogs/a/2.json.gz").content()
    files = unpacked(content)
    assert files["AWSLogs/a/2.json.gz"] == b"body 1"
    [_, second] = index(content)
    assert second == {
        "name": "AWSLogs/a/2.json.gz",
        "bucket": "logs",
        "key": "AWSLogs/a/2.json.gz",
        "size_bytes": 6,
        "sha256": hashlib.sha256(b"body 1").hexdigest(),
    }


def test_the_same_members_are_the_same_bytes() -> None:
    one, two = a_bundle("a", "b"), a_bundle("a", "b")
    assert one.content() == two.content()
    assert one.mark == two.mark
    assert a_bundle("a", "c").mark != one.mark


@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_that_is_no_safe_path_goes_by_its_hash(key: str, tmp_path: Path) -> None:
    content = a_bundle("fine", key).content()
    [_, told] = index(content)
    assert told["key"] == key
    assert told["name"].startswith("other/")
    assert is_a_path(told["name"])
    assert unpacked(content)[told["name"]] == b"body 1"
    with tarfile.open(fileobj=io.BytesIO(content.body)) as tar:
        tar.extractall(tmp_path, filter="data")


@pytest.mark.parametrize(
    "keys",
    [
        ("a", "a/b"),
        ("a/b", "a"),
        ("a/b/c", "a/b"),
        ("a", "a"),
        ("index.jsonl/x", "y"),
        ("other", "a\nb"),
    ],
)
def test_keys_that_no_folder_can_hold_together_are_unpacked_all_the_same(
    keys: tuple[str, ...], tmp_path: Path
) -> None:
    content = a_bundle(*keys).content()
    assert [told["key"] for told in index(content)] == list(keys)
    with tarfile.open(fileobj=io.BytesIO(content.body)) as tar:
        tar.extractall(tmp_path, filter="data")
    found = {path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {f"body {number}".encode() for number in range(len(keys))} <= found


def test_it_never_grows_over_its_size() -> None:
    bundle = Bundle(most_bytes=300_000)
    number = 0
    while bundle.has_room(1000):
        bundle.add(f"{'k' * 150}/{'k' * 150}/{number}", b"x" * 1000, {"key": "\x01" * 1024})
        number += 1
    assert number > 10
    assert len(bundle.content().body) <= 300_000
    with pytest.raises(Broken, match="no room"):
        bundle.add("one-more", b"x" * 1000, {})
