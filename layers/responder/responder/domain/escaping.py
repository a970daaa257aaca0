"""Shows strings an attacker may have chosen, in places that give characters a meaning."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# Unicode general categories: controls, format characters (bidi, zero width, tags), surrogates,
# private use, unassigned, line and paragraph separators.
# https://www.unicode.org/reports/tr44/#General_Category_Values
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EMPTY = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # Hangul fillers, and Braille without a dot
_ACCENTS = 3  # more combining marks than this on one letter are no language; they hide text

_BEGINS_A_FORMULA = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")

_LINK = re.compile(
    r"://(?!(?:[a-z0-9-]{1,32}\.)?console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/)"
    r"|(?<=\bwww)\.",
    re.IGNORECASE,
)


def each(text: str) -> Iterator[tuple[str, bool]]:
    """Each character of a text, and whether it would hide, reorder or break what is shown."""
    accents = 0
    for char in text:
        category = unicodedata.category(char)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        yield char, category in _HIDDEN or char in _EMPTY or accents > _ACCENTS


def one_line(text: str, most: int) -> str:
    """Plain text on one line, at most `most` characters, with nothing unseen in it."""
    seen = " ".join("".join(" " if hides else char for char, hides in each(text)).split())
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def csv_cell(text: str) -> str:
    """One cell that no spreadsheet takes for a formula. Quoting is left to whoever writes the file.

    A quote before it keeps it text, also where a first character is the full-width form of one that
    begins a formula (OWASP, "CSV Injection"). What cannot be seen is shown as a space.
    """
    plain = one_line(text, len(text) + 1)
    return f"'{plain}" if plain[:1] in _BEGINS_A_FORMULA else plain


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


def unlinked(text: str) -> str:
    """The text without addresses that a mail program makes links of. Those of consoles stay."""
    return _LINK.sub(lambda found: f"[{found[0][0]}]{found[0][1:]}", text)


def _in_words(text: str) -> str:
    shown = one_line(text, 400)
    if not shown:
        raise ValueError("say it in words")
    return shown


# What somebody says, shown on one line. Not empty.
OneLine = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_in_words)]
