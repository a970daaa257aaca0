"""Runs the same beginning with many continuations, each in a process of its own.

A fork copies the whole pretend cloud, so it is deployed once. It is safe only while no other thread
runs, which the caller sees to by letting the cloud settle.
"""

import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_CHUNK = 65_536


@dataclass(frozen=True)
class Ran[Case]:
    """One continuation: what it returned, or how it failed."""

    case: Case
    answer: Any  # JSON; None if it failed
    failure: str | None
    seconds: float


@dataclass
class _Child:
    process: int
    pipe: int
    began: float
    text: bytes = b""


def forked[Case](
    cases: Sequence[Case],
    run: Callable[[Case], Any],
    *,
    at_once: int | None = None,
    at_most_seconds: float = 300,
) -> Iterator[Ran[Case]]:
    """Run each case in a copy of this process, and yield them as they end.

    A case that hangs is killed after so many seconds of real time, and has failed.
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
            if time.perf_counter() - child.began > at_most_seconds:
                os.kill(child.process, signal.SIGKILL)
                del running[pipe]
                yield _ended(case, child, f"it was not done after {at_most_seconds:.0f} seconds")


def _start[Case](case: Case, run: Callable[[Case], Any]) -> _Child:
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return _Child(process, reading, time.perf_counter())
    try:
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
    return Ran(case, told.get("answer"), failure or told.get("failure"), took)
