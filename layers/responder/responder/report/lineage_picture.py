"""A lineage as a picture: what each thing was made or assumed by, as a tree, in order of time.

Each thing stands once, below the first that led to it; every other step is in the table beside.
Names are cut to what has room, and are whole in the table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 60
_ROW, _INDENT, _DEEPEST, _TOP = 44, 14, 5, 8  # pixels: it has to fit a telephone
_MOST_NAME = 26


@dataclass(frozen=True)
class Row:
    """One thing: where it is drawn, what it is, and by which call it came about."""

    x: int
    y: int
    kind: str
    name: str
    how: str  # the call; empty for what the search began with
    at: str
    seed: bool
    from_y: int  # of the thing that led to it


@dataclass(frozen=True)
class Picture:
    """All rows, the height in pixels, what the picture says in words, and how many had no room."""

    rows: tuple[Row, ...]
    height: int
    says: str
    left_out: int


def picture(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], seeds: frozenset[str]
) -> Picture:
    """Of a lineage in JSON's types. The same lineage gives the same picture."""
    first = dict[str, Mapping[str, Any]]()
    for edge in edges:  # they are in order of time
        if edge["target"] not in seeds and edge["target"] != edge["source"]:
            first.setdefault(edge["target"], edge)
    below = dict[str, list[str]]()
    for target, edge in first.items():
        below.setdefault(edge["source"], []).append(target)
    known = {node["id"]: node for node in nodes}
    order = list(_in_order(sorted(known, key=lambda one: (one not in seeds, one)), first, below))
    places = {one: at for at, (one, _) in enumerate(order)}
    rows = list[Row]()
    for at, (one, depth) in enumerate(order[:MOST_ROWS]):
        led = first.get(one)
        here = led is not None and led["source"] in places
        rows.append(
            Row(
                x=10 + _INDENT * min(depth, _DEEPEST),
                y=_TOP + _ROW * at,
                kind=kind_of(one),
                name=_cut(name_of(one)),
                how="" if led is None else _cut(led["event_name"]),
                at="" if led is None else f"{led['event_at'][:10]} {led['event_at'][11:16]} UTC",
                seed=one in seeds,
                from_y=_TOP + _ROW * places[led["source"]] if led is not None and here else -1,
            )
        )
    left_out = max(0, len(order) - MOST_ROWS)
    says = f"{len(order)} identities and things, {len(seeds)} of them where the search began."
    return Picture(tuple(rows), _TOP + _ROW * len(rows), says, left_out)


def kind_of(node_id: str) -> str:
    """What a thing of a lineage is, in words."""
    return node_id.partition("|")[0].replace("-", " ").replace("_", " ")


def name_of(node_id: str) -> str:
    """What a thing of a lineage is called, without its account and its region."""
    what = node_id.split("|", 3)[-1]
    head, _, rest = what.partition("|")
    name = head.rsplit(":", 1)[-1] if head.startswith("arn:") else head
    return f"{name} ({rest})" if rest else name


def _in_order(
    ids: Sequence[str], first: Mapping[str, Any], below: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, int]]:
    """Each thing once, with how deep it is; what is in a ring begins where its name is first."""
    seen = set[str]()
    roots = [one for one in ids if one not in first]
    for root in [*roots, *ids]:
        left = [(root, 0)]
        while left:
            one, depth = left.pop()
            if one in seen:
                continue
            seen.add(one)
            yield one, depth
            left += [(each, depth + 1) for each in reversed(below.get(one, ()))]


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_NAME else f"{text[: _MOST_NAME - 1]}…"
