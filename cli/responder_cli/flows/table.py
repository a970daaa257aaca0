"""Shows what left machines, on a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from responder.domain.escaping import one_line

_SHOWN = 20  # of each list
_UNKNOWN = "not known"
_HEADS = ("machine", "to", "bytes", "at most", "more than usual", "from, to")
_HOUR_HEADS = ("machine", "to", "hour", "bytes", "usual", "most before", "more than usual")
_PEER_HEADS = ("peer", "kind", "bytes", "at most", "before", "more than usual", "from, to")
_PORT_HEADS = ("machine", "protocol", "port", "bytes", "at most", "from, to")


def show(told: dict[str, Any]) -> None:
    """Machines, their peers, the hours with more than usual, and each gap."""
    console = Console()
    kinds = [
        (one["machine"], name, *_bytes(kind), _excess(kind["excess"]), _span(kind))
        for one in told["machines"]
        for name, kind in one["kinds"].items()
        if kind["bytes"]["high"]
    ]
    _print(console, "bytes that left", _HEADS, kinds)
    hours = [
        (
            *(one["machine"], name, at["at"], f"{at['bytes']:,}", f"{at['usual']['middle']:,}"),
            *(f"{at['most_before']:,}", f"{at['excess']['low']:,} – {at['excess']['high']:,}"),
        )
        for one in told["machines"]
        for name, kind in one["kinds"].items()
        for at in kind["hours"]
    ]
    _print(console, "hours with more than usual", _HOUR_HEADS, hours)
    for one in told["machines"][:_SHOWN]:
        rows = [
            (
                peer["peer"],
                peer["service"] or peer["kind"],
                *_bytes(peer),
                _UNKNOWN if peer["new"] is None else "new" if peer["new"] else "known",
                _excess(peer["excess"]),
                _span(peer),
            )
            for peer in one["peers"]
        ]
        _print(console, f"peers of {one['machine']}", _PEER_HEADS, rows, more=one["more_peers"])
    ports = [
        (one["machine"], str(port["protocol"]), str(port["port"]), *_bytes(port), _span(port))
        for one in told["machines"]
        for port in one["new_ports"]
    ]
    _print(console, "ports that nothing was sent by before", _PORT_HEADS, ports)
    for gap in told["gaps"]:
        console.print(Text(f"gap: {one_line(gap, 400)}", style="yellow"), soft_wrap=True)


def _bytes(told: dict[str, Any]) -> tuple[str, str]:
    return f"{told['bytes']['low']:,}", f"{told['bytes']['high']:,}"


def _excess(told: dict[str, Any] | None) -> str:
    if told is None:
        return "no baseline"
    return "none" if not told["high"] else f"{told['low']:,} – {told['high']:,}"


def _span(told: dict[str, Any]) -> str:
    return f"{told['first_at']}, {told['last_at']}"


def _print(
    console: Console, title: str, heads: tuple[str, ...], rows: list[Any], *, more: int = 0
) -> None:
    if not rows:
        return
    more += max(0, len(rows) - _SHOWN)
    table = Table(title=title, caption=f"and {more} more: --json has them" if more else None)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(*(Text(one_line(str(cell), 200)) for cell in row))
    console.print(table)
