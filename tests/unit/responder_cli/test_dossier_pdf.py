"""The PDF of a dossier: tagged, titled, in its language, and with the page's own content."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from responder.report.page import render
from responder_cli.dossier.pdf import _ALSO, _RANGES, pdf
from responder_cli.dossier.tree import read
from tests.unit.report.hostile import hostile
from tests.unit.report.reports import a_report


@pytest.fixture(scope="module")
def page() -> bytes:
    return render(a_report())


@pytest.fixture(scope="module")
def made(page: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(page)))


def tags(node: Any) -> Iterator[tuple[str, Any]]:
    """Every element of the structure tree, depth first."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from tags(one)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"]), node
        if "/K" in node:
            yield from tags(node["/K"])


def structure(made: PdfReader) -> list[tuple[str, Any]]:
    root: Any = made.trailer["/Root"]
    return list(tags(root["/StructTreeRoot"]))


class Counting(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen[tag] += 1


def test_it_says_that_it_is_pdf_ua_tagged_in_english_and_titled(made: PdfReader) -> None:
    root: Any = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert made.metadata is not None
    assert "inc-20261123-0a1b2c3d4e" in str(made.metadata.title)
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part[^0-9]*1", xmp)


def test_headings_lists_tables_and_pictures_are_tagged_as_they_are_on_the_page(
    page: bytes, made: PdfReader
) -> None:
    found, seen = Counter(kind for kind, _ in structure(made)), Counting(page).seen
    for level in (1, 2, 3, 4):
        assert found[f"/H{level}"] == seen[f"h{level}"]
    assert found["/Table"] == seen["table"]
    assert found["/TH"] >= seen["table"] * 3
    [figure] = [node for kind, node in structure(made) if kind == "/Figure"]
    assert "deadlines on a time axis" in str(figure["/Alt"])


def test_no_heading_skips_a_level(made: PdfReader) -> None:
    levels = [int(kind[2:]) for kind, _ in structure(made) if re.fullmatch(r"/H\d", kind)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_word_of_the_page_is_in_it(page: bytes, made: PdfReader) -> None:
    text = re.sub(r"\s|\u200b", "", "".join(one.extract_text() for one in made.pages))

    def missing(node: Any) -> Iterator[str]:
        if node.kind == "run" and node.text.strip():
            for word in node.text.split():
                if re.sub(r"\s", "", word) not in text:
                    yield word
        for child in node.children:
            yield from missing(child)

    lost = list(missing(read(page).root))
    # A word that is broken over two pages has a footer in its midst.
    assert len(lost) <= len(made.pages), lost


def test_every_sheet_bears_the_mark(made: PdfReader) -> None:
    mark = a_report().privilege
    assert all(mark in one.extract_text().replace("\n", " ") for one in made.pages)


def test_the_same_page_is_the_same_file(page: bytes) -> None:
    assert pdf(page) == pdf(page)


def test_hostile_strings_change_no_tag_and_run_nothing() -> None:
    text = '#panic(1) *b* _i_ $x$ `r` @l <a> // /* ]) \\ #read("/etc/passwd") \u202e中😀\x00'
    made = PdfReader(io.BytesIO(pdf(render(hostile(a_report(), text)))))
    plain = PdfReader(io.BytesIO(pdf(render(a_report()))))
    kinds = ("/H1", "/H2", "/H3", "/H4", "/Table", "/TH", "/TR", "/Figure", "/L")
    found, expected = (Counter(k for k, _ in structure(one)) for one in (made, plain))
    assert {kind: found[kind] for kind in kinds} == {kind: expected[kind] for kind in kinds}
    said = "".join(one.extract_text() for one in made.pages).replace("\u200b", "")
    assert "#panic(1) *b*" in said
    assert "\\u{4e2d}" in said


def test_each_letter_that_is_said_to_be_there_can_be_set() -> None:
    """PDF/UA refuses a letter that no font has, so setting them all is the whole test."""
    letters = "".join(chr(n) for low, high in _RANGES for n in range(low, high + 1))
    letters = "".join(sorted(_ALSO)) + letters
    escaped = letters.replace("&", "&amp;").replace("<", "&lt;")
    for tag in ("p", "pre", "code", "strong"):
        pdf(
            f"<!doctype html><html><head><title>x</title></head><body><h1>x</h1>"
            f"<div><{tag}>{escaped}</{tag}></div></body></html>".encode()
        )


def test_an_element_without_a_form_is_an_error_and_not_left_out() -> None:
    with pytest.raises(ValueError, match="<video>"):
        pdf(b"<html><head><title>x</title></head><body><video></video></body></html>")
