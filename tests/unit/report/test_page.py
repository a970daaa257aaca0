from html.parser import HTMLParser
from itertools import pairwise

import pytest

from responder.domain.custody import verify_chain
from responder.domain.order import ReceiptStatus
from responder.report.markup import POLICY
from responder.report.model import Failure, Report
from responder.report.page import render
from responder.report.visible_text import LONGEST
from tests.builders import a_clock, an_incident, an_order
from tests.unit.report.hostile import CORPUS, HOSTILE, hostile
from tests.unit.report.reports import a_receipt, a_report


class Page(HTMLParser):
    """Elements with their attributes, and the text, as a browser would see them."""

    def __init__(self, report: Report) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = render(report).decode()
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each element and the names of its attributes; dates in a text are marked or not."""
        return [
            (tag, tuple(attributes))
            for tag, attributes in self.elements
            if attributes.get("class") != "date"
        ]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(a_report())


@pytest.fixture(scope="module")
def hostile_page() -> Page:
    return Page(hostile(a_report()))


def test_hostile_strings_add_no_element_and_no_attribute(page: Page, hostile_page: Page) -> None:
    assert hostile_page.shape() == page.shape()


def test_hostile_strings_are_shown_as_they_are(hostile_page: Page) -> None:
    for text in CORPUS[:-1]:
        assert text in hostile_page.text
    for hidden in "\u202e\u2066\u200b\x00\x1b\r":
        assert hidden not in hostile_page.source
        assert f"⟦U+{ord(hidden):04X}⟧" in hostile_page.text


def test_long_strings_are_cut_with_a_mark(hostile_page: Page) -> None:
    assert f"[cut here: {len(HOSTILE):,} characters in all]" in hostile_page.text
    assert "A" * LONGEST not in hostile_page.source


def test_hostile_strings_reach_the_page_from_every_part_of_a_report() -> None:
    """The test above is worth as much as the strings it replaced."""
    replaced = hostile(a_report()).model_dump_json().count("window.owned=1</script>")
    assert replaced > 80


def test_the_page_runs_nothing_and_asks_nobody(page: Page) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "xlink:href"):
            target = attributes.get(name)
            assert target is None or target.startswith("#"), (tag, target)
    assert "url(" not in page.source
    assert "@import" not in page.source


def test_the_policy_stands_before_anything_it_governs(page: Page) -> None:
    head = [attributes for tag, attributes in page.elements if tag in ("meta", "style", "title")]
    policy = head[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"] == POLICY
    assert POLICY.startswith("default-src 'none'")


def test_headings_come_in_order_and_sections_are_named_by_theirs(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids


def test_tables_say_what_their_headers_head(page: Page) -> None:
    headers = [attributes for tag, attributes in page.elements if tag == "th"]
    assert headers
    assert {header.get("scope") for header in headers} == {"row", "col"}
    tables = sum(tag == "table" for tag, _ in page.elements)
    assert sum(tag == "caption" for tag, _ in page.elements) == tables


def test_the_picture_has_a_title_words_and_a_table(page: Page) -> None:
    [picture] = [a for tag, a in page.elements if tag == "svg" and a.get("role") == "img"]
    assert picture["aria-labelledby"] == "chart-title chart-says"
    for clock in a_report().clocks:
        assert page.source.count(clock.citation.replace("&", "&amp;")) >= 2


def test_every_cut_stands_with_the_command_that_undoes_it(page: Page) -> None:
    for receipt in a_report().receipts:
        assert f'"order_id": "{receipt.order.order_id}"' in page.text


def test_every_piece_of_evidence_stands_with_its_hash_and_version(page: Page) -> None:
    for item in a_report().evidence + a_report().seals:
        assert item.sha256 in page.text
        assert item.version_id in page.text


def test_a_broken_chain_of_custody_is_said() -> None:
    custody = a_report().custody
    forged = (custody[0].model_copy(update={"by": "somebody else"}), *custody[1:])
    assert verify_chain(forged) is not None
    assert "The chain is broken" in Page(a_report(custody=forged)).text
    assert "The chain holds" in Page(a_report()).text


def test_a_drill_is_marked_in_its_title_and_first_line() -> None:
    drill = Page(a_report())
    assert "<title>DRILL: " in drill.source
    assert "Nothing on this page happened to a real account" in drill.text
    assert "ssm:StartAutomationExecution" in drill.text
    real = Page(a_report(incident=an_incident(drill=False), faked=()))
    assert "DRILL" not in real.text


def test_failures_are_named_and_a_page_made_by_hand_does_not_claim_there_were_none() -> None:
    failure = Failure(what="The evidence was not sealed", error="Broken", cause="no key")
    assert "The evidence was not sealed" in Page(a_report(failures=(failure,))).text
    assert "No branch of the workflow failed" in Page(a_report()).text
    assert "No branch of the workflow failed" not in Page(a_report(by_hand=True)).text


def test_an_incident_of_which_nothing_is_known_yet_still_has_a_page() -> None:
    empty = Report(
        incident=an_incident(), generation=1, made_at=a_report().made_at, here=a_report().here
    )
    text = Page(empty).text
    assert "Nothing was cut" in text
    assert "Do not read that as: nothing is owed" in text
    assert "The custody log is empty" in text


def test_every_way_an_order_can_stand_can_be_shown() -> None:
    for status in ReceiptStatus:
        order = an_order()
        receipt = a_receipt(order, status=status, released_at=a_report().made_at, note="noted")
        assert order.resource in Page(a_report(orders=(order,), receipts=(receipt,))).source


def test_a_clock_in_a_zone_nobody_knows_is_shown_in_utc() -> None:
    text = Page(a_report(clocks=(a_clock(time_zone="Nowhere/Land"),))).text
    assert "2026-12-24 07:59:59 UTC" in text


def test_the_same_report_is_the_same_bytes() -> None:
    assert render(a_report()) == render(a_report())


def test_who_owns_waived_or_changed_a_clock_and_why_stands_on_the_page(page: Page) -> None:
    shown = " ".join(page.text.split())
    assert "owned by counsel@example.com since" in shown
    assert "on my desk" in shown
    assert "the carrier waived it by mail" in shown
    assert "3 between them are left out" in shown
    assert "then waived. By counsel@example.com. Waived, though it may be owed." in shown
