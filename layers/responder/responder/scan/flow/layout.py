"""Where each field stands in the lines of an object: VPC writes them in any order, and any of them.

Objects in S3 begin with a line that names the fields. What CloudWatch Logs exports has none, and a
time in front of each line. A field that nobody knows yet is passed over.
AWS: VPC User Guide, "Flow log records"; Transit Gateways guide, "Transit Gateway Flow Log records".
"""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter

import stringzilla

from responder.scan.unpacking import Damaged

# The default format, in its order.
DEFAULT = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"),
    *("protocol", "packets", "bytes", "start", "end", "action", "log-status"),
)
# What is read of a line, in the order of `record`: what comes again in many lines, and the rest.
WHICH = (
    *("interface-id", "instance-id", "resource-id", "srcaddr", "dstaddr", "pkt-dstaddr"),
    *("protocol", "action", "log-status", "flow-direction", "pkt-dst-aws-service", "traffic-path"),
)
HOW_MUCH = ("start", "end", "bytes", "srcport", "dstport")
WANTED = (*WHICH, *HOW_MUCH)
_KNOWN = frozenset((*DEFAULT, *WANTED, "pkt-srcaddr", "vpc-id", "subnet-id", "tcp-flags", "type"))
ABSENT = b"-"
_NAME = re.compile(rb"[a-z][a-z0-9-]{0,63}")
_EXPORTED = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z")
_TRANSIT = re.compile(r"tgw-[a-z-]+")
_MARKS = (b"interface-id", b"instance-id", b"dstaddr")  # one at least is in every useful heading
_PARQUET = b"PAR1"
_MOST_HEADING = 8192


class Layout:
    """The fields of some lines, in their order."""

    def __init__(self, names: Sequence[str], *, leading: int = 0) -> None:
        """`leading`: so many words stand before the first field. Raises `Damaged`, if of no use."""
        if any(_TRANSIT.fullmatch(name) for name in names):
            raise Damaged("it is of a transit gateway, whose records have another form")
        self.names, self.length = tuple(names), len(names) + leading
        lacks = [
            said
            for said, any_of in (
                ("whose they are", ("interface-id", "instance-id", "resource-id")),
                ("whereto", ("dstaddr", "pkt-dstaddr")),
                ("how many bytes", ("bytes",)),
                ("when", ("start",)),
            )
            if not any(name in names for name in any_of)
        ]
        if lacks:
            raise Damaged(f"its records do not say {', '.join(lacks)}")
        places = {name: at + leading for at, name in reversed(list(enumerate(names)))}
        self._which, self._how_much = (
            itemgetter(*(places.get(name, self.length) for name in wanted))
            for wanted in (WHICH, HOW_MUCH)
        )

    def fields(self, line: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]] | None:
        """The wanted ones of a line, `-` for each that is not written; None if it is no record."""
        found = line.split(b" ")
        if len(found) != self.length:
            return None
        found.append(ABSENT)
        return self._which(found), self._how_much(found)


type Part = tuple[Layout, int, int]  # from where to where in the object


def parts(raw: bytes | bytearray, given: Sequence[str] | None = None) -> list[Part]:
    """Each run of lines that have one layout. Raises `Damaged`.

    `given` are the fields of lines that no heading names. Objects put behind each other keep their
    headings, so one may stand anywhere.
    """
    if raw.startswith(_PARQUET):
        raise Damaged("it is Parquet, which is not read: export it as text")
    headings = list(_headings(raw))
    if headings and headings[0][0] == 0:
        found = list[Part]()
        first = None
    else:
        first = _unheaded(raw, given)
        found = [(first, 0, headings[0][0] if headings else len(raw))]
    for at, (_, ends, names) in enumerate(headings):
        until = headings[at + 1][0] if at + 1 < len(headings) else len(raw)
        found.append((Layout(names), ends, until))
    return found


def _headings(raw: bytes | bytearray) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Each line that names fields: where it begins, where the next line does, the names."""
    begins = {0}
    for mark in _MARKS:
        at = 0
        view = memoryview(raw)
        while (found := int(stringzilla.find(view[at:], mark))) >= 0:
            begins.add(raw.rfind(b"\n", 0, at + found) + 1)
            at = raw.find(b"\n", at + found) + 1
            if not at:
                break
    for begin in sorted(begins):
        end = raw.find(b"\n", begin)
        end = len(raw) if end < 0 else end
        if end - begin <= _MOST_HEADING and (names := _names(bytes(raw[begin:end]))):
            yield begin, min(end + 1, len(raw)), names


def _names(line: bytes) -> tuple[str, ...]:
    """The fields a line names; none if it is no such line."""
    words = line.strip().split(b" ")
    if not all(_NAME.fullmatch(word) for word in words):
        return ()
    names = tuple(word.decode() for word in words)
    known = sum(name in _KNOWN or bool(_TRANSIT.fullmatch(name)) for name in names)
    return names if 2 * known >= len(names) else ()


def _unheaded(raw: bytes | bytearray, given: Sequence[str] | None) -> Layout:
    end = raw.find(b"\n")
    words = bytes(raw[: min(len(raw) if end < 0 else end, _MOST_HEADING)]).strip().split(b" ")
    leading = 1 if _EXPORTED.fullmatch(words[0]) else 0
    if b"TransitGateway" in words:
        raise Damaged("it is of a transit gateway, whose records have another form")
    if given is not None and len(words) - leading == len(given):
        return Layout(given, leading=leading)
    if len(words) - leading == len(DEFAULT) and words[leading].isdigit():
        return Layout(DEFAULT, leading=leading)
    raise Damaged("no line names its fields, and they are not those of the default format")
