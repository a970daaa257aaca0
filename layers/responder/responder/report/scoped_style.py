"""Our style for a part of somebody else's page: each rule holds inside one element only.

A dashboard of CloudWatch has headings and tables of its own, and decides how wide a part is. So
rules about the width of the screen become rules about the width of that part.
"""

import re
from collections.abc import Iterator

FRAME, INSIDE = "board-frame", "board"  # classes: what is measured, and what the rules hold in
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_OF_THE_SCREEN = re.compile(r"@media screen and \(max-width: ([0-9.]+rem)\)")
_THE_PAGE = frozenset({":root", "html", "body"})


def scoped(style: str) -> str:
    """The same rules, without those about paper."""
    return "\n".join(_rules(_COMMENT.sub("", style)))


def _rules(style: str) -> Iterator[str]:
    for head, body in _blocks(style):
        if head.startswith(("@page", "@media print")):
            continue
        if head.startswith("@"):
            asked = _OF_THE_SCREEN.sub(r"@container (max-width: \1)", head)
            yield f"{asked} {{\n{scoped(body)}\n}}"
        else:
            yield f"{', '.join(_inside(one.strip()) for one in head.split(','))} {{{body}}}"


def _blocks(style: str) -> Iterator[tuple[str, str]]:
    """Each rule: what stands before its braces, and what is in them."""
    depth = begin = opened = 0
    for at, letter in enumerate(style):
        if letter == "{":
            depth += 1
            if depth == 1:
                opened = at
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield style[begin:opened].strip(), style[opened + 1 : at]
                begin = at + 1


def _inside(selector: str) -> str:
    return f".{INSIDE}" if selector in _THE_PAGE else f".{INSIDE} {selector}"
