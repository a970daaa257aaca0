"""One item, or several, about each thing of some kind, or about each account."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from responder.aws.vault import Content
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, place
from responder.collectors.reads import Reads
from responder.collectors.turns import Turn, in_turn
from responder.domain.errors import ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.finding import Resource
from responder.domain.model import Model

_FOR_ONE = timedelta(seconds=120)  # to read one thing whole


@dataclass(frozen=True)
class Named:
    """A thing, by the name that its service is asked with."""

    name: str
    account: str
    region: str


@dataclass(frozen=True)
class Part:
    """What is kept beside what was read about a thing. `what` is a part of its name."""

    what: str
    content: Content
    covers: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What one item is about, and all that the findings tell of it. Without `named`, only that."""

    kind: str
    label: str
    named: Named | None
    told: tuple[Model, ...] = ()

    @property
    def place(self) -> str:
        """A part of the names of its items."""
        one = self.named
        identity = f"{one.account}/{one.region}/{one.name}" if one else f"{self.told[0]}"
        return place(self.kind, self.label, identity)


type Look = Callable[[Scene, Named, Reads], Iterable[Part]]
type More = Callable[[Scene, Named, Mapping[str, Any]], Iterable[Part | Later]]


def subjects(scene: Scene, kinds: tuple[str, ...], pattern: re.Pattern[str]) -> Iterator[Subject]:
    """The things of these kinds. Two findings may tell of the same one in two ways.

    `pattern` has the group `name`, and fits all of an id or a name that a finding may give to such
    a thing: what does not fit is never put into a call.
    """
    groups: dict[object, tuple[Named | None, list[Resource]]] = {}
    for told in scene.things(*kinds):
        fits = pattern.fullmatch(told.id) or pattern.fullmatch(told.name or "")
        named = None
        if fits and told.account and told.region:
            named = Named(fits["name"], told.account, told.region)
        groups.setdefault(named or told, (named, []))[1].append(told)
    for named, all_told in groups.values():
        first = all_told[0]
        yield Subject(first.kind, named.name if named else first.id, named, tuple(all_told))


@dataclass(frozen=True)
class Looking:
    """How subjects of some kind are looked at.

    `absent` is as in `Reads`. `more` is what may take several runs, of a subject that was looked
    at: it is given its own bookmark.
    """

    collector_id: str
    absent: frozenset[str]
    covers: str
    look: Look
    more: More | None = None

    def collect(self, scene: Scene, found: Iterable[Subject]) -> Iterator[Collected | Later]:
        """Each in turn: `turns.in_turn` says what comes of one that cannot be read at all."""
        yield from in_turn(scene, [self._turn(scene, one) for one in found], need=_FOR_ONE)

    def _turn(self, scene: Scene, subject: Subject) -> Turn:
        return Turn(
            one_line(subject.label, 100),
            subject.place,
            lambda inside: self._one(scene, subject, inside),
        )

    def _one(
        self, scene: Scene, subject: Subject, inside: Mapping[str, Any] | None
    ) -> Iterator[Collected | Later]:
        stem = f"{self.collector_id}/{scene.generation:04d}/{subject.place}"
        if inside is None:
            yield from self._state(scene, subject, stem)
        if self.more is not None and subject.named is not None:
            for part in self.more(scene, subject.named, inside or {}):
                yield part if isinstance(part, Later) else _collected(stem, part)

    def _state(self, scene: Scene, subject: Subject, stem: str) -> Iterator[Collected]:
        named = subject.named
        reads, began_at = Reads(scene.read_at, self.absent), scene.read_at()
        if named is None:
            name = subject.label[:200]
            reads.more.append(f"{name} is no name that can be asked about; nothing was read")
        else:
            for part in self.look(scene, named, reads):
                yield _collected(stem, part)
            _raise_if_ours(reads.failure, named, scene)
            if reads.found_nothing:
                gap = f"{named.name}: nothing of it is there (any more), as every read answered"
                reads.more.append(gap)
        document = {
            "incident_id": scene.incident.id,
            "thing": named and asdict(named),
            "named": [one.model_dump(mode="json") for one in subject.told],
            "began_at": began_at,
            "ended_at": scene.read_at(),
            "reads": reads.values,
        }
        yield Collected(f"{stem}/state", as_json(document), self.covers, tuple(reads.gaps))


def _collected(stem: str, part: Part) -> Collected:
    return Collected(f"{stem}/{part.what}", part.content, part.covers, part.gaps)


def _raise_if_ours(failure: ResponderError | None, named: Named, scene: Scene) -> None:
    """A thing of an account outside our reach is a fact about it, not a failure of ours."""
    if isinstance(failure, Unavailable) or (failure and named.account == scene.incident.account):
        raise failure
