"""Asks CloudWatch Logs Insights for the log events that hold one of some words.

What is asked for comes from findings, so whoever attacks has chosen it. A word becomes part of a
query only in a shape that no quote, pipe, comment or pattern can be made of; others are left out.
AWS: CloudWatch Logs API Reference, "StartQuery", "GetQueryResults"; User Guide, "Logs Insights
query syntax".
"""

import re
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ConfigDict

from responder.aws.errors import asking_aws, code_of
from responder.collectors.collector import Collected, Scene
from responder.collectors.contents import as_packed_json
from responder.collectors.reads import Reads
from responder.domain.errors import Broken
from responder.domain.model import Model

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

PERMISSIONS = frozenset({"logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StartQuery"})
MAX_EVENTS = 10_000  # what GetQueryResults gives in one answer
MAX_WORDS = 30  # of one query, which may have 10,000 characters: at 128 for each, twice
_LONGEST = timedelta(minutes=60)  # then CloudWatch ends a query by itself
_LOOKS, _PAUSE_SECONDS = 5, 2.0  # in one run
_WORD = re.compile(r"[A-Za-z0-9_+=,.@:-]{4,128}", re.ASCII)
_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}", re.ASCII)  # the pattern of the API
HOW = "LogGroups of stacks/member-role.yaml has to name it"
_ENDED = frozenset({"Cancelled", "Failed", "Timeout"})


class Ask(Model):
    """One question to one log group, and why it is asked."""

    model_config = ConfigDict(frozen=True)

    about: str  # in the name of the item
    account: str
    region: str
    group: str
    words: tuple[str, ...]


class Asked(Model):
    """A query that was started: part of a bookmark. Without an id, none was."""

    query_id: str = ""
    started_at: datetime | None = None


def is_word(text: str) -> bool:
    """Whether a text can stand in a query as it is, and tells enough apart to be looked for.

    No name, key or address of AWS needs other characters (IAM API Reference, "CreateUser").
    """
    return _WORD.fullmatch(text) is not None


def is_group(name: str) -> bool:
    """Whether a log group can have this name."""
    return _GROUP.fullmatch(name) is not None


def asks(about: str, account: str, region: str, group: str, words: Iterable[str]) -> Iterator[Ask]:
    """Queries about these words, as many as they need."""
    for number, some in enumerate(batched(words, MAX_WORDS, strict=False)):
        yield Ask(
            about=f"{about}-{number:02d}", account=account, region=region, group=group, words=some
        )


def query(words: Iterable[str]) -> str:
    """Every event whose text, or whose stream's name, holds one of them; oldest first.

    Raises `Broken` for what is no word: it must never come this far.
    """
    given = list(words)
    if not given or not all(is_word(word) for word in given):
        raise Broken("a query was to be made of something that is no word")
    tests = " or ".join(
        f'{field} like "{word}"' for word in given for field in ("@message", "@logStream")
    )
    return (
        "fields @timestamp, @logStream, @message"
        f" | filter {tests} | sort @timestamp asc | limit {MAX_EVENTS}"
    )


def answer(
    scene: Scene, ask: Ask, asked: Asked, name: str, *, since: datetime, until: datetime
) -> Generator[Collected, None, bool]:
    """The events, with the query, its window and its statistics. Starts the query at first.

    Returns whether it was answered; otherwise look again later. What cannot be answered is a gap.
    """
    logs, gaps = scene.clients.logs(ask.account, ask.region), list[str]()
    told: dict[str, Any] = {
        "account": ask.account,
        "region": ask.region,
        "log_group": ask.group,
        "query": query(ask.words),
        "since": since,
        "until": until,
    }
    try:
        if not asked.query_id and not _start(logs, told, asked, scene.read_at()):
            return False
        told |= {"query_id": asked.query_id, "started_at": asked.started_at}
        results = _results(logs, asked, scene)
        if results is None:
            return False
        told |= results
        gaps += _gaps(results)
    except Broken as error:
        told["failed"] = str(error)
        gaps.append(f"{ask.group} of {ask.region} could not be searched: {error}; {HOW}")
    covers = f"events of {ask.group} that hold one of {len(ask.words)} words of the findings"
    yield Collected(name, as_packed_json(told), covers, tuple(gaps))
    return True


def _start(logs: "CloudWatchLogsClient", told: dict[str, Any], asked: Asked, now: datetime) -> bool:
    """Whether the query was started; there may be too many already."""
    with asking_aws(f"searching {told['log_group']}"):
        try:
            answered = logs.start_query(
                logGroupNames=[told["log_group"]],
                startTime=int(told["since"].timestamp()),
                endTime=int(told["until"].timestamp()),
                queryString=told["query"],
                limit=MAX_EVENTS,
            )
        except ClientError as error:
            if code_of(error) == "LimitExceededException":
                return False
            raise
    asked.query_id, asked.started_at = answered["queryId"], now
    return True


def _results(logs: "CloudWatchLogsClient", asked: Asked, scene: Scene) -> dict[str, Any] | None:
    """What the query found, or that it ended without; None while it runs."""
    for _ in range(_LOOKS):
        with asking_aws("reading the results of a query"):
            found = logs.get_query_results(queryId=asked.query_id)
        if found["status"] == "Complete" or found["status"] in _ENDED:
            return {
                "status": found["status"],
                "statistics": found.get("statistics", {}),
                "results": found.get("results", []),
                "read_at": scene.read_at(),
                "request_id": found["ResponseMetadata"].get("RequestId"),
            }
        if not scene.has_time():
            return None
        scene.pause(_PAUSE_SECONDS)
    if asked.started_at is not None and scene.read_at() > asked.started_at + _LONGEST:
        raise Broken(f"query {asked.query_id} did not end")
    return None


def _gaps(results: dict[str, Any]) -> list[str]:
    kept, matched = len(results["results"]), results["statistics"].get("recordsMatched", 0)
    if results["status"] in _ENDED:
        return [f"the query ended as {results['status']}: {kept} events are not all there are"]
    if kept < matched or kept >= MAX_EVENTS:
        return [f"{matched:.0f} events matched, and the first {kept} were kept"]
    return []


def retention(reads: Reads, logs: "CloudWatchLogsClient", group: str, since: datetime) -> list[str]:
    """What a log group no longer has of the time since then, or that it is not there."""
    groups = reads.pages(
        f"log group {group}", logs, "describe_log_groups", "logGroups", logGroupNamePrefix=group
    )
    if groups is None:
        return []  # the read is a gap already
    held = next((one for one in groups if one["logGroupName"] == group), None)
    if held is None:
        return [f"log group {group} is not there"]
    made_at = datetime.fromtimestamp(held.get("creationTime", 0) / 1000, UTC)
    days = held.get("retentionInDays")
    gaps = []
    if made_at > since:
        gaps.append(f"log group {group} was made at {made_at.isoformat()}, within the window")
    if days and since < reads.read_at() - timedelta(days=days):
        gaps.append(f"log group {group} keeps {days} days, and the window begins before that")
    return gaps
