"""Measures what left machines: a survey of all logs, then a count that knows what it found."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from responder.domain.errors import Refused
from responder.scan.flow.object_names import is_other, source_of
from responder.scan.flow.survey import Survey, chosen_logs
from responder.scan.flow.volume import Plan, Volume
from responder_cli.flows.reading import Question, Readers

# So many peers of an interface, the heaviest, have their bytes kept by the hour: where it is asked
# about, and where every interface is.
_BY_HOUR, _FEW_BY_HOUR = 512, 32
_MOST_ROUNDS = 3

# Told of each object that was read: what for, how many there are.
type Progress = Callable[[str, int], Callable[[], None]]


@dataclass
class Measured:
    """What was found."""

    question: Question
    survey: Survey
    volume: Volume
    lost: dict[str, int] = field(default_factory=dict)  # by interface: a bound of each rest
    objects: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)  # by name, why
    copies: int = 0
    unnamed: int = 0


def logs_in(folder: Path) -> list[Path]:
    """Every file that may be a log, in order of its name."""
    found = (path for path in folder.rglob("*") if path.is_file() and not is_other(path.name))
    return sorted(found)


def measure(
    folder: Path,
    question: Question,
    readers: Readers,
    progress: Progress,
    *,
    own: Mapping[str, frozenset[str]] | None = None,
) -> Measured:
    """What left the machines in question. `own` are addresses of interfaces, where known.

    Raises `Refused` where there is no file.
    """
    paths = logs_in(folder)
    if not paths:
        raise Refused(f"{folder} holds no file: no flow log")
    for number in range(1, _MOST_ROUNDS + 1):
        found, kept = _surveyed(folder, paths, question, readers, progress, number)
        learned = _owners(found.survey, question)
        asked = replace(question.asked, owners={**question.asked.owners, **learned})
        more = asked.texts - question.asked.texts
        question = found.question = replace(question, asked=asked)
        # A record that there was nothing names no instance, and some logs never do.
        if not more:
            break
    plan = _plan(found, own or {})
    done = progress("Counting", len(kept))
    for part in readers.counted(kept, question, plan):
        done()
        found.volume.join(part)
    return found


def _surveyed(
    folder: Path,
    paths: Sequence[Path],
    question: Question,
    readers: Readers,
    progress: Progress,
    number: int,
) -> tuple[Measured, list[Path]]:
    found = Measured(question, Survey(), Volume(), objects=len(paths))
    kept, known = list[Path](), set[bytes]()
    done = progress(f"Looking, round {number}", len(paths))
    for one in readers.surveyed(paths, question):
        done()
        if one.survey is None:
            # Exports have the same name in every folder.
            found.unreadable[str(one.path.relative_to(folder))] = one.damage
        elif one.digest in known:
            found.copies += 1
        else:
            known.add(one.digest)
            found.unnamed += source_of(one.path.name) is None
            found.survey.join(one.survey)
            if one.survey.seen:
                kept.append(one.path)
    return found, kept


def _owners(survey: Survey, question: Question) -> dict[str, str]:
    """Whose interfaces are, where the logs name one instance for each."""
    told = dict[str, set[str]]()
    for (_, interface), seen in survey.seen.items():
        told.setdefault(interface, set()).update(seen.instances)
    known = question.asked.owners
    return {
        interface: next(iter(instances))
        for interface, instances in told.items()
        if len(instances) == 1 and interface not in known
    }


def _plan(found: Measured, own: Mapping[str, frozenset[str]]) -> Plan:
    addresses, weights = dict[str, frozenset[str]](), dict[str, Counter[str]]()
    for (_, interface), seen in found.survey.seen.items():
        known = own.get(interface, frozenset())
        addresses[interface] = addresses.get(interface, frozenset()) | seen.own(known)
        weights.setdefault(interface, Counter()).update(seen.peers.weights)
        if seen.peers.lost:
            found.lost[interface] = found.lost.get(interface, 0) + seen.peers.lost
    is_few = bool(found.question.asked.texts)
    most = _BY_HOUR if is_few else _FEW_BY_HOUR
    by_hour = {
        interface: frozenset(sorted(mine, key=lambda peer: (-mine[peer], peer))[:most])
        for interface, mine in weights.items()
    }
    return Plan(
        found.question.window,
        addresses,
        chosen_logs(found.survey),
        {interface: frozenset(mine) for interface, mine in weights.items()},
        by_hour,
        frozenset(found.survey.seen),
        ports=is_few,
    )
