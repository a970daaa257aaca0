"""Several things looked at one after the other, over as many runs as that takes.

One that fails does not stop the others. One that AWS could not answer about is tried again, once
the others had their turn, before it is called a failure; the last run names each that failed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.failing import together
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import one_line

_DONE, _MORE, _AGAIN, _FAILED = "done", "more", "again", "failed"
_SAID = 300  # of one failure: it stands in the bookmark

type Bookmark = Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One thing. `called` names it where its failure is told.

    `look` is given what it said in its last `Later`, or None.
    """

    called: str
    look: Callable[[Bookmark | None], Iterable[Collected | Later]]


@dataclass(frozen=True)
class _Place:
    """A turn to be taken, by its number. `is_again`: AWS did not answer in an earlier run."""

    number: int
    inside: Bookmark | None = None
    is_again: bool = False


def in_turn(scene: Scene, turns: Sequence[Turn], *, need: timedelta) -> Iterator[Collected | Later]:
    """Each turn, and `Later` where the next one has no time: it may `need` so much.

    Raises what failed once all had their turn: `Unavailable` where this run may be tried again.
    """
    failed: list[str] = list(scene.bookmark.get(_FAILED, ()))
    again: list[_Place] = []
    failures: list[Broken | Unavailable] = []
    waiting = _waiting(scene.bookmark, len(turns))
    for taken, place in enumerate(waiting):
        if taken and not scene.has_time(need):
            yield Later(_bookmark(failed, [*waiting[taken:], *again], len(turns)))
            return
        turn = turns[place.number]
        try:
            for one in turn.look(place.inside):
                if isinstance(one, Later):
                    there = _Place(place.number, one.bookmark, place.is_again)
                    rest = [there, *waiting[taken + 1 :], *again]
                    yield Later(_bookmark(failed, rest, len(turns)), one.wait)
                    return
                yield one
        except (Broken, Unavailable) as error:
            told = type(error)(one_line(f"{turn.called}: {error}", _SAID))
            failures.append(told)
            if isinstance(error, Unavailable) and not place.is_again:
                again.append(_Place(place.number, place.inside, is_again=True))
            else:
                failed.append(str(told))
    if failed or failures:
        raise together([*failures, *(Broken(text) for text in failed)])


def _waiting(bookmark: Bookmark, number: int) -> list[_Place]:
    """Those that had no turn yet, and then those to be tried again."""
    done = bookmark.get(_DONE, 0)
    if not isinstance(done, int):  # names of instances: a bookmark that an earlier version left
        done = 0
    fresh = [_Place(one) for one in range(done, number)]
    if fresh and bookmark.get(_MORE) is not None:
        fresh[0] = _Place(done, bookmark[_MORE])
    return fresh + [
        _Place(one, inside, is_again=True)
        for one, inside in bookmark.get(_AGAIN, ())
        if one < number
    ]


def _bookmark(failed: list[str], waiting: Sequence[_Place], number: int) -> dict[str, Any]:
    fresh = [one for one in waiting if not one.is_again]
    found: dict[str, Any] = {_DONE: fresh[0].number if fresh else number, _FAILED: list(failed)}
    if fresh and fresh[0].inside is not None:
        found[_MORE] = fresh[0].inside
    again = [[one.number, one.inside] for one in waiting if one.is_again]
    return found | ({_AGAIN: again} if again else {})
