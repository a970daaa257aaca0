"""Count what one machine sent, in VPC flow logs: our reader, and Python's reader of tables.

Each engine answers the same: bytes that left one interface, by peer. The answers are hashed, and
have to be equal. Rounds are interleaved, and medians are shown; only the ratios mean anything.

    PYTHONPATH=. python bench/scan_flows.py --objects 40 --rounds 5

limit      libdeflate unpacks each object, and nothing is looked for
one        ours, asked about one interface of many, as `responder flows --interface` is
every      ours, asked about all, and the one is taken of the answer
csv        gzip and csv.reader, and a loop that adds up what left the one
"""

import argparse
import csv
import gzip
import io
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from random import Random

import deflate
from rich.console import Console
from rich.progress import track
from rich.table import Table

from responder.scan.flow.layout import DEFAULT, parts
from responder.scan.flow.lines import Asked, Reader
from responder.scan.flow.peers import Peers
from responder.scan.flow.survey import Survey
from responder.scan.flow.volume import Plan, Volume
from responder.scan.flow.window import Window
from responder.scan.unpacking import unpack

_FIELDS = (*DEFAULT, "instance-id", "pkt-dstaddr", "flow-direction", "traffic-path")
_LOG, _STARTS = "fl-0a1b2c3d4e5f60718", 1_793_491_200
_MACHINES, _RECORDS, _PEERS = 200, 20_000, 500
_ASKED = f"eni-{1:017x}"


def limit(corpus: Sequence[bytes]) -> Counter[str]:
    """Nothing but the unpacking."""
    for packed in corpus:
        deflate.gzip_decompress(packed)
    return Counter()


def one(corpus: Sequence[bytes]) -> Counter[str]:
    """Ours, of one interface."""
    return _ours(corpus, Asked(interfaces=frozenset([_ASKED])))


def every(corpus: Sequence[bytes]) -> Counter[str]:
    """Ours, of all."""
    return _ours(corpus, Asked())


def _ours(corpus: Sequence[bytes], asked: Asked) -> Counter[str]:
    reader, window = Reader(asked, Peers()), Window()
    survey, volume = Survey(_PEERS), Volume()
    for packed in corpus:
        raw = unpack(packed)
        survey.take(_LOG, reader.records(raw, parts(raw), Counter()), window)
    listed = {name: frozenset(seen.peers.weights) for (_, name), seen in survey.seen.items()}
    plan = Plan(window, listed=listed, known=frozenset(survey.seen), ports=False)
    for packed in corpus:
        raw = unpack(packed)
        volume.take(_LOG, reader.records(raw, parts(raw), Counter()), plan)
    sent = volume.machines[_ASKED].peers
    return Counter({peer.address: one.sent_bytes for peer, one in sent.items()})


def by_csv(corpus: Sequence[bytes]) -> Counter[str]:
    """As a script would do it, in one round."""
    found = Counter[str]()
    for packed in corpus:
        rows = csv.reader(io.StringIO(gzip.decompress(packed).decode()), delimiter=" ")
        place = {name: at for at, name in enumerate(next(rows))}
        interface, action = place["interface-id"], place["action"]
        way, peer, size = place["flow-direction"], place["pkt-dstaddr"], place["bytes"]
        for row in rows:
            if row[interface] == _ASKED and row[way] == "egress" and row[action] == "ACCEPT":
                found[row[peer]] += int(row[size])
    return found


ENGINES: dict[str, Callable[[Sequence[bytes]], Counter[str]]] = {
    "limit": limit,
    "one": one,
    "every": every,
    "csv": by_csv,
}


def objects(number: int, seed: int) -> list[bytes]:
    """So many packed objects, the same from one seed."""
    random, made = Random(seed), list[bytes]()  # noqa: S311 - a corpus, and no secret
    bar = Console(stderr=True)
    for place in track(range(number), "Making logs", console=bar, transient=True):
        lines = [" ".join(_FIELDS)]
        for _ in range(_RECORDS):
            machine, out = random.randrange(_MACHINES), random.random() < 0.5
            start = _STARTS + 300 * place + random.randrange(300)
            own = f"10.0.{machine // 250}.{machine % 250}"
            # Most is with some peers that each machine has, the rest with anybody.
            which = (
                machine + random.randrange(12) if random.random() < 0.85 else random.getrandbits(9)
            )
            far = f"198.18.{which // 256}.{which % 256}"
            source, target = (own, far) if out else (far, own)
            size = int(random.lognormvariate(8, 2))
            lines.append(
                f"5 111122223333 eni-{machine:017x} {source} {target} {random.randrange(65536)} "
                f"443 6 {1 + size // 1400} {size} {start} {start + 59} ACCEPT OK - {target} "
                f"{'egress 8' if out else 'ingress -'}"
            )
        made.append(gzip.compress("\n".join(lines).encode() + b"\n"))
    return made


def main(words: Sequence[str]) -> int:
    """0 if every engine gave one answer, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args(words)
    corpus = objects(asked.objects, asked.seed)
    raw_bytes = sum(len(unpack(packed)) for packed in corpus)
    took: dict[str, list[float]] = {name: [] for name in ENGINES}
    answers = dict[str, str]()
    rounds = range(asked.rounds)
    for _ in track(rounds, "Racing", console=Console(stderr=True), transient=True):
        for name, engine in ENGINES.items():
            began = time.process_time()
            answer = engine(corpus)
            took[name].append(time.process_time() - began)
            answers[name] = sha256(repr(sorted(answer.items())).encode()).hexdigest()[:16]
    del answers["limit"]
    middle = {name: statistics.median(each) for name, each in took.items()}
    lines = asked.objects * _RECORDS
    title = f"{lines:,} records of {_MACHINES} interfaces, {raw_bytes / 1e6:.0f} MB; two rounds"
    table = Table("engine", "MB/s", "x csv", title=title)
    for name, seconds in middle.items():
        speed = f"{raw_bytes / 1e6 / seconds:.0f}"
        table.add_row(name, speed, f"{middle['csv'] / seconds:.1f}")
    Console().print(table)
    same = len(set(answers.values())) == 1
    Console().print("one answer" if same else f"DIFFERENT ANSWERS: {answers}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
