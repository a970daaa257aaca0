"""The data map and its lists of people as the shop keeps them, and what came of them as facts."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO

from responder.domain.data_map import DataMap, Store
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.regimes import REGIMES
from responder.regimes.places import problem
from responder.scan.following import Scope
from responder.scan.residents import Bridge, Row, bridge
from responder.sources.documents import document, validated
from responder_cli.files import text_of

_COLUMNS = ("thing", "person", "jurisdiction")
_MOST_TEXT = 2048  # of one value


def map_of(path: Path) -> DataMap:
    """The data map in this file. Raises `Broken` naming file, line and field."""
    node, data = document(text_of(path), path.name)
    if not isinstance(data, dict):
        raise Broken(f"{path.name}: no data map")
    found = validated(DataMap, data, node, path.name)
    for store in found.stores:
        if store.residents != "unknown":
            for place in store.residents.counts:
                if why := _wrong(place):
                    raise Broken(f"{path.name}: store {store.name}, counts, {place}: {why}")
    return found


def people_of(
    path: Path, scope: Scope, *, since: datetime | None, until: datetime | None
) -> Bridge:
    """Whose data it was, by the data map in this file and the lists beside it. Raises `Broken`."""
    data_map = map_of(path)

    def lists(store: Store, name: str) -> Iterator[Row]:
        return _rows(path.parent / name, store)

    blind = not scope.coverage.is_whole(since, until)
    return bridge(data_map, scope.tally.reach, lists, since=since, blind=blind)


def facts_of(people: Bridge) -> str:
    """What the function Record takes, but for whose incident it is and who says so.

    The upper bounds: a threshold that may be passed is counted as passed until counsel knows more.
    """
    facts: dict[str, object] = {
        "residents": {place: one.high for place, one in sorted(people.counts.items())},
        "elements": [one.value for one in people.elements],
    }
    if people.in_plaintext:
        facts["encrypted"] = False
    return json.dumps({name: value for name, value in facts.items() if value not in ({}, [])})


def _rows(path: Path, store: Store) -> Iterator[Row]:
    try:
        with _opened(path) as lines:
            reader = csv.reader(lines, strict=True)
            columns = [one.strip().casefold() for one in next(reader, [])]
            missing = [one for one in _COLUMNS if one not in columns]
            if missing:
                raise Broken(f"{path.name}, line 1: no column is called {missing[0]}")
            places = [columns.index(one) for one in _COLUMNS]
            for line in reader:
                if not line:
                    continue
                if len(line) != len(columns):
                    told = f"{len(line)} values, and {len(columns)} columns"
                    raise Broken(f"{path.name}, line {reader.line_num}: {told}")
                row = Row(*(line[at] for at in places))
                if any(not value or len(value) > _MOST_TEXT for value in row):
                    told = "a value is missing, or too long"
                    raise Broken(f"{path.name}, line {reader.line_num}: {told}")
                if why := _wrong(row.place):
                    said = one_line(row.place, 40)
                    raise Broken(f"{path.name}, line {reader.line_num}: {said}: {why}")
                yield row
    except UnicodeDecodeError:
        raise Broken(f"{path.name}: not UTF-8 text") from None
    except (OSError, EOFError, csv.Error) as error:
        told = one_line(getattr(error, "strerror", None) or str(error), 120)
        raise Broken(f"{path.name}, the list of {store.name}: {told}") from None


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


@lru_cache(maxsize=4096)
def _wrong(place: str) -> str | None:
    """Why it is no place that a law knows."""
    return problem(place, REGIMES)
