"""Find one principal in corpora of logs, by our reader and by others, in one run.

Each engine answers the same question (`bench/facts.py`) about every object of a folder, which lie
in the page cache. The answers have to be equal. Rounds are interleaved.

    python bench/scan_principal.py --rounds 5

limit          libdeflate unpacks each object, and nothing is looked for
reader         what `responder scope` does: unpack, look, take apart where something stands
stdlib         gzip and json, and a loop that keeps what the thief did
trailscraper   the same with trailscraper's reader of logs (`make bench` installs it)

Our own reference, `document.plainly`, answers once, and has to agree too.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import deflate

from bench.facts import Facts
from bench.peer import Peer
from bench.racing import MEGABYTE, Answer, Differing, Promise, race, show, verdict
from bench.trail_corpus import THIEF, lay
from responder.scan.document import found, plainly
from responder.scan.needles import Needles
from responder.scan.unpacking import unpack

type Records = tuple[int, Iterable[dict[str, Any]]]
_NEEDLES = Needles([THIEF])


@dataclass(frozen=True)
class Corpus:
    """So many objects of about so many records, and what was promised of them."""

    name: str
    objects: int
    records: int
    thief: float  # the share of objects that the thief is in
    share: float  # of the records of those
    floors: tuple[float, float | None, float | None]  # of stdlib, trailscraper, and the limit


CORPORA = (
    Corpus("a thief in 10 % of objects, 2 % of their records", 60, 2000, 0.1, 0.02, (9, 14, 0.6)),
    Corpus("a thief in every object, 2.5 % of the records", 24, 2000, 1, 0.025, (7, None, 0.55)),
    Corpus("tiny objects, a thief in 10 %", 4000, 2, 0.1, 0.5, (2, None, None)),
)


def reader(packed: bytes) -> Records:
    """Ours."""
    answer = found(unpack(packed), _NEEDLES)
    return answer.total, answer.records


def reference(packed: bytes) -> Records:
    """Ours without any short way."""
    answer = plainly(gzip.decompress(packed), _NEEDLES)
    return answer.total, answer.records


def stdlib(packed: bytes) -> Records:
    """As a script would do it."""
    records = json.loads(gzip.decompress(packed))["Records"]
    return len(records), records


def main(words: Sequence[str]) -> int:
    """0 if every engine gave one answer, 1 if not. A floor that is missed is printed as such."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--part", type=float, default=1.0, help="of each corpus")
    asked = parser.parse_args(words)
    try:
        for corpus in CORPORA:
            _raced(corpus, max(1, int(corpus.objects * asked.part)), asked.seed, asked.rounds)
    except Differing as error:
        print(f"DIFFERENT ANSWERS: {error}", file=sys.stderr)
        return 1
    return 0


def _raced(corpus: Corpus, number: int, seed: int, rounds: int) -> None:
    with TemporaryDirectory() as folder:
        paths = lay(
            Path(folder), number, corpus.records, seed, thief=corpus.thief, share=corpus.share
        )
        with Peer("bench.trailscraper_peer", folder, THIEF) as peer:
            engines: dict[str, Callable[[], Answer]] = {
                "limit": lambda: _unpacked(paths),
                "reader": lambda: asked_of(reader, paths),
                "stdlib": lambda: asked_of(stdlib, paths),
                "trailscraper": peer.ask,
            }
            took = race(engines, rounds)
        if asked_of(reference, paths) != asked_of(reader, paths):
            raise Differing("the reference")
        sizes = sorted(path.stat().st_size for path in paths)
        raw_bytes = sum(len(unpack(path.read_bytes())) for path in paths)
    title = (
        f"{corpus.name}\n{len(sizes)} objects of {sizes[0] / 1000:,.1f} to "
        f"{sizes[-1] / 1000:,.1f} kB packed, {sum(sizes) / MEGABYTE:.1f} MB, "
        f"{raw_bytes / MEGABYTE:.0f} MB unpacked"
    )
    show(title, took, raw_bytes / MEGABYTE, "stdlib", "trailscraper", "limit")
    names = ("stdlib", "trailscraper", "limit")
    verdict(
        "",
        *(
            Promise(f"reader against {name}", took[name] / took["reader"], floor)
            for name, floor in zip(names, corpus.floors, strict=True)
            if floor is not None
        ),
    )


def asked_of(engine: Callable[[bytes], Records], paths: Sequence[Path]) -> str:
    """What an engine answers about all of these."""
    facts = Facts(THIEF)
    for path in paths:
        facts.add(*engine(path.read_bytes()))
    return facts.digest()


def _unpacked(paths: Sequence[Path]) -> None:
    for path in paths:
        deflate.gzip_decompress(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
