"""Find who became whom: every call that assumes a role, by anybody, beside what one key did.

    python bench/scan_edges.py --rounds 5

One pass of our reader answers both. It is asked with few needles, and with a thousand more that
stand nowhere: what it takes must not grow with them. The twelfth part of all records is such a
call, so nearly every object is taken apart.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.racing import MEGABYTE, Answer, Differing, Promise, race, show, verdict
from bench.scan_principal import stdlib
from bench.trail_corpus import THIEF, lay
from responder.scan.document import found
from responder.scan.needles import Needles
from responder.scan.unpacking import unpack

_SOURCE, _ASSUMED = "sts.amazonaws.com", "AssumeRole"
_FEW, _MANY = 8, 1000


def main(words: Sequence[str]) -> int:
    """0 if every engine gave one answer, 1 if not. A floor that is missed is printed as such."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=31)
    asked = parser.parse_args(words)
    few, many = _needles(_FEW), _needles(_MANY)
    with TemporaryDirectory() as folder:
        paths = lay(Path(folder), asked.objects, 2000, asked.seed, thief=0.1, share=0.02)
        engines: dict[str, Callable[[], Answer]] = {
            f"reader, {_FEW} needles": lambda: _edges(_reader(few), paths),
            f"reader, {_MANY} needles": lambda: _edges(_reader(many), paths),
            "stdlib": lambda: _edges(lambda packed: stdlib(packed)[1], paths),
        }
        try:
            took = race(engines, asked.rounds)
        except Differing as error:
            print(f"DIFFERENT ANSWERS: {error}", file=sys.stderr)
            return 1
        raw_bytes = sum(len(unpack(path.read_bytes())) for path in paths)
    title = f"every edge, and one key; {len(paths)} objects, {raw_bytes / MEGABYTE:.0f} MB unpacked"
    show(title, took, raw_bytes / MEGABYTE, "stdlib")
    small, large, plain = took.values()
    verdict(
        "",
        Promise("edges and a key in one pass, against stdlib", plain / large, 6),
        Promise(f"{_MANY} needles against {_FEW}, time", large / small, 1.1, most=True),
    )
    return 0


def _needles(number: int) -> Needles:
    return Needles([THIEF, _SOURCE, *(f"AKIAEXAMPL{one:010d}" for one in range(number - 2))])


def _reader(needles: Needles) -> Callable[[bytes], Iterable[dict[str, Any]]]:
    return lambda packed: found(unpack(packed), needles).records


def _edges(engine: Callable[[bytes], Iterable[dict[str, Any]]], paths: Sequence[Path]) -> str:
    """Who assumed which role, the session's key, and when; and the calls of the thief."""
    answer = hashlib.sha256()
    for path in paths:
        for one in engine(path.read_bytes()):
            who = one["userIdentity"]
            if one["eventSource"] == _SOURCE and one["eventName"].startswith(_ASSUMED):
                made = (one["responseElements"] or {}).get("credentials", {}).get("accessKeyId")
                edge = (who.get("arn"), one["requestParameters"]["roleArn"], made)
                answer.update(repr((*edge, one["eventTime"])).encode())
            if who.get("accessKeyId") == THIEF:
                answer.update(f"{one['eventSource']} {one['eventName']}".encode())
    return answer.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
