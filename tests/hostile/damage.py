"""Events with parts replaced, dropped, spliced and swapped, for Hypothesis to choose."""

import copy
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.hostile.corpus import STRINGS, VALUES
from tests.hostile.places import places

# The tests run few, the same ones each time; `HOSTILE_EXAMPLES=20000` runs many, others each time.
_MORE = os.environ.get("HOSTILE_EXAMPLES")


def few(examples: int) -> settings:
    """So many examples, or as many as the environment asks for."""
    return settings(
        max_examples=int(_MORE) if _MORE else examples,
        derandomize=_MORE is None,
        database=None,
        # Making a failure smaller takes minutes here: what fails is large, and made of few parts.
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def damaged(saved: Callable[[str], Any], names: list[str]) -> st.SearchStrategy[Any]:
    """One of the saved documents, with one to four of its parts damaged."""

    @st.composite
    def one(draw: st.DrawFn) -> Any:
        document = copy.deepcopy(saved(draw(st.sampled_from(names))))
        for _ in range(draw(st.integers(1, 4))):
            if places(document):
                _damage(draw, document, _a_place(draw, document))
        return document

    return one()


def _damage(draw: st.DrawFn, document: Any, place: tuple[Any, ...]) -> None:
    *way, last = place
    part = document
    for step in way:
        part = part[step]
    how = draw(st.integers(0, 5))
    if how == 0:
        del part[last]
    elif how == 1:
        part[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    elif how == 2:
        part[last] = _other(draw, document)
    elif how == 3 and isinstance(part, dict):
        part[draw(st.sampled_from(STRINGS))[:400]] = part.pop(last)
    elif how == 4 and isinstance(part, list):
        part.extend(copy.deepcopy(part[last]) for _ in range(draw(st.sampled_from((2, 150)))))
    elif isinstance(part[last], str):
        attack, text = draw(st.sampled_from(STRINGS)), part[last]
        at = draw(st.integers(0, len(text)))
        part[last] = draw(st.sampled_from((attack, text[:at] + attack + text[at:])))
    else:
        part[last] = draw(st.sampled_from(STRINGS))


def _other(draw: st.DrawFn, document: Any) -> Any:
    """A copy of another part of the same document."""
    found = document
    for step in _a_place(draw, document):
        found = found[step]
    return copy.deepcopy(found)


def _a_place(draw: st.DrawFn, document: Any) -> tuple[Any, ...]:
    found = places(document)
    return found[draw(st.integers(0, len(found) - 1))]
