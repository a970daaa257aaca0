"""Shows a widget's answer as CloudWatch would, on a page that has no script.

CloudWatch takes the answer as HTML, removes what could run, and makes the element before each
`<cwdb-action>` ask the function again. Here that element becomes a link to the page which the
same question leads to. Links into the console lead to pages of ours: nobody has an account here.
AWS: CloudWatch User Guide, "Details about custom widgets in CloudWatch", "Security and JavaScript".
"""

import html
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from responder.domain.errors import Broken
from responder.report.board import View

ELSEWHERE = "elsewhere.html"
_ACTION = re.compile(
    r'<button type="button" class="show">(?P<label>[^<]*)</button>'
    r'<cwdb-action action="call" display="widget" endpoint="(?P<endpoint>[^"<>]*)">'
    r"(?P<asked>[^<]*)</cwdb-action>"
)
_REMOVED = frozenset({"base", "embed", "form", "iframe", "link", "meta", "object", "script", "use"})
_SAID = frozenset({"aria-label", "title"})  # attributes that are read out, and never followed
_CONSOLE = re.compile(
    r'href="https://[a-z0-9-]+\.console\.aws\.amazon\.com/(?P<page>[^"?]*)[^"]*" target="_blank"'
)
_EXECUTION = "systems-manager/automation/execution/"


def as_a_page(answer: str) -> str:
    """The answer with its buttons and links leading to our own pages.

    Raises `Broken` for what CloudWatch would take out: then people would see something else there.
    """
    _Removed().feed(answer)
    shown = _ACTION.sub(lambda one: _link(one["label"], one["asked"]), answer)
    if "<cwdb-action" in shown:
        raise Broken("a widget has an action that this page knows nothing of")
    return _CONSOLE.sub(lambda one: f'href="{_of_the_console(one["page"])}"', shown)


def address(asked: Mapping[str, Any]) -> str:
    """The page that shows what a widget is asked for."""
    view = View(asked["view"])
    return f"{view.value}-{asked['incident_id']}.html" if asked.get("incident_id") else named(view)


def named(view: View) -> str:
    """The page of one part of the board."""
    return f"{view.value}.html"


def question(automation_id: str) -> str:
    """The page of one question to the approvers."""
    return f"automation-{automation_id}.html"


class _Removed(HTMLParser):
    """Raises at the first thing that CloudWatch would take out."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Each element with its attributes."""
        if tag in _REMOVED:
            raise Broken(f"CloudWatch would remove <{tag}> from this widget")
        for name, value in attrs:
            runs = name.startswith("on") or (value or "").strip().lower().startswith("javascript:")
            if runs and name not in _SAID:
                raise Broken(f"CloudWatch would remove {name} of <{tag}> from this widget")


def _link(label: str, asked: str) -> str:
    leads_to = html.escape(address(json.loads(html.unescape(asked))))
    return f'<a class="show" href="{leads_to}">{label}</a>'


def _of_the_console(page: str) -> str:
    if page.startswith(_EXECUTION):
        return html.escape(question(page.removeprefix(_EXECUTION)))
    return ELSEWHERE
