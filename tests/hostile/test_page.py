"""The page of the report, with every attack in every string: in a parser, and in a real browser."""

from pathlib import Path

from responder.domain.order import Refusal
from responder.report.model import Failure, Report
from responder.report.page import render
from tests.browsers import a_browser, complaints, log, look_at, needs_a_browser, requests
from tests.builders import NOON
from tests.hostile.attacked import a_finding_of, chunks
from tests.hostile.looking import UNSEEN, Tags
from tests.unit.report.hostile import hostile
from tests.unit.report.reports import a_report
from tests.unit.report.reports import an_event as an_entry

# Every attribute that runs or asks for something, wherever it stands.
_ACTIVE = """
const asks = ['href', 'src', 'srcset', 'srcdoc', 'action', 'formaction', 'data', 'poster', 'ping',
  'background', 'xlink:href', 'http-equiv', 'style'];
return [...document.querySelectorAll('*')].flatMap(e => [...e.attributes]
  .filter(a => a.name.startsWith('on') || asks.includes(a.name))
  .map(a => `${e.tagName} ${a.name}=${a.value}`));
"""
# What a reader may do with every element.
_TOUCH_ALL = """
for (const e of document.querySelectorAll('*'))
  for (const what of ['mouseover', 'pointerenter', 'focus', 'toggle', 'load', 'error', 'begin'])
    e.dispatchEvent(new Event(what, {bubbles: true}));
"""


def a_report_of(texts: list[str]) -> Report:
    return hostile(a_report(), texts[0]).model_copy(
        update={
            "findings": tuple(a_finding_of(text) for text in texts),
            "timeline": tuple(an_entry(NOON, text, text) for text in texts),
            "refusals": tuple(Refusal(resource=t, reason=t, next_step=t) for t in texts),
            "failures": tuple(Failure(what=t, error=t, cause=t) for t in texts),
        }
    )


def test_an_attack_adds_no_element_and_no_attribute() -> None:
    texts = chunks()
    plain = render(hostile(a_report(), "plain")).decode()
    for text in texts:
        shown = render(hostile(a_report(), text)).decode()
        # Dates in a text are marked, and nothing else of it.
        assert [one for one in Tags(shown).found if one[0] != "span"] == [
            one for one in Tags(plain).found if one[0] != "span"
        ]
        assert not UNSEEN.search(shown.replace("\n", ""))


def test_a_finding_whose_every_string_is_an_attack_keeps_its_text() -> None:
    for text in chunks():
        finding = a_finding_of(text)
        assert text[:100].encode("utf-8", "replace").decode() in finding.title
        assert finding.resources


@needs_a_browser
def test_in_a_browser_nothing_runs_nothing_is_asked_for_and_nothing_leads_away(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(render(a_report_of(chunks())))
    with a_browser(tmp_path / "profile") as driver:
        look_at(driver, page.as_uri())
        driver.execute_script(_TOUCH_ALL)
        active: list[str] = driver.execute_script(_ACTIVE)
        seen = log(driver)
        assert requests(seen) == [page.as_uri()]
        assert not [one for one in seen if one["method"] == "Page.javascriptDialogOpening"]
        assert driver.execute_script("return window.owned") is None
        assert driver.execute_script("return document.scripts.length") == 0
        assert driver.current_url == page.as_uri()
        assert driver.window_handles == [driver.current_window_handle]
        # What the policy of the page had to stop would stand here.
        assert complaints(driver) == []
        allowed = ("META http-equiv=Content-Security-Policy", "A href=#faked")
        assert [one for one in active if not one.startswith(allowed)] == []
