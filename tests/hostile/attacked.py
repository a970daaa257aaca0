"""An event whose every string is an attack, as far as it can still be read."""

import copy
import re
from collections.abc import Iterator
from typing import Any

from responder.domain.errors import Broken
from responder.domain.finding import Finding
from responder.sources import feeds
from tests.events import an_event
from tests.hostile.corpus import SHORT

ROOM = 1_900  # characters of one string that the page shows whole


def chunks() -> list[str]:
    """The corpus in texts that the page shows whole."""
    found = [""]
    for text in SHORT:
        if len(found[-1]) + len(text) >= ROOM:
            found.append("")
        found[-1] += f" {text}"
    return found


def about_another(text: str, number: int) -> str:
    """The same message about another finding."""
    return re.sub(r"(?<=/finding/)[0-9a-f]{32}", f"{number:032x}", text)


def an_event_of(text: str) -> dict[str, Any]:
    """An event whose every string is an attack, but for those without which it is refused."""
    event = an_event("guardduty/attacksequence-s3-compromiseddata")
    for holder, place in list(_strings(event)):
        before = holder[place]
        holder[place] = text
        try:
            feeds.read(copy.deepcopy(event))
        except Broken:
            holder[place] = before
    return event


def a_finding_of(text: str) -> Finding:
    """What is read of it."""
    [finding] = feeds.read(an_event_of(text))
    return finding


def _strings(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = list(node.items() if isinstance(node, dict) else enumerate(node))
    for place, value in pairs:
        if isinstance(value, str):
            yield node, place
        elif isinstance(value, dict | list):
            yield from _strings(value)
