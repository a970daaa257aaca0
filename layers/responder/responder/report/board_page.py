"""The incident board: one part of it at a time, for a widget of CloudWatch or a page of our own.

A part is HTML without script, request or `<use>`, with its style inside. What a click asks for
stands in an element of CloudWatch, `<cwdb-action>`, after the button; it can only ask for another
part. Whatever changes something is a link to the console, where AWS asks who it is.
AWS: CloudWatch User Guide, "Details about custom widgets in CloudWatch".
"""

import json
from datetime import timedelta
from functools import cache
from typing import Any

from markupsafe import Markup

from responder.domain.clock import Clock
from responder.domain.escaping import one_line
from responder.report import commands, deadline_chart, summary
from responder.report.board import Board, Queue, Theme, Verdict, View
from responder.report.board_lines import (
    CALM,
    CaseLine,
    Kept,
    case_line,
    cases,
    cuts,
    is_unanswered,
    kept,
    tally,
    waits,
)
from responder.report.markup import filled
from responder.report.order_lines import Stands
from responder.report.scoped_style import FRAME, INSIDE, scoped
from responder.report.wording import in_utc

MOST_CASES, MOST_WAITS, MOST_CUTS, MOST_LANES = 40, 15, 40, 10  # that one part of the board shows
_MOST_CLOSED = 5
_TITLE = 140  # characters of what an attacker may have chosen
_SOON = timedelta(minutes=15)
_GOOD = (Stands.CONTAINED, Stands.RELEASED)
TITLES = {
    View.INCIDENTS: "Open incidents",
    View.WAITING: "What waits for whom",
    View.DEADLINES: "Deadlines",
    View.CONTAINMENT: "Containment",
    View.EVIDENCE: "Evidence",
    View.QUEUES: "Queues",
    View.READINESS: "Could we respond right now?",
    View.INCIDENT: "One incident",
}
_TEMPLATES = {view: f"board_{view}.html.jinja" for view in View}


def render(board: Board, view: View, *, theme: Theme, endpoint: str) -> str:
    """One part of the board. `endpoint` is the function that a button asks for another."""
    return filled(
        "board.html.jinja",
        board=board,
        now=board.made_at,
        view=view,
        title=TITLES[view],
        part=_TEMPLATES[view],
        style=_style(theme),
        frame=FRAME,
        inside=INSIDE,
        show=_show(endpoint),
        **_values(board, view),
    )


def refuse(said: str, theme: Theme) -> str:
    """A part that says why there is nothing to see."""
    return filled(
        "board_refused.html.jinja", said=said, style=_style(theme), frame=FRAME, inside=INSIDE
    )


def ask(view: View, incident_id: str | None = None) -> dict[str, str]:
    """What the function is asked for one part."""
    return {"view": view.value} | ({"incident_id": incident_id} if incident_id else {})


@cache
def _style(theme: Theme) -> Markup:
    parts = ("palette.css", "style.css", "board.css")
    return Markup(scoped("\n".join(filled(one, theme=theme.value) for one in parts)))  # noqa: S704


def _show(endpoint: str) -> Any:
    """A button that puts another part of the board in the place of this one."""

    def button(label: str, view: str, incident_id: str | None = None) -> Markup:
        asked = json.dumps(ask(View(view), incident_id))
        return filled("board_button.html.jinja", label=label, asked=asked, endpoint=endpoint)

    return button


def _values(board: Board, view: View) -> dict[str, Any]:
    if view is View.QUEUES:
        return {"queues": board.queues, "is_bad": _is_bad}
    if view is View.READINESS:
        ready = [one.verdict is Verdict.PASS for one in board.checks]
        return {"checks": board.checks, "ready": sum(ready), "good": all(ready) and bool(ready)}
    if view is View.INCIDENT:
        return _of_one(board)
    every = cases(board.cases)
    shared = {"short": _short, "every": every, "unlisted": len(every[MOST_CASES:])}
    if view is View.WAITING:
        return shared | {"waits": waits(every), "most": MOST_WAITS, "is_soon": _is_soon(board)}
    if view is View.CONTAINMENT:
        found = cuts(every)
        return shared | {
            "cuts": found[:MOST_CUTS],
            "unlisted": len(found[MOST_CUTS:]),
            "tally": tally(found),
            "tone": _tone,
        }
    if view is View.EVIDENCE:
        items = sorted((kept(one, now=board.made_at) for one in board.cases), key=_trouble)
        return shared | {"kept": items[:MOST_CASES]}
    if view is View.DEADLINES:
        return shared | _dates(board, every)
    return shared | {
        "shown": every[:MOST_CASES],
        "most_closed": _MOST_CLOSED,
        "waiting": sum(len(one.decisions) for one in every),
        "asked": sum(one.asked_until is not None for one in every),
        "late": sum(len(one.missed) for one in every),
        "restless": sum(one.pressure not in CALM for one in every),
        "is_calm": _is_calm,
        "is_soon": _is_soon(board),
    }


def _of_one(board: Board) -> dict[str, Any]:
    [case] = board.cases
    report = case.report
    line = case_line(case)
    channel = report.incident.channel
    is_item = channel is not None and channel.id == "ops_center"
    return {
        "case": line,
        "report": report,
        "lines": line.lines,
        "touched": summary.touched(line.lines),
        "left": [one for one in line.lines if summary.is_left(one)],
        "clocks": sorted(report.clocks, key=lambda one: (one.due_at is None, str(one.due_at))),
        "chart": deadline_chart.draw(
            report.clocks, now=board.made_at, most=MOST_LANES, beside="the list below"
        ),
        "evidence": kept(case, now=board.made_at),
        "what_happened": summary.what_happened(report),
        "what_was_cut": summary.what_was_cut(report, line.lines),
        "short": _short,
        "is_calm": _is_calm,
        "opened_at": commands.ops_item(board.here, channel.reference)
        if channel and is_item
        else None,
        "acknowledge_at": commands.document(board.here, board.acknowledge_document)
        if board.acknowledge_document and is_unanswered(case)
        else None,
        "release_at": commands.document(board.here, board.release_document)
        if board.release_document
        else None,
    }


def _dates(board: Board, every: list[CaseLine]) -> dict[str, Any]:
    clocks = [clock for one in every for clock in one.report.clocks]
    dated = sorted(
        (one for one in every if one.missed or one.next_clock is not None),
        key=lambda one: (not one.missed, one.next_clock is None, _due(one)),
    )
    return {
        "chart": deadline_chart.draw(
            clocks,
            now=board.made_at,
            most=MOST_LANES,
            named=_named if len(every) > 1 else summary.name_of,
            beside="the page of each incident",
        ),
        "dated": dated[:MOST_CASES],
        "unlisted": len(dated[MOST_CASES:]),
        "without": len(every) - len(dated),
    }


def _trouble(one: Kept) -> tuple[bool, bool, bool, bool]:
    """Sorts first what may be no proof any more, then what may never become one."""
    return not one.wrong, one.fault is None, bool(one.report.seals), one.is_well


def _due(case: CaseLine) -> str:
    """Sorts by the instant itself."""
    due = case.next_clock.due_at if case.next_clock is not None else None
    return "" if due is None else in_utc(due)


def _named(clock: Clock) -> str:
    return f"{clock.incident_id.rpartition('-')[2]} {summary.name_of(clock)}"


def _short(text: str, most: int = _TITLE) -> str:
    return one_line(text, most) or "Without a title"


def _is_calm(case: CaseLine) -> bool:
    return case.pressure in CALM


def _is_soon(board: Board) -> Any:
    return lambda at: at is not None and at - board.made_at < _SOON


def _is_bad(queue: Queue) -> bool:
    return queue.waiting is None or (queue.is_dead_letters and queue.waiting > 0)


def _tone(stands: Stands) -> str:
    return "good" if stands in _GOOD else "warn"
