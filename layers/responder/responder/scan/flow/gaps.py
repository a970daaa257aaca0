"""What flow logs cannot say, each in a sentence: never a nought for what nobody recorded.

AWS: VPC User Guide, "Flow log records" and "Flow log limitations".
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from responder.scan.flow.lines import Asked
from responder.scan.flow.record import ACCEPT, REJECT
from responder.scan.flow.survey import HOUR, Survey
from responder.scan.flow.volume import Volume
from responder.scan.flow.window import Window

STANDING = (
    "flow logs never have what goes to Amazon's DNS resolver, the instance metadata and time "
    "services, DHCP, the router, Windows' licenses and mirrored traffic, and no contents: what "
    "left by those, as by DNS, is in none of these numbers",
    "bytes are those of packets, with their headers and what was sent twice: what was taken is "
    "less; and each download's receipts count as sent",
)
_USUAL = "what is usual is what was before: whoever was in a machine then is part of it"
_MOST = 100  # sentences of one kind

_ASSUMED = {
    "flow-direction": "no direction: what a machine's own address is the source of has left, and "
    "where that is not known, what went from a private address to another",
    "action": "no action: what was refused counts as sent",
    "log-status": "no log status: an hour in which data were dropped looks like any other",
    "instance-id": "no instance: an interface is of whom CloudTrail, or another log, says",
    "pkt-dstaddr": "no address of the packet itself: a peer may be what stands between",
    "pkt-dst-aws-service": "no name of AWS' services: what went to S3 and others counts as sent "
    "to the internet",
    "traffic-path": "no path: peers of our own with public or IPv6 addresses count as of the "
    "internet, unless --network names them",
}


def of_logs(survey: Survey, window: Window) -> Iterator[str]:
    """What is missing in the logs as a whole."""
    if not survey.seen:
        yield "no log has a record of any of them" if survey.lines else "there is no flow log"
        yield from _assumed(survey, ("instance-id",))
        return
    hours = {hour for seen in survey.seen.values() for hour in seen.hours}
    first, last = min(hours) * HOUR, (max(hours) + 1) * HOUR
    if window.since is not None and first > window.since:
        yield f"the logs begin at {_shown(first)}: what was before is in none of them"
    if window.until is not None and last < window.until:
        yield f"the logs end at {_shown(last)}: what was after is in none of them"
    for source, actions in sorted(_by_log(survey).items()):
        if actions[ACCEPT] and not actions[REJECT]:
            yield (
                f"{_log(source)} has nothing that was refused: either nothing was, or it is a log "
                "of accepted traffic alone"
            )
        if actions[REJECT] and not actions[ACCEPT]:
            yield f"{_log(source)} has refused traffic alone: what left is in no record of it"
    yield from _assumed(survey, _ASSUMED)
    longest = max(seen.longest for seen in survey.seen.values())
    yield f"a record sums up to {longest} seconds: no time is more exact than that"
    for why, times in sorted(survey.bad.items()):
        yield f"{times} lines are no records ({why}); none of these is counted"
    if survey.odd:
        yield f"{survey.odd} objects have lines that are not written as their headings say"
    if survey.left_out:
        yield f"{survey.left_out} records are of more interfaces than are counted"


def of_interfaces(survey: Survey, asked: Asked, window: Window) -> Iterator[str]:
    """When interfaces were not recorded, or not wholly."""
    every = {
        interface: {hour for _, seen in logs for hour in seen.hours}
        for interface, logs in survey.by_interface().items()
    }
    if not every:
        return
    # What is before the first log of all, or after the last, was told of the logs as a whole.
    first, last = min(map(min, every.values())), max(map(max, every.values()))
    first = first if window.since is None else max(first, window.since // HOUR)
    last = last if window.until is None else min(last, (window.until - 1) // HOUR)
    silent = {name: list(_silent(hours, first, last)) for name, hours in every.items()}
    missing = [
        f"{interface}: no record from {_shown(begin * HOUR)} to {_shown(end * HOUR)}"
        for interface, spans in silent.items()
        for begin, end in spans
    ]
    if asked.texts:
        yield from _few(missing)
    elif missing:
        some = sum(bool(spans) for spans in silent.values())
        yield f"{some} of {len(silent)} interfaces have hours without a record: ask for one of them"
    yield from _few(list(_dropped(survey)))


def of_machines(volume: Volume, asked: Asked, lost: Mapping[str, int]) -> Iterator[str]:
    """What is not known of single machines. `lost` bounds what one peer that is not listed got."""
    for name in sorted(asked.instances | asked.interfaces):
        machine = volume.machines.get(name)
        if machine is None and not any(name in m.interfaces for m in volume.machines.values()):
            yield f"no record is of {name}: whether it sent anything is in none of these logs"
    found = list[str]()
    for name, machine in sorted(volume.machines.items()):
        if machine.undirected_bytes:
            found.append(
                f"{name}: {machine.undirected_bytes} bytes went one way or the other: none of "
                "them is counted"
            )
        if machine.unsized:
            found.append(f"{name}: {machine.unsized} records do not say how many bytes")
        most = sum(lost.get(interface, 0) for interface in machine.interfaces)
        if most:
            found.append(
                f"{name}: more peers than are listed; none of the others got more than {most} bytes"
            )
    yield from _few(found)
    for source, times in sorted(volume.again.items()):
        yield (
            f"{times} records of {_log(source)} are not counted: another flow log has that hour; "
            "what goes on over the end of such an hour may count twice, or not at all"
        )


def of_baseline(unjudged: Collection[str], *, compared: bool) -> Iterator[str]:
    """What cannot be said of what is usual."""
    if not compared:
        yield "no --since was given: nothing says what is usual"
        return
    yield from _few(
        [
            f"{name}: no baseline for some hours or all: fewer than 7 days before were recorded"
            for name in sorted(unjudged)
        ]
    )
    yield _USUAL


def _dropped(survey: Survey) -> Iterator[str]:
    for (_, interface), seen in sorted(survey.seen.items()):
        if seen.skipped:
            first, last = min(seen.skipped), max(seen.skipped)
            yield (
                f"{interface}: data were dropped {sum(seen.skipped.values())} times (SKIPDATA) "
                f"between {_shown(first * HOUR)} and {_shown((last + 1) * HOUR)}: it sent more "
                "than is counted"
            )
        if seen.untold:
            yield (
                f"{interface}: {seen.untold} records say neither that nothing was sent nor what, "
                "and no status says whether data were dropped"
            )


def _assumed(survey: Survey, fields: Collection[str]) -> Iterator[str]:
    for source, lacks in sorted(survey.lacks.items()):
        for name in sorted(lacks & set(fields)):
            yield f"{_log(source)} has {_ASSUMED[name]}"


def _by_log(survey: Survey) -> dict[str, Counter[str]]:
    found = dict[str, Counter[str]]()
    for (source, _), seen in survey.seen.items():
        found.setdefault(source, Counter()).update(seen.actions)
    return found


def _few(sentences: list[str]) -> Iterable[str]:
    yield from sentences[:_MOST]
    if len(sentences) > _MOST:
        yield f"and {len(sentences) - _MOST} more of the kind"


def _silent(hours: Collection[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """From which hour until before which none is there, from `first` to `last`."""
    expected = first
    for hour in sorted(one for one in hours if first <= one <= last):
        if hour > expected:
            yield expected, hour
        expected = hour + 1
    if expected <= last:
        yield expected, last + 1


def _log(source: str) -> str:
    return f"flow log {source}" if source else "a flow log without a name"


def _shown(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
