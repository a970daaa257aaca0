"""The page of deadlines: whole, readable by a machine, and nobody's but ours."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from responder.domain.clock import Change, Clock
from responder.domain.statement import Statement
from responder.report.deadline_lines import explain
from responder.report.deadline_page import render
from responder.report.markup import POLICY
from tests.builders import INCIDENT_ID, a_clock
from tests.deadlines import BY_URGENCY, NOW, every_kind
from tests.unit.report.hostile import CORPUS

SAID = Statement.model_validate(
    {
        "discovered_at": "2026-11-23T09:00:00-08:00",
        "notices_sent_at": {"US-CA": "2026-12-18T09:00:00-08:00"},
        "residents": {"US-CA": 1200, "US-TX": 700},
        "elements": ["name", "ssn"],
        "encrypted": False,
    }
)


def page(clocks: list[Clock], said: Statement = SAID) -> str:
    return render(clocks, said, incident_id=INCIDENT_ID, now=NOW).decode()


class Seen(HTMLParser):
    """Every element with its attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_same_clocks_give_the_same_bytes_in_whatever_order() -> None:
    assert page(every_kind()) == page(every_kind()[::-1])


def test_every_clock_has_its_row_its_line_its_reasons_and_its_citation() -> None:
    seen = Seen(page(every_kind()))
    for clock in every_kind():
        assert explain(clock) in seen.text
        assert all(why in seen.text for why in clock.why)
    assert len(seen.of("details")) == len(BY_URGENCY)
    assert not any("open" in one for one in seen.of("details"))


def test_a_date_that_moved_says_when_why_and_by_whom() -> None:
    moved = Change(at=NOW, what="Due 2026-12-23, then 2027-01-09.", why="New facts.", by="counsel")
    text = Seen(page([a_clock(history=(moved,))])).text
    for part in ("2026-12-20 00:00:00 UTC: ", moved.what, "By counsel.", moved.why):
        assert part in text


def test_rows_stand_in_the_order_of_urgency() -> None:
    found = page(every_kind())
    rows = found[found.index('id="clocks"') :]
    names = ("New York, State Police", "California, individuals", "Georgia, individuals")
    places = [rows.index(f">{name}") for name in (*names, "European Union, supervisory authority")]
    assert places == sorted(places)


def test_law_own_target_missed_and_unsure_are_told_in_words() -> None:
    text = Seen(page(every_kind())).text
    for words in (
        "law, confirmed",
        "law, provisional",
        "own target, provisional",
        "missed, still owed",
        "waits for: the first notice to individuals",
        "not owed since",
        "17:30:00 UTC",
        "18:30:00 CET",
    ):
        assert words in text


def test_the_facts_it_counts_from_stand_on_it_and_what_is_missing_too() -> None:
    text = Seen(page(every_kind())).text
    for words in (
        "2026-11-23 17:00:00 UTC (recorded as 2026-11-23 09:00:00-08:00)",
        "Determined not recorded",
        "US-CA: 1,200; US-TX: 700",
        "US-CA: 2026-12-18 17:00:00 UTC",
        "name, ssn",
    ):
        assert words in text
    bare = Statement.model_validate({"discovered_at": "2026-11-23T09:00:00Z"})
    text = Seen(page([a_clock()], bare)).text
    assert "nobody counted" in text
    assert "none recorded as sent" in text


def test_that_it_is_not_legal_advice_is_said_once() -> None:
    assert Seen(page(every_kind())).text.count("egal advice") == 1


def test_nothing_runs_nothing_is_asked_for_and_links_lead_to_sources_only() -> None:
    seen = Seen(page(every_kind()))
    [policy] = [one for one in seen.of("meta") if "http-equiv" in one]
    assert policy["content"] == POLICY
    names = {name for name, _ in seen.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not [a for _, attributes in seen.elements for a in attributes if a.startswith("on")]
    assert {one["href"] for one in seen.of("a")} == {"https://leginfo.example.com/1798.82"}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://example.com", "data:text/html,x"]
)
def test_an_address_that_is_no_page_is_no_link(address: str) -> None:
    seen = Seen(page([a_clock(sources=(address,))]))
    assert seen.of("a") == []


def test_headings_skip_no_level_and_every_name_is_there_to_be_labelled() -> None:
    seen = Seen(page(every_kind()))
    levels = [int(name[1]) for name, _ in seen.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = [one["id"] for _, one in seen.elements if "id" in one]
    assert len(ids) == len(set(ids))
    labels = [one["aria-labelledby"] for _, one in seen.elements if "aria-labelledby" in one]
    assert {part for label in labels for part in str(label).split()} <= set(ids)
    assert seen.of("html") == [{"lang": "en"}]


def test_of_a_table_every_column_and_row_has_its_header() -> None:
    seen = Seen(page(every_kind()))
    scopes = [one.get("scope") for one in seen.of("th")]
    assert scopes.count("row") == len(BY_URGENCY)
    assert scopes.count("col") == 4 * len(seen.of("table"))
    assert None not in scopes


@pytest.mark.parametrize("text", CORPUS)
def test_a_hostile_string_adds_no_element_and_no_attribute(text: str) -> None:
    fields = ("rule", "line", "citation", "recipient_name", "jurisdiction_name", "confidence")

    def saying(words: str) -> str:
        told = dict.fromkeys((*fields, "ended_by"), words)
        changed = Change(at=NOW, what=words, why=words, by=words)
        update = told | {"why": (words,), "history": (changed,)}
        return page([clock.model_copy(update=update) for clock in every_kind()])

    found, wanted = Seen(saying(text)), Seen(saying("plain"))
    # Dates in a text are marked, and nothing else of it.
    assert [one for one in found.elements if one[0] != "span"] == [
        one for one in wanted.elements if one[0] != "span"
    ]


def test_without_a_date_there_is_no_picture_and_without_a_clock_no_comfort() -> None:
    waiting = a_clock(due_at=None, act_by=None)
    assert '<svg class="chart"' not in page([waiting])
    assert "No clock has a date" in page([waiting])
    assert "Do not read that as: nothing is owed" in page([])


def test_what_is_on_no_axis_for_want_of_a_date_is_listed_beside_it() -> None:
    found = page(every_kind())
    beside = found[found.index("Not on the axis") : found.index('id="clocks"')]
    assert "Texas, Attorney General" in beside


def test_a_rule_that_nobody_read_says_so() -> None:
    text = Seen(page([a_clock(verified_on=None, sources=())])).text
    assert "read in no source by us" in text
    assert "were last read" not in text


def test_the_next_day_to_act_is_at_the_top() -> None:
    other = a_clock("b", act_by=date(2026, 12, 21), due_at=datetime(2026, 12, 22, tzinfo=UTC))
    text = Seen(page([a_clock(), other])).text
    assert "Act next by Mon 2026-12-21" in text
