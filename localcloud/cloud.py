"""A pretend AWS in this process: deploy shipped templates into it, and let things happen.

Moto holds the state; everything that moves is ours: functions run from the source tree, state
machines, queues, streams and schedules on one virtual clock, every call judged. Nothing happens
behind the driver's back: `deliver` only puts an event on the bus, and `settle`, `advance` and
`run_until` let the cloud work.
"""

import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from unittest import mock

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from moto import mock_aws
from moto.core.config import DefaultConfig

from localcloud import buses, organization, patterns, trusts
from localcloud.admission import Open
from localcloud.call_events import CallEvents
from localcloud.deliveries import Deliveries, Failed, invoked_by
from localcloud.deploy import Accounts, deploy
from localcloud.iam_holdings import Holdings
from localcloud.judges import judged
from localcloud.machines import executing
from localcloud.moto_speed import sped_up
from localcloud.queues import Queues
from localcloud.router import Router
from localcloud.runner import Invocation, Runner
from localcloud.scheduler import Scheduler
from localcloud.schedules import Schedules
from localcloud.seams import replaced
from localcloud.stack import Function, Registry, Stack, Unsupported
from localcloud.streams import Streams
from localcloud.switchboard import (
    Call,
    Disturbance,
    Published,
    Seen,
    Switchboard,
    current_function,
)
from localcloud.virtual_time import VirtualTime

_MOTO: Final[DefaultConfig] = {
    "iam": {"load_aws_managed_policies": True},
    "stepfunctions": {"execute_state_machine": True},
}
# Lambda renews a function's keys with its sandbox. A sandbox here lasts as long as the cloud.
_AS_LONG_AS_THE_CLOUD: Final = timedelta(days=3650)
_ONE_ATTEMPT: Final = Config(retries={"total_max_attempts": 1})


class Cloud:
    """One pretend AWS with all its accounts. Open one at a time, and call it from one thread."""

    registry: Registry

    def __init__(
        self,
        *,
        region: str,
        starts_at: datetime,
        start_takes: timedelta = timedelta(),
        stateless: tuple[str, ...] = (),
    ) -> None:
        """`start_takes` is how much virtual time each run of a function begins with.

        None by default, so that instants are exact. With some, causes come before their effects
        also in what is sorted by time.

        `stateless` are packages in layers that hold no state and ask for no environment. They are
        imported once, and not once for each function.
        """
        self.registry = Registry()
        self.watchers: list[Callable[[Invocation], None]] = []  # called after each run
        self._start_takes, self._stateless = start_takes, stateless
        self._region = region
        self._time = VirtualTime(starts_at)
        self._holdings = Holdings(self.now)
        self._open = ExitStack()
        self._roles: dict[str, Open] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(_without_the_callers_aws())
            opening.enter_context(self._time)
            opening.enter_context(mock_aws(config=_MOTO))
            opening.enter_context(_service_models_read_once())
            opening.enter_context(sped_up())
            self._scheduler = Scheduler(self._time)
            opening.callback(self._scheduler.close)
            opening.enter_context(executing(self._scheduler))
            self._switchboard: Switchboard = opening.enter_context(
                judged(self.registry, self.now, self._later, self._holdings)
            )
            self._assemble(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, traceback)

    def _assemble(self, opening: ExitStack) -> None:
        self._accounts, self._session = Accounts(), boto3.Session()
        on_clock: dict[str, Any] = {"now": self.now, "later": self._later}
        self._deliveries = Deliveries(self._operator, to_bus=self._to_bus, **on_clock)
        self._runner = Runner(
            self.registry,
            self._deliveries,
            keys=self._keys_of,
            role=self._as_role,
            pass_time=lambda span: self._time.move_to(self.now() + span),
            running=current_function,
            start_takes=self._start_takes,
            stateless=self._stateless,
            ran=self._tell_watchers,
            **on_clock,
        )
        self._router = Router(self.registry, self._deliveries, role=self._as_role, now=self.now)
        events = CallEvents(self.registry, self._router, later=self._later)
        self._switchboard.tell = events.seen
        self._switchboard.announce = self._announced
        self._queues = Queues(self.registry, self._runner, role=self._as_role, **on_clock)
        self._streams = Streams(
            self.registry, self._runner, self._deliveries, role=self._as_role, **on_clock
        )
        for source in (self._queues, self._streams):
            self._switchboard.listen(source.switched)
        self._schedules = Schedules(self._deliveries, self._router, role=self._as_role, **on_clock)
        for part in (self._runner, self._router, self._queues, self._streams):
            opening.enter_context(part.installed())

    def _announced(self, event: dict[str, Any], account: str, region: str) -> None:
        self._router.deliver(event, account=account, region=region)

    # ---- What a person does to it

    def now(self) -> datetime:
        """The instant on the virtual clock, aware and in UTC."""
        return self._time.now()

    def organize(self, *, management: str, members: Sequence[str]) -> str:
        """Make an organization of these accounts, with policies switched on; the id of its root."""
        client = self._operator("organizations", account=management, region=self._region)
        return organization.found(client, members)

    def grows_old(self, account: str) -> None:
        """Give an account what AWS has closed to new ones: Incident Manager."""
        self.registry.old_accounts.add(account)

    def spread_iam_over(self, span: timedelta) -> None:
        """From now on, judge callers by what IAM held so long ago. It takes no time by default.

        What stands now has been spread already, so this comes after what is to be deployed.
        """
        self._holdings.spread_over(span)

    def deploy(
        self,
        path: Path,
        *,
        stack_name: str,
        parameters: Mapping[str, str],
        account: str,
        region: str | None = None,
    ) -> Stack:
        """Deploy a template, and start what it wires up: mappings, schedules, rules."""
        known = self.registry
        before = len(known.rules), len(known.mappings), len(known.schedules)
        stack = deploy(
            path,
            stack_name=stack_name,
            parameters=parameters,
            account=account,
            region=region or self._region,
            registry=known,
            clients=self._accounts,
        )
        trusts.check(stack, known, self._operator)
        for rule in known.rules[before[0] :]:
            if rule.pattern is not None:
                patterns.check(rule.pattern, f"the pattern of {rule.name}")
            self._schedules.start_rule(rule)
        for mapping in known.mappings[before[1] :]:
            for number, each in enumerate(mapping.filters):
                patterns.check(each, f"filter {number} of {mapping.function_name}")
            queue = mapping.source_arn.split(":")[2] == "sqs"
            (self._queues if queue else self._streams).start(mapping)
        for schedule in known.schedules[before[2] :]:
            self._schedules.start(schedule)
        return stack

    def client(self, service: str, *, account: str, region: str | None = None) -> Any:
        """A client of whoever owns the account: nothing is refused, and nothing is hidden."""
        return self._operator(service, account=account, region=region or self._region)

    def keys(
        self,
        service: str,
        *,
        access_key_id: str,
        secret: str,
        token: str | None = None,
        region: str | None = None,
    ) -> Any:
        """A client with these keys, and with no right that IAM does not give them."""
        return self._session.client(  # type: ignore[call-overload]
            service,
            region_name=region or self._region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_ONE_ATTEMPT,
        )

    def role(
        self, service: str, *, role_arn: str, session_name: str, region: str | None = None
    ) -> Any:
        """A client with a session of a role that begins now, as a service gives one to its hosts.

        The trust policy is not asked; what the session may do is.
        """
        keys = self._assume(role_arn, session_name)
        return self.keys(
            service,
            access_key_id=keys["AccessKeyId"],
            secret=keys["SecretAccessKey"],
            token=keys["SessionToken"],
            region=region,
        )

    def disturb(self, disturbance: Disturbance | None) -> None:
        """From now on, let this go wrong with calls; None for nothing any more."""
        self._switchboard.disturbance = disturbance

    def listen(self, seen: Seen) -> None:
        """Tell this of each call that succeeds, with all that was asked and answered."""
        self._switchboard.listen(seen)

    def take_turns_by(self, chance: random.Random) -> None:
        """From now on, let chance say what is next, among all that can happen at one instant."""
        self._scheduler.take_turns_by(chance)

    def run_inside(self, payload: str | None = None) -> None:
        """Give the function that runs now this event, or its own again, in the middle of it.

        For a disturbance.
        """
        self._runner.run_inside(payload)

    def warm_up(self) -> None:
        """Start each function that has not run yet, as provisioned concurrency does."""
        self._runner.warm_up()

    def deliver(self, event: dict[str, Any], *, account: str, region: str | None = None) -> None:
        """Put an event on the account's default bus, as the service that it names would.

        Returns at once; the rules' targets get it when the cloud is let work.
        """
        self._router.deliver(event, account=account, region=region or self._region)

    # ---- Letting it work

    def settle(self) -> None:
        """Let everything happen that can happen now. Raises what went wrong in the engine."""
        self._scheduler.settle()
        self._raise_gaps()

    def advance(self, span: timedelta) -> None:
        """Let so much time pass, and everything happen that comes due meanwhile."""
        self._scheduler.advance_to(self.now() + span)
        self._raise_gaps()

    def run_until(self, happened: Callable[[], bool], *, at_most: timedelta) -> None:
        """Let time pass until something has happened, looking whenever anything did.

        Time jumps from one wait to the next, so a wish for an instant is met at the next one that
        something waits for. Raises `TimeoutError` when it has not happened after `at_most`.
        """
        end = self.now() + at_most
        self.settle()
        while not happened():
            following = self._scheduler.next_at()
            if following is None or following > end:
                self.advance(max(end - self.now(), timedelta(0)))
                if happened():
                    return
                waiting = ", ".join(self._scheduler.alive()) or "nothing"
                raise TimeoutError(f"it did not happen within {at_most}; what waits: {waiting}")
            self._scheduler.advance_to(following)
            self._raise_gaps()

    # ---- What was seen

    @property
    def calls(self) -> list[Call]:
        """Every AWS call, and how it was answered."""
        return self._switchboard.calls

    @property
    def faked(self) -> tuple[str, ...]:
        """Operations that moto does not have and a stand-in answered."""
        return self._switchboard.faked

    @property
    def published(self) -> list[Published]:
        """What topics accepted, in order."""
        return self._switchboard.published

    @property
    def invocations(self) -> list[Invocation]:
        """Every run of a function, with its error if it failed."""
        return self._runner.invocations

    @property
    def set_aside(self) -> dict[str, str]:
        """Each property of what is deployed that has no effect here, by its full name: why."""
        return {
            where: why for stack in self.registry.stacks for where, why in stack.set_aside.items()
        }

    @property
    def failures(self) -> list[Failed]:
        """Deliveries that were given up."""
        return self._deliveries.failures

    # ---- Inside

    def _later(self, job: Callable[[], None], *, name: str, at: datetime | None = None) -> None:
        def afresh() -> None:
            # A job begins in the context of whoever asked for it, often a handler.
            current_function.set(None)
            invoked_by.set("lambda:Invoke")
            job()

        self._scheduler.later(afresh, name=name, at=at)

    def _tell_watchers(self, invocation: Invocation) -> None:
        for watcher in self.watchers:
            watcher(invocation)

    def _raise_gaps(self) -> None:
        """A handler or a machine may have swallowed it; what cannot be shown is never silent."""
        gaps = [*self._switchboard.unsupported, *(str(gap) for gap in self._runner.unsupported)]
        if gaps:
            raise Unsupported("; ".join(dict.fromkeys(gaps)))

    def _operator(self, service: str, *, account: str, region: str) -> Any:
        return self._accounts.client(service, account=account, region=region)

    def _to_bus(self, arn: str, body: str) -> None:
        _, _, _, region, account, resource = arn.split(":", 5)
        bus, event = resource.partition("/")[2], json.loads(body)
        buses.demand(self.registry, arn, event["account"])
        self._router.deliver(event, account=account, region=region, bus=bus)

    def _assume(self, role_arn: str, session_name: str, span: timedelta | None = None) -> Any:
        account = role_arn.split(":")[4]
        sts = self._operator("sts", account=account, region=self._region)
        given = {} if span is None else {"DurationSeconds": int(span.total_seconds())}
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name, **given)
        return answer["Credentials"]

    def _keys_of(self, function: Function) -> dict[str, str]:
        keys = self._assume(function.role_arn, function.name, _AS_LONG_AS_THE_CLOUD)
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def _as_role(self, role_arn: str) -> Open:
        """Clients of a service that acts with this role. Kept: pollers and schedules never end."""
        if role_arn not in self._roles:
            keys = self._assume(role_arn, "service", _AS_LONG_AS_THE_CLOUD)
            clients: dict[tuple[str, str], Any] = {}

            def opened(service: str, *, account: str, region: str) -> Any:
                del account  # a session acts in its role's account, and reaches others by ARN
                if (service, region) not in clients:
                    clients[service, region] = self.keys(
                        service,
                        access_key_id=keys["AccessKeyId"],
                        secret=keys["SecretAccessKey"],
                        token=keys["SessionToken"],
                        region=region,
                    )
                return clients[service, region]

            self._roles[role_arn] = opened
        return self._roles[role_arn]


def _service_models_read_once() -> Any:
    """Every session of the SDK would parse the same files of JSON again: one for each function."""
    return replaced(botocore.session, "create_loader", lambda *_: _loader())


@cache
def _loader() -> Any:
    return botocore.loaders.create_loader()


def _without_the_callers_aws() -> Any:
    """The environment without anything that points at real accounts, or steers moto."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_", "_X_AMZN"))
    }
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return mock.patch.dict(os.environ, {**kept, **nothing}, clear=True)
