"""The network's part of an answer: what left the machines that matter, for both commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from responder.domain.lineage import Lineage
from responder.scan.flow.lines import Asked
from responder.scan.flow.machines import Machines
from responder.scan.flow.peers import Network
from responder.scan.flow.window import Window
from responder_cli.flows.answer import answer
from responder_cli.flows.joining import add_interfaces, machines_of, told_of
from responder_cli.flows.measuring import Progress, measure
from responder_cli.flows.reading import Question, Readers


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of flow logs."""

    folder: Path
    since: datetime | None
    until: datetime | None
    interfaces: frozenset[str] = frozenset()
    ours: tuple[Network, ...] = ()
    fields: tuple[str, ...] | None = None


def network(
    wanted: Wanted,
    machines: Machines,
    processes: int | None,
    progress: Progress,
    gaps: Sequence[str],
) -> dict[str, Any]:
    """What left these machines; every one, if none is among them. Raises `Refused`."""
    question = Question(
        Asked(frozenset(machines.why), wanted.interfaces, machines.owners),
        Window(_second(wanted.since), _second(wanted.until)),
        wanted.ours,
        wanted.fields,
    )
    own = {interface: frozenset(found) for interface, found in machines.own.items()}
    found = measure(wanted.folder, question, Readers(processes), progress, own=own)
    told = answer(found, machines.why)
    told["gaps"] = [*told["gaps"], *gaps]
    told["unreadable"] = len(found.unreadable)
    return told


def network_of(
    wanted: Wanted,
    lineage: Lineage,
    calls: Sequence[Path],
    processes: int | None,
    progress: Progress,
) -> dict[str, Any]:
    """What left the machines of a lineage, which its calls tell of. Raises `Refused`."""
    since, until = wanted.since, wanted.until
    machines = machines_of(calls, lineage, processes, progress, since=since, until=until)
    gaps = list(told_of(machines))
    if not machines.why:
        nothing = "no call tells of a machine that they had: no flow log was looked at"
        return {"machines": [], "gaps": [nothing, *gaps], "unreadable": 0}
    add_interfaces(machines, sorted(machines.why), calls, processes, progress)
    return network(wanted, machines, processes, progress, gaps)


def _second(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
