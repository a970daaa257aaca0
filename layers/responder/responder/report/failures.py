"""What the branches of the workflow say they could not do, out of what the machine hands over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from responder.report.model import Failure

_ENDS_WELL = "StepFunctions.ExecutionAlreadyExistsException"  # another generation tracks already


def failures(response: Sequence[Any]) -> list[Failure]:
    """The failures in the output of the five branches, in the order of the branches.

    A branch whose shape we do not know is a failure too: not knowing is not good news.
    """
    branches = list(response) + [None] * (5 - len(response))
    return [
        *_opening(branches[0]),
        *_containing(branches[1]),
        *_preserving(branches[2]),
        *_clocking(branches[3]),
        *_tracing(branches[4]),
    ]


def _opening(branch: Any) -> Iterator[Failure]:
    yield from _caught("The incident was not opened for people", branch, "failure")
    if isinstance(branch, Mapping):
        what = "Nobody else is called if the page is not answered"
        yield from _caught(what, branch, "unescalated")


def _containing(branch: Any) -> Iterator[Failure]:
    if isinstance(branch, list):
        for item in branch:
            what = "Why an order was left could not be recorded"
            yield from _caught(what, item, "left_unrecorded")
        return
    yield from _caught("Nothing was planned, so nothing was cut", branch, "plan", needed=True)


def _preserving(branch: Any) -> Iterator[Failure]:
    yield from _caught("Which evidence is called for was not found out", branch, "unsurveyed")
    for part in branch.get("preserved", []) if isinstance(branch, Mapping) else []:
        yield from _preserving_part(part)


def _preserving_part(part: Any) -> Iterator[Failure]:
    yield from _caught("The evidence was not sealed", part, "failure")
    for item in part.get("evidence", []) if isinstance(part, Mapping) else []:
        collector = item.get("collector_id", "unknown") if isinstance(item, Mapping) else "unknown"
        yield from _caught(f"Evidence was not collected: {collector}", item, "failure")


def _clocking(branch: Any) -> Iterator[Failure]:
    yield from _caught("No clock was started", branch, "clocks")
    yield from _caught("Deadlines have no tracker; the hourly sweep reminds", branch, "failure")


def _tracing(branch: Any) -> Iterator[Failure]:
    what = "What the stolen credentials assumed and made was not traced"
    yield from _caught(what, branch, "failure")
    if isinstance(branch, Mapping):
        what = "Nobody reads the trail's logs whole; `responder scope --start` begins it"
        yield from _caught(what, branch, "unanalysed")


def _caught(what: str, state: Any, key: str, *, needed: bool = False) -> Iterator[Failure]:
    """The error that a Catch put under `key` of a state's data."""
    if not isinstance(state, Mapping):
        yield Failure(what=what, error="unknown", cause="the branch handed nothing over")
        return
    found = state.get(key)
    if isinstance(found, Mapping) and "Error" in found:
        if found["Error"] != _ENDS_WELL:
            yield Failure(
                what=what, error=str(found["Error"]), cause=_message(found.get("Cause", ""))
            )
    elif needed:
        yield Failure(what=what, error="unknown", cause="the branch handed over no plan")


def _message(cause: object) -> str:
    """What a Lambda function said, out of the JSON that Lambda wraps it in."""
    text = str(cause)
    try:
        said = json.loads(text)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return text
    return str(said)
