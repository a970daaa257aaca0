"""A real browser, what it asks for, and what it shows."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_a_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="chromium is not installed: apt-get install chromium chromium-driver",
)

# Every text with its colour and what lies behind it; ratios by WCAG 2.2, "contrast ratio".
CONTRAST = """
const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const lum = c => c.slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = e => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
    if (c[3] > 0) throw new Error('half-transparent background');
  }
  throw new Error('nothing behind');
};
const out = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || e.closest('title, desc')) continue;
  const style = getComputedStyle(e);
  const colour = parse(e instanceof SVGElement ? style.fill : style.color);
  const [a, b] = [lum(colour), lum(behind(e))].sort((x, y) => y - x);
  const px = parseFloat(style.fontSize);
  const large = px >= 24 || (px >= 18.66 && style.fontWeight >= 700);
  out.push({text: walk.currentNode.data.trim().slice(0, 40), ratio: (a + 0.05) / (b + 0.05),
            needs: large ? 3 : 4.5, opacity: style.opacity});
}
return out;
"""
# Whatever sticks out of the page to the right, and how far the page scrolls sideways.
# The labels of the picture that stand beyond the page.
BEYOND_THE_PICTURE = (
    "return [...document.querySelectorAll('.chart text')].filter(e => {"
    " const r = e.getBoundingClientRect();"
    " return r.width && (r.left < 0 || r.right > innerWidth) }).map(e => e.textContent)"
)
OUTSIDE = """
const page = document.documentElement;
const far = page.scrollWidth - page.clientWidth;
return [...document.querySelectorAll('body *:not(svg *)')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40))
  .concat(far ? [`the page scrolls ${far} px sideways`] : []);
"""


@contextmanager
def a_browser(profile: Path) -> Iterator[webdriver.Chrome]:
    """Chromium without a window, that writes down what it does."""
    options = Options()
    options.binary_location = str(BROWSER)
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield found
    finally:
        found.quit()


def look_at(
    driver: webdriver.Chrome, address: str, *, width: int = 1280, dark: bool = False
) -> None:
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    log(driver)
    driver.get(address)


def log(driver: webdriver.Chrome) -> list[dict[str, Any]]:
    """What the browser did since it was asked last."""
    lines = driver.get_log("performance")  # type: ignore[no-untyped-call]
    return [json.loads(line["message"])["message"] for line in lines]


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the browser says in its console: what a policy stopped, scripts that failed."""
    return [line["message"] for line in driver.get_log("browser")]  # type: ignore[no-untyped-call]


def requests(seen: list[dict[str, Any]]) -> list[str]:
    """Every address that was asked for, but by the browser's own first page."""
    return [
        message["params"]["request"]["url"]
        for message in seen
        if message["method"] == "Network.requestWillBeSent"
        and not message["params"]["documentURL"].startswith("chrome://")
    ]
