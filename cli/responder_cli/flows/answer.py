"""What left, as a program reads it. What nobody recorded is a gap, and never a nought."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from responder.scan.flow import gaps
from responder.scan.flow.peers import Kind, Peer
from responder.scan.flow.survey import HOUR, Seen, recorded
from responder.scan.flow.usual import LEAST_DAYS, Excess, History, excesses
from responder.scan.flow.volume import REST, Machine, Sent
from responder_cli.flows.measuring import Measured

_HOW = (
    "median of the same hour of earlier days, of the same hour of the week where four weeks were "
    "recorded; usual is up to three normalised median deviations from it, and a tenth of it at "
    f"least; fewer than {LEAST_DAYS} days are no baseline"
)
# Told of each machine, the heaviest first: where it is asked about, and where every machine is.
_MOST_PEERS, _FEW_PEERS = 1000, 20


def answer(found: Measured, why: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """The whole answer, in JSON's types, always in the same order. `why`: by instance."""
    window, machines, unjudged = found.question.window, [], list[str]()
    logs = found.survey.by_interface()
    for name, machine in sorted(found.volume.machines.items()):
        history = _history(machine, logs, window.since)
        told = _machine(found, name, machine, history, unjudged)
        machines.append({"machine": name, "why": sorted(why.get(name, ())), **told})
    asked = found.question.asked
    return {
        "since": _at(window.since),
        "until": _at(window.until),
        "baseline": None if window.since is None else {"before": _at(window.since), "how": _HOW},
        "machines": sorted(machines, key=_weight),
        "gaps": [
            *(
                f"{name} could not be read: {cause}"
                for name, cause in sorted(found.unreadable.items())
            ),
            *_objects(found),
            *gaps.of_logs(found.survey, window),
            *gaps.of_interfaces(found.survey, asked, window),
            *gaps.of_machines(found.volume, asked, found.lost),
            *gaps.of_baseline(unjudged, compared=window.since is not None),
            *gaps.STANDING,
        ],
        "read": {"objects": found.objects, "lines": found.survey.lines},
    }


def _objects(found: Measured) -> list[str]:
    told = []
    if found.copies:
        told.append(f"{found.copies} objects are copies of others, and count once")
    if found.unnamed:
        told.append(
            f"{found.unnamed} objects have no name that VPC gives: should two flow logs of one "
            "interface be among them, its bytes count twice"
        )
    return told


def _machine(
    found: Measured, name: str, machine: Machine, history: History | None, unjudged: list[str]
) -> dict[str, Any]:
    judged = history is not None and history.days >= LEAST_DAYS
    kinds = {}
    for kind in Kind:
        sent = machine.kinds.get(kind, Sent())
        over = _Over.of(sent, history)
        kinds[kind.value] = {
            **_sent(sent),
            "before_bytes": sent.before_bytes if judged else None,
            "excess": None if over is None else over.told(sent),
            "hours_without_baseline": len(sent.hours if over is None else over.unknown),
            "hours": [] if over is None else [_hour(one) for one in over.found],
        }
    most = _MOST_PEERS if found.question.asked.texts else _FEW_PEERS
    some = any(one["hours_without_baseline"] for one in kinds.values())
    if history is not None and (some or not judged):
        unjudged.append(name)
    in_window = [(peer, sent) for peer, sent in machine.peers.items() if sent.records]
    known = {peer.address for peer, sent in machine.peers.items() if sent.before_at is not None}
    return {
        "interfaces": sorted(machine.interfaces),
        "kinds": kinds,
        "refused_bytes": machine.refused_bytes,
        "undirected_bytes": machine.undirected_bytes,
        "peers": [
            _peer(peer, sent, history, known if judged else None)
            for peer, sent in sorted(in_window, key=_heavy)[:most]
        ],
        "more_peers": max(0, len(in_window) - most),
        "new_ports": [
            {"protocol": protocol, "port": port, **_sent(sent)}
            for (protocol, port), sent in sorted(machine.ports.items())
            if sent.records and judged and sent.before_at is None
        ],
    }


def _history(
    machine: Machine, logs: Mapping[str, Sequence[tuple[str, Seen]]], since: int | None
) -> History | None:
    """What was recorded before; None where nothing is compared, or nothing was recorded since."""
    if since is None:
        return None
    hours = recorded([seen for _, seen in logs.get(one, ())] for one in machine.interfaces)
    return History(hours, since // HOUR) if any(one >= since // HOUR for one in hours) else None


def _peer(
    peer: Peer, sent: Sent, history: History | None, known: Collection[str] | None
) -> dict[str, Any]:
    """`known`: addresses that it sent to before; None where nobody can tell."""
    is_one = peer.address != REST
    over = _Over.of(sent, history) if sent.hours or sent.earlier else None
    return {
        "peer": peer.address,
        "kind": peer.kind.value,
        "service": peer.service or None,
        **_sent(sent),
        "records": sent.records,
        "new": peer.address not in known if known is not None and is_one else None,
        "before_bytes": None if known is None else sent.before_bytes,
        "excess": None if over is None else over.told(sent),
    }


@dataclass(frozen=True)
class _Over:
    """The hours that had more than usual, and those that nobody can judge."""

    found: list[Excess]
    unknown: list[int]

    @classmethod
    def of(cls, sent: Sent, history: History | None) -> "_Over | None":
        """None where there is no baseline at all."""
        if history is None or history.days < LEAST_DAYS:
            return None
        over = cls(*excesses(sent.hours, sent.earlier, history))
        return None if over.unknown and len(over.unknown) == len(sent.hours) else over

    def told(self, sent: Sent) -> dict[str, Any]:
        """Whatever nobody can judge may have been more than usual, all of it."""
        hours = [one.at for one in self.found]
        unsure = sum(sent.hours[hour] for hour in self.unknown)
        unsure += sent.maybe_bytes if hours else 0
        return {
            "low": sum(one.low for one in self.found),
            "high": sum(one.high for one in self.found) + unsure,
            "first_at": _at(min(hours) * HOUR if hours else None),
            "last_at": _at((max(hours) + 1) * HOUR if hours else None),
        }


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "bytes": {"low": sent.sent_bytes, "high": sent.sent_bytes + sent.maybe_bytes},
        "first_at": _at(sent.first_at),
        "last_at": _at(sent.last_at),
    }


def _hour(one: Excess) -> dict[str, Any]:
    usual = one.usual
    return {
        "at": _at(one.at * HOUR),
        "bytes": one.sent_bytes,
        "usual": {"middle": usual.middle, "low": usual.low, "high": usual.high},
        "most_before": usual.most,
        "days": usual.days,
        "excess": {"low": one.low, "high": one.high},
    }


def _weight(told: dict[str, Any]) -> tuple[int, str]:
    """The machine that sent most to outside first."""
    outward = (kind for name, kind in told["kinds"].items() if name != Kind.PRIVATE.value)
    return -sum(kind["bytes"]["high"] for kind in outward), told["machine"]


def _heavy(pair: tuple[Peer, Sent]) -> tuple[int, Peer]:
    peer, sent = pair
    return -sent.sent_bytes - sent.maybe_bytes, peer


def _at(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()
