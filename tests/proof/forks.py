"""Runs the same beginning with many continuations, each in a process of its own.

A fork copies the whole pretend cloud, so it is deployed once. It is safe only while no other thread
runs, which the caller sees to by letting the cloud settle.

How far a continuation may go is counted in steps, which it reports itself: a slow machine takes as
many as a fast one. Real time bounds only how long nothing at all may happen, and the time in which
it waited for a processor is no part of that.
"""

import json
import mmap
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 65_536
_WIDTH = 8  # bytes of a counter
_counters: list[mmap.mmap] = []  # of this process, and of those that it is a copy of


@dataclass(frozen=True)
class Ran[Case]:
    """One continuation: what it returned, or how it failed."""

    case: Case
    answer: Any  # JSON; None if it failed
    failure: str | None
    seconds: float  # of real time
    steps: int


@dataclass
class _Child:
    process: int
    pipe: int
    counter: mmap.mmap
    began: float
    moved: float  # when a step was last seen
    waited: float = 0  # seconds for a processor, until then
    steps: int = 0
    text: bytes = b""

    def look(self) -> None:
        """See how far it is."""
        steps = _count(self.counter)
        if steps != self.steps:
            self.steps, self.moved = steps, time.perf_counter()
            self.waited = _waited(self.process)

    def still_seconds(self) -> float:
        """For how long it made no step, and could have."""
        waited = max(0.0, _waited(self.process) - self.waited)
        return time.perf_counter() - self.moved - waited


def _waited(process: int) -> float:
    """Seconds that the threads of a process waited for a processor; 0 where no kernel tells.

    A wait counts when it ends, and a thread that ends takes its own along.
    Linux kernel documentation, "Scheduler Statistics": the second number, in nanoseconds.
    """
    total = 0
    for file in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError):  # it ended between the two looks
            total += int(file.read_text(encoding="ascii").split()[1])
    return total / 1e9


def step() -> None:
    """Say that something happened: in a copy of a process, whose original counts it."""
    for counter in _counters:
        counter[:_WIDTH] = (_count(counter) + 1).to_bytes(_WIDTH)


def _count(counter: mmap.mmap) -> int:
    return int.from_bytes(counter[:_WIDTH])


def forked[Case](
    cases: Sequence[Case],
    run: Callable[[Case], Any],
    *,
    at_once: int | None = None,
    at_most_steps: int | None = None,
    at_most_still_seconds: float = 300,
) -> Iterator[Ran[Case]]:
    """Run each case in a copy of this process, and yield them as they end.

    A case that takes more steps is killed, and has failed; and so is one that takes none for so
    many seconds of real time in which it could have.
    """
    if threading.active_count() != 1:
        raise RuntimeError("a fork would lose the other threads of this process")
    places, waiting = at_once or os.cpu_count() or 1, list(reversed(cases))
    running = dict[int, tuple[Case, _Child]]()
    while waiting or running:
        while waiting and len(running) < places:
            case = waiting.pop()
            child = _start(case, run)
            running[child.pipe] = (case, child)
        readable, _, _ = select.select(list(running), [], [], 1.0)
        for pipe in readable:
            case, child = running[pipe]
            chunk = os.read(pipe, _CHUNK)
            child.text += chunk
            if not chunk:
                del running[pipe]
                yield _ended(case, child)
        for pipe, (case, child) in list(running.items()):
            if why := _gone_wrong(child, at_most_steps, at_most_still_seconds):
                os.kill(child.process, signal.SIGKILL)
                del running[pipe]
                yield _ended(case, child, why)


def _gone_wrong(child: _Child, at_most_steps: int | None, at_most_still_seconds: float) -> str:
    child.look()
    if at_most_steps is not None and child.steps > at_most_steps:
        return f"it was not done after {at_most_steps} steps"
    if child.still_seconds() > at_most_still_seconds:
        return (
            f"nothing happened for {at_most_still_seconds:.0f} seconds, after {child.steps} steps"
        )
    return ""


def _start[Case](case: Case, run: Callable[[Case], Any]) -> _Child:
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    counter = mmap.mmap(-1, _WIDTH)  # shared with the copy
    process = os.fork()
    if process:
        os.close(writing)
        now = time.perf_counter()
        return _Child(process, reading, counter, began=now, moved=now)
    try:
        _counters.append(counter)
        os.close(reading)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            text = json.dumps({"answer": run(case)})
        except BaseException:  # noqa: BLE001 - the parent is told, whatever it was
            text = json.dumps({"failure": traceback.format_exc()})
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(text.encode())
    finally:
        os._exit(0)


def _ended[Case](case: Case, child: _Child, failure: str | None = None) -> Ran[Case]:
    os.close(child.pipe)
    os.waitpid(child.process, 0)
    took = time.perf_counter() - child.began
    if failure is None and not child.text:
        failure = "its process ended without a word"
    told = {} if failure is not None else json.loads(child.text)
    steps = _count(child.counter)
    child.counter.close()
    return Ran(case, told.get("answer"), failure or told.get("failure"), took, steps)
