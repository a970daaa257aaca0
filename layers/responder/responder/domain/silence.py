"""Who asked for quiet about what, why, and until when. Pure.

A silence moves pages to the quiet channel. No cut, question, clock or deadline knows of it.
"""

import hashlib
import ipaddress
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from responder.domain.errors import Refused
from responder.domain.escaping import OneLine, one_line
from responder.domain.finding import Finding, Severity
from responder.domain.identifiers import AccountId, IncidentId
from responder.domain.incident import Incident
from responder.domain.model import Model
from responder.domain.protection import fits

# Sources keep so many addresses and principals of one finding, and leave the rest out.
MOST_TOLD = 100
_WIDEST = {4: 16, 6: 32}  # prefix length of the widest network that can be known


class SilenceKind(StrEnum):
    """Why it is quiet."""

    SNOOZE = "snooze"  # somebody has it, and does not want to be woken about it
    KNOWN = "known"  # it is ours: a penetration test, a migration


MOST = {SilenceKind.SNOOZE: timedelta(hours=24), SilenceKind.KNOWN: timedelta(days=14)}


def _network(text: str) -> str:
    network = ipaddress.ip_network(text)
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(f"wider than /{_WIDEST[network.version]}")
    return str(network)


def _own(text: str) -> str:
    name = text.split("/", 1)[1]
    if not name.rpartition("/")[2].strip("*?"):
        raise ValueError("the pattern would be of everybody")
    return text


_Principal = Annotated[
    str,
    StringConstraints(
        max_length=600,
        pattern=r"^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:(user|role)/[\w+=,.@/*?-]+$",
    ),
    AfterValidator(_own),
]
_Network = Annotated[str, StringConstraints(max_length=60), AfterValidator(_network)]
_Type = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9][\w:/.!*-]*$")]
SilenceId = Annotated[str, StringConstraints(pattern=r"^sil-[0-9a-f]{12}$")]


class Pattern(Model):
    """Findings that a silence is about: all that is stated must fit, and all that a finding names.

    Only what sources validated is compared: the account, the type if we know it, the ARN of a user
    or role, and addresses. Not what a session calls itself, nor any title or tag: whoever raises a
    finding chooses those. A finding that tells nothing of what is stated does not fit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: tuple[AccountId, ...] = Field(min_length=1, max_length=50)
    principals: tuple[_Principal, ...] = Field(default=(), max_length=50)
    networks: tuple[_Network, ...] = Field(default=(), max_length=50)
    types: tuple[_Type, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _is_narrow(self) -> Self:
        if not self.principals and not self.networks and not self.types:
            raise ValueError("an account is too wide: say a principal, an address or a type too")
        return self

    def fits(self, finding: Finding) -> bool:
        """Whether the whole of a finding is what this is about."""
        if finding.account not in self.accounts or not finding.known_type:
            return False
        return (
            (not self.types or any(fnmatchcase(finding.type, one) for one in self.types))
            and (not self.principals or self._principals_fit(finding))
            and (not self.networks or self._addresses_fit(finding))
        )

    @property
    def text(self) -> str:
        """For people."""
        parts = [
            f"account {', '.join(self.accounts)}",
            *(f"{name} {', '.join(told)}" for name, told in self._stated() if told),
        ]
        return one_line("; ".join(parts), 600)

    def _stated(self) -> Sequence[tuple[str, tuple[str, ...]]]:
        return (("principal", self.principals), ("from", self.networks), ("type", self.types))

    def _principals_fit(self, finding: Finding) -> bool:
        return 0 < len(finding.principals) < MOST_TOLD and all(
            one.arn is not None and any(fits(pattern, one.arn) for pattern in self.principals)
            for one in finding.principals
        )

    def _addresses_fit(self, finding: Finding) -> bool:
        networks = [ipaddress.ip_network(one) for one in self.networks]
        return 0 < len(finding.addresses) < MOST_TOLD and all(
            any(ipaddress.ip_address(one) in network for network in networks)
            for one in finding.addresses
        )


class Ended(Model):
    """Who ended a silence before its time, and why."""

    model_config = ConfigDict(frozen=True)

    by: OneLine
    at: AwareDatetime
    reason: OneLine


class Silence(Model):
    """One snooze, or one known activity. It ends by itself."""

    model_config = ConfigDict(frozen=True)

    silence_id: SilenceId
    kind: SilenceKind
    incident_id: IncidentId | None = None
    severity: Severity | None = None  # of the incident when it was snoozed
    pattern: Pattern | None = None
    by: OneLine
    reason: OneLine
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    ended: Ended | None = None
    told_at: AwareDatetime | None = None  # when its end was told, if it had to be

    @property
    def over_at(self) -> datetime:
        """When it ends, or ended."""
        return self.ends_at if self.ended is None else min(self.ends_at, self.ended.at)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it counts at this instant."""
        return self.begins_at <= now < self.over_at

    def covers(self, incident: Incident, findings: Sequence[Finding]) -> bool:
        """Whether it is about all of an incident. One that got worse since is not snoozed."""
        if self.incident_id is not None:
            worst = incident.severity if self.severity is None else self.severity
            return incident.id == self.incident_id and incident.severity.rank <= worst.rank
        pattern = self.pattern
        return pattern is not None and bool(findings) and all(map(pattern.fits, findings))

    @property
    def about(self) -> str:
        """What it is about, for people."""
        return self.incident_id or (self.pattern.text if self.pattern else "nothing")

    @property
    def text(self) -> str:
        """Why it is quiet, in one line."""
        what = "Snoozed" if self.kind is SilenceKind.SNOOZE else "Known activity"
        return (
            f"{what} until {self.over_at:%Y-%m-%dT%H:%M:%SZ} by {one_line(self.by, 200)} "
            f"({self.silence_id}): {one_line(self.reason, 300)}"
        )


def silence_of(
    kind: SilenceKind,
    *,
    incident: Incident | None,
    pattern: Pattern | None,
    by: str,
    reason: str,
    now: datetime,
    until: datetime,
) -> Silence:
    """A new silence. Asked for twice with the same end, it is the same one."""
    if (incident is None) == (pattern is None):
        raise Refused("say one incident, or a pattern; nothing was changed")
    if kind is SilenceKind.KNOWN and pattern is None:
        raise Refused("known activity is a pattern, not one incident; nothing was changed")
    if until <= now:
        raise Refused("it would have ended already; nothing was changed")
    if until - now > MOST[kind]:
        most = int(MOST[kind].total_seconds() // 3600)
        raise Refused(f"a {kind.value} lasts {most} hours at most; nothing was changed")
    about = pattern.model_dump_json() if pattern is not None else incident.id if incident else ""
    seed = json.dumps([kind, about, by, reason, until.isoformat()])
    return Silence(
        silence_id=f"sil-{hashlib.sha256(seed.encode()).hexdigest()[:12]}",
        kind=kind,
        incident_id=incident.id if incident else None,
        severity=incident.severity if incident else None,
        pattern=pattern,
        by=by,
        reason=reason,
        begins_at=now,
        ends_at=until,
    )


def silencing(
    silences: Sequence[Silence], incident: Incident, findings: Sequence[Finding], now: datetime
) -> Silence | None:
    """The silence in force that covers an incident, if one does: the one that ends last."""
    found = [one for one in silences if one.is_in_force(now) and one.covers(incident, findings)]
    return max(found, key=lambda one: (one.over_at, one.silence_id), default=None)
