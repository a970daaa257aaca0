"""Makes the dossier's page into an accessible PDF: PDF/UA-1, tagged, with the same content.

Typst lays it out, and refuses to write a file that breaks PDF/UA (ISO 14289-1). What the page says
reaches it as data and never as source, so no string can be markup there either.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from importlib import resources
from typing import Any

import typst

from responder_cli.dossier.drawing import standing_alone
from responder_cli.dossier.tree import Node, read

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_BESIDE = {"run", "text", "code", "strong"}
_SPACES = re.compile(r"[ \t\r\n\f]+")


def pdf(page: bytes) -> bytes:
    """The same page as PDF. The same bytes give the same bytes."""
    found = read(page)
    style = _STYLE.search(page.decode())
    told = {
        "title": _shown(found.title),
        "mark": _shown(found.mark),
        "root": _node(found.root, style[1] if style else "", literal=False),
    }
    template = resources.files("responder_cli.dossier").joinpath("dossier.typ").read_bytes()
    made: bytes = typst.compile(
        template,
        format="pdf",
        sys_inputs={"dossier": json.dumps(told)},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=0,
    )
    return made


def _node(node: Node, style: str, *, literal: bool) -> dict[str, Any]:
    if node.kind in ("drawing", "mark"):
        drawing = standing_alone(node.text, style)
        return {"kind": node.kind, "svg": _shown(drawing.svg), "text": _shown(drawing.says)}
    literal = literal or node.kind == "command"
    children = [_node(one, style, literal=literal) for one in node.children]
    if node.kind == "run":
        text = node.text if literal else _SPACES.sub(" ", node.text)
        return {"kind": "run", "text": _shown(text)}
    return node.as_json() | {"children": list(_on_lines([c for c in children if not _is_empty(c)]))}


def _on_lines(children: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """An aside has a line of its own, as on the page; the first one is on one already."""
    for place, one in enumerate(children):
        if one["kind"] == "aside" and place == 0:
            one["kind"] = "text"
        yield one
        is_followed = any(after["kind"] in _BESIDE for after in children[place + 1 :][:1])
        if one["kind"] == "aside" and is_followed:
            yield {"kind": "break"}


def _is_empty(node: dict[str, Any]) -> bool:
    return node["kind"] == "run" and not node["text"]


def _shown(text: str) -> str:
    """What the embedded fonts can show. Anything else is written as its code point.

    PDF/UA forbids a glyph that is not there; the page itself has the text as it was.
    """
    return "".join(letter if _has_glyph(letter) else f"\\u{{{ord(letter):x}}}" for letter in text)


# Libertinus Serif and DejaVu Sans Mono, which Typst brings, both have these: a test sets each.
_RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x401, 0x45F), (0x2010, 0x2027))
_ALSO = frozenset("\n\t‘’“”†‡•…‹›€™←↑→↓−≈≠≤≥◆○●✓✗×÷⟦⟧")


def _has_glyph(letter: str) -> bool:
    if unicodedata.category(letter) == "Cn":
        return False
    return letter in _ALSO or any(low <= ord(letter) <= high for low, high in _RANGES)
