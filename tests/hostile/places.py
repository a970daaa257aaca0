"""Every part of a document, and the document with each of them changed in turn."""

from collections.abc import Iterator
from typing import Any

from tests.hostile.corpus import SHORT, VALUES

AT_A_PLACE = 16  # attacks; over all places, each has its turn


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a document."""
    found = [at] if at else []
    if len(at) < 12 and isinstance(value, dict):
        for key in list(value)[:60]:
            found += places(value[key], (*at, key))
    elif len(at) < 12 and isinstance(value, list):
        for place in range(min(len(value), 5)):
            found += places(value[place], (*at, place))
    return found


def changed(document: Any) -> Iterator[Any]:
    """The document with one part of it changed, each part several times."""
    for turn, (*way, last) in enumerate(places(document)):
        part: Any = document
        for step in way:
            part = part[step]
        before = part[last]
        for one in _instead_of(before, turn):
            part[last] = one
            yield document
        if isinstance(part, dict):
            del part[last]
            yield document
        part[last] = before


def _instead_of(before: Any, turn: int) -> Iterator[Any]:
    for number in range(AT_A_PLACE):
        attack = SHORT[(turn * AT_A_PLACE + number) % len(SHORT)]
        yield before + attack if isinstance(before, str) and number % 2 else attack
    for number in range(4):
        yield VALUES[(turn * 4 + number) % len(VALUES)]
