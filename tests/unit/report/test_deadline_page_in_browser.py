"""The page of deadlines in a real browser: read in the dark, on a telephone, and on paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from responder.report.deadline_page import render
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
from tests.builders import INCIDENT_ID
from tests.deadlines import NOW, every_kind
from tests.unit.report.test_deadline_page import SAID

pytestmark = needs_a_browser
_LONG = "W" * 400


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with a_browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    long = dict.fromkeys(("rule", "citation", "recipient_name", "jurisdiction_name"), _LONG)
    name = "Puerto Rico, Department of Consumer Affairs, consumer reporting agencies"
    named = [one.model_copy(update={"jurisdiction_name": name}) for one in every_kind()]
    pages = {
        "plain": every_kind(),
        "named": named,
        "long": [one.model_copy(update=long) for one in every_kind()],
    }
    for name, clocks in pages.items():
        data = render(clocks, SAID, incident_id=INCIDENT_ID, now=NOW)
        (folder / f"{name}.html").write_bytes(data)
    return {name: Path(folder / f"{name}.html").as_uri() for name in pages}


def on_paper(driver: webdriver.Chrome) -> None:
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})


def test_nothing_is_asked_for_and_the_browser_has_nothing_to_stop(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    look_at(driver, addresses["plain"])
    assert requests(log(driver)) == [addresses["plain"]]
    assert complaints(driver) == []


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_what_is_behind_it(
    driver: webdriver.Chrome, addresses: dict[str, str], dark: bool
) -> None:
    look_at(driver, addresses["plain"], dark=dark)
    texts: list[dict[str, Any]] = driver.execute_script(CONTRAST)
    assert len(texts) > 100
    weak = [text for text in texts if text["ratio"] < text["needs"] or text["opacity"] != "1"]
    assert weak == []


@pytest.mark.parametrize("width", [320, 640, 800, 1280])
@pytest.mark.parametrize("name", ["plain", "long"])
def test_it_is_read_without_scrolling_sideways_folded_and_unfolded(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str, width: int
) -> None:
    look_at(driver, addresses[name], width=width)
    assert driver.execute_script(OUTSIDE) == []
    driver.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert driver.execute_script(OUTSIDE) == []


def test_no_text_of_the_table_lies_over_another(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    for width in (740, 800, 1000, 1280):
        look_at(driver, addresses["plain"], width=width)
        over = driver.execute_script(
            "return [...document.querySelectorAll('td, th')].filter("
            " e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 40))"
        )
        assert over == [], width


@pytest.mark.parametrize("name", ["plain", "named"])
def test_the_picture_stays_inside_the_page_at_any_width(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    for width in (320, 768, 1280):
        look_at(driver, addresses[name], width=width)
        assert driver.execute_script(BEYOND_THE_PICTURE) == [], width


def test_the_reasoning_unfolds_by_the_keyboard(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    look_at(driver, addresses["plain"])
    summary = driver.find_element("css selector", "details summary")
    driver.execute_script("arguments[0].focus()", summary)
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert driver.execute_script("return document.querySelector('details').open") is True
    width = driver.execute_script(
        "return getComputedStyle(document.querySelector('summary')).outlineWidth"
    )
    assert width == "3px"  # where the keyboard is can be seen


def test_what_is_touched_is_large_enough(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    """WCAG 2.2, 2.5.8: 24 CSS pixels, for what is no link in a sentence."""
    look_at(driver, addresses["plain"], width=1280)
    driver.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    heights = driver.execute_script(
        "return [...document.querySelectorAll('summary, .sources a')].map(e => e.offsetHeight)"
    )
    assert heights
    assert min(heights) >= 24


def test_on_paper_it_is_white_and_the_reasoning_is_unfolded(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    look_at(driver, addresses["plain"], dark=True)
    on_paper(driver)
    try:
        colour = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert colour == "rgb(255, 255, 255)"
        texts: list[dict[str, Any]] = driver.execute_script(CONTRAST)
        assert [text for text in texts if text["ratio"] < text["needs"]] == []
        folded = driver.execute_script(
            "return [...document.querySelectorAll('details li')]"
            ".filter(e => !e.checkVisibility({contentVisibilityAuto: true})).length"
        )
        assert folded == 0
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
