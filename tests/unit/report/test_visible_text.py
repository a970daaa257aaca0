import unicodedata

import pytest

from responder.report.visible_text import LONGEST, visible


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x1b", "\x7f", "\u2028", "\ud800"]
)
def test_a_character_that_hides_or_turns_text_is_written_as_its_code_point(hidden: str) -> None:
    seen = visible(f"user{hidden}name")
    assert seen == f"user⟦U+{ord(hidden):04X}⟧name"


def test_text_of_any_language_is_left_as_it_is() -> None:
    for text in ("Zoë Müller", "наталья", "محمد", "田中さん", "§ 1798.82(a) – ok"):
        assert visible(text) == text


def test_long_text_is_cut_with_a_mark_that_tells_its_length() -> None:
    seen = visible("A" * 100_000)
    assert seen.startswith("A" * LONGEST + " …")
    assert "100,000 characters" in seen
    assert len(seen) < LONGEST + 100


def test_a_tower_of_accents_cannot_cover_the_lines_around_it() -> None:
    seen = visible("a" + "\u0301" * 200)
    assert sum(unicodedata.combining(char) > 0 for char in seen) == 3


def test_line_breaks_are_seen_and_break_nothing() -> None:
    assert visible("one\ntwo\tthree") == "one ↵ two ⇥ three"
