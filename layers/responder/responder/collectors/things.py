"""One item, or several, about each thing of some kind that the findings name."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from responder.aws.vault import Content
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, place
from responder.collectors.reads import Reads
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.finding import Resource

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


type Look = Callable[[Scene, Named, Reads], Iterable[Part]]


@dataclass(frozen=True)
class Looking:
    """How the things of some kinds are looked at.

    `pattern` has the group `name`, and fits all of an id or a name that a finding may give to such
    a thing: what does not fit is never put into a call. `absent` is as in `Reads`.
    """

    collector_id: str
    kinds: tuple[str, ...]
    pattern: re.Pattern[str]
    absent: frozenset[str]
    covers: str
    look: Look

    def collect(self, scene: Scene) -> Iterator[Collected | Later]:
        """Each thing in turn. One that cannot be read at all is raised once the rest are kept."""
        found = self._grouped(scene)
        done: int = scene.bookmark.get("done", 0)
        failed: list[str] = list(scene.bookmark.get("failed", []))
        for number, (named, told) in list(enumerate(found))[done:]:
            if number > done and not scene.has_time(_FOR_ONE):
                yield Later({"done": number, "failed": failed[:1]})
                return
            try:
                yield from self._one(scene, named, told)
            except Broken as error:
                failed.append(str(error))
        if failed:
            raise Broken(failed[0])

    def _grouped(self, scene: Scene) -> list[tuple[Named | None, list[Resource]]]:
        """Two findings may tell of the same thing in two ways."""
        groups: dict[object, tuple[Named | None, list[Resource]]] = {}
        for told in scene.things(*self.kinds):
            fits = self.pattern.fullmatch(told.id) or self.pattern.fullmatch(told.name or "")
            named = None
            if fits and told.account and told.region:
                named = Named(fits["name"], told.account, told.region)
            groups.setdefault(named or told, (named, []))[1].append(told)
        return list(groups.values())

    def _one(self, scene: Scene, named: Named | None, told: list[Resource]) -> Iterator[Collected]:
        reads, began_at = Reads(scene.read_at, self.absent), scene.read_at()
        name = named.name if named else told[0].id
        identity = f"{named.account}/{named.region}/{name}" if named else f"{told[0]}"
        stem = f"{self.collector_id}/{scene.generation:04d}/{place(told[0].kind, name, identity)}"
        if named is None:
            reads.more.append(f"{name[:200]} is no name that can be asked about; nothing was read")
        else:
            for part in self.look(scene, named, reads):
                yield Collected(f"{stem}/{part.what}", part.content, part.covers, part.gaps)
            _raise_if_ours(reads.failure, named, scene)
        if reads.found_nothing:
            reads.more.append(f"{name}: nothing of it is there (any more), as every read answered")
        document = {
            "incident_id": scene.incident.id,
            "thing": named and {"name": name, "account": named.account, "region": named.region},
            "named": [one.model_dump(mode="json") for one in told],
            "began_at": began_at,
            "ended_at": scene.read_at(),
            "reads": reads.values,
        }
        yield Collected(f"{stem}/state", as_json(document), self.covers, tuple(reads.gaps))


def _raise_if_ours(failure: ResponderError | None, named: Named, scene: Scene) -> None:
    """A thing of an account outside our reach is a fact about it, not a failure of ours."""
    if isinstance(failure, Unavailable) or (failure and named.account == scene.incident.account):
        raise failure
