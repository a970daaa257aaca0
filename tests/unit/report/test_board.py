"""The incident board: what stands first, what is said plainly, and what no widget may hold."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from responder.domain.clock import ClockState
from responder.domain.order import ReceiptStatus
from responder.domain.rehash import Rehash
from responder.report.board import Case, Theme, View
from responder.report.board_lines import Pressure, case_line, cases, cuts, kept, tally, waits
from responder.report.board_page import MOST_CASES, refuse
from responder.report.order_lines import Stands
from responder.report.summary import Whose
from tests.builders import INCIDENT_ID, a_clock
from tests.unit.report.boards import (
    ENDPOINT,
    NOW,
    a_board,
    a_case,
    an_id,
    asks,
    one,
    shown,
    stands,
    thirty,
    together,
)
from tests.unit.report.reports import a_custody_log, after, an_item

LISTS = [view for view in View if view is not View.INCIDENT]
_ACTION = re.compile(r"<button[^>]*>([^<]*)</button><cwdb-action ([^>]*)>([^<]*)</cwdb-action>")


class Parsed(HTMLParser):
    """The elements of a part, and whether each is closed in its turn."""

    VOID = frozenset({"path", "circle", "line", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.open, self.ids = list[str](), list[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_the_most_urgent_stands_first() -> None:
    missed = a_clock(state=ClockState.MISSED, due_at=after(minutes=1), act_by=None)
    reports = [
        stands(1, ReceiptStatus.CONTAINED),
        stands(2, ReceiptStatus.APPLIED),
        stands(3, ReceiptStatus.LEFT),
        a_case(4, clocks=(missed,)),
        asks(40),
        asks(20),
        a_case(5),
        stands(6, ReceiptStatus.RELEASED),
    ]
    found = cases(Case(report=report) for report in reports)
    assert [(case.report.incident.id, case.pressure) for case in found] == [
        (an_id(20), Pressure.ASKED),
        (an_id(40), Pressure.ASKED),
        (an_id(4), Pressure.MISSED),
        (an_id(3), Pressure.LEFT),
        (an_id(2), Pressure.UNSURE),
        (an_id(6), Pressure.RELEASED),
        (an_id(1), Pressure.CONTAINED),
        (an_id(5), Pressure.NOTHING),
    ]


def test_of_two_that_are_as_urgent_the_graver_stands_first() -> None:
    mild, grave = stands(11, ReceiptStatus.APPLIED), stands(14, ReceiptStatus.APPLIED)
    assert mild.incident.severity.rank < grave.incident.severity.rank
    found = cases([Case(report=mild), Case(report=grave)])
    assert [case.report.incident.id for case in found] == [an_id(14), an_id(11)]


def test_what_waits_is_told_to_whom_it_waits_for_and_what_is_the_same_is_told_once() -> None:
    every = [case_line(Case(report=one)) for one in (asks(30), asks(12), a_case(1), a_case(2))]
    found = waits(every)
    assert list(found) == [Whose.APPROVERS, Whose.COUNSEL]
    assert [wait.incident_ids for wait in found[Whose.APPROVERS]] == [(an_id(12),), (an_id(30),)]
    [facts] = found[Whose.COUNSEL]
    assert facts.incident_ids == (an_id(30), an_id(12), an_id(1), an_id(2))


@pytest.mark.parametrize("view", [View.WAITING, View.INCIDENT])
def test_how_many_said_yes_stands_where_a_second_person_is_needed(view: View) -> None:
    page = shown(together(), view)
    assert page.count("1 of 2 said yes: arn:aws:sts::") == 1
    assert "2 different people have to approve." in page
    assert "0 of 2 said yes." in shown(together(0), view)
    assert "said yes" not in shown(a_board(Case(report=asks(1))), view)


@pytest.mark.parametrize("view", [View.WAITING, View.INCIDENT])
def test_where_the_yeses_differ_each_order_says_its_own(view: View) -> None:
    page = shown(together(2), view)
    assert "How many said yes differs from order to order." in page
    assert page.count("1 of 2 said yes: arn:aws:sts::") == 2
    assert page.count("0 of 2 said yes.") == 1


def test_orders_are_counted_by_how_they_stand() -> None:
    every = [
        case_line(Case(report=stands(number, status)))
        for number, status in enumerate(ReceiptStatus)
    ]
    found = cuts(every)
    assert [cut.line.stands for cut in found] == [
        Stands.LEFT,
        Stands.BEGUN,
        Stands.CUT,
        Stands.CONTAINED,
        Stands.RELEASED,
    ]
    assert tally(found) == dict.fromkeys([cut.line.stands for cut in found], 1)


def test_evidence_is_well_only_when_it_is_sealed_whole_and_as_recorded() -> None:
    items = [an_item("iam/a"), an_item("iam/b")]
    good = a_case(
        1, evidence=tuple(items), seals=(an_item("manifest/1"),), custody=a_custody_log(items)
    )
    assert kept(Case(report=good), now=NOW).is_well
    broken = good.model_copy(update={"custody": good.custody[1:]})
    assert kept(Case(report=broken), now=NOW).fault is not None
    for worse in (
        broken,
        good.model_copy(update={"seals": ()}),
        good.model_copy(update={"evidence": (an_item(gaps=("a page",)),)}),
    ):
        assert not kept(Case(report=worse), now=NOW).is_well


def test_a_round_of_hashing_that_is_late_says_so() -> None:
    late = Rehash(incident_id=INCIDENT_ID, due_at=after(days=-1), last_began_at=after(days=-9))
    assert "late" in kept(Case(report=a_case(1), rehash=late), now=NOW).rehashed
    planned = Rehash(incident_id=INCIDENT_ID, due_at=after(days=6))
    assert kept(Case(report=a_case(1), rehash=planned), now=NOW).rehashed.startswith("First round")


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (View.INCIDENTS, "No incident is open. Nothing waits for anybody."),
        (View.WAITING, "Nothing waits for anybody."),
        (View.DEADLINES, "No incident is open, so no clock runs."),
        (View.CONTAINMENT, "No incident is open, so nothing was ordered."),
        (View.EVIDENCE, "No incident is open, so no evidence is being kept."),
    ],
)
def test_an_empty_board_says_so(view: View, says: str) -> None:
    assert says in shown(a_board(), view)


def test_a_table_of_clocks_without_a_date_is_not_read_as_nothing_owed() -> None:
    waiting = a_clock(state=ClockState.WAITING, due_at=None, act_by=None)
    page = shown(a_board(Case(report=a_case(1, clocks=(waiting,)))), View.DEADLINES)
    assert "Do not read that as: nothing is owed." in page


@pytest.mark.parametrize("view", LISTS)
def test_thirty_incidents_stay_one_short_part(view: View) -> None:
    page = shown(thirty(), view)
    assert Parsed(page).open == []
    assert len(page) < 100_000
    if view is View.INCIDENTS:
        assert page.count('<li class="restless">') + page.count('<li class="calm">') == 30


def test_more_than_can_be_listed_are_counted() -> None:
    many = [Case(report=stands(number, ReceiptStatus.APPLIED)) for number in range(MOST_CASES + 7)]
    page = shown(a_board(*many, left_out=12), View.INCIDENTS)
    assert "7 less urgent ones are not listed here." in page
    assert "12 others were not read" in page


def test_one_incident_says_what_was_found_cut_owed_and_kept() -> None:
    page = shown(one(), View.INCIDENT)
    parsed = Parsed(page)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    for says in (
        "What needs a decision now",
        "Answer in Systems Manager",
        "What was cut, and how to undo it",
        "Undo in Systems Manager",
        "The chain holds",
        "Texas, Attorney General",
    ):
        assert says in page
    assert "DRILL" in page


@pytest.mark.parametrize("view", View)
def test_a_widget_holds_nothing_that_cloudwatch_removes(view: View) -> None:
    page = shown(one(), view)
    assert not {"script", "iframe", "use", "link", "meta", "object"} & set(Parsed(page).tags)
    assert not re.search(r"<[^>]* on\w+=", page)
    assert "url(" not in page


@pytest.mark.parametrize("view", View)
def test_a_click_asks_for_another_part_and_every_link_leads_to_the_console(view: View) -> None:
    page = shown(one(), view)
    actions = _ACTION.findall(page)
    assert len(actions) == page.count("<cwdb-action")
    for _, attributes, asked in actions:
        assert f'endpoint="{ENDPOINT}"' in attributes
        told = json.loads(unescape(asked))
        assert set(told) <= {"view", "incident_id"}
        assert told["view"] in list(View)
    for address in re.findall(r'href="([^"]*)"', page):
        assert address.startswith("https://us-west-2.console.aws.amazon.com/systems-manager/")


def test_the_colours_are_those_of_the_dashboard() -> None:
    by_browser, light, dark = (
        shown(one(), View.QUEUES, theme) for theme in (Theme.AUTO, Theme.LIGHT, Theme.DARK)
    )
    assert "color-scheme: light dark;" in by_browser
    assert "prefers-color-scheme" in by_browser
    for page, scheme in ((light, "color-scheme: light;"), (dark, "color-scheme: dark;")):
        assert scheme in page
        assert "prefers-color-scheme" not in page


def test_monitor_mode_is_said_where_cuts_are_shown() -> None:
    assert "Monitor mode." in shown(a_board(mode="monitor"), View.CONTAINMENT)
    assert "Monitor mode." not in shown(a_board(), View.CONTAINMENT)


def test_a_check_or_a_queue_that_could_not_be_looked_at_is_no_good_news() -> None:
    page = shown(a_board(), View.QUEUES)
    assert "could not look" in page
    assert "nobody could read these" in page
    ready = shown(a_board(), View.READINESS)
    assert "1 of 3 checks pass." in ready
    assert '<p class="warn standing">' in ready
    assert "Nobody" in ready


def test_a_refusal_is_a_part_of_its_own() -> None:
    page = refuse("There is no such <b>part</b>.", Theme.DARK)
    assert "&lt;b&gt;" in page
    assert Parsed(page).open == []
