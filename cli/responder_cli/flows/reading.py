"""Reads many flow logs at once, in processes of their own."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from responder.domain.errors import Broken
from responder.scan.flow.layout import WANTED, parts
from responder.scan.flow.lines import Asked, Reader, counted
from responder.scan.flow.object_names import source_of
from responder.scan.flow.peers import Network, Peers
from responder.scan.flow.survey import FEW_PEERS, MOST_PEERS, Survey
from responder.scan.flow.volume import Plan, Volume
from responder.scan.flow.window import Window
from responder.scan.unpacking import Damaged, unpack
from responder_cli.flows.processes import each


@dataclass(frozen=True)
class Question:
    """What every round of the reading is told."""

    asked: Asked
    window: Window
    ours: tuple[Network, ...] = ()  # networks that are inside, whatever their addresses
    fields: tuple[str, ...] | None = None  # of lines that no heading names


@dataclass
class Surveyed:
    """What one object had for the first round."""

    path: Path
    digest: bytes = b""
    survey: Survey | None = None  # None: it could not be read
    damage: str = ""


class Readers:
    """Some processes. Each is told once what to look for."""

    def __init__(self, processes: int | None = None) -> None:
        """As many as there are cores, if nobody says."""
        self._processes = processes

    def surveyed(self, paths: Sequence[Path], question: Question) -> Iterator[Surveyed]:
        """What each object has, in their order."""
        yield from each(_survey, paths, self._processes, _begin, (question, None))

    def counted(self, paths: Sequence[Path], question: Question, plan: Plan) -> Iterator[Volume]:
        """What was sent, in a part for each object."""
        yield from each(_count, paths, self._processes, _begin, (question, plan))


@dataclass
class _Work:
    question: Question
    reader: Reader
    plan: Plan | None


_WORK = list[_Work]()  # one, from the beginning of a process


def _begin(question: Question, plan: Plan | None) -> None:
    _WORK[:] = [_Work(question, Reader(question.asked, Peers(question.ours)), plan)]


def _survey(path: Path) -> Surveyed:
    (work,) = _WORK
    try:
        packed = path.read_bytes()
        raw = unpack(packed)
        found = parts(raw, work.question.fields)
    except (Damaged, OSError) as error:
        why = str(error) if isinstance(error, Damaged) else "it could not be opened"
        return Surveyed(path, damage=why)
    source = source_of(path.name) or ""
    survey = Survey(MOST_PEERS if work.question.asked.texts else FEW_PEERS)
    for layout, *_ in found:
        survey.lacks.setdefault(source, set()).update(set(WANTED) - set(layout.names))
    survey.lines, odd = counted(raw, found)
    survey.odd = int(odd)
    survey.take(source, work.reader.records(raw, found, survey.bad), work.question.window)
    return Surveyed(path, blake2b(packed, digest_size=16).digest(), survey)


def _count(path: Path) -> Volume:
    (work,) = _WORK
    volume = Volume()
    if work.plan is None:
        raise RuntimeError("a process was not told what to count by")
    try:
        raw = unpack(path.read_bytes())
        found = parts(raw, work.question.fields)
    except (Damaged, OSError) as error:
        raise Broken(f"{path.name} was changed while it was read: {error}") from None
    bad = Counter[str]()  # told by the survey
    volume.take(source_of(path.name) or "", work.reader.records(raw, found, bad), work.plan)
    return volume
