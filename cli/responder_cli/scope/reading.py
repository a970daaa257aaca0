"""Reads many objects at once, in processes of their own."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from responder.domain.lineage import Lineage
from responder.domain.lineage_growth import Callers
from responder.domain.trail_event import event_of
from responder.scan import document
from responder.scan.needles import Needles
from responder.scan.pursuit import can_make, id_of
from responder.scan.tally import Tally
from responder.scan.unpacking import Damaged, unpack

_AT_ONCE = 64  # objects that one process is handed


@dataclass
class Sought:
    """What one object had for a round of the pursuit."""

    path: Path
    total: int = 0
    held: int = 0  # records that hold a needle
    ids: list[bytes] = field(default_factory=list)  # of those
    strange: int = 0
    data_events: bool = False
    damage: str = ""
    # Those that may make something, and the first of each caller.
    records: list[dict[str, Any]] = field(default_factory=list)


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


def _read(raw: bytes | bytearray) -> document.Found:
    if _WORK.needles is None:
        raise RuntimeError("a process was not told what to look for")
    return (document.plainly if _WORK.plainly else document.found)(raw, _WORK.needles)


def _seek(path: Path) -> Sought:
    sought = Sought(path)
    try:
        raw = unpack(path.read_bytes())
        sought.data_events = document.has_data_events(raw)
        records = _read(raw)
    except (Damaged, OSError) as error:
        sought.damage = str(error) if isinstance(error, Damaged) else "it could not be opened"
        return sought
    sought.total, sought.strange = records.total, records.strange
    sought.held = len(records.records)
    sought.ids = [one for one in map(id_of, records.records) if one is not None]
    sought.records = list(_telling(records.records))
    return sought


def _telling(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    known = set[tuple[str | None, ...]]()
    for record in records:
        if can_make(record):
            yield record
            continue
        try:
            actor = event_of(record).actor
        except ValueError:
            continue  # the tally tells of it
        # The denied ones tell whose a key is that was never allowed anything.
        denied = "errorCode" if "errorCode" in record else None
        caller = (actor.arn, actor.access_key_id, actor.issuer_arn, actor.source_identity, denied)
        if caller not in known:
            known.add(caller)
            yield record


def _count(chosen: tuple[Path, frozenset[bytes]]) -> Tally:
    path, elsewhere = chosen
    tally = Tally(since=_WORK.since, until=_WORK.until)
    if _WORK.lineage is None:
        raise RuntimeError("a process was not told whom to count")
    try:
        records = _read(unpack(path.read_bytes())).records
    except (Damaged, OSError):
        return tally  # named by the round before
    tally.take(_once(records, elsewhere), Callers(_WORK.lineage))
    return tally


def _once(
    records: Iterable[dict[str, Any]], elsewhere: frozenset[bytes]
) -> Iterator[dict[str, Any]]:
    """Those that are counted here, each once. One without an id is like no other."""
    seen = set(elsewhere)
    for record in records:
        known = id_of(record)
        if known is None:
            yield record
        elif known not in seen:
            seen.add(known)
            yield record
