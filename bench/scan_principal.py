"""Find one principal in a corpus of logs, by our reader and by others, in one run, one process.

Each engine answers the same question about every object: how many records it has, and of those by
the thief, how often each was called, from where, when first and last, and how many bytes of how
many objects went out. The answers are hashed, and have to be equal. Rounds are interleaved, and
medians are shown; on a shared machine only the ratios mean anything.

    python bench/scan_principal.py --objects 120 --rounds 5

limit      libdeflate unpacks each object, and nothing is looked for
reader     what `responder scope` does: unpack, look, take apart where something stands
plainly    our own reference: gzip, and each record decoded by the standard library
stdlib     gzip and json, and a loop that keeps what the thief did
"""

import argparse
import gzip
import hashlib
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import deflate
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.trail_corpus import THIEF, objects
from responder.scan.document import found, plainly
from responder.scan.needles import Needles
from responder.scan.unpacking import unpack

type Records = tuple[int, Iterable[dict[str, Any]]]
_NEEDLES = Needles([THIEF])


def limit(packed: bytes) -> Records:
    """Nothing but the unpacking."""
    deflate.gzip_decompress(packed)
    return 0, ()


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
    return len(records), [one for one in records if _key(one) == THIEF]


ENGINES: dict[str, Callable[[bytes], Records]] = {
    "limit": limit,
    "reader": reader,
    "plainly": reference,
    "stdlib": stdlib,
}


def main(words: Sequence[str]) -> int:
    """0 if every engine gave one answer, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=120)
    parser.add_argument("--records", type=int, default=2000, help="of an object, about")
    parser.add_argument("--thief", type=float, default=0.1, help="share of objects they are in")
    parser.add_argument("--share", type=float, default=0.02, help="of the records of those")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args(words)
    made = objects(asked.objects, asked.records, asked.seed, thief=asked.thief, share=asked.share)
    bar = Console(stderr=True)
    corpus = list(track(made, "Making logs", asked.objects, console=bar, transient=True))
    raw_bytes = sum(len(unpack(one)) for one in corpus)
    took: dict[str, list[float]] = {name: [] for name in ENGINES}
    answers = dict[str, str]()
    rounds = track(range(asked.rounds), "Racing", console=bar, transient=True)
    for _ in rounds:
        for name, engine in ENGINES.items():
            began = time.process_time()
            answers[name] = _answer(engine, corpus)
            took[name].append(time.process_time() - began)
    del answers["limit"]
    Console().print(_table(took, raw_bytes, sum(map(len, corpus)), asked))
    same = len(set(answers.values())) == 1
    Console().print("one answer" if same else f"DIFFERENT ANSWERS: {answers}")
    return 0 if same else 1


def _answer(engine: Callable[[bytes], Records], corpus: Sequence[bytes]) -> str:
    total, calls, sources = 0, Counter[str](), Counter[str]()
    times, keys, sent_bytes = list[str](), set[str](), 0
    for packed in corpus:
        number, records = engine(packed)
        total += number
        for one in records:
            if _key(one) != THIEF:
                continue
            calls[f"{one['eventSource']} {one['eventName']}"] += 1
            sources[one["sourceIPAddress"]] += 1
            times.append(one["eventTime"])
            if one["eventName"] == "GetObject":
                keys.add(one["requestParameters"]["key"])
                sent_bytes += one["additionalEventData"]["bytesTransferredOut"]
    found_all = [total, sorted(calls.items()), sorted(sources.items())]
    found_all += [min(times, default=""), max(times, default=""), len(keys), sent_bytes]
    return hashlib.sha256(json.dumps(found_all).encode()).hexdigest()[:16]


def _key(record: dict[str, Any]) -> object:
    return record["userIdentity"].get("accessKeyId")


def _table(
    took: dict[str, list[float]], raw_bytes: int, packed_bytes: int, asked: argparse.Namespace
) -> Table:
    middle = {name: statistics.median(each) for name, each in took.items()}
    title = (
        f"{asked.objects} objects, {packed_bytes / 1e6:.0f} MB packed, {raw_bytes / 1e6:.0f} MB; "
        f"the thief in {asked.thief:.0%} of them, {asked.share:.0%} of their records"
    )
    table = Table("engine", "MB/s", "x stdlib", "of the limit", title=title)
    for name, seconds in middle.items():
        table.add_row(
            name,
            f"{raw_bytes / 1e6 / seconds:.0f}",
            f"{middle['stdlib'] / seconds:.1f}",
            f"{middle['limit'] / seconds:.2f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
