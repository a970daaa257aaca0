"""Shows strings an attacker may have chosen, in places that give characters a meaning."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# Control characters, line and paragraph separators, and the marks that turn text around
# (Unicode Technical Report 36, "Bidirectional text spoofing").
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+"
)


def one_line(text: str, most: int) -> str:
    """Plain text on one line, at most `most` characters, with nothing unseen in it."""
    seen = " ".join(_UNSEEN.sub(" ", text).split())
    # Lone surrogates cannot be sent; JSON may carry them in.
    sound = seen.encode("utf-8", "replace").decode("utf-8")
    return sound if len(sound) <= most else sound[: most - 1] + "…"


def ascii_line(text: str, most: int) -> str:
    """The same in ASCII. A letter keeps its plain form where it has one; others become `?`."""
    plain = unicodedata.normalize("NFKD", one_line(text, most * 4))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    line = bare.replace("…", "...").encode("ascii", "replace").decode("ascii")
    return line if len(line) <= most else line[: most - 3] + "..."


def markdown(text: str, most: int) -> str:
    """A code span that shows `text` as it is, whatever it holds; at most `most` characters.

    Inside a code span nothing is a link, an image, HTML or an entity (CommonMark, "Code spans").
    The one thing that ends a span is a backtick, so those are shown as `'`.
    """
    shown = one_line(text, most - 2).replace("`", "'")
    return f"`{shown}`" if shown else "`(empty)`"


def _in_words(text: str) -> str:
    shown = one_line(text, 400)
    if not shown:
        raise ValueError("say it in words")
    return shown


# What somebody says, shown on one line. Not empty.
OneLine = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_in_words)]
