"""The page of the breach analysis in a real browser: by axe-core's rules, at any width."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_selenium_python import Axe
from selenium import webdriver

from responder.report.scope_page import render
from tests.browsers import (
    BEYOND_THE_PICTURE,
    CONTRAST,
    OUTSIDE,
    a_browser,
    complaints,
    log,
    look_at,
    needs_a_browser,
    requests,
)
from tests.builders import NOON
from tests.unit.report.scopes import a_scope, nothing

pytestmark = needs_a_browser
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGES = {
    "plain": a_scope("orders-export", identities=12),
    "long": a_scope("W" * 400, identities=40),
    "nothing": nothing(),
}


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with a_browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    for name, told in PAGES.items():
        (folder / f"{name}.html").write_bytes(render(told, made_at=NOON))
    return {name: Path(folder / f"{name}.html").as_uri() for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_against_wcag_and_nothing_is_asked_for(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    look_at(driver, addresses[name])
    assert requests(log(driver)) == [addresses[name]]
    assert complaints(driver) == []
    axe = Axe(driver)
    axe.inject()
    found = axe.run(options=json.dumps({"runOnly": WCAG}))
    assert found["passes"]
    assert found["violations"] == []


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_what_is_behind_it(
    driver: webdriver.Chrome, addresses: dict[str, str], dark: bool
) -> None:
    look_at(driver, addresses["plain"], dark=dark)
    texts: list[dict[str, Any]] = driver.execute_script(CONTRAST)
    assert len(texts) > 100
    assert [t for t in texts if t["ratio"] < t["needs"] or t["opacity"] != "1"] == []


@pytest.mark.parametrize("width", [320, 400, 800, 1600])
@pytest.mark.parametrize("name", PAGES)
def test_it_is_read_without_scrolling_sideways_and_the_picture_has_room(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str, width: int
) -> None:
    look_at(driver, addresses[name], width=width)
    driver.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert driver.execute_script(OUTSIDE) == []
    if name == "long":  # wider than any telephone: cut off in the picture, whole in the table
        style = "return getComputedStyle(document.querySelector('.lineage')).overflow"
        assert driver.execute_script(style) == "hidden"
    else:
        assert driver.execute_script(BEYOND_THE_PICTURE) == []
