"""Makes every string safe to look at. Escaping for HTML comes after it, and is not done here.

Attackers choose user names, session names and bucket names. A character that would hide, reorder or
break text is written out as its code point, and what is too long is cut with a mark that says so.
"""

import unicodedata

LONGEST = 2_000  # characters of one string that are shown
_ACCENTS = 3  # more combining marks than this on one letter are no language; they hide text
# Unicode general categories: controls, format characters (bidi, zero width), surrogates, private
# use, unassigned, line and paragraph separators. https://www.unicode.org/reports/tr44/#General_Category_Values
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BREAKS = {"\n": " ↵ ", "\t": " ⇥ "}


def visible(text: str) -> str:
    """`text` with nothing hidden in it, at most `LONGEST` characters of it."""
    seen = "".join(_each(text[:LONGEST]))
    if len(text) <= LONGEST:
        return seen
    return f"{seen} … [cut here: {len(text):,} characters in all]"


def _each(text: str) -> list[str]:
    out: list[str] = []
    accents = 0
    for char in text:
        category = unicodedata.category(char)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if char in _BREAKS:
            out.append(_BREAKS[char])
        elif category in _HIDDEN or accents > _ACCENTS:
            out.append(f"⟦U+{ord(char):04X}⟧")
        else:
            out.append(char)
    return out
