"""What a collector is: one kind of evidence, read and never changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from responder.aws.clients import Clients
from responder.aws.vault import Content
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.order import Receipt
from responder.domain.principal import Principal, PrincipalKind


@dataclass(frozen=True)
class Scene:
    """What a collector is given: the incident, and where to read.

    Containment may run at the same time. So `receipts` reads what it has recorded so far, when it
    is called, and `read_at` tells the instant. `now` is when the step began. `pause` waits that
    many seconds.
    """

    incident: Incident
    generation: int
    findings: tuple[Finding, ...]
    receipts: Callable[[], Sequence[Receipt]]
    clients: Clients
    now: datetime
    read_at: Callable[[], datetime]
    pause: Callable[[float], None]

    @property
    def principals(self) -> tuple[Principal, ...]:
        """Every principal the findings name, once, in the order they were named."""
        named = (principal for finding in self.findings for principal in finding.principals)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class Collected:
    """One thing a collector found. `name` is the same on every run over the same incident."""

    name: str
    content: Content
    covers: str
    gaps: tuple[str, ...] = ()


class Collector(Protocol):
    """A module of this folder."""

    @property
    def ID(self) -> str:  # noqa: N802
        """The file name with the service split off."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        """What a person reads."""
        ...

    @property
    def PERMISSIONS(self) -> frozenset[str]:  # noqa: N802
        """What it calls in the member account."""
        ...

    def collect(self, scene: Scene) -> Iterator[Collected]:
        """Each thing as soon as it is read. Yields something even when there was nothing to read,
        so that the manifest says that we looked.
        """
        ...


def can_be_read(principal: Principal) -> bool:
    """Whether IAM holds this principal as a user or role of its own that has a name."""
    return (
        principal.kind
        in (
            PrincipalKind.IAM_USER,
            PrincipalKind.ROLE,
            PrincipalKind.ASSUMED_ROLE,
            PrincipalKind.SERVICE_LINKED_ROLE,
            PrincipalKind.IDENTITY_CENTER,
        )
        and principal.name is not None
        and principal.account is not None
    )
