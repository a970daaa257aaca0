"""The page in a real browser: nothing runs, nothing is asked for, everything can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from responder.report.page import render
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
from tests.unit.report.hostile import hostile
from tests.unit.report.reports import a_report

pytestmark = needs_a_browser


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with a_browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {"plain": a_report(), "hostile": hostile(a_report())}
    for name, report in pages.items():
        (folder / f"{name}.html").write_bytes(render(report))
    return {name: Path(folder / f"{name}.html").as_uri() for name in pages}


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_nothing_runs_and_nothing_is_asked_for(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str
) -> None:
    look_at(driver, addresses[name])
    assert requests(log(driver)) == [addresses[name]]
    assert driver.execute_script("return window.owned") is None
    assert driver.execute_script("return document.scripts.length") == 0
    assert (
        driver.execute_script("return document.querySelectorAll('[onload],[onerror]').length") == 0
    )


def test_the_policy_stops_what_escaping_might_let_through(
    driver: webdriver.Chrome, addresses: dict[str, str], tmp_path: Path
) -> None:
    """The second lock, tried by itself: the same page with a script and an image put in by hand."""
    page = render(a_report()).decode()
    holed = page.replace(
        "<main>",
        "<main><script>window.owned=1</script><img src='http://127.0.0.1:9/x' onerror=owned=1>",
    )
    assert holed != page
    (tmp_path / "holed.html").write_text(holed)
    address = (tmp_path / "holed.html").as_uri()
    look_at(driver, address)
    assert driver.execute_script("return window.owned") is None
    assert driver.execute_script("return document.scripts.length") == 1


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_what_is_behind_it(
    driver: webdriver.Chrome, addresses: dict[str, str], dark: bool
) -> None:
    look_at(driver, addresses["plain"], dark=dark)
    texts: list[dict[str, Any]] = driver.execute_script(CONTRAST)
    assert len(texts) > 150
    weak = [text for text in texts if text["ratio"] < text["needs"] or text["opacity"] != "1"]
    assert weak == []


def test_the_two_schemes_are_two(driver: webdriver.Chrome, addresses: dict[str, str]) -> None:
    colours = set()
    for dark in (False, True):
        look_at(driver, addresses["plain"], dark=dark)
        colours.add(driver.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


@pytest.mark.parametrize("width", [320, 800, 1280])
@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_a_page_is_read_without_scrolling_sideways(
    driver: webdriver.Chrome, addresses: dict[str, str], name: str, width: int
) -> None:
    look_at(driver, addresses[name], width=width)
    assert driver.execute_script(OUTSIDE) == []


def test_the_picture_stays_inside_the_page_at_any_width(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    for width in (320, 768, 1280):
        look_at(driver, addresses["plain"], width=width)
        assert driver.execute_script(BEYOND_THE_PICTURE) == [], width


def test_paper_is_white_even_for_who_reads_in_the_dark(
    driver: webdriver.Chrome, addresses: dict[str, str]
) -> None:
    look_at(driver, addresses["plain"], dark=True)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    colour = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"
    texts: list[dict[str, Any]] = driver.execute_script(CONTRAST)
    assert [text for text in texts if text["ratio"] < text["needs"]] == []
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
