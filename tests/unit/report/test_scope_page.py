"""The page of the breach analysis: gaps first, each claim with its record, nothing read into it."""

import re
from html import unescape

from responder.report.lineage_picture import MOST_ROWS, picture
from responder.report.scope_page import render
from tests.builders import NOON
from tests.unit.report.scopes import a_node, a_scope, an_edge, nothing

_TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


def text_of(told: dict[str, object]) -> str:
    return " ".join(unescape(_TAGS.sub(" ", render(told, made_at=NOON).decode())).split())


def test_the_same_answer_is_the_same_page() -> None:
    assert render(a_scope(), made_at=NOON) == render(a_scope(), made_at=NOON)


def test_what_nobody_can_see_stands_before_what_was_found() -> None:
    text = text_of(a_scope(gaps=["no log from 03:00 to 04:00"]))
    assert text.index("no log from 03:00 to 04:00") < text.index("Whose data it was")
    assert "1 gaps: read these first" in text


def test_nothing_found_is_never_said_without_what_was_not_looked_at() -> None:
    text = text_of(nothing())
    assert "No call of theirs is in these logs" in text
    assert "no data map was given. Do not read that as: nobody's" in text
    assert "stands only where data events were logged" in text


def test_each_claim_has_its_record() -> None:
    text = text_of(a_scope(identities=3))
    assert text.count("made, by plain") == 2
    assert "s3:plain at 2026-11-23 02:05:00 UTC, record plain" in text
    assert "US-CA 1 40" in text


def test_what_has_no_room_is_counted() -> None:
    told = a_scope(identities=MOST_ROWS + 3, gaps=[f"gap {n}" for n in range(25)])
    text = text_of(told)
    assert "3 identities had no room in the picture" in text
    assert "5 more" in text
    assert "gap 24" in text


def test_each_thing_is_drawn_once_below_what_led_to_it_first() -> None:
    nodes = [a_node(n) for n in range(4)]
    edges = [an_edge(0, 1), an_edge(1, 2), an_edge(0, 2), an_edge(2, 1), an_edge(3, 3)]
    drawn = picture(nodes, edges, frozenset({nodes[0]["id"]}))
    assert [row.name for row in drawn.rows] == ["0000", "0001", "0002", "0003"]
    first, made, of_made, alone = drawn.rows
    assert (first.from_y, first.seed, first.how) == (-1, True, "")
    assert (made.from_y, of_made.from_y, alone.from_y) == (first.y, made.y, -1)
    assert first.x < made.x < of_made.x
    assert drawn.left_out == 0


def test_a_ring_without_a_beginning_is_drawn_all_the_same() -> None:
    nodes = [a_node(n) for n in range(2)]
    drawn = picture(nodes, [an_edge(0, 1), an_edge(1, 0)], frozenset())
    assert [row.name for row in drawn.rows] == ["0000", "0001"]
