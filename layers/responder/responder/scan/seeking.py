"""What an object has for one round of following: found alike in a function and on a desk.

Whoever calls hands over the bytes and the object's key: that in the bucket, or the path from the
folder on, which is the same where the folder is a copy of the bucket. What came of several objects
is joined, in any order, and whatever came twice is there once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from responder.domain.trail_event import event_of
from responder.scan.coverage import Coverage
from responder.scan.log_names import read_name
from responder.scan.looking import look
from responder.scan.needles import Needles
from responder.scan.pursuit import can_make, id_of
from responder.scan.shelf import Shelf
from responder.scan.unpacking import MOST_BYTES, Damaged


@dataclass
class Sought:
    """What some objects had. `strange` and `coverage.unreadable` go by the key of the object."""

    coverage: Coverage = field(default_factory=Coverage)
    objects: int = 0
    held: int = 0  # records that hold a needle
    ids: set[bytes] = field(default_factory=set)  # of those
    strange: dict[str, int] = field(default_factory=dict)
    # Those that may make something, and the first of each caller.
    records: list[dict[str, Any]] = field(default_factory=list)

    def join(self, other: "Sought") -> None:
        """Add what other objects had."""
        self.coverage.join(other.coverage)
        self.objects += other.objects
        self.held += other.held
        self.ids |= other.ids
        self.strange |= other.strange
        self.records += other.records


def seek(
    key: str,
    packed: bytes,
    needles: Needles,
    kept: Shelf | None = None,
    *,
    plainly: bool = False,
    most_bytes: int = MOST_BYTES,
) -> Sought:
    """What one object has. `plainly`: by the standard library alone. The same answer."""
    try:
        looked = look(packed, needles, kept, plainly=plainly, most_bytes=most_bytes)
    except Damaged as error:
        return unread(key, str(error))
    found = looked.found
    sought = Sought(objects=1, held=len(found.records))
    sought.coverage.records, sought.coverage.data_events = found.total, looked.data_events
    sought.coverage.add(read_name(key))
    if found.strange:
        sought.strange[key] = found.strange
    sought.ids.update(one for one in map(id_of, found.records) if one is not None)
    sought.records = list(_telling(found.records))
    return sought


def unread(key: str, why: str) -> Sought:
    """An object that could not be read."""
    return Sought(Coverage(unreadable={key: why}), objects=1)


def _telling(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    known = set[tuple[str | None, ...]]()
    for record in records:
        try:
            actor = event_of(record).actor
        except ValueError:
            continue  # the tally tells of it
        if can_make(record):
            yield record
            continue
        # The denied ones tell whose a key is that was never allowed anything.
        denied = "errorCode" if "errorCode" in record else None
        caller = (actor.arn, actor.access_key_id, actor.issuer_arn, actor.source_identity, denied)
        if caller not in known:
            known.add(caller)
            yield record
