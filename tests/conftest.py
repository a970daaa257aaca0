"""The pretend AWS that unit tests stand on. No test can reach a real account."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from localcloud.moto_speed import sped_up
from localcloud.seams import replaced
from responder.aws.ledger import Ledger
from tests.builders import HOME, REGION

_FAKE = {
    "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "MOTO_ACCOUNT_ID": HOME,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # thousands of images for each account of each test
    "POWERTOOLS_SERVICE_NAME": "breach-responder-tests",
}
# Before anything imports moto's account id or opens a session: whatever the shell holds is gone.
for _name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(_FAKE)
# How long a machine takes is no rule of ours. The first text that is drawn on a fresh one takes
# seconds: Hypothesis then works out what every character is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# A stage that asserts says what it saw, as a test does.
pytest.register_assert_rewrite("tests.workflow")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else address
    if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1"):
        raise AssertionError(f"a test tried to reach {host}")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture(scope="session", autouse=True)
def _service_models_read_once() -> Iterator[None]:
    """Each session of the SDK would parse the same large files of JSON again."""
    loader = botocore.loaders.create_loader()
    with replaced(botocore.session, "create_loader", lambda *_: loader):
        yield


class Faster:
    """Moto and the SDK made faster, but for as long as a test wants them as they are."""

    def __init__(self) -> None:
        self._on = ExitStack()
        self._on.enter_context(sped_up())

    @contextmanager
    def off(self) -> Iterator[None]:
        self._on.close()
        try:
            yield
        finally:
            self._on.enter_context(sped_up())


@pytest.fixture(scope="session", autouse=True)
def faster() -> Iterator[Faster]:
    faster = Faster()
    yield faster
    faster._on.close()


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty pretend AWS; the caller is the security account."""
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield


@pytest.fixture
def ledger(aws: None) -> Ledger:
    """The responder's table, with the keys and the index of the template."""
    client = boto3.client("dynamodb", region_name=REGION)
    names = ("pk", "sk", "due_key", "due_at")
    client.create_table(
        TableName="responder",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-due",
                "KeySchema": [
                    {"AttributeName": "due_key", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    return Ledger("responder", client)
