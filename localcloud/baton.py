"""Stand-ins for `threading` and `time` whose waiting is done by a scheduler.

They behave like the originals, as far as other people's code that is run on the scheduler uses
them. A wait takes virtual time, and those woken go on in the order they began to wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Self

from localcloud.scheduler import Parked, Scheduler, Worker


class Thread:
    """Stands in for threading.Thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        detached: bool = False,
    ) -> None:
        self.name = name or str(getattr(target, "__qualname__", "thread"))
        self.daemon = True if daemon is None else daemon
        self._group, self._target = group, target
        self._args, self._kwargs = tuple(args), dict(kwargs or {})
        self._scheduler, self._detached = scheduler, detached
        self._worker: Worker | None = None

    @property
    def ident(self) -> int | None:
        """The real thread's identifier, once it has had a turn."""
        return None if self._worker is None else self._worker.ident

    @property
    def native_id(self) -> int | None:
        """The same: moto's engine only logs it, when a branch starts and ends."""
        return self.ident

    def start(self) -> None:
        """Begin when its turn comes. Only once."""
        if self._worker is not None:
            raise RuntimeError("threads can only be started once")
        self._worker = self._scheduler.start(self._run, name=self.name, detached=self._detached)

    def _run(self) -> None:
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def is_alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._worker is not None and not self._worker.done

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, or for so long in virtual time."""
        if self._worker is None:
            raise RuntimeError("cannot join thread before it is started")
        if not self._worker.done:
            self._scheduler.park(timeout, self._worker.joining)

    def end(self) -> None:
        """End it where it is parked, with every thread it started that is not detached."""
        if self._worker is not None:
            self._scheduler.end(self._worker)


class Event:
    """Stands in for threading.Event."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._is_set = False
        self._waiting: deque[Parked] = deque()

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and let everybody who waits go on: also when it is cleared again at once."""
        self._is_set = True
        while self._waiting:
            self._scheduler.wake(self._waiting.popleft())

    def clear(self) -> None:
        """Make later waits wait again."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for so long. Says whether it was set."""
        return self._is_set or self._scheduler.park(timeout, self._waiting) or self._is_set


class Lock:
    """Stands in for threading.Lock."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._held = False
        self._waiting: deque[Parked] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, waiting for it if somebody has it."""
        if not self._held:
            self._held = True
            return True
        # Whoever releases it hands it over: it stays held, and nobody can slip in between.
        return blocking and self._scheduler.park(None if timeout < 0 else timeout, self._waiting)

    def release(self) -> None:
        """Give it to whoever has waited longest."""
        if not self._held:
            raise RuntimeError("release of a lock that nobody holds")
        while self._waiting:
            parked = self._waiting.popleft()
            if parked.waits:
                self._scheduler.wake(parked)
                return
        self._held = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._held

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


class RLock:
    """Stands in for threading.RLock: whoever has it can take it again."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._lock = Lock(scheduler)
        self._owner: int | None = None
        self._times = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, waiting for it if another has it."""
        me = threading.get_ident()
        if self._times == 0 or self._owner != me:
            if not self._lock.acquire(blocking, timeout):
                return False
            self._owner = me
        self._times += 1
        return True

    def release(self) -> None:
        """Give it back as often as it was taken."""
        if self._times == 0 or self._owner != threading.get_ident():
            raise RuntimeError("release of a lock that another holds")
        self._times -= 1
        if self._times == 0:
            self._owner = None
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


class Condition:
    """Stands in for threading.Condition."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._lock = RLock(scheduler)
        self._waiting: deque[Parked] = deque()
        self.acquire, self.release = self._lock.acquire, self._lock.release

    def wait(self, timeout: float | None = None) -> bool:
        """Let go of the lock until notified, or for so long. Says whether it was notified."""
        self._lock.release()
        try:
            return self._scheduler.park(timeout, self._waiting)
        finally:
            self._lock.acquire()

    def notify(self, n: int = 1) -> None:
        """Let the first who wait go on, as soon as they get the lock."""
        while n > 0 and self._waiting:
            parked = self._waiting.popleft()
            n -= parked.waits
            self._scheduler.wake(parked)

    def notify_all(self) -> None:
        """Let everybody who waits go on, one after the other."""
        self.notify(len(self._waiting))

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()


class Baton:
    """What a module sees in place of `threading` and of `time`, all on one scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.Thread = partial(Thread, scheduler)
        self.DetachedThread = partial(Thread, scheduler, detached=True)
        self.Event = partial(Event, scheduler)
        self.Lock = partial(Lock, scheduler)
        self.RLock = partial(RLock, scheduler)
        self.Condition = partial(Condition, scheduler)
        self.sleep = scheduler.sleep
        self.time = time.time  # the time of day is virtual in the whole process
