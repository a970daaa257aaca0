"""What a channel is: a place where people find an incident."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    EndpointProviderError,
    NoRegionError,
    UnknownRegionError,
)

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws
from responder.domain.decision import Mode
from responder.domain.errors import Broken
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.related import Related
from responder.domain.summary import Summary

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


@dataclass(frozen=True)
class Desk:
    """Where this stack may tell people. An empty address means there is none."""

    clients: Clients
    partition: str = "aws"
    response_plan_arn: str = ""
    pager_topic_arn: str = ""
    stack_name: str = ""  # our own roles are named after it
    runbooks: tuple[str, ...] = ()  # documents that people run, by name
    security_ir: Literal["", "self", "aws"] = ""  # whether a case is opened, and who works on it
    chat_topic_arn: str = ""
    mode: Mode = "monitor"

    def console(self, path: str) -> str:
        """A page of Systems Manager in the console."""
        region = self.clients.region
        host = f"{region}.{_CONSOLES[self.partition]}"
        return f"https://{host}/systems-manager/{path}?region={region}"

    def is_ours(self, arn: str) -> bool:
        """Whether this is a session of one of our functions' roles."""
        resource = arn.split(":", 5)[5:]
        return bool(self.stack_name and resource) and resource[0].startswith(
            f"assumed-role/{self.stack_name}-"
        )


class Answer(StrEnum):
    """What somebody made of an incident at its channel."""

    TAKEN = "taken"  # somebody works on it
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Acknowledged:
    """That somebody took an incident over, or ended it, where it is open."""

    answer: Answer
    by: str  # an ARN; empty where the channel no longer says whose it was
    at: datetime  # at the latest


@dataclass(frozen=True)
class Opened:
    """An incident opened at a channel. `calls_people` when the channel pages by itself."""

    reference: str
    where: str  # for a page: how a person gets there
    calls_people: bool


class Channel(Protocol):
    """A module of this folder."""

    @property
    def ID(self) -> str:  # noqa: N802
        """The module's name."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        """What a person reads."""
        ...

    @property
    def PERMISSIONS(self) -> frozenset[str]:  # noqa: N802
        """What it calls with the function's own role."""
        ...

    @property
    def READING(self) -> frozenset[str]:  # noqa: N802
        """What `acknowledged` calls with the function's own role."""
        ...

    @property
    def RESOLVING(self) -> frozenset[str]:  # noqa: N802
        """What `resolve` calls with the function's own role."""
        ...

    @property
    def TAKES_NOTES(self) -> bool:  # noqa: N802
        """Whether `note` reaches anybody."""
        ...

    def open(self, incident: Incident, summary: Summary, desk: Desk) -> Opened:
        """Open the incident here. Asked twice, answers with the first reference.

        Raises `Broken` when this account or region has no such channel.
        """
        ...

    def note(self, reference: str, event: TimelineEvent, desk: Desk) -> None:
        """Add one event. The same event twice is one note."""
        ...

    def relate(self, reference: str, related: Related, known: Related, desk: Desk) -> None:
        """Show what belongs to the incident beside it. `known` stands there already.

        Twice is once. Raises `Broken` when the channel will not take it.
        """
        ...

    def acknowledged(self, reference: str, desk: Desk) -> Acknowledged | None:
        """Who took it over there. None: nobody yet, or a channel that cannot know. Only reads."""
        ...

    def resolve(self, reference: str, desk: Desk) -> None:
        """End it there, once it is closed here. Twice is once.

        Raises `Broken` when the channel will not.
        """
        ...


@contextmanager
def opening(what: str) -> Iterator[None]:
    """Sort AWS's errors: a service with no endpoint here is not worth a retry, and is `Broken`."""
    with asking_aws(what):
        try:
            yield
        except (
            ConnectTimeoutError,
            EndpointConnectionError,
            EndpointProviderError,
            NoRegionError,
            UnknownRegionError,
        ) as error:
            raise Broken(f"{what}: no endpoint answers in this region") from error
