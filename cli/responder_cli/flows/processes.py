"""Does one thing to many files, in processes of their own."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

_AT_ONCE = 16  # files that one process is handed


def each[Answer](
    work: Callable[[Path], Answer],
    paths: Sequence[Path],
    processes: int | None,
    begin: Callable[..., None],
    given: tuple[object, ...],
) -> Iterator[Answer]:
    """The answer for each, in their order. `begin` tells each process what it is `given`.

    As many processes as there are cores, if nobody says.
    """
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(paths) < 2 * _AT_ONCE:
        begin(*given)
        yield from map(work, paths)
        return
    with ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=begin, initargs=given
    ) as pool:
        yield from pool.map(work, paths, chunksize=_AT_ONCE)
