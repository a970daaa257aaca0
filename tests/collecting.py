"""A scene to collect from, and a collector run as often as it asks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from responder.aws.clients import Clients
from responder.collectors.collector import Collected, Collector, Later, Scene
from responder.domain.finding import Finding
from tests.builders import NOON, a_finding, an_incident

_ROUNDS = 100


def a_scene(clients: Clients, *findings: Finding, **given: Any) -> Scene:
    """At noon, of a finding about nothing in particular, with five minutes before the end."""
    plain: dict[str, Any] = {
        "copies": clients,
        "incident": an_incident(),
        "generation": 1,
        "findings": findings or (a_finding(),),
        "receipts": list,
        "clients": clients,
        "now": NOON,
        "read_at": lambda: NOON,
        "pause": lambda seconds: None,
        "ends_at": NOON + timedelta(minutes=5),
    }
    return Scene(**plain | given)


def at_once(collector: Collector, scene: Scene) -> list[Collected]:
    """What one run yields, of a collector that needs no second one."""
    found = list(collector.collect(scene))
    assert not any(isinstance(one, Later) for one in found)
    return [one for one in found if isinstance(one, Collected)]


def in_rounds(collector: Collector, scene: Scene) -> list[list[Collected]]:
    """What each run yields, until one asks for no other."""
    rounds: list[list[Collected]] = []
    for _ in range(_ROUNDS):
        found = list(collector.collect(scene))
        rounds.append([one for one in found if isinstance(one, Collected)])
        later = [one for one in found if isinstance(one, Later)]
        if not later:
            return rounds
        assert found[-1] is later[0], "what is yielded after Later is lost"
        scene = replace(scene, bookmark=later[0].bookmark)
    raise AssertionError(f"it asked for more than {_ROUNDS} runs")


def ticking(since: datetime = NOON, by: timedelta = timedelta(seconds=1)) -> Iterator[datetime]:
    """Instants, one for each look at the time of day."""
    while True:
        yield since
        since += by
