"""One time of day for the whole process, that stands still until somebody moves it on.

`datetime.now`, `time.time` and whatever is built on them answer the virtual instant: handlers, the
pretend AWS and request signatures agree to the microsecond. `time.monotonic` and `time.sleep` stay
real, so threads can still hand over to each other. See docs/decisions/0004.
"""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import time_machine


class VirtualTime:
    """The process's time of day while this is entered; local time is UTC, as it is in Lambda."""

    def __init__(self, starts_at: datetime) -> None:
        self._now = _in_utc(starts_at)
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None

    def __enter__(self) -> Self:
        if self._travel is not None:
            raise RuntimeError("this virtual time has been entered already")
        if time_machine.traveller_stack:
            # Two would each believe that they own the process's time of day.
            raise RuntimeError("the process has a virtual time already; leave that one first")
        self._travel = time_machine.travel(self._now, tick=False)
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._travel is not None:
            self._travel.stop()
        self._traveller = None

    def now(self) -> datetime:
        """The virtual instant, aware and in UTC."""
        return self._now

    def move_to(self, at: datetime) -> None:
        """Move on to this instant. Time never runs backwards, nor when nobody has entered it."""
        if self._traveller is None:
            raise RuntimeError("this virtual time is not running")
        at = _in_utc(at)
        if at < self._now:
            raise ValueError(f"{at} is before {self._now}: time does not run backwards")
        self._traveller.move_to(at)
        self._now = at


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} names no time zone")
    return at.astimezone(UTC)
