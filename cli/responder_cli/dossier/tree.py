"""Reads our own page into a tree of headings, paragraphs, lists and tables, for another form of it.

Both forms say the same because the second is made of the first. An element that this does not know
is an error, and never left out.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = {"br", "meta", "path", "circle", "line", "rect", "text"}
_SKIPPED = {"head", "style"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    "article": "group",
    "body": "group",
    "caption": "caption",
    "dd": "meaning",
    "div": "group",
    "dl": "terms",
    "dt": "term",
    "figcaption": "group",
    "figure": "group",
    "footer": "group",
    "header": "group",
    "html": "group",
    "li": "item",
    "main": "group",
    "ol": "numbered",
    "p": "paragraph",
    "pre": "command",
    "section": "group",
    "small": "aside",
    "table": "table",
    "tbody": "rows",
    "td": "cell",
    "th": "heading cell",
    "thead": "heading rows",
    "tr": "row",
    "ul": "list",
}
_INLINE = {
    "a": "text",
    "cite": "text",
    "code": "code",
    "span": "text",
    "strong": "strong",
    "time": "text",
}


@dataclass
class Node:
    """One element. `text` is set for runs of text only."""

    kind: str
    children: list["Node"] = field(default_factory=list)
    text: str = ""
    level: int = 0  # of a heading
    span: int = 1  # columns of a cell
    tag: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the template of the PDF."""
        return {
            "kind": self.kind,
            "text": self.text,
            "level": self.level,
            "span": self.span,
            "children": [child.as_json() for child in self.children],
        }


@dataclass(frozen=True)
class Page:
    """What a page holds: its title, and its content. Drawings are SVG text; a mark says nothing."""

    title: str
    mark: str  # how counsel wants every sheet marked
    root: Node


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("group")
        self.title = ""
        self.marked: Node | None = None
        self._open = [self.root]
        self._skip: list[str] = []
        self._source, self._lines = source, _starts(source)
        self._drawing: tuple[int, bool] | None = None
        self._depth = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "svg" or self._drawing is not None:
            self._begin_drawing(tag, told)
            return
        if tag in _SKIPPED or self._skip:
            if tag not in _VOID:
                self._skip.append(tag)
            return
        if tag == "br":
            self._open[-1].children.append(Node("break"))
            return
        self._open_one(tag, told)

    def _open_one(self, tag: str, told: dict[str, str | None]) -> None:
        if tag in _HEADINGS:
            node = Node("heading", level=_HEADINGS[tag], tag=tag)
        elif tag in _BLOCKS or tag in _INLINE:
            node = Node(_BLOCKS.get(tag) or _INLINE[tag], tag=tag)
            node.span = int(told.get("colspan") or 1)
            if told.get("class") == "privilege":
                self.marked = node
        else:
            raise ValueError(f"the page holds <{tag}>, which has no form in a PDF yet")
        self._open[-1].children.append(node)
        self._open.append(node)

    def _begin_drawing(self, tag: str, told: dict[str, str | None]) -> None:
        if tag != "svg":
            return
        self._depth += 1
        if self._drawing is None:
            hidden = told.get("aria-hidden") == "true"
            self._drawing = (self._place(), hidden)

    def handle_endtag(self, tag: str) -> None:
        if self._drawing is not None:
            self._end_drawing(tag)
        elif self._skip:
            if self._skip[-1] == tag:
                self._skip.pop()
        elif tag not in _VOID and self._open[-1].tag == tag:
            self._open.pop()
        elif tag not in _VOID:
            raise ValueError(f"</{tag}> closes <{self._open[-1].tag}> at {self.getpos()}")

    def _end_drawing(self, tag: str) -> None:
        assert self._drawing is not None
        if tag != "svg":
            return
        self._depth -= 1
        if self._depth:
            return
        (start, hidden), self._drawing = self._drawing, None
        end = self._source.index("</svg>", self._place()) + len("</svg>")
        kind = "mark" if hidden else "drawing"
        self._open[-1].children.append(Node(kind, text=self._source[start:end]))

    def handle_data(self, data: str) -> None:
        if self._skip:
            if self._skip[-1] == "title":
                self.title += data
            return
        if self._drawing is None and data:
            self._open[-1].children.append(Node("run", text=data))

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def read(page: bytes) -> Page:
    """The tree of a page that `responder.report` made."""
    reader = _Reader(page.decode())
    mark = "" if reader.marked is None else "".join(one.text for one in reader.marked.children)
    return Page(reader.title.strip(), mark, reader.root)


def _starts(source: str) -> list[int]:
    """Where each line begins, as HTMLParser counts lines."""
    return [0, *(place + 1 for place, letter in enumerate(source) if letter == "\n")]
