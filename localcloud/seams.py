"""Put something of ours in the place of something of moto's, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def replaced(owner: Any, name: str, ours: Any) -> Iterator[Any]:
    """`owner.name` is ours until the end of the block, which is given the original."""
    original = vars(owner)[name]  # a KeyError here: moto moved, and the seam is gone
    setattr(owner, name, ours)
    try:
        yield original
    finally:
        setattr(owner, name, original)
