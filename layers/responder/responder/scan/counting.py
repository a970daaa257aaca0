"""What a lineage did in one object: counted alike in a function and on a desk."""

from collections.abc import Iterable, Iterator
from typing import Any

from responder.domain.lineage import Lineage
from responder.domain.lineage_growth import Callers
from responder.scan.looking import look
from responder.scan.needles import Needles
from responder.scan.pursuit import id_of
from responder.scan.shelf import Shelf
from responder.scan.tally import Tally
from responder.scan.unpacking import MOST_BYTES, Damaged


def count(
    tally: Tally,
    packed: bytes,
    needles: Needles,
    lineage: Lineage,
    seen: set[bytes],
    kept: Shelf | None = None,
    *,
    plainly: bool = False,
    most_bytes: int = MOST_BYTES,
) -> None:
    """Add one object to `tally`, but for the records that were `seen`. Notes which it saw.

    An object that cannot be read adds nothing: the round before has named it.
    """
    try:
        looked = look(packed, needles, kept, plainly=plainly, most_bytes=most_bytes)
    except Damaged:
        return
    tally.take(_once(looked.found.records, seen), Callers(lineage))


def _once(records: Iterable[dict[str, Any]], seen: set[bytes]) -> Iterator[dict[str, Any]]:
    """Those that were not seen, each once. One without an id is like no other."""
    for record in records:
        known = id_of(record)
        if known is None:
            yield record
        elif known not in seen:
            seen.add(known)
            yield record
