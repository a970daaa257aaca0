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
