"""Things whose every string an attacker chose, and what has to hold where they come out."""

import io
import re
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from rich.console import Console

from responder.domain.finding import Finding, Resource
from responder.domain.order import Order
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import SHOP, a_finding, an_order

# What may make something of a text that is shown as a line: breaks, escapes, turns, hidden text.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    "\u3164\ud800-\udfff\ue000-\uf8ff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def of_a_line(shown: str, most: int) -> None:
    """One line that a person reads."""
    assert len(shown) <= most
    assert len(shown.splitlines()) <= 1
    assert not UNSEEN.search(shown), ascii(shown)


def a_hostile_finding(text: str) -> Finding:
    """Every string that a finding may hold, whatever the sources would make of it."""
    named = Principal(
        kind=PrincipalKind.UNKNOWN,
        account=SHOP,
        arn=text or None,
        name=text,
        access_key_id=text,
        session_name=text,
        principal_id=text,
    )
    thing = Resource(kind=text, id=text, name=text, account=SHOP)
    return a_finding(
        type=text,
        title=text,
        description=text,
        principals=(named,),
        resources=(thing,),
        requested_action=text,
    )


def a_hostile_order(text: str) -> Order:
    user = a_finding().principals[0]
    named = user.model_copy(update={"name": text, "session_name": text, "access_key_id": text})
    return an_order(principal=named, resource=text, reason=text)


class Tags(HTMLParser):
    """Each element with its attributes, but for the texts that a person reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = tuple((name, value) for name, value in attrs if name not in ("title", "aria-label"))
        self.found.append((tag, kept))


def as_a_console_shows(text: str) -> set[str]:
    """The elements of Markdown where a console lets HTML through: the worst case."""
    return {tag for tag, _ in Tags(MarkdownIt("commonmark", {"html": True}).render(text)).found}


def on_a_terminal(*shown: Any) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system="standard")
    console.print(*shown)
    return out.getvalue()


def of_a_terminal(written: str) -> None:
    """Colours of ours, and no other sequence; no link, no control character but the line feed."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert not UNSEEN.search(bare.replace("\n", "")), ascii(bare)
