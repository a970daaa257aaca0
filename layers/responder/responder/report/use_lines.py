"""What else uses a thing, in words short enough for whoever is asked about it."""

from collections.abc import Sequence

from responder.domain.escaping import one_line
from responder.domain.use import Caller, Use
from responder.report.wording import counted, in_utc, listed, span

_SHOWN = 4  # of each kind; the rest is counted


def known(use: Use) -> str:
    """What AWS showed, the likeliest to break first."""
    parts = list[str]()
    if use.holders:
        parts.append(f"Held by {_some([one_line(one, 80) for one in use.holders])}.")
    others = [one for one in use.callers if not one.named]
    since = "" if use.since is None else f" in the last {span(use.looked_at - use.since)}"
    if others:
        parts.append(f"Worked with{since} by {_some([_caller(one) for one in others])}.")
    if len(others) < len(use.callers):
        only = f"Nobody was seen to work with it{since} but what the findings name."
        parts.append("So did what the findings name." if others else only)
    if use.services:
        told = [f"{one_line(one.name, 40)} ({in_utc(one.last_at)})" for one in use.services]
        parts.append(f"Services it used last: {_some(told)}.")
    return " ".join(parts) or "AWS showed nothing else that uses it."


def breadth(use: Use) -> int:
    """How much was seen to use it: more of it breaks more."""
    return len(use.holders) + sum(not one.named for one in use.callers) + len(use.services)


def brief(use: Use) -> str:
    """How much of each kind AWS showed, where there is no room for names."""
    if use.since is None:
        return "nobody could look"
    others = sum(not one.named for one in use.callers)
    parts = [
        *([f"held by {len(use.holders)}"] if use.holders else []),
        *([f"worked with by {counted(others, 'other')}"] if others else []),
        *([f"used {counted(len(use.services), 'service')}"] if use.services else []),
    ]
    return ", ".join(parts) or "nothing else seen"


def not_known(use: Use) -> str:
    """What could not be read, or nobody can read."""
    if not use.unknown:
        return "Not known: nothing was left out that is read here."
    return f"Not known: {'; '.join(one_line(one, 160) for one in use.unknown)}."


def _caller(caller: Caller) -> str:
    return (
        f"{one_line(caller.who, 110)} ({counted(caller.times, 'time')}, {in_utc(caller.last_at)})"
    )


def _some(parts: Sequence[str]) -> str:
    left = len(parts) - _SHOWN
    return listed([*parts[:_SHOWN], f"{left} more"] if left > 0 else list(parts))
