"""One page of HTML about one incident: no script, no request, every string escaped."""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from responder.domain.clock import Clock, ClockKind
from responder.domain.custody import verify_chain
from responder.report import deadline_chart, order_lines, summary, wording
from responder.report.model import Report
from responder.report.visible_text import visible

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_DATE = re.compile(r"([A-Z][a-z]{2} )?\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}( [A-Z]{3,4})?)?")
_UNBROKEN = Markup('<span class="date">{}</span>')


def render(report: Report) -> bytes:
    """The page, UTF-8. The same report gives the same bytes."""
    lines = order_lines.lines(report)
    waiting = summary.decisions(report, lines)
    text = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            policy=POLICY,
            what_happened=summary.what_happened(report),
            what_was_cut=summary.what_was_cut(report, lines),
            what_waits=summary.what_waits(waiting),
            next_date=summary.next_date(report),
            decisions=waiting,
            lines=lines,
            touched=summary.touched(lines),
            left=[line for line in lines if summary.is_left(line)],
            contained=summary.contained_from_to(lines),
            missed=[c for c in summary.missed(report) if c.kind is ClockKind.LAW],
            next_clock=summary.next_clock(report),
            clocks=sorted(report.clocks, key=_urgency),
            chart=deadline_chart.draw(report.clocks, now=report.made_at),
            chain_fault=verify_chain(report.custody) if report.custody else None,
        )
    )
    return text.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("responder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dated"] = _dated
    environment.globals |= {
        "called": wording.called,
        "counted": wording.counted,
        "day": wording.day,
        "in_utc": wording.in_utc,
        "name_of": summary.name_of,
        "owed": summary.owed,
        "next_step": order_lines.next_step,
        "plain": wording.plain,
        "span": wording.span,
        "there": wording.there,
        "until": wording.until,
        "why_left": order_lines.why_left,
    }
    return environment


def _shown(value: Any) -> Any:
    """Every value on its way into the page passes here, before it is escaped."""
    if isinstance(value, Markup | int | float):
        return value
    if isinstance(value, str):
        return visible(value)
    raise TypeError(f"a {type(value).__name__} has no place in a page")


def _dated(text: str) -> Markup:
    """Text whose dates and times do not break over lines."""
    seen, parts, at = visible(text), [], 0
    for found in _DATE.finditer(seen):
        parts += [escape(seen[at : found.start()]), _UNBROKEN.format(found[0])]
        at = found.end()
    return Markup("").join([*parts, seen[at:]])


def _urgency(clock: Clock) -> tuple[bool, str, str]:
    """Dates first, earliest first; then what has no date yet."""
    return (
        clock.due_at is None,
        wording.in_utc(clock.due_at) if clock.due_at else "",
        clock.clock_id,
    )
