"""The rungs: what may be cut of each kind of identity and thing, the smallest effective cut first.

A plan gives the first rungs. A wider one is given when what was cut is seen again afterwards, and
is always asked about: what is seen may be calls that were refused. `actions` carries rungs out; a
test holds both together.
"""

from dataclasses import dataclass

from responder.domain.finding import Resource
from responder.domain.principal import Principal, PrincipalKind

DENY_USER, DEACTIVATE_KEY = "iam.deny_user", "iam.deactivate_key"
CUT_ROLE_SESSIONS = "iam.cut_role_sessions"

# What goes down with each cut, for whoever approves it.
GOES_DOWN: dict[str, str] = {
    DENY_USER: "Everything that uses this user is denied until it is released.",
    DEACTIVATE_KEY: "What uses this key stops until it is released; the user's other keys go on.",
    CUT_ROLE_SESSIONS: "Every session of the role that is out now is denied, the honest workload's "
    "too, until it assumes the role again; an instance may wait hours for that.",
}
ACTION_IDS = tuple(GOES_DOWN)
_LONG_TERM = "AKIA"  # ASIA keys die by the deny (IAM User Guide, "IAM identifiers")


@dataclass(frozen=True)
class Ladder:
    """The rungs of one identity or thing."""

    first: tuple[str, ...]
    wider: tuple[str, ...] = ()  # one at a time, in this order


_THINGS: dict[str, Ladder] = {}


def of_principal(principal: Principal) -> Ladder:
    """The rungs of an identity that we can contain. Its deny comes first: it holds whatever else
    the attacker makes in the meantime.
    """
    if principal.kind is PrincipalKind.IAM_USER:
        key = (DEACTIVATE_KEY,) if (principal.access_key_id or "").startswith(_LONG_TERM) else ()
        return Ladder((DENY_USER, *key))
    return Ladder((CUT_ROLE_SESSIONS,))


def of_thing(thing: Resource) -> Ladder | None:
    """The rungs of a thing; None for a kind that we cannot contain, or one without an ARN."""
    return _THINGS.get(thing.kind) if thing.id.startswith("arn:") else None


def part(action_id: str, principal: Principal | None) -> str | None:
    """Which part of its resource a cut is about, where it is not about the whole."""
    if principal is not None and action_id == DEACTIVATE_KEY:
        return principal.access_key_id
    return None
