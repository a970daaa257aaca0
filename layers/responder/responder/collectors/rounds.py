"""Work that AWS does while we wait: started once for each thing, and looked at until it is done.

A run that dies begins again at the bookmark before, so whatever starts something has to find what
it started already.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from responder.collectors.collector import Collected, Later, Scene

type Started = dict[str, Any]  # JSON: it stands in the bookmark
type Start[Thing] = Callable[[Thing, bool], Started | None]
type Look[Thing] = Callable[[Thing, Started, bool], Collected | None]
_BEGAN, _STARTED, _DONE = "began_at", "started", "done"


def until_done[Thing](
    scene: Scene,
    things: Mapping[str, Thing],
    *,
    start: Start[Thing],
    look: Look[Thing],
    ask_again: timedelta,
    at_most: timedelta,
) -> Iterator[Collected | Later]:
    """One item for each thing. All are started before any is looked at.

    `start` answers None where the thing cannot be started just now, and `look` while it is not
    done; it may note in what was started how far that is. After `at_most` both are told that it is
    late, and answer with what there is.
    """
    began_at = scene.bookmark.get(_BEGAN, scene.now.isoformat())
    started: dict[str, Started] = dict(scene.bookmark.get(_STARTED, {}))
    done: list[str] = list(scene.bookmark.get(_DONE, ()))
    is_late = scene.read_at() - datetime.fromisoformat(began_at) > at_most

    def later(wait: timedelta = timedelta()) -> Later:
        return Later({_BEGAN: began_at, _STARTED: started, _DONE: done}, wait)

    for name, thing in things.items():
        if name in started or name in done:
            continue
        if not scene.has_time():
            yield later()
            return
        if (begun := start(thing, is_late)) is not None:
            started[name] = begun
    for name, thing in things.items():
        if name in done or name not in started:
            continue
        if not scene.has_time():
            yield later()
            return
        if (item := look(thing, started[name], is_late)) is not None:
            yield item
            del started[name]
            done.append(name)
    if not set(things) <= set(done):
        yield later(ask_again)
