"""A scene to collect from, and a collector run as often as it asks."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.collectors.collector import Collected, Collector, Later, Scene
from responder.domain.finding import Finding
from tests.builders import NOON, REGION, SHOP, a_finding, an_incident
from tests.template.roles import MEMBER, VAULT, written
from tests.unit.localcloud.judging import World

_COLLECT = "breach-responder-collect"
_ROUNDS = 100


def a_scene(clients: Clients, *findings: Finding, **given: Any) -> Scene:
    """At noon, of a finding about nothing in particular, with five minutes before the end."""
    plain: dict[str, Any] = {
        "copies": clients,
        "keeps": clients,
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


def document_of(item: Collected) -> dict[str, Any]:
    """What an item of JSON says."""
    found: dict[str, Any] = json.loads(item.content.body)
    return found


def ticking(since: datetime = NOON, by: timedelta = timedelta(seconds=1)) -> Iterator[datetime]:
    """Instants, one for each look at the time of day."""
    while True:
        yield since
        since += by


class Reading(Clients):
    """Clients of the shop with a session of the role that reads, judged as the template says.

    `refused` are operations that fail, with the code that each fails with.
    """

    def __init__(self, world: World, **refused: str) -> None:
        super().__init__(REGION)
        self._world, self._refused = world, refused
        policies = [
            policy["PolicyDocument"]
            for one in written(MEMBER, SHOP, VAULT).values()
            if _COLLECT in (one.get("RoleName"), *one.get("Roles", []))
            for policy in one.get("Policies", [one])
        ]
        iam = world.operator("iam", SHOP)
        if _COLLECT not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            world.role(_COLLECT, account=SHOP)
            for number, document in enumerate(policies):
                iam.put_role_policy(
                    RoleName=_COLLECT,
                    PolicyName=f"own-{number}",
                    PolicyDocument=json.dumps(document),
                )
        self._opens = world.session(f"arn:aws:iam::{SHOP}:role/{_COLLECT}")

    def _in_member(self, service: str, account: str, region: str) -> Any:
        at = (service, account, region)
        if at not in self._member:
            client = self._opens(service, region)
            client.meta.events.register_first("before-call.*.*", self._refuse)
            self._member[at] = client
        return self._member[at]

    def _refuse(self, model: Any, **given: Any) -> None:
        code = self._refused.get(model.name, self._refused.get("every"))
        if code is not None:
            raise ClientError({"Error": {"Code": code}}, model.name)


def state_of(item: Collected) -> dict[str, Any]:
    """What an item says was read, by the names of the reads."""
    found: dict[str, Any] = json.loads(item.content.body)["reads"]
    return found


def refused_in_turn(
    collector: Collector, world: World, findings: tuple[Finding, ...], *operations: str
) -> None:
    """Each operation that is refused leaves a gap that names what could not be read."""
    for operation in operations:
        clients = Reading(world, **{operation: "AccessDeniedException"})
        items = at_once(collector, a_scene(clients, *findings))
        gaps = [gap for item in items for gap in item.gaps]
        assert any("AWS answered AccessDeniedException" in gap for gap in gaps), operation
