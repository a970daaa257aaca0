"""How a page is filled: every value is made visible and escaped, and no template has another way.

Each page of ours is one file without script or request, and asks the browser to hold it to that.
"""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from responder.report import deadline_chart, deadline_lines, order_lines, summary, wording
from responder.report.visible_text import visible

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_DATE = re.compile(r"([A-Z][a-z]{2} )?\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}( [A-Z]{3,4})?)?")
_UNBROKEN = Markup('<span class="date">{}</span>')


def fill(template: str, **values: Any) -> bytes:
    """A page, UTF-8. The same values give the same bytes."""
    return filled(template, **values).encode()


def filled(template: str, **values: Any) -> Markup:
    """A part of a page, or the whole of it."""
    shared = {"policy": POLICY, "theme": "auto"}
    return Markup(_environment().get_template(template).render(shared | values))  # noqa: S704


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
    environment.filters["dated"] = dated
    environment.globals |= {
        "called": wording.called,
        "counted": wording.counted,
        "day": wording.day,
        "ends": deadline_lines.ends,
        "explain": deadline_lines.explain,
        "in_utc": wording.in_utc,
        "mark_of": deadline_chart.mark_of,
        "name_of": summary.name_of,
        "owed": summary.owed,
        "next_step": order_lines.next_step,
        "origin": deadline_lines.origin,
        "plain": wording.plain,
        "span": wording.span,
        "there": wording.there,
        "until": wording.until,
        "waits_for": deadline_lines.waits_for,
        "weekday": deadline_lines.weekday,
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


def dated(text: str) -> Markup:
    """Text whose dates and times do not break over lines."""
    seen, parts, at = visible(text), [], 0
    for found in _DATE.finditer(seen):
        parts += [escape(seen[at : found.start()]), _UNBROKEN.format(found[0])]
        at = found.end()
    return Markup("").join([*parts, seen[at:]])
