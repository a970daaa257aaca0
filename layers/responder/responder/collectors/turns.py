"""Several things looked at one after the other, over as many runs as that takes.

One that fails does not stop the others. One that AWS could not answer about is tried again, once
the others had their turn, before it is called a failure; the last run names each that failed.

Between two runs a finding may come that names more, or be told anew and name less. So a bookmark
knows things by what they are, and not by their place: none is left out, or taken for another.
"""

import hashlib
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
    """One thing. `called` names it where its failure is told, and `identity` tells it from others.

    `look` is given what it said in its last `Later`, or None.
    """

    called: str
    identity: str
    look: Callable[[Bookmark | None], Iterable[Collected | Later]]

    @property
    def key(self) -> str:
        """What a bookmark knows it by: short, for there may be many."""
        return hashlib.sha256(self.identity.encode("utf-8", "backslashreplace")).hexdigest()[:16]


@dataclass(frozen=True)
class _Place:
    """A turn to be taken. `is_again`: AWS did not answer in an earlier run."""

    turn: Turn
    inside: Bookmark | None = None
    is_again: bool = False


def in_turn(scene: Scene, turns: Sequence[Turn], *, need: timedelta) -> Iterator[Collected | Later]:
    """Each turn, and `Later` where the next one has no time: it may `need` so much.

    Raises what failed once all had their turn: `Unavailable` where this run may be tried again.
    """
    failed: list[str] = list(scene.bookmark.get(_FAILED, ()))
    again: list[_Place] = []
    failures: list[Broken | Unavailable] = []
    waiting = _waiting(scene.bookmark, turns)
    for taken, place in enumerate(waiting):
        if taken and not scene.has_time(need):
            yield Later(_bookmark(failed, [*waiting[taken:], *again], turns))
            return
        turn = place.turn
        try:
            for one in turn.look(place.inside):
                if isinstance(one, Later):
                    there = _Place(turn, one.bookmark, place.is_again)
                    rest = [there, *waiting[taken + 1 :], *again]
                    yield Later(_bookmark(failed, rest, turns), one.wait)
                    return
                yield one
        except (Broken, Unavailable) as error:
            told = type(error)(one_line(f"{turn.called}: {error}", _SAID))
            failures.append(told)
            if isinstance(error, Unavailable) and not place.is_again:
                again.append(_Place(turn, place.inside, is_again=True))
            else:
                failed.append(str(told))
    if failed or failures:
        raise together([*failures, *(Broken(text) for text in failed)])


def _waiting(bookmark: Bookmark, turns: Sequence[Turn]) -> list[_Place]:
    """Those that had no turn yet, and then those to be tried again."""
    done: Any = bookmark.get(_DONE, ())
    more: Bookmark = bookmark.get(_MORE) or {}
    if isinstance(done, int):  # a bookmark that an earlier version left: so many, in this order
        done, more = [one.key for one in turns[:done]], {one.key: more for one in turns[done:][:1]}
    again: dict[str, Bookmark | None] = dict(bookmark.get(_AGAIN, ()))
    fresh = [
        _Place(one, more.get(one.key) or None)
        for one in turns
        if one.key not in done and one.key not in again
    ]
    return fresh + [_Place(one, again[one.key], is_again=True) for one in turns if one.key in again]


def _bookmark(
    failed: list[str], waiting: Sequence[_Place], turns: Sequence[Turn]
) -> dict[str, Any]:
    open_ = {one.turn.key for one in waiting}
    found: dict[str, Any] = {
        _DONE: [one.key for one in turns if one.key not in open_],
        _FAILED: list(failed),
    }
    more = {
        one.turn.key: one.inside for one in waiting if not one.is_again and one.inside is not None
    }
    again = [[one.turn.key, one.inside] for one in waiting if one.is_again]
    return found | ({_MORE: more} if more else {}) | ({_AGAIN: again} if again else {})
