"""Reads many objects at once, in processes of their own."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from responder.domain.lineage import Lineage
from responder.scan.counting import count
from responder.scan.needles import Needles
from responder.scan.seeking import Sought, seek, unread
from responder.scan.tally import Tally

_AT_ONCE = 64  # objects that one process is handed


class Readers:
    """Some processes. Each is told once what to look for."""

    def __init__(self, processes: int | None = None, *, plainly: bool = False) -> None:
        """`plainly`: by the standard library alone, each record decoded. The same answer."""
        self._processes = processes or os.cpu_count() or 1
        self._plainly = plainly

    def sought(self, paths: Sequence[Path], texts: frozenset[str]) -> Iterator[Sought]:
        """What each object has, as they are read."""
        yield from self._run(_seek, paths, _look_for, (self._plainly, texts))

    def tallied(
        self,
        chosen: Sequence[tuple[Path, frozenset[bytes]]],
        texts: frozenset[str],
        lineage: Lineage,
        since: datetime | None,
        until: datetime | None,
    ) -> Iterator[Tally]:
        """What the lineage did from `since` until `until`, in parts.

        Beside each object stand the records that are counted elsewhere.
        """
        yield from self._run(
            _count, chosen, _look_for, (self._plainly, texts, lineage, since, until)
        )

    def _run[Asked, Answer](
        self,
        work: Callable[[Asked], Answer],
        chosen: Sequence[Asked],
        begin: Callable[..., None],
        given: tuple[object, ...],
    ) -> Iterator[Answer]:
        if self._processes == 1 or len(chosen) < _AT_ONCE:
            begin(*given)
            yield from map(work, chosen)
            return
        with ProcessPoolExecutor(
            self._processes, get_context("spawn"), initializer=begin, initargs=given
        ) as pool:
            yield from pool.map(work, chosen, chunksize=_AT_ONCE)


@dataclass
class _Work:
    needles: Needles | None = None
    plainly: bool = False
    lineage: Lineage | None = None
    since: datetime | None = None
    until: datetime | None = None


_WORK = _Work()


def _look_for(
    plainly: bool,
    texts: frozenset[str],
    lineage: Lineage | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    _WORK.needles, _WORK.plainly, _WORK.lineage = Needles(texts), plainly, lineage
    _WORK.since, _WORK.until = since, until


def _needles() -> Needles:
    if _WORK.needles is None:
        raise RuntimeError("a process was not told what to look for")
    return _WORK.needles


def _seek(path: Path) -> Sought:
    try:
        packed = path.read_bytes()
    except OSError:
        return unread(path.name, "it could not be opened")
    return seek(path.name, packed, _needles(), plainly=_WORK.plainly)


def _count(chosen: tuple[Path, frozenset[bytes]]) -> Tally:
    path, elsewhere = chosen
    tally = Tally(since=_WORK.since, until=_WORK.until)
    if _WORK.lineage is None:
        raise RuntimeError("a process was not told whom to count")
    try:
        packed = path.read_bytes()
    except OSError:
        return tally  # named by the round before
    count(tally, packed, _needles(), _WORK.lineage, set(elsewhere), plainly=_WORK.plainly)
    return tally
