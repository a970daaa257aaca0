"""Makes a drawing of our page stand by itself, with the colours that the page has on paper."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree  # of what our own template made and escaped

_SVG = "http://www.w3.org/2000/svg"
_WIDTH = 720  # CSS pixels, as wide as the page is on paper
_VARIABLE = re.compile(r"(--[a-z-]+):\s*([^;}]+)[;}]")
_USED = re.compile(r"var\((--[a-z-]+)\)")


@dataclass(frozen=True)
class Drawing:
    """An SVG file, and what it shows in words."""

    svg: str
    says: str


def standing_alone(svg: str, style: str) -> Drawing:
    """The drawing with the page's rules inside it. `style` is the page's whole style sheet."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - see the import
    words = [one.text or "" for one in root if one.tag in ("title", "desc")]
    for one in [one for one in root if one.tag in ("title", "desc")]:
        root.remove(one)
    root.set("xmlns", _SVG)
    if root.get("width") == "100%":
        root.set("width", str(_WIDTH))
    rules = ElementTree.Element("style")
    rules.text = _on_paper(style)
    root.insert(0, rules)
    return Drawing(
        svg=ElementTree.tostring(root, encoding="unicode"),
        says=". ".join(word.strip().rstrip(".") for word in words if word.strip()) + ".",
    )


def _on_paper(style: str) -> str:
    """The plain rules, with each variable as it is when the page is printed."""
    printed = style[style.index("@media print") :]
    colours = dict(_VARIABLE.findall(printed[: printed.index("html {")]))
    plain = re.sub(r"@[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style)
    return _USED.sub(lambda used: colours.get(used[1], "black"), plain)
