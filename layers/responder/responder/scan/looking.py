"""Looks into one object as it lies in a bucket, or at what is kept of it, which says the same."""

from dataclasses import dataclass

from responder.scan import document, shelf
from responder.scan.contents import contents_of
from responder.scan.document import Found
from responder.scan.needles import Needles
from responder.scan.shelf import Shelf
from responder.scan.unpacking import MOST_BYTES, unpack

LEAST_BYTES = 4 * 1024  # of an object, packed: smaller ones are read as fast as what is kept


@dataclass(frozen=True)
class Looked:
    """What was found in an object, and whether it has a data event."""

    found: Found
    data_events: bool


def look(
    packed: bytes,
    needles: Needles,
    kept: Shelf | None = None,
    *,
    plainly: bool = False,
    most_bytes: int = MOST_BYTES,
) -> Looked:
    """What one object has. `plainly`: by the standard library alone, and without what is kept.

    Raises `Damaged` if nobody can read it: of such a one nothing is kept.
    """
    if plainly or kept is None or len(packed) < LEAST_BYTES:
        raw = unpack(packed, most_bytes=most_bytes)
        data_events = document.has_data_events(raw)
        return Looked((document.plainly if plainly else document.found)(raw, needles), data_events)
    name = shelf.name_of(packed)
    contents = kept.get(name)
    fits = contents is not None and contents.raw_bytes <= most_bytes
    if contents is not None and fits and not contents.may_hold(needles):
        return Looked(Found(contents.counted), contents.data_events)
    raw = unpack(packed, most_bytes=most_bytes)
    if contents is None and (contents := contents_of(raw)) is not None:
        kept.put(name, contents)
    lengths = None if contents is None else contents.bounds()
    data_events = document.has_data_events(raw)
    return Looked(document.found(raw, needles, lengths), data_events)
