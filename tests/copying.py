"""The shop's account with a web server, entered by the roles of the template, as the judges see it.

What a test does with these clients, the roles of `stacks/member-role.yaml` may do.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.kms.models import kms_backends

from responder.aws.clients import Clients
from responder.collectors.collector import Collected, Collector, Later, Scene
from responder.domain.finding import Finding, Resource
from tests.builders import REGION, SHOP, a_finding
from tests.collecting import a_scene
from tests.instances import Fleet, Wire
from tests.template.roles import KEEPING, MEMBER, VAULT, written
from tests.unit.localcloud.judging import World, a_world

COPIES_KEY = f"arn:aws:kms:{REGION}:{VAULT}:key/CopiesKey"
MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
type Hook = Callable[[str], None]


class Operator(Wire):
    """The shop's own clients, which nothing is refused."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def _in_member(self, service: str, account: str, region: str) -> Any:
        return self._world.operator(service, account, region)


class As(Clients):
    """Clients of one role. `before_call` is told each operation, and may raise."""

    def __init__(self, open_client: Callable[..., Any], before_call: Hook) -> None:
        super().__init__(REGION)
        self._open, self._before_call = open_client, before_call

    def _in_member(self, service: str, account: str, region: str) -> Any:
        at = (service, account, region)
        if at not in self._member:
            client = self._open(service, region)
            client.meta.events.register_first("before-call", self._called)
            self._member[at] = client
        return self._member[at]

    def _called(self, model: Any, **_: Any) -> None:
        self._before_call(model.name)


@dataclass
class Shop:
    """One account, a web server in it, and what is refused or counted on the way there."""

    world: World
    fleet: Fleet
    named: tuple[Resource, ...] = ()  # by findings; the web server, without
    refused: set[str] = field(default_factory=set)
    code: str = "AccessDenied"  # of what is refused
    calls: list[str] = field(default_factory=list)
    dies_at: int | None = None

    def __post_init__(self) -> None:
        self.reads, self.copies = self._as("CollectRole"), self._as("PreserveRole")
        self.keeps = self._as("KeepRole", KEEPING, VAULT)
        self._makes_the_key()

    @property
    def instance(self) -> str:
        return self.fleet.instance

    def finding(self, *instances: str) -> Finding:
        """One that names these instances, or the web server."""
        return a_finding(
            resources=self.named
            or tuple(
                Resource(
                    kind="Instance",
                    id=f"arn:aws:ec2:{REGION}:{SHOP}:instance/{one}",
                    name=one,
                    account=SHOP,
                    region=REGION,
                )
                for one in instances or (self.instance,)
            )
        )

    def is_managed(self) -> None:
        """Systems Manager reaches the web server from now on."""
        self.fleet.iam.attach_role_policy(RoleName="web-role", PolicyArn=MANAGED)

    def scene(self, *instances: str, **given: Any) -> Scene:
        """Now, with five minutes before the end."""
        now = self.world.clock.now
        plain: dict[str, Any] = {
            "now": now(),
            "read_at": now,
            "ends_at": now() + timedelta(minutes=5),
            "copies": self.copies,
            "keeps": self.keeps,
        }
        return a_scene(self.reads, self.finding(*instances), **plain | given)

    def collected(
        self,
        collector: Collector,
        *instances: str,
        rounds: int = 400,
        bookmark: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> dict[str, Collected]:
        """What all runs yield together, by its name within the generation: each waits as long as
        the one before asked, and begins with the bookmark that it left.
        """
        found: dict[str, Collected] = {}
        for _ in range(rounds):
            scene = self.scene(*instances, bookmark=bookmark or {}, **given)
            later = None
            for one in collector.collect(scene):
                assert later is None, "what is yielded after Later is lost"
                if isinstance(one, Later):
                    later = one
                else:
                    found.setdefault(one.name.split("/", 2)[2], one)
            if later is None:
                return found
            bookmark = json.loads(json.dumps(dict(later.bookmark)))
            self.world.clock.advance(later.wait)
        raise AssertionError(f"it asked for more than {rounds} runs")

    def _makes_the_key(self) -> None:
        """The key of the copies, with the policy and under the id that the templates know it by."""
        made = self.world.operator("kms", VAULT).create_key()["KeyMetadata"]["KeyId"]
        held = kms_backends[VAULT][REGION].keys
        key: Any = held.pop(made)
        key.id, key.arn = "CopiesKey", COPIES_KEY
        key.policy = json.dumps(written(KEEPING, VAULT, VAULT)["CopiesKey"]["KeyPolicy"])
        held[key.id] = key

    def _as(self, logical_id: str, path: str = MEMBER, account: str = SHOP) -> As:
        found = written(path, account, VAULT)
        name = found[logical_id]["RoleName"]
        arn, iam = self.world.role(name, account=account), self.world.operator("iam", account)
        own = [policy["PolicyDocument"] for policy in found[logical_id].get("Policies", [])]
        more = [one["PolicyDocument"] for one in found.values() if name in one.get("Roles", [])]
        for number, document in enumerate((*own, *more)):
            iam.put_role_policy(
                RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document)
            )
        # Longer than a role allows: what renews credentials is tested elsewhere.
        return As(self.world.session(arn, DurationSeconds=43_200), self._before_call)

    def _before_call(self, operation: str) -> None:
        if self.dies_at == len(self.calls):
            raise DiedError
        self.calls.append(operation)
        if operation in self.refused:
            answer: Any = {"Error": {"Code": self.code, "Message": "no"}}
            raise ClientError(answer, operation)


class DiedError(Exception):
    """The function ended here."""


@contextmanager
def a_shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop of its own for one test."""
    with a_world() as world:
        yield Shop(world, Fleet(monkeypatch, own=Operator(world)))
