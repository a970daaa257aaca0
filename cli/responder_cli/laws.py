"""`responder laws`: which laws this release holds, how well they were read, and one of them whole.

Fields that an entry has and this module does not know are shown as well, in the words of the data.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from responder.domain.errors import Refused
from responder.domain.escaping import one_line
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.regime import STALE_AFTER, Kind, Regime, Source
from responder.regimes.rule import Rule
from responder.regimes.words import sentence
from responder.report.wording import counted, in_utc, plain
from responder_cli.deadlines.told import time_of

_MOST = 1000  # characters of one line
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_HEAD = ("jurisdiction", "name", "citation", "verified_on", "confidence", "basis")
_LISTS = ("rules", "sources", "notes")
_OF_A_RULE = ("id", "recipient", "recipient_name", "citation")
_NOT_ADVICE = "Research, not legal advice: counsel decides, and reads the official text first."


def laws(
    place: Annotated[
        str | None, typer.Argument(metavar="[US-CA]", help="One jurisdiction, shown whole.")
    ] = None,
    now: Annotated[
        str | None, typer.Option(metavar="TIME", help="What is stale as of then.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs.")] = False,
) -> None:
    """Show which laws are counted, and which of them must be read again.

    Exits with 1 if an entry that is shown is stale, and with 2 if there is no such jurisdiction.
    """
    try:
        at = time_of("--now", now) if now else datetime.now(UTC)
        shown = REGIMES if place is None else (_law_of(place),)
    except Refused as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        data = summary(shown, now=at) if place is None else shown[0].model_dump(mode="json")
        typer.echo(json.dumps(data, indent=2, ensure_ascii=True))
    else:
        text = _all(shown, at) if place is None else _one(shown[0], at)
        Console().print(text, crop=False)
    if any(_old(regime, at) for regime in shown):
        raise typer.Exit(1)


def summary(regimes: Sequence[Regime], *, now: datetime) -> dict[str, Any]:
    """What is held and how well it was read: numbers, and the places behind them."""
    sources = [source for regime in regimes for source in regime.sources]
    citations = {regime.citation for regime in regimes}
    citations |= {rule.citation for regime in regimes for rule in regime.rules}
    return {
        "as_of": now.isoformat(),
        "jurisdictions": len(regimes),
        "kinds": {kind.value: sum(one.kind is kind for one in regimes) for kind in Kind},
        "rules": sum(len(regime.rules) for regime in regimes),
        "citations": len(citations),
        "sources": len(sources),
        "sources_unread": sum(not source.read for source in sources),
        "stale_after_days": STALE_AFTER.days,
        "stale": [one.jurisdiction for one in regimes if _old(one, now)],
        "never_read": [one.jurisdiction for one in regimes if one.verified_on is None],
        "not_in_force": [one.jurisdiction for one in regimes if not one.in_force],
        "medium_confidence": _confident(regimes, "medium"),
        "low_confidence": _confident(regimes, "low"),
    }


def _old(regime: Regime, now: datetime) -> bool:
    return regime.verified_on is not None and regime.is_stale(now=now)


def _confident(regimes: Sequence[Regime], confidence: str) -> list[str]:
    return [one.jurisdiction for one in regimes if one.confidence == confidence]


def _law_of(place: str) -> Regime:
    found = BY_JURISDICTION.get(place)
    if found is None:
        raise Refused(
            f"{place}: its law is not in this release; `responder laws` lists those that are,"
            " and they are written like US-CA"
        )
    return found


def _all(regimes: Sequence[Regime], now: datetime) -> Group:
    told = summary(regimes, now=now)
    kinds = ", ".join(f"{number} {name}" for name, number in told["kinds"].items() if number)
    facts = (
        f"{told['jurisdictions']} jurisdictions and contracts ({kinds}), {told['rules']} rules,"
        f" {told['citations']} citations.",
        f"Stale, read more than {told['stale_after_days']} days ago: {_places(told['stale'])}.",
        f"Never read, from general knowledge: {_places(told['never_read'])}.",
        f"Not in force, and not counted: {_places(told['not_in_force'])}.",
        f"Medium confidence: {_places(told['medium_confidence'])}.",
        f"Low confidence: {_places(told['low_confidence'])}.",
        f"Sources: {told['sources']}, of them {told['sources_unread']} unread.",
    )
    return Group(
        Text("The laws that are counted", style="bold"),
        Text(f"As of {in_utc(now)}."),
        *(Text(fact) for fact in facts),
        Text(),
        _table(regimes, now),
        Text(f"\n{_NOT_ADVICE} `responder laws US-CA` shows one whole."),
    )


def _places(places: Sequence[str]) -> str:
    return f"{len(places)} ({', '.join(places)})" if places else "none"


def _table(regimes: Sequence[Regime], now: datetime) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name in ("", "Law of", "Rules", "Confidence", "Read on", "Sources read"):
        side: Literal["right", "left"] = "right" if name == "Rules" else "left"
        table.add_column(overflow="fold", justify=side, no_wrap=not name)
    header = ("Place", "Law of", "Rules", "Confidence", "Read on", "Sources read")
    table.add_row(*(Text(name, style="dim") for name in header))
    for one in regimes:
        stale = _old(one, now)
        read = sum(source.read for source in one.sources)
        cells = (
            one.jurisdiction,
            one.name,
            str(len(one.rules)),
            one.confidence,
            f"{_read_on(one)}{', stale' if stale else ''}",
            f"{read} of {len(one.sources)}",
        )
        style = "bold red" if stale else "yellow" if one.confidence == "low" else ""
        table.add_row(*(_text(cell, style) for cell in cells))
    return table


def _one(regime: Regime, now: datetime) -> Group:
    return Group(
        _text(f"{regime.name} ({regime.jurisdiction}): {regime.citation}", "bold"),
        _text(
            f"Confidence: {regime.confidence}. Read on: {_read_on(regime)}"
            + (", which is stale: read it again." if _old(regime, now) else ".")
        ),
        _text(regime.basis),
        *_rest(regime.model_dump(mode="json", exclude_none=True), (*_HEAD, *_LISTS)),
        _text(f"\n{counted(len(regime.rules), 'rule')}", "bold"),
        *(line for rule in regime.rules for line in _rule(rule)),
        *_notes(regime),
        _text("Sources", "bold"),
        *(line for one in regime.sources for line in _source(one)),
        Text(f"\n{_NOT_ADVICE}"),
    )


def _rule(rule: Rule) -> Iterator[Text | Padding]:
    yield _text(f"\n{rule.recipient_name}  [{rule.id}]", "bold")
    yield _under(sentence(rule))
    yield _under(rule.citation)
    for line in _rest(rule.model_dump(mode="json", exclude_defaults=True), _OF_A_RULE):
        yield Padding(line, (0, 0, 0, 3), expand=False)


def _notes(regime: Regime) -> Iterator[Text | Padding]:
    yield Text()
    if regime.notes:
        yield _text("Notes", "bold")
        yield from (_under(note) for note in regime.notes)
        yield Text()


def _source(source: Source) -> Iterator[Text]:
    """An address stays in one piece, however narrow the terminal is."""
    yield _text(f"{'read' if source.read else 'UNREAD'}, {plain(source.kind)}:")
    yield Text(f"   {one_line(source.url, _MOST)}", no_wrap=True, overflow="ignore")


def _rest(entry: Mapping[str, Any], shown: Sequence[str]) -> Iterator[Text]:
    """Every other field that says something, in the words of the data."""
    for name, value in entry.items():
        if name not in shown and _says(value):
            yield _text(f"{plain(name).capitalize()}: {_words(value)}")


def _says(value: Any) -> bool:
    return value not in (None, [], {})


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = [(plain(str(key)), _words(one)) for key, one in value.items() if _says(one)]
        if any("," in said for _, said in pairs):
            return "; ".join(f"{key}: {said}" for key, said in pairs)
        return ", ".join(f"{key} {said}" for key, said in pairs)
    if isinstance(value, list):
        each = [_words(one) for one in value]
        return ("; " if any("," in one for one in each) else ", ").join(each)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return plain(text) if _IDENTIFIER.fullmatch(text) else text


def _read_on(regime: Regime) -> str:
    return str(regime.verified_on or "never")


def _under(text: str) -> Padding:
    return Padding(_text(text), (0, 0, 0, 3), expand=False)


def _text(text: str, style: str = "") -> Text:
    """No markup, whatever it holds; a line break at its start is ours."""
    start = "\n" if text.startswith("\n") else ""
    return Text(start + one_line(text, _MOST), style=style)
