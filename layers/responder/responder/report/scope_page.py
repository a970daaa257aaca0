"""One page of what some principals did by the logs: for counsel and responders, on screen or paper.

Made of the answer of `responder scope` alone. What nobody could see stands before what was found.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from responder.report.lineage_picture import kind_of, name_of, picture
from responder.report.markup import fill
from responder.report.wording import counted

_MOST_ROWS = 200  # of each table; the rest is told
_MEANINGS = {
    "tampering": "Tampered with what would be seen",
    "persistence": "Gave a way back in",
    "retrieval": "Fetched what opens something else",
    "decryption": "Decrypted",
    "copy": "Copied or shared data whole",
    "reading": "Read data, beside objects of S3",
    "destruction": "Destroyed",
}


def render(told: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The page, UTF-8. The same answer at the same instant gives the same bytes.

    `told` is what `scan.answer.answer` returns.
    """
    seeds = frozenset(one["id"] for one in told["principals"] if one["seed"])
    lineage = told["lineage"]
    return fill(
        "scope.html.jinja",
        made_at=made_at,
        span=_span(told["first_event_at"], told["last_event_at"]),
        asked=_asked(told),
        told=told,
        size=_size(told["bytes_read"]),
        picture=picture(lineage["nodes"], lineage["edges"], seeds),
        steps=[_step(edge) for edge in lineage["edges"][:_MOST_ROWS]],
        people=_people(told),
        stores=told["touched"] or [],
        noted=[
            (name, title, told[name][:_MOST_ROWS], len(told[name]) - _MOST_ROWS)
            for name, title in _MEANINGS.items()
            if told[name]
        ],
        noted_at=_when,
        principals=[
            one | {"kind": kind_of(one["id"]), "name": name_of(one["id"])}
            for one in told["principals"][:_MOST_ROWS]
        ],
        calls=sorted(told["calls"], key=lambda one: (-one["times"], one["service"], one["call"]))[
            :_MOST_ROWS
        ],
        most=_MOST_ROWS,
    )


def _asked(told: Mapping[str, Any]) -> str:
    since, until = told["since"], told["until"]
    if since is None and until is None:
        return "all the time that these logs are of"
    begins = _when(since) if since else "their beginning"
    return f"from {begins} to {_when(until) if until else 'their end'}"


def _span(first: str | None, last: str | None) -> str:
    if first is None or last is None:
        return "No call of theirs is in these logs"
    return f"{_when(first)} to {_when(last)}"


def _when(at: str) -> str:
    return f"{at[:10]} {at[11:19]} UTC"


def _size(count: int) -> str:
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return counted(count, "byte")


def _step(edge: Mapping[str, Any]) -> dict[str, str]:
    return {
        "at": _when(edge["event_at"]),
        "source": name_of(edge["source"]),
        "verb": edge["verb"],
        "target": f"{kind_of(edge['target'])} {name_of(edge['target'])}",
        "call": edge["event_name"],
        "record": edge["event_id"],
    }


def _people(told: Mapping[str, Any]) -> Sequence[tuple[str, int, int]]:
    return [(place, one["low"], one["high"]) for place, one in (told["residents"] or {}).items()]
