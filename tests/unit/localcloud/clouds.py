"""A pretend cloud with functions and templates that a test writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.runner import Invocation
from localcloud.stack import Stack
from tests.builders import HOME, REGION

STARTS_AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
_HEAD = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function: {Runtime: python3.13, Handler: app.handler, Timeout: 30}
    Resources:
"""


@dataclass
class Written:
    """A folder of functions, and the cloud that they are deployed into."""

    cloud: Cloud
    folder: Path

    def function(self, name: str, code: str) -> None:
        self.file(f"functions/{name}/app.py", code)

    def file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def deploy(
        self,
        resources: str,
        *,
        stack_name: str = "a-stack",
        account: str = HOME,
        parameters: Mapping[str, str] | None = None,
    ) -> Stack:
        path = self.folder / f"{stack_name}.yaml"
        text = dedent(_HEAD) + indent(dedent(resources), "  ")
        path.write_text(text, encoding="utf-8")
        return self.cloud.deploy(
            path, stack_name=stack_name, parameters=parameters or {}, account=account
        )

    def client(self, service: str, account: str = HOME) -> Any:
        return self.cloud.client(service, account=account)

    def invoke(self, name: str, payload: Any = None, **more: Any) -> Any:
        """What a person's Invoke call is answered with, its payload parsed."""
        function = self.cloud.registry.function(name)
        answer = self.client("lambda", function.account).invoke(
            FunctionName=function.name, Payload=json.dumps(payload or {}).encode(), **more
        )
        answer["Payload"] = json.loads(answer["Payload"].read() or "null")
        return answer

    def ran(self, name: str) -> list[Invocation]:
        return [one for one in self.cloud.invocations if one.logical_id == name]

    def messages(self, url: str, account: str = HOME) -> list[dict[str, Any]]:
        """What a queue holds, read without hiding it."""
        found = self.client("sqs", account).receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        yield Written(cloud, tmp_path)
