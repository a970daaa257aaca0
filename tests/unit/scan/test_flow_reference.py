"""The fast reader of flow logs and a plain one give the same numbers, whatever the lines."""

import csv
import ipaddress
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.scan.flow.layout import DEFAULT
from responder.scan.flow.lines import Asked
from responder.scan.flow.peers import Kind
from responder.scan.flow.window import Window
from responder_cli.flows.measuring import measure
from responder_cli.flows.reading import Question, Readers
from tests.flow_logs import (
    FLOW_LOG,
    INSTANCE,
    INTERFACE,
    NIGHT,
    OTHER_INSTANCE,
    OTHER_INTERFACE,
    OWN,
    V5,
    V8,
    Fields,
    a_flow,
    exported,
    put,
    text,
)

START = int(NIGHT.timestamp())
SINCE, UNTIL = START + 1800, START + 5400
WINDOW = Window(SINCE, UNTIL)
THERE = "10.0.1.9"
OURS = {INTERFACE: (OWN, "2001:db8::5"), OTHER_INTERFACE: (THERE, "2001:db8::9")}
OTHERS = ("203.0.113.77", "198.51.100.20", "10.7.0.1", "100.64.0.9", "2001:db8:7::1", "fd00::1")
_JUNK = st.sampled_from(["", "2 junk", f"x {INTERFACE} {INSTANCE}", "- " * 13 + "-", "\x00"])

type Key = tuple[str, str, str]  # interface, kind, peer
type Sums = dict[Key, tuple[int, int, int]]  # before, within, at an end of the window


@st.composite
def a_record(draw: st.DrawFn) -> Fields:
    interface = draw(st.sampled_from([INTERFACE, INTERFACE, OTHER_INTERFACE]))
    instance = {INTERFACE: INSTANCE, OTHER_INTERFACE: OTHER_INSTANCE}[interface]
    peer = draw(st.sampled_from(OTHERS))
    own = OURS[interface][":" in peer]
    out = draw(st.sampled_from([True, True, False]))
    source, target = (own, peer) if out else (peer, own)
    start = START + draw(st.integers(0, 7200))
    status = draw(st.sampled_from(["OK"] * 8 + ["NODATA", "SKIPDATA"]))
    record = a_flow(NIGHT, source, target, draw(st.integers(0, 2**40))) | {
        "interface-id": interface,
        "instance-id": instance,
        "start": str(start),
        "end": str(start + draw(st.integers(0, 600))),
        "action": draw(st.sampled_from(["ACCEPT"] * 5 + ["REJECT", "-"])),
        "flow-direction": "egress" if out else "ingress",
        "traffic-path": draw(st.sampled_from("-12345678")) if out else "-",
        "pkt-dst-aws-service": draw(st.sampled_from(["-", "S3", "EC2", "AMAZON"])) if out else "-",
        "log-status": status,
    }
    if draw(st.integers(0, 9)) == 0:  # something that can be in no record
        wrong = draw(st.sampled_from(["bytes", "end", "dstport", "action", "interface-id"]))
        record[wrong] = draw(st.sampled_from(["?", "-1", "1e9"]))
    if status != "OK":
        kept = ("version", "account-id", "interface-id", "start", "end", "log-status")
        record = {name: record[name] for name in kept}
    return record


def sums_of(records: Sequence[tuple[str, Fields]]) -> Sums:
    """One record after the other, with nothing but the documentation's words."""
    good = [(flow_log, one) for flow_log, one in records if _is_record(one)]
    own = {interface: _own(interface, good) for interface in OURS}
    found = dict[Key, list[int]]()
    for _, one in good:
        if one.get("log-status", "OK") != "OK" or one.get("action") == "REJECT":
            continue
        if _leaves(one, own[one["interface-id"]]) is not True:
            continue
        start, end = int(one["start"]), int(one["end"])
        if start >= UNTIL:
            continue
        within = start >= SINCE and end <= UNTIL
        at = 1 if within else 0 if end <= SINCE else 2
        far = one.get("pkt-dstaddr", one["dstaddr"])
        key = (one["interface-id"], _kind(one, far), str(ipaddress.ip_address(far)))
        found.setdefault(key, [0, 0, 0])[at] += int(one["bytes"])
    return {key: (sums[0], sums[1], sums[2]) for key, sums in found.items() if any(sums)}


def _is_record(one: Fields) -> bool:
    try:
        numbers = [one[name] for name in ("start", "end")]
        if one.get("log-status", "OK") == "OK":
            numbers += [one["bytes"], one["dstport"]]
        return (
            all(number.isdecimal() for number in numbers)
            and one["interface-id"] in OURS
            and one.get("action", "-") in ("ACCEPT", "REJECT", "-")
        )
    except KeyError:
        return False


def _leaves(one: Fields, own: set[str]) -> bool | None:
    if "flow-direction" in one:
        return one["flow-direction"] == "egress"
    source, target = one["srcaddr"], one["dstaddr"]
    if (source in own) != (target in own):
        return source in own
    return None if _inner(source) == _inner(target) else _inner(source)


def _own(interface: str, records: Sequence[tuple[str, Fields]]) -> set[str]:
    found = set[str]()
    for is_six in (False, True):
        mine = [
            (one["srcaddr"], one["dstaddr"])
            for _, one in records
            if one["interface-id"] == interface
            and one.get("log-status", "OK") == "OK"
            and "flow-direction" not in one
            and (":" in one["dstaddr"]) is is_six
        ]
        times = Counter(address for pair in mine for address in pair)
        nearly = {one for one, number in times.items() if number > 0.95 * len(mine)}
        found |= nearly or {one for one, number in times.items() if number > 0.5 * len(mine)}
    return found


def _inner(address: str) -> bool:
    return address.startswith(("10.", "100.64.", "fd"))


def _kind(one: Fields, far: str) -> str:
    path, service = one.get("traffic-path", "-"), one.get("pkt-dst-aws-service", "-")
    if path in "3456":
        return Kind.JOINED
    if _inner(far) or path == "1":
        return Kind.PRIVATE
    return Kind.AWS if path == "7" or service == "S3" else Kind.INTERNET


def _v5(flows: Sequence[Fields], junk: Sequence[str]) -> str:
    return text(flows, V5) + "\n".join(junk)


def _shuffled(flows: Sequence[Fields], junk: Sequence[str]) -> str:
    """Two formats behind each other, with headings, and ends of lines as Windows has them."""
    half = len(flows) // 2
    whole = text(flows[:half], V8[::-1]) + text(flows[half:], V5) + "\n".join(junk)
    return whole.replace("\n", "\r\n")


def _default(flows: Sequence[Fields], junk: Sequence[str]) -> str:
    return text(flows, DEFAULT) + "\n".join(junk)


def _exported(flows: Sequence[Fields], junk: Sequence[str]) -> str:
    """The time in front of each line comes of `start`, which may be no number."""
    return exported([one for one in flows if one["start"].isdecimal()]) + "\n".join(junk)


FORMATS: tuple[tuple[Callable[[Sequence[Fields], Sequence[str]], str], Sequence[str]], ...] = (
    (_v5, V5),
    (_shuffled, V5),
    (_default, DEFAULT),
    (_exported, DEFAULT),
)


def read_plainly(content: str) -> list[Fields]:
    """By the standard library's reader of tables; a line of another length is left out."""
    names: list[str] = []
    found = []
    for row in csv.reader(content.splitlines(), delimiter=" ", quoting=csv.QUOTE_NONE):
        if "interface-id" in row:
            names = row
            continue
        words = row[1:] if row and row[0].endswith("Z") else row
        if len(words) == len(names or DEFAULT):
            pairs = zip(names or DEFAULT, words, strict=True)
            found.append({name: word for name, word in pairs if word != "-"})
    return found


def measured(folder: Path, asked: Asked) -> Sums:
    question = Question(asked, WINDOW)
    found = measure(folder, question, Readers(1), lambda *_: lambda: None)
    sums = dict[Key, list[int]]()
    for machine in found.volume.machines.values():
        (interface,) = machine.interfaces
        for peer, sent in machine.peers.items():
            mine = sums.setdefault((interface, peer.kind, peer.address), [0, 0, 0])
            for at, size in enumerate((sent.before_bytes, sent.sent_bytes, sent.maybe_bytes)):
                mine[at] += size
        for kind, sent in machine.kinds.items():
            of_kind = [one for peer, one in machine.peers.items() if peer.kind is kind]
            assert sent.sent_bytes == sum(one.sent_bytes for one in of_kind)
            assert sum(sent.hours.values()) == sent.sent_bytes
            assert sum(sent.earlier.values()) == sent.before_bytes
    return {key: (one[0], one[1], one[2]) for key, one in sums.items() if any(one)}


@settings(max_examples=150)
@given(
    records=st.lists(a_record(), min_size=1, max_size=25),
    junk=st.lists(_JUNK, max_size=3),
    which=st.sampled_from(FORMATS),
    chosen=st.booleans(),
)
def test_the_fast_reader_and_a_plain_one_agree(
    records: list[Fields], junk: list[str], which: Any, chosen: bool
) -> None:
    write, _ = which
    content = write(records, junk)
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder), NIGHT, content, flow_log=FLOW_LOG)
        asked = Asked(interfaces=frozenset([INTERFACE])) if chosen else Asked()
        expected = sums_of([(FLOW_LOG, one) for one in read_plainly(content)])
        if not chosen:
            assert _listed(measured(Path(folder), asked)) == _listed(expected)
            return
        mine = {key: sums for key, sums in expected.items() if key[0] == INTERFACE}
        assert _listed(measured(Path(folder), asked)) == _listed(mine)


def _listed(sums: Sums) -> Sums:
    """Peers that nothing was sent to in the window are told as one."""
    found = dict[Key, list[int]]()
    seen = {key[0::2] for key, one in sums.items() if one[1] or one[2]}
    for key, one in sums.items():
        name = key if key[0::2] in seen else (key[0], key[1], "others")
        mine = found.setdefault(name, [0, 0, 0])
        for at, size in enumerate(one):
            mine[at] += size
    return {key: (one[0], one[1], one[2]) for key, one in found.items()}
