"""The instances that findings name, each once, and one after the other."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.rounds import Started, until_done
from responder.collectors.turns import Turn, in_turn

KIND = "Instance"
_ID = re.compile(r"i-[0-9a-f]{8,17}", re.ASCII)
_FOR_ONE = timedelta(seconds=60)  # to read one instance whole


@dataclass(frozen=True)
class Place:
    """One instance, and where it is looked for."""

    instance_id: str
    account: str
    region: str


def named(scene: Scene) -> tuple[Place, ...]:
    """Every instance that a finding names by an id which can be one, in the order of naming."""
    found = dict[str, Place]()
    for thing in scene.things(KIND):
        told = (thing.name or thing.id).rpartition("/")[2]
        if _ID.fullmatch(told) and thing.account and thing.region:
            found.setdefault(told, Place(told, thing.account, thing.region))
    return tuple(found.values())


def one_by_one(
    scene: Scene, collector_id: str, covers: str, collect: Callable[[Place], Iterator[Collected]]
) -> Iterator[Collected | Later]:
    """What `collect` finds of each, in turn: `turns.in_turn` says what comes of one that fails."""
    places = named(scene)
    if not places:
        yield none(scene, collector_id, covers)
        return
    yield from in_turn(scene, [_turn(place, collect) for place in places], need=_FOR_ONE)


def _turn(place: Place, collect: Callable[[Place], Iterator[Collected]]) -> Turn:
    return Turn(place.instance_id, place.instance_id, lambda _: collect(place))


def copied(
    scene: Scene,
    collector_id: str,
    covers: str,
    *,
    start: Callable[[Scene, Place, bool], Started | None],
    look: Callable[[Scene, Place, Started, bool], Collected | None],
    ask_again: timedelta,
    at_most: timedelta,
) -> Iterator[Collected | Later]:
    """One item for each, of what AWS makes of it while we wait: `rounds.until_done` says how."""
    places = named(scene)
    if not places:
        yield none(scene, collector_id, covers)
        return
    yield from until_done(
        scene,
        {one.instance_id: one for one in places},
        start=partial(start, scene),
        look=partial(look, scene),
        ask_again=ask_again,
        at_most=at_most,
    )


def none(scene: Scene, collector_id: str, covers: str) -> Collected:
    """That we looked, where no finding names an instance by its id."""
    told = [thing.model_dump(mode="json") for thing in scene.things(KIND)]
    content = as_json({"incident_id": scene.incident.id, "named": told})
    gap = "no finding names an instance by an id that EC2 gives"
    return Collected(f"{collector_id}/{scene.generation:04d}/none", content, covers, (gap,))


def is_ours(place: Place, scene: Scene) -> bool:
    """Whether it is in the incident's account. Another's, which our role does not stand in, is a
    fact about the instance; of our own, it is a failure of ours.
    """
    return place.account == scene.incident.account
