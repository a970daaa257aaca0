"""Makes every string safe to look at. Escaping for HTML comes after it, and is not done here.

Attackers choose user names, session names and bucket names. A character that would hide, reorder or
break text is written out as its code point, and what is too long is cut with a mark that says so.
"""

from responder.domain.escaping import each

LONGEST = 2_000  # characters of one string that are shown
_BREAKS = {"\n": " ↵ ", "\t": " ⇥ "}


def visible(text: str) -> str:
    """`text` with nothing hidden in it, at most `LONGEST` characters of it."""
    seen = "".join(_each(text[:LONGEST]))
    if len(text) <= LONGEST:
        return seen
    return f"{seen} … [cut here: {len(text):,} characters in all]"


def _each(text: str) -> list[str]:
    out: list[str] = []
    for char, hides in each(text):
        if char in _BREAKS:
            out.append(_BREAKS[char])
        elif hides:
            out.append(f"⟦U+{ord(char):04X}⟧")
        else:
            out.append(char)
    return out
