"""What a collector is: one kind of evidence, read and never changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from responder.aws.clients import Clients
from responder.aws.vault import Content
from responder.domain.collecting import Options
from responder.domain.finding import Finding, Resource
from responder.domain.incident import Incident
from responder.domain.manifest import Part
from responder.domain.order import Receipt
from responder.domain.principal import Principal, PrincipalKind

_BEFORE_FIRST_SEEN = timedelta(hours=1)
_TO_KEEP_ONE = timedelta(seconds=60)  # to end the read under way, and to put what was read


@dataclass(frozen=True)
class Scene:
    """What a collector is given: the incident, and where to read.

    Containment may run at the same time. So `receipts` reads what it has recorded so far, when it
    is called, and `read_at` tells the instant. `now` is when the step began, and `ends_at` when
    Lambda ends it. `pause` waits that many seconds. `bookmark` is what this collector said in the
    last `Later` of this generation; empty in its first run. `clients` read; `copies` have the role
    that makes copies, and can do nothing else.
    """

    incident: Incident
    generation: int
    findings: tuple[Finding, ...]
    receipts: Callable[[], Sequence[Receipt]]
    clients: Clients
    copies: Clients
    keeps: Clients
    now: datetime
    read_at: Callable[[], datetime]
    pause: Callable[[float], None]
    ends_at: datetime
    bookmark: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)

    @property
    def since(self) -> datetime:
        """When what logs and records have of the incident begins: a while before it was seen."""
        return self.incident.first_seen_at - _BEFORE_FIRST_SEEN

    def has_time(self, need: timedelta = _TO_KEEP_ONE) -> bool:
        """Whether so long is left. Who has not says `Later`, and goes on in the next run."""
        return self.read_at() + need < self.ends_at

    def things(self, *kinds: str) -> tuple[Resource, ...]:
        """The things of these kinds that the findings name, each once, in the order of naming.

        Each with the account and the region that it is looked for in: its own, or the incident's.
        """
        named = (one for finding in self.findings for one in finding.resources)
        placed = (
            one.model_copy(
                update={
                    "account": one.account or self.incident.account,
                    "region": one.region or self.incident.region,
                }
            )
            for one in named
            if one.kind in kinds
        )
        return tuple(dict.fromkeys(placed))

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


@dataclass(frozen=True)
class Later:
    """There is more to collect: the last thing that a run yields.

    The next run begins after `wait`, with `bookmark`: JSON of a few KB at most. What was yielded
    before is kept already. A run that dies begins again at the bookmark before.
    """

    bookmark: Mapping[str, Any]
    wait: timedelta = timedelta()


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
    def KINDS(self) -> tuple[str, ...]:  # noqa: N802
        """The kinds of things it is about: run only where findings name one. Empty: always run."""
        ...

    @property
    def PERMISSIONS(self) -> frozenset[str]:  # noqa: N802
        """What it calls in the member account."""
        ...

    @property
    def COPIES(self) -> frozenset[str]:  # noqa: N802
        """What it calls of `scene.copies`, so that AWS keeps a copy. Mostly nothing."""
        ...

    @property
    def KEEPS(self) -> frozenset[str]:  # noqa: N802
        """What it calls of `scene.keeps`, in the evidence account. Mostly nothing."""
        ...

    @property
    def LIMITS(self) -> tuple[str, ...]:  # noqa: N802
        """What it never shows, whatever it finds; what a run could not read stands in `gaps`."""
        ...

    def collect(self, scene: Scene) -> Iterator[Collected | Later]:
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


def called_for(collectors: Sequence[Collector], findings: Iterable[Finding]) -> list[Collector]:
    """Those of the collectors that are about something which these findings name, or about all."""
    kinds = {one.kind for finding in findings for one in finding.resources}
    return [one for one in collectors if not one.KINDS or not kinds.isdisjoint(one.KINDS)]


def part_of(collector: Collector) -> Part:
    """The part of an incident's evidence that it belongs to, which is sealed by itself."""
    if collector.KEEPS:
        return Part.KEPT
    return Part.COPIES if collector.COPIES else Part.READS
