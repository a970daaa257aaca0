"""The board in a real browser: by axe-core's rules, in both schemes, at any width, by keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_selenium_python import Axe
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys

from responder.report.board import Board, Theme, View
from responder_cli.board.console import as_a_page
from tests.browsers import (
    BEYOND_THE_PICTURE,
    CONTRAST,
    OUTSIDE,
    a_browser,
    log,
    look_at,
    needs_a_browser,
    requests,
)
from tests.unit.report.boards import a_board, one, shown, thirty, together

pytestmark = needs_a_browser
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
BOARDS = {"empty": a_board, "one": one, "thirty": thirty, "together": together}
PARTS = [
    (name, view)
    for name in ("empty", "one", "thirty")
    for view in View
    if (name == "one") or view is not View.INCIDENT
]
PARTS += [("together", View.WAITING), ("together", View.INCIDENT)]
_FOCUS = """
const e = document.activeElement, s = getComputedStyle(e);
return [e.tagName, e.textContent.trim().slice(0, 40), s.outlineStyle, parseFloat(s.outlineWidth)];
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with a_browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def page(board: Board, view: View, theme: Theme) -> str:
    """A part as it stands on a page of ours."""
    part = as_a_page(shown(board, view, theme))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Board</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>Incident board</h1>{part}</main></body></html>"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boards")
    for name, view in PARTS:
        board = BOARDS[name]()
        for theme in Theme:
            (folder / f"{name}-{view}-{theme}.html").write_text(page(board, view, theme))
    return folder


def address(folder: Path, name: str, view: View, theme: Theme = Theme.AUTO) -> str:
    return (folder / f"{name}-{view}-{theme}.html").as_uri()


@pytest.mark.parametrize(("name", "view"), PARTS)
def test_axe_finds_nothing_against_wcag(
    driver: webdriver.Chrome, folder: Path, name: str, view: View
) -> None:
    for theme in (Theme.LIGHT, Theme.DARK):
        look_at(driver, address(folder, name, view, theme))
        axe = Axe(driver)
        axe.inject()
        found = axe.run(options=json.dumps({"runOnly": WCAG}))
        assert found["passes"]
        assert axe.report(found["violations"]).splitlines()[0].startswith("Found 0 "), axe.report(
            found["violations"]
        )


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_text_can_be_told_from_what_is_behind_it_whatever_the_browser_would_choose(
    driver: webdriver.Chrome, folder: Path, theme: Theme
) -> None:
    """A console may be dark in a browser that is light."""
    for view in (View.INCIDENT, View.READINESS):
        look_at(driver, address(folder, "one", view, theme), dark=theme is Theme.LIGHT)
        inside = CONTRAST.replace("document.body", "document.querySelector('.board')")
        texts: list[dict[str, Any]] = driver.execute_script(inside)
        assert texts
        assert [one for one in texts if one["ratio"] < one["needs"]] == []


@pytest.mark.parametrize("width", [400, 800, 1600])
def test_a_part_fits_the_page(driver: webdriver.Chrome, folder: Path, width: int) -> None:
    for name, view in PARTS:
        look_at(driver, address(folder, name, view), width=width)
        assert driver.execute_script(OUTSIDE) == [], (name, view)
        assert driver.execute_script(BEYOND_THE_PICTURE) == [], (name, view)


def test_nothing_is_asked_for_and_nothing_runs(driver: webdriver.Chrome, folder: Path) -> None:
    for view in View:
        here = address(folder, "one", view)
        look_at(driver, here)
        assert requests(log(driver)) == [here]
        assert driver.execute_script("return document.scripts.length") == 0


def test_every_control_is_reached_by_the_keyboard_and_shows_that_it_is(
    driver: webdriver.Chrome, folder: Path
) -> None:
    look_at(driver, address(folder, "thirty", View.WAITING))
    controls = driver.execute_script("return document.querySelectorAll('a[href], button').length")
    assert controls > 20
    seen = []
    for _ in range(controls):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        seen.append(driver.execute_script(_FOCUS))
    assert {tag for tag, *_ in seen} == {"A"}
    assert all(style == "solid" and width >= 2 for *_, style, width in seen)


def test_a_button_is_large_enough_to_hit(driver: webdriver.Chrome, folder: Path) -> None:
    look_at(driver, address(folder, "thirty", View.INCIDENTS), width=400)
    sizes = driver.execute_script(
        "return [...document.querySelectorAll('a, button')].map(e => e.getBoundingClientRect())"
        ".map(r => Math.min(r.width, r.height))"
    )
    assert min(sizes) >= 24  # WCAG 2.2, 2.5.8
