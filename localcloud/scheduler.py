"""Many threads of which exactly one runs at a time, in virtual time, the same way every time.

Whoever runs holds the baton. A job that has to wait parks its thread and hands the baton back; when
nobody can run at this instant, virtual time jumps to the earliest instant that somebody waits for.
Those who can run do so first come, first served, or as a seed has it. Nothing sleeps for real, and
nothing polls.

The thread that makes the scheduler is its driver: it alone settles and advances. A driver that has
to wait for something lets the others run meanwhile. Any third thread is refused when it would have
to wait: nobody could hand it the baton. `baton.py` has the stand-ins for `threading`.
"""

import heapq
import itertools
import random
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from localcloud.virtual_time import VirtualTime

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Ended(BaseException):
    """Raised inside a parked thread to end it. Not an error: nobody is to catch it."""


class Stuck(RuntimeError):
    """The driver waits for something that nothing left in the schedule can bring about."""


@dataclass(frozen=True)
class Failure:
    """A job that raised."""

    at: datetime
    name: str
    error: BaseException


@dataclass(order=True)
class Parked:
    """Somebody who waits: until an instant, or until woken before it."""

    until: datetime
    number: int  # who came first, among those who wait for the same instant
    worker: "Worker | None" = field(compare=False)  # none: the driver
    waits: bool = field(default=True, compare=False)
    woken: bool = field(default=False, compare=False)


class Worker:
    """A job in a thread of its own, which is made at its first turn and runs only in its turns."""

    def __init__(
        self,
        scheduler: "Scheduler",
        job: Callable[[], object],
        name: str,
        parent: "Worker | None",
        context: Context,
    ) -> None:
        self.name, self.parent = name, parent
        self.done = self.ending = self.queued = False
        self.joining: deque[Parked] = deque()
        self.parked: Parked | None = None
        self._scheduler, self._job = scheduler, job
        self._context = context
        self._gate = threading.Semaphore(0)
        self._thread: threading.Thread | None = None

    @property
    def ident(self) -> int | None:
        """The thread's identifier, once it has had a turn."""
        return None if self._thread is None else self._thread.ident

    def descends_from(self, other: "Worker") -> bool:
        """Whether this was started by the other, or by one that was, and so on; or is it."""
        worker: Worker | None = self
        while worker is not None and worker is not other:
            worker = worker.parent
        return worker is other

    def take_turn(self, baton: threading.Semaphore) -> None:
        """Run until it parks or ends. The driver calls this, and waits for the baton."""
        if self._thread is not None:
            self._gate.release()
            baton.acquire()
        elif not self.ending:
            self._thread = threading.Thread(
                target=self._run, args=(baton,), name=self.name, daemon=True
            )
            self._thread.start()
            baton.acquire()
        else:  # ended before it began
            self.done = True

    def join(self) -> None:
        """Wait until the thread of a job that is done has left the process."""
        if self._thread is not None:
            self._thread.join()

    def park(self, baton: threading.Semaphore) -> None:
        """Hand the baton back and wait for the next turn. Called in the worker's own thread."""
        if not self.ending:
            baton.release()
            self._gate.acquire()
        if self.ending:
            raise Ended(self.name)

    def _run(self, baton: threading.Semaphore) -> None:
        try:
            self._context.run(self._job)
        except Ended:
            self.ending = True
        except BaseException as error:  # noqa: BLE001  settle raises it in the driver
            self._scheduler.failed(self.name, error)
        finally:
            self.done = True
            baton.release()


class Scheduler:
    """Runs jobs and the threads they start, one at a time, in one virtual time."""

    def __init__(self, time: VirtualTime) -> None:
        self.failures: list[Failure] = []
        self._time = time
        self._driver = threading.get_ident()
        self._context = copy_context()
        self._baton = threading.Semaphore(0)
        self._current: Worker | None = None
        self._alive: dict[Worker, None] = {}  # in the order they came
        self._ready: deque[Worker] = deque()
        self._parked: list[Parked] = []
        self._numbers = itertools.count()
        self._chance: random.Random | None = None
        self._unraised: list[Failure] = []
        self._closed = False

    def now(self) -> datetime:
        """The virtual instant."""
        return self._time.now()

    def later(self, job: Callable[[], object], *, name: str, at: datetime | None = None) -> None:
        """Run the job in a thread of its own as soon as its turn comes, or at this instant."""
        worker = self._add(job, name, None, copy_context())
        if at is None:
            self._queue(worker)
        else:
            self._park_until(at, worker)

    def take_turns_by(self, chance: random.Random) -> None:
        """From now on, let chance say whose turn it is among those who can run."""
        self._chance = chance

    def settle(self) -> None:
        """Run what can run at this instant, until each has ended or waits for a later one.

        Then raises the first error of a job; notes name the others, and `failures` keeps them all.
        """
        self._only_the_driver("settle")
        while self._step():
            pass
        if self._unraised:
            first, *others = self._unraised
            self._unraised.clear()
            first.error.add_note(f"raised by {first.name} at {first.at.isoformat()}")
            for other in others:
                first.error.add_note(f"then {other.name} raised {other.error!r}")
            raise first.error

    def next_at(self) -> datetime | None:
        """The earliest instant that something waits for; now, if something can run already."""
        if self._ready:
            return self.now()
        while self._parked and not self._parked[0].waits:
            heapq.heappop(self._parked)
        return max(self._parked[0].until, self.now()) if self._parked else None

    def alive(self) -> list[str]:
        """The names of the jobs and threads that have not ended, oldest first."""
        return [worker.name for worker in self._alive]

    def advance_to(self, at: datetime) -> None:
        """Let time pass until this instant, jumping from wait to wait."""
        self.settle()
        while (following := self.next_at()) is not None and following <= at:
            self._time.move_to(following)
            self.settle()
        self._time.move_to(max(at, self.now()))  # a handler that sleeps moves time on itself

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time. In the driver, this lets everything else go on meanwhile."""
        self.park(seconds)

    def close(self) -> None:
        """End every thread where it stands, and take no more jobs. May be called twice."""
        self._only_the_driver("close")
        self._closed = True
        for worker in self._alive:
            self._end_one(worker)
        while self._step():
            pass

    # For the stand-ins in baton.py

    def start(self, job: Callable[[], object], *, name: str, detached: bool = False) -> Worker:
        """Run the job in a thread that ends with the one that started it.

        Unless it is detached: then it outlives that one, and nothing of its context reaches it.
        """
        if detached:
            worker = self._add(job, name, None, self._context.copy())
        else:
            worker = self._add(job, name, self._current, copy_context())
        self._queue(worker)
        return worker

    def end(self, worker: Worker) -> None:
        """End a thread, and those it started, in their next turn: each where it is parked."""
        for each in self._alive:
            if each.descends_from(worker):
                self._end_one(each)

    def park(self, seconds: float | None, waiters: deque[Parked] | None = None) -> bool:
        """Wait until woken through the waiters, or for so long. Says whether it was woken."""
        worker = self._here()
        until = _NEVER if seconds is None else self.now() + timedelta(seconds=max(0.0, seconds))
        parked = self._park_until(until, worker)
        if waiters is not None:
            waiters.append(parked)
        if worker is None:
            self._drive_while(parked)
        else:
            worker.park(self._baton)
        if waiters is not None and parked in waiters:
            waiters.remove(parked)
        return parked.woken

    def wake(self, parked: Parked) -> None:
        """Let somebody who is parked go on, in their turn."""
        if parked.waits:
            parked.waits, parked.woken = False, True
            self._go_on(parked)

    def failed(self, name: str, error: BaseException) -> None:
        """Keep what a job raised."""
        failure = Failure(self.now(), name, error)
        self.failures.append(failure)
        self._unraised.append(failure)

    # Inside

    def _add(
        self, job: Callable[[], object], name: str, parent: Worker | None, context: Context
    ) -> Worker:
        if self._closed:
            raise RuntimeError(f"the scheduler is closed; it does not take {name}")
        worker = Worker(self, job, name, parent, context)
        self._alive[worker] = None
        return worker

    def _queue(self, worker: Worker) -> None:
        if not worker.queued:
            worker.queued = True
            self._ready.append(worker)

    def _park_until(self, until: datetime, worker: Worker | None) -> Parked:
        parked = Parked(until, next(self._numbers), worker)
        if worker is not None:
            worker.parked = parked
        if until < _NEVER:
            heapq.heappush(self._parked, parked)
        return parked

    def _go_on(self, parked: Parked) -> None:
        if parked.worker is not None:
            self._queue(parked.worker)

    def _step(self) -> bool:
        """Give one worker its turn. False if none can run at this instant."""
        while self._parked and (not self._parked[0].waits or self._parked[0].until <= self.now()):
            parked = heapq.heappop(self._parked)
            if parked.waits:
                parked.waits = False
                self._go_on(parked)
        if not self._ready:
            return False
        if self._chance is not None:
            self._ready.rotate(self._chance.randrange(len(self._ready)))
        worker = self._ready.popleft()
        worker.queued, self._current = False, worker
        worker.take_turn(self._baton)
        self._turn_is_over(worker)
        return True

    def _turn_is_over(self, worker: Worker) -> None:
        self._current = None
        if worker.done:
            worker.join()
            del self._alive[worker]
            for parked in worker.joining:
                self.wake(parked)

    def _drive_while(self, parked: Parked) -> None:
        while parked.waits:
            if not self._step() and parked.waits:
                following = self.next_at()
                if following is None:
                    raise Stuck(f"nothing can go on; alive: {', '.join(self.alive()) or 'nobody'}")
                self._time.move_to(following)

    def _end_one(self, worker: Worker) -> None:
        worker.ending = True
        if worker.parked is not None:
            worker.parked.waits = False
        if worker is not self._current:
            self._queue(worker)

    def _here(self) -> Worker | None:
        ident = threading.get_ident()
        if ident == self._driver:
            return None
        if self._current is not None and self._current.ident == ident:
            return self._current
        raise RuntimeError(f"{threading.current_thread().name} is no thread of this scheduler")

    def _only_the_driver(self, what: str) -> None:
        if threading.get_ident() != self._driver:
            raise RuntimeError(f"only the thread that made the scheduler can {what}")
        if self._current is not None:  # the driver was interrupted (Ctrl-C) during this turn
            self._baton.acquire()
            self._turn_is_over(self._current)
