"""Finds the machines of a lineage, and the interfaces of machines, in CloudTrail's logs."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from responder.domain.lineage import Lineage
from responder.domain.lineage_growth import Callers
from responder.scan import document
from responder.scan.flow.machines import Machines, interfaces_of, named_by, started_by
from responder.scan.needles import Needles
from responder.scan.pursuit import believed, needles_of
from responder.scan.unpacking import Damaged, unpack
from responder_cli.flows.measuring import Progress
from responder_cli.flows.processes import each


@dataclass(frozen=True)
class _Looking:
    """What one process looks for: machines of a lineage, or interfaces of instances."""

    needles: Needles
    callers: Callers | None
    since: datetime | None
    until: datetime | None


_WORK = list[_Looking]()  # one, from the beginning of a process


def machines_of(
    paths: Sequence[Path],
    lineage: Lineage,
    processes: int | None,
    progress: Progress,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Machines:
    """The machines that a lineage started, ran on, or made calls about, in the time in question."""
    found, done = started_by(lineage), progress("Machines", len(paths))
    given = (needles_of(lineage), lineage, since, until)
    for part in each(_look, paths, processes, _begin, given):
        done()
        found.join(part)
    return found


def add_interfaces(
    found: Machines,
    instances: Collection[str],
    paths: Sequence[Path],
    processes: int | None,
    progress: Progress,
) -> None:
    """What these logs tell of the interfaces of instances."""
    if not instances or not paths:
        return
    done = progress("Interfaces", len(paths))
    for part in each(_look, paths, processes, _begin, (frozenset(instances), None, None, None)):
        done()
        found.join(part)


def _begin(
    texts: frozenset[str],
    lineage: Lineage | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    callers = None if lineage is None else Callers(lineage)
    _WORK[:] = [_Looking(Needles(texts), callers, since, until)]


def _look(path: Path) -> Machines:
    (looking,) = _WORK
    try:
        records = document.found(unpack(path.read_bytes()), looking.needles).records
    except (Damaged, OSError) as error:
        why = str(error) if isinstance(error, Damaged) else "it could not be opened"
        return Machines(unreadable={path.name: why})
    events = believed(records)
    if looking.callers is None:
        return interfaces_of(events)
    return named_by(
        (
            event
            for event in events
            if (looking.since is None or event.at >= looking.since)
            and (looking.until is None or event.at < looking.until)
        ),
        looking.callers,
    )


def told_of(found: Machines) -> Iterator[str]:
    """What is not known of which machines there are."""
    if found.by_tags:
        yield (
            f"{len(found.by_tags)} calls of the lineage chose machines by their tags: which they "
            "reached stands in no log"
        )
    if found.left_out:
        yield "the lineage names more machines than are looked at"
    yield (
        "machines are those that the lineage started, ran on, or named in a call: one that was "
        "reached over the network, or by a copy of its disk, is not among them"
    )
