"""Where the board shows what an attacker wrote, and what a dashboard may tell it."""

import json
import re
from functools import cache, lru_cache
from html import unescape

from responder.report.board import Board, Case, Theme, View
from responder.report.scope_page import render
from responder.steps.board import BoardRequest
from responder_cli.board.console import as_a_page
from tests.hostile.looking import UNSEEN, Tags, a_hostile_finding, a_hostile_order
from tests.unit.report.boards import ENDPOINT, NOW, a_board, a_case, asks, shown
from tests.unit.report.hostile import hostile
from tests.unit.report.reports import HERE, a_report
from tests.unit.report.scopes import a_scope

_ASKED = re.compile(r"<cwdb-action [^>]*>([^<]*)</cwdb-action>")
_CONSOLE = re.compile(
    r"https://us-west-2\.console\.aws\.amazon\.com/systems-manager/"
    r"(automation/execution|automation/execute|opsitems)/[^/<>\"]*"
)
type Element = tuple[str, tuple[tuple[str, str | None], ...]]


def widget(text: str) -> None:
    """No attack adds an element, an attribute or an action, whichever part shows it."""
    for view in View:
        page = _page(text, view)
        assert _elements(page) == _plain(view)
        assert not UNSEEN.search(page.replace("\n", "")), ascii(text)
        for asked in _ASKED.findall(page):
            assert set(json.loads(unescape(asked))) <= {"view", "incident_id"}
        assert "<cwdb-action" not in as_a_page(page)


def scope(text: str) -> None:
    """No attack adds an element or an attribute to the page of the breach analysis."""
    page = _scope(f"x{text}")  # an empty one is left out, with its element
    assert [tag for tag in Tags(page).found if tag[0] != "span"] == _plain_scope()
    assert not UNSEEN.search(page.replace("\n", "")), ascii(text)


@cache
def _plain_scope() -> list[Element]:
    return [tag for tag in Tags(_scope("plain")).found if tag[0] != "span"]


def _scope(text: str) -> str:
    return render(a_scope(text), made_at=NOW).decode()


def context(text: str) -> None:
    """It is believed in its colours, and in nothing else."""
    told = dict.fromkeys(("theme", "locale", "title", "dashboardName", "timezone"), text)
    event = {"view": text, "incident_id": text, "describe": text, "widgetContext": told}
    request = BoardRequest.model_validate(event)
    assert (request.view, request.incident_id, request.theme) == (None, None, Theme.AUTO)
    assert request.describe in (None, True, False)
    assert set(request.model_dump()) == {"describe", "view", "incident_id", "context"}


@cache
def _plain(view: View) -> tuple[Element, ...]:
    return _elements(_page("plain", view))


def _elements(page: str) -> tuple[Element, ...]:
    """Without those that mark a date. Links lead into the console, whatever their last part is."""
    return tuple(
        (tag, tuple(map(_attribute, attributes)))
        for tag, attributes in Tags(page).found
        if tag != "span"
    )


def _attribute(given: tuple[str, str | None]) -> tuple[str, str | None]:
    name, value = given
    if name != "href":
        return given
    assert _CONSOLE.fullmatch(value or ""), value
    return name, "the console"


def _page(text: str, view: View) -> str:
    board = _board(text)
    if view is View.INCIDENT:
        board = board.model_copy(update={"cases": board.cases[:1]})
    page = shown(board, view)
    assert page.count(f'endpoint="{ENDPOINT}"') == page.count("<cwdb-action")
    return page


@lru_cache(maxsize=2)
def _board(text: str) -> Board:
    order = a_hostile_order(text)
    # A letter before it, or some would be instants, and a page with other dates is another page.
    told = hostile(a_report(made_at=NOW), f"x{text}").model_copy(update={"here": HERE})
    named = asks(20, findings=(a_hostile_finding(text),))
    return a_board(
        Case(report=told),
        Case(report=named.model_copy(update={"orders": (order,)})),
        Case(report=a_case(3, titles={"iam.deny_user": text})),
    )
