"""Our style inside somebody else's page."""

import re

from responder.report.markup import filled
from responder.report.scoped_style import scoped


def test_each_rule_holds_inside_the_board_only() -> None:
    assert scoped("h1, .a > b { color: red; }") == ".board h1, .board .a > b { color: red; }"
    assert scoped(":root { --a: b; } body { margin: 0 }") == (
        ".board { --a: b; }\n.board { margin: 0 }"
    )


def test_the_width_of_the_screen_becomes_that_of_the_part() -> None:
    asked = scoped("@media screen and (max-width: 46rem) { p { margin: 0; } }")
    assert asked == "@container (max-width: 46rem) {\n.board p { margin: 0; }\n}"


def test_what_is_about_paper_and_what_is_a_remark_are_left_out() -> None:
    assert scoped(
        "/* { */ @page { @bottom { x: y; } } @media print { p { a: b; } } i { c: d; }"
    ) == (".board i { c: d; }")


def test_no_rule_of_ours_reaches_beyond_the_board() -> None:
    style = scoped(filled("palette.css") + filled("style.css") + filled("board.css"))
    heads = [one.strip() for one in re.findall(r"([^{}]+)\{", style)]
    rules = [one for one in heads if not one.startswith("@")]
    assert len(rules) > 80
    for rule in rules:
        assert all(re.match(r"\.board(\s|$)", one.strip()) for one in rule.split(",")), rule
    assert style.count("{") == style.count("}")
