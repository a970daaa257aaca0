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
from responder.scan.shelf import Shelf
from responder.scan.tally import Tally
from responder_cli.scope.sources import NotRead, Source

_AT_ONCE = 64  # objects that one process is handed


class Readers:
    """Some processes. Each is told once what to look for."""

    def __init__(
        self,
        source: Source,
        processes: int | None = None,
        *,
        plainly: bool = False,
        index: Path | None = None,
    ) -> None:
        """`plainly`: by the standard library alone, each record decoded. The same answer.

        `index` is where what stands in objects is kept, for the next question.
        """
        self._processes = processes or os.cpu_count() or 1
        self._begun = _Begun(source, plainly, index)

    def sought(self, names: Sequence[str], texts: frozenset[str]) -> Iterator[Sought]:
        """What each object has, as they are read."""
        yield from self._run(_seek, names, _look_for, (self._begun, texts))

    def tallied(
        self,
        chosen: Sequence[tuple[str, frozenset[bytes]]],
        texts: frozenset[str],
        lineage: Lineage,
        since: datetime | None,
        until: datetime | None,
    ) -> Iterator[Tally]:
        """What the lineage did from `since` until `until`, in parts.

        Beside each object stand the records that are counted elsewhere.
        """
        yield from self._run(_count, chosen, _look_for, (self._begun, texts, lineage, since, until))

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


@dataclass(frozen=True)
class _Begun:
    source: Source
    plainly: bool
    index: Path | None


@dataclass
class _Work:
    source: Source | None = None
    needles: Needles | None = None
    kept: Shelf | None = None
    plainly: bool = False
    lineage: Lineage | None = None
    since: datetime | None = None
    until: datetime | None = None


_WORK = _Work()


def _look_for(
    begun: _Begun,
    texts: frozenset[str],
    lineage: Lineage | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    _WORK.source, _WORK.needles, _WORK.lineage = begun.source, Needles(texts), lineage
    _WORK.plainly = begun.plainly
    _WORK.kept = None if begun.index is None else Shelf(begun.index)
    _WORK.since, _WORK.until = since, until


def _needles() -> Needles:
    if _WORK.needles is None:
        raise RuntimeError("a process was not told what to look for")
    return _WORK.needles


def _read(name: str) -> bytes:
    if _WORK.source is None:
        raise RuntimeError("a process was not told where to read")
    return _WORK.source.read(name)


def _seek(name: str) -> Sought:
    try:
        packed = _read(name)
    except NotRead as error:
        return unread(name, str(error))
    return seek(name, packed, _needles(), _WORK.kept, plainly=_WORK.plainly)


def _count(chosen: tuple[str, frozenset[bytes]]) -> Tally:
    name, elsewhere = chosen
    tally = Tally(since=_WORK.since, until=_WORK.until)
    if _WORK.lineage is None:
        raise RuntimeError("a process was not told whom to count")
    try:
        packed = _read(name)
    except NotRead:
        return tally  # named by the round before
    seen = set(elsewhere)
    count(tally, packed, _needles(), _WORK.lineage, seen, _WORK.kept, plainly=_WORK.plainly)
    return tally
