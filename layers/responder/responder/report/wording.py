"""Instants, spans and names as people read them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from responder.domain.escaping import one_line
from responder.domain.order import Target
from responder.domain.principal import Principal, PrincipalKind

_KINDS = {
    PrincipalKind.IAM_USER: "user",
    PrincipalKind.ASSUMED_ROLE: "a session of role",
    PrincipalKind.ROLE: "role",
    PrincipalKind.ROOT: "the root user",
    PrincipalKind.FEDERATED_USER: "federated user",
    PrincipalKind.IDENTITY_CENTER: "Identity Center role",
    PrincipalKind.SERVICE_LINKED_ROLE: "service-linked role",
    PrincipalKind.AWS_SERVICE: "AWS service",
    PrincipalKind.AWS_ACCOUNT: "account",
    PrincipalKind.KUBERNETES_USER: "Kubernetes user",
    PrincipalKind.DATABASE_USER: "database user",
    PrincipalKind.UNKNOWN: "an identity of unknown kind",
}


def in_utc(at: datetime) -> str:
    """2026-11-23 12:00:00 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def there(at: datetime, time_zone: str) -> str | None:
    """The same instant on a wall there: Wed 2026-12-23 23:59:59 PST. None when we cannot say."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z")


def day(at: datetime, time_zone: str) -> str:
    """The date there, which is the one that the law means: 2026-12-23."""
    local = there(at, time_zone)
    return local.split()[1] if local else f"{at.astimezone(UTC):%Y-%m-%d} (UTC)"


def span(length: timedelta) -> str:
    """31 seconds, 4 min 10 s, 2 h 5 min, 30 days: the two largest units, never rounded up."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return counted(seconds, "second")
    if seconds < 3600:
        return _two(seconds // 60, "min", seconds % 60, "s")
    if seconds < 2 * 86400:
        return _two(seconds // 3600, "h", seconds % 3600 // 60, "min")
    return counted(seconds // 86400, "day")


def until(at: datetime, *, now: datetime) -> str:
    """In 30 days, or 2 h 5 min ago."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def said_yes(yeses: Sequence[str], needed: int) -> str:
    """How many of the people who have to approve did, and who they are."""
    named = f": {listed([one_line(by, 150) for by in yeses])}" if yeses else ""
    return f"{len(yeses)} of {needed} said yes{named}."


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """1 order, 2 orders."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(parts: list[str]) -> str:
    """One, two and three."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def closed(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def called(principal: Principal) -> str:
    """user orders-export with access key AKIAEXAMPLEEXAMPLE00."""
    name = f" {principal.name}" if principal.name else ""
    text = f"{_KINDS[principal.kind]}{name}"
    if principal.session_name:
        text += f" (session {principal.session_name})"
    if principal.access_key_id:
        text += f" with access key {principal.access_key_id}"
    return text


def called_of(target: Target) -> str:
    """The identity, or the thing, that an order is about."""
    if target.principal is not None:
        return called(target.principal)
    thing = target.thing
    return "" if thing is None else f"{plain(thing.kind)} {thing.name or thing.id}"


def plain(identifier: str) -> str:
    """attorney_general as attorney general."""
    return identifier.replace("_", " ").replace("-", " ")


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first} {unit} {second} {smaller}" if second else f"{first} {unit}"
