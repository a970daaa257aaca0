"""The time that is asked about, and what lies before it."""

from dataclasses import dataclass
from enum import Enum


class Part(Enum):
    """Where a record's time lies."""

    BEFORE = 1
    STRADDLES = 2  # an end of the window: some of its bytes may be of the window, or all
    WITHIN = 3
    AFTER = 4


@dataclass(frozen=True)
class Window:
    """From `since` until before `until`, in seconds since 1970; without an end where it is None."""

    since: int | None = None
    until: int | None = None

    def part(self, start: int, end: int) -> Part:
        """Of a record that tells of this time."""
        since, until = self.since, self.until
        if until is not None and start >= until:
            return Part.AFTER
        if (since is None or start >= since) and (until is None or end <= until):
            return Part.WITHIN
        if since is not None and end <= since:
            return Part.BEFORE
        return Part.STRADDLES
