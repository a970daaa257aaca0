"""Ask about another principal, when something was kept of each log at the first question.

    python bench/second_question.py --rounds 5

kept      `responder scope --index`: what is kept says of most objects that they hold nothing
reader    the same without what is kept
stdlib    gzip and json, and a loop that keeps what the thief did

Who is in few objects is asked about, who is in a tenth, and who is in all: the more objects hold
somebody, the more have to be read again, and reading them is bound by their unpacking.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.racing import MEGABYTE, Answer, Differing, Promise, race, show, verdict
from bench.scan_principal import Records, asked_of, reader, stdlib
from bench.trail_corpus import THIEF, lay
from responder.scan.looking import look
from responder.scan.needles import Needles
from responder.scan.shelf import Shelf
from responder.scan.unpacking import unpack

_NEEDLES, _FIRST = Needles([THIEF]), Needles(["AKIAEXAMPLEEXAMPLE99"])
_RECORDS, _SHARE = 2000, 0.02
_HOLDING = ((0.02, True), (0.1, True), (1.0, False))  # share of objects, whether a floor is asked


def main(words: Sequence[str]) -> int:
    """0 if every engine gave one answer, 1 if not. A floor that is missed is printed as such."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=23)
    asked = parser.parse_args(words)
    try:
        for thief, promised in _HOLDING:
            _raced(asked, thief, promised=promised)
    except Differing as error:
        print(f"DIFFERENT ANSWERS: {error}", file=sys.stderr)
        return 1
    return 0


def _raced(asked: argparse.Namespace, thief: float, *, promised: bool) -> None:
    with TemporaryDirectory() as logs, TemporaryDirectory() as index:
        paths = lay(Path(logs), asked.objects, _RECORDS, asked.seed, thief=thief, share=_SHARE)
        shelf = Shelf(Path(index))

        def kept(packed: bytes) -> Records:
            found = look(packed, _NEEDLES, shelf).found
            return found.total, found.records

        began = time.process_time()
        for path in paths:
            look(path.read_bytes(), _FIRST, shelf)
        first = time.process_time() - began
        engines: dict[str, Callable[[], Answer]] = {
            "kept": lambda: asked_of(kept, paths),
            "reader": lambda: asked_of(reader, paths),
            "stdlib": lambda: asked_of(stdlib, paths),
        }
        took = race(engines, asked.rounds)
        held = sum(bool(look(path.read_bytes(), _NEEDLES).found.records) for path in paths)
        packed_bytes = sum(path.stat().st_size for path in paths)
        kept_bytes = sum(path.stat().st_size for path in Path(index).rglob("*") if path.is_file())
        raw_bytes = sum(len(unpack(path.read_bytes())) for path in paths)
    title = f"somebody who is in {held} of {len(paths)} objects, {packed_bytes / MEGABYTE:.0f} MB"
    shown = {"first question, keeping": first, **took}
    show(title, shown, raw_bytes / MEGABYTE, "stdlib", "reader")
    promises = [Promise("logs, packed, against what is kept", packed_bytes / kept_bytes, 6)]
    if promised:
        against = {name: took[name] / took["kept"] for name in ("stdlib", "reader")}
        promises += [
            Promise("second question against stdlib", against["stdlib"], 40),
            Promise("second question against our reader", against["reader"], 4),
        ]
    verdict("", *promises)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
