"""A pretend cloud with its judges, a clock that tests move by hand, and the keys of people."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
import time_machine
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from moto import mock_aws

from localcloud.deploy import Accounts
from localcloud.iam_holdings import Holdings
from localcloud.judges import judged
from localcloud.stack import Registry
from localcloud.switchboard import Switchboard
from tests.builders import HOME, REGION

STARTS_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


@dataclass
class Clock:
    """A clock of tests, and the jobs that wait for it."""

    traveller: time_machine.Traveller
    jobs: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def later(self, job: Callable[[], None], *, name: str, at: datetime | None = None) -> None:
        assert name
        self.jobs.append((at or self.now(), job))

    def settle(self) -> None:
        """Run what is due, and what that makes due."""
        while due := sorted((at, i) for i, (at, _) in enumerate(self.jobs) if at <= self.now()):
            _, job = self.jobs.pop(due[0][1])
            job()

    def advance(self, span: timedelta) -> None:
        """Run everything up to then, each job at its time."""
        until = self.now() + span
        self.settle()
        while due := [at for at, _ in self.jobs if at <= until]:
            self.traveller.move_to(min(due))
            self.settle()
        self.traveller.move_to(until)


@dataclass
class World:
    """The cloud of one test."""

    switchboard: Switchboard
    registry: Registry
    clock: Clock
    holdings: Holdings
    accounts: Accounts = field(default_factory=Accounts)

    def operator(self, service: str, account: str = HOME, region: str = REGION) -> Any:
        return self.accounts.client(service, account=account, region=region)

    def user(
        self, name: str, *statements: dict[str, Any], account: str = HOME
    ) -> Callable[..., Any]:
        """A new user with these rights; calling it opens a client with the user's key."""
        iam = self.operator("iam", account)
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return opening(key["AccessKeyId"], key["SecretAccessKey"])

    def role(
        self,
        name: str,
        *statements: dict[str, Any],
        account: str = HOME,
        trusts: dict[str, Any] | None = None,
    ) -> str:
        """A new role with these rights, and its ARN."""
        iam = self.operator("iam", account)
        trust = {"Principal": trusts or {"AWS": f"arn:aws:iam::{account}:root"}}
        document = policy(allow("sts:AssumeRole", None) | trust)
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return arn

    def session(self, role_arn: str, name: str = "a-session", **more: Any) -> Callable[..., Any]:
        """A session that the operator makes, as a service would."""
        sts = self.operator("sts", role_arn.split(":")[4])
        return opening_session(sts.assume_role(RoleArn=role_arn, RoleSessionName=name, **more))


def opening(key: str, secret: str, token: str | None = None) -> Callable[..., Any]:
    def client(service: str, region: str = REGION) -> Any:
        session = boto3.Session(key, secret, token)
        config = Config(retries={"total_max_attempts": 1})
        return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]

    return client


def opening_session(answer: dict[str, Any]) -> Callable[..., Any]:
    keys = answer["Credentials"]
    return opening(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {key: value for key, value in found.items() if value is not None}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def code(call: Callable[..., Any], **given: Any) -> str | None:
    """The code of the error that a call is answered with, or None when it works."""
    try:
        call(**given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@cache
def _loader() -> Any:
    return create_loader()


@contextmanager
def a_world() -> Iterator[World]:
    # The shell's account would be every caller's account.
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MOTO_ACCOUNT_ID", raising=False)
        # The SDK's data files are read once for all tests: they are megabytes.
        patch.setattr(botocore.session, "create_loader", lambda *_: _loader())
        config: Any = {"iam": {"load_aws_managed_policies": True}}
        with time_machine.travel(STARTS_AT, tick=False) as traveller, mock_aws(config=config):
            clock, registry = Clock(traveller), Registry()
            holdings = Holdings(clock.now)
            with judged(registry, clock.now, clock.later, holdings) as switchboard:
                yield World(switchboard, registry, clock, holdings)
