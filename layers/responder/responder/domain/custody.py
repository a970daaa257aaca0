"""The custody log: a chain of entries in which each link holds the hash of the one before.

An entry's hash is SHA-256 over its other fields as JSON with sorted keys, no spaces and ASCII
only, so that anybody can recompute it with a standard library.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from responder.domain.evidence import CustodyEntry

NO_PREVIOUS = "0" * 64
COLLECTED, NOT_COLLECTED, SEALED = "collected", "not collected", "sealed"
REPORTED = "reported"  # a page that tells of it was put beside it: no manifest names those
HELD, HOLD_LIFTED, READ = "held", "hold lifted", "read"
REHASHED, FOUND_WRONG, WRONG_SEEN = "rehashed", "found wrong", "seen by a person"


def next_entry(
    previous: CustodyEntry | None,
    *,
    incident_id: str,
    at: datetime,
    by: str,
    event: str,
    subject: str,
    subject_sha256: str,
    detail: str = "",
) -> CustodyEntry:
    """The link that follows `previous`, or the first one."""
    unhashed = CustodyEntry(
        incident_id=incident_id,
        sequence=1 if previous is None else previous.sequence + 1,
        at=at.astimezone(UTC),
        by=by,
        event=event,
        subject=subject,
        subject_sha256=subject_sha256,
        detail=detail,
        previous_sha256=NO_PREVIOUS if previous is None else previous.entry_sha256,
        entry_sha256="",
    )
    return unhashed.model_copy(update={"entry_sha256": hash_of(unhashed)})


def verify_chain(entries: Sequence[CustodyEntry]) -> str | None:
    """The first link that breaks the chain, as a sentence; None when every link holds.

    Cannot see links cut off at the end: whoever needs that compares the last hash with the one in
    a signed manifest.
    """
    if not entries:
        return "the custody log is empty"
    last = NO_PREVIOUS
    for place, entry in enumerate(entries, start=1):
        if entry.sequence != place:
            return f"link {place} is numbered {entry.sequence}"
        if entry.incident_id != entries[0].incident_id:
            return f"link {place} belongs to another incident"
        if entry.previous_sha256 != last:
            return f"link {place} does not follow from link {place - 1}"
        if entry.entry_sha256 != hash_of(entry):
            return f"link {place} was changed after it was written"
        last = entry.entry_sha256
    return None


def hash_of(entry: CustodyEntry) -> str:
    """Lower-case hex SHA-256 over every field but the hash itself."""
    fields = entry.model_dump(mode="json", exclude={"entry_sha256"})
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
