"""Log groups that can be searched. The pretend CloudWatch Logs runs no filter; this one runs ours.

What it makes of a query is what CloudWatch would: anything but the one form is a malformed query.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.builders import NOON, REGION
from tests.consoles import fits
from tests.refusals import Refusing

_QUERY = re.compile(
    r"fields @timestamp, @logStream, @message \| filter (?P<tests>.+)"
    r" \| sort @timestamp asc \| limit (?P<limit>[0-9]+)"
)
_TEST = re.compile(r'(@message|@logStream) like "([^"\\|\n]*)"')


@dataclass
class Logs:
    """Events of log groups, by name, and the queries that were started."""

    events: dict[str, list[tuple[datetime, str, str]]] = field(default_factory=dict)
    running: int = 0  # how many looks at a query find it running
    ends_as: str = "Complete"
    busy: int = 0  # how many starts are one too many
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def start(self, given: dict[str, Any]) -> dict[str, Any]:
        fits("logs", "StartQuery", given)
        if self.busy:
            self.busy -= 1
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "StartQuery")
        [group] = given["logGroupNames"]
        if group not in self.events:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "StartQuery")
        query_id = f"query-{len(self.queries)}"
        self.queries[query_id] = {**given, "looks": 0, "found": self._found(group, given)}
        return {"queryId": query_id}

    def results(self, given: dict[str, Any]) -> dict[str, Any]:
        fits("logs", "GetQueryResults", given)
        query = self.queries[given["queryId"]]
        query["looks"] += 1
        if query["looks"] <= self.running:
            return {"status": "Running", "results": [], "statistics": {}}
        found, matched = query["found"]
        return {
            "status": self.ends_as,
            "results": found,
            "statistics": {"recordsMatched": float(matched), "recordsScanned": 99.0},
        }

    def _found(self, group: str, given: dict[str, Any]) -> tuple[list[Any], int]:
        query = _QUERY.fullmatch(given["queryString"])
        tests = [_TEST.fullmatch(one) for one in query["tests"].split(" or ")] if query else [None]
        if query is None or None in tests:
            raise ClientError({"Error": {"Code": "MalformedQueryException"}}, "StartQuery")
        told = [
            {"@timestamp": at.isoformat(), "@logStream": stream, "@message": message}
            for at, stream, message in sorted(self.events[group])
            if given["startTime"] <= at.timestamp() <= given["endTime"]
        ]
        matched = [one for one in told if any(t[2] in one[t[1]] for t in tests if t is not None)]
        rows = [[{"field": k, "value": v} for k, v in one.items()] for one in matched]
        return rows[: int(query["limit"])], len(matched)


class Searched(Refusing):
    """A member account whose log groups can be searched."""

    def __init__(self, logs: Logs | None = None, refusing: dict[str, str] | None = None) -> None:
        super().__init__(refusing)
        self.logs_held = logs or Logs()

    def logs(self, account: str, region: str) -> Any:
        client: Any = super().logs(account, region)
        for operation, answer in (
            ("StartQuery", self.logs_held.start),
            ("GetQueryResults", self.logs_held.results),
        ):
            client.meta.events.register(
                f"before-call.logs.{operation}", _answering(answer), unique_id=operation
            )
        return client


def _answering(answer: Any) -> Any:
    def handler(params: dict[str, Any], **given: Any) -> Any:
        told = answer(json.loads(params["body"]))
        return SimpleNamespace(status_code=200, headers={}), told | {
            "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": "request"}
        }

    return handler


def a_group(name: str, *messages: str, **given: Any) -> dict[str, list[tuple[datetime, str, str]]]:
    """Make a log group in the account of whoever asks; its events, of noon, one stream each."""
    client: Any = given.pop("client", None) or boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName=name)
    if (days := given.pop("days", None)) is not None:
        client.put_retention_policy(logGroupName=name, retentionInDays=days)
    return {name: [(NOON, f"stream-{n}", text) for n, text in enumerate(messages)]}
