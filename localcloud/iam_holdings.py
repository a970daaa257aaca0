"""What IAM holds of users and roles, read from moto: as it is written, and as callers are judged.

The two are the same until `Holdings.spread_over` says how long IAM takes to spread a change. From
then on a caller is judged by what was written that long ago: keys, policies, boundaries, tags and
trust. What IAM's own operations answer is always what is written, so a reader of the real IAM may
see less than one here.
AWS: IAM User Guide, "Changes that I make are not always immediately visible".
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from moto.iam.models import iam_backends

from localcloud.switchboard import Asked

_PARTITION: Final = "aws"
_READS: Final = ("Generate", "Get", "List", "Simulate")


@dataclass(frozen=True)
class Policy:
    """A policy document and the name to blame it by."""

    name: str
    document: str


@dataclass(frozen=True)
class Key:
    """A long-term key of a user."""

    id: str
    secret: str
    status: str


@dataclass(frozen=True)
class Held:
    """A user or role, with all that decides what it may do."""

    arn: str
    account: str
    id: str
    name: str
    policies: tuple[Policy, ...]  # those of a user's groups too
    boundary: Policy | None
    tags: Mapping[str, str]
    keys: tuple[Key, ...] = ()  # of a user
    trust: str | None = None  # of a role


@dataclass(frozen=True)
class _Snapshot:
    """The users and roles of one account at one moment."""

    by_arn: Mapping[str, Held] = field(default_factory=dict)
    by_key: Mapping[str, Held] = field(default_factory=dict)


class Holdings:
    """Users and roles as callers are judged by them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._span = timedelta()
        self._history: dict[str, list[tuple[datetime, _Snapshot]]] = {}

    def spread_over(self, span: timedelta) -> None:
        """Let each later change take this long. What stands now has been spread already."""
        self._span = span
        self._history = {
            account: [(self._now() - span, _snapshot(account))] for account in list(iam_backends)
        }

    @property
    def are_late(self) -> bool:
        """Whether callers are judged by what was written some time ago."""
        return self._span > timedelta()

    def noted(self, asked: Asked, answer: dict[str, Any]) -> None:
        """Keep what an operation of IAM has left, with its time."""
        del answer
        if not self.are_late or asked.service != "iam" or asked.operation.startswith(_READS):
            return
        kept = self._history.setdefault(asked.account, [])
        spread = bisect_right(kept, asked.at - self._span, key=lambda one: one[0])
        del kept[: max(spread - 1, 0)]  # nobody is judged by these any more
        kept.append((asked.at, _snapshot(asked.account)))

    def user_with(self, access_key_id: str) -> Held | None:
        """Whose long-term key this is."""
        if not self.are_late:
            return _written_user(access_key_id)
        found = (self._judged(account).by_key.get(access_key_id) for account in self._history)
        return next((user for user in found if user is not None), None)

    def by_arn(self, arn: str) -> Held | None:
        """The user or role."""
        if not self.are_late:
            return written(arn)
        parts = arn.split(":")
        return self._judged(parts[4]).by_arn.get(arn) if len(parts) == 6 else None

    def _judged(self, account: str) -> _Snapshot:
        kept = self._history.get(account, [])
        spread = bisect_right(kept, self._now() - self._span, key=lambda one: one[0])
        return kept[spread - 1][1] if spread else _Snapshot()


def written(arn: str) -> Held | None:
    """The user or role as it is written."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends:
        return None
    backend, name = iam_backends[parts[4]][_PARTITION], arn.rpartition("/")[2]
    if parts[5].startswith("role/"):
        roles = [role for role in backend.roles.values() if role.name == name]
        return next((_role(role) for role in roles if role.arn == arn), None)
    users = [user for user in backend.users.values() if user.name == name]
    return next((_user(user) for user in users if user.arn == arn), None)


def managed(arn: str, account: str) -> Policy:
    """A managed policy's default version."""
    found = iam_backends[account][_PARTITION].managed_policies.get(arn)
    if found is None:
        raise LookupError(f"the managed policy {arn} does not exist in {account}")
    return Policy(arn, _default_version(found))


def _written_user(access_key_id: str) -> Held | None:
    for account in list(iam_backends.values()):
        for user in account[_PARTITION].users.values():
            if user.has_access_key(access_key_id):
                return _user(user)
    return None


def _snapshot(account: str) -> _Snapshot:
    backend = iam_backends[account][_PARTITION]
    users = [_user(user) for user in backend.users.values()]
    roles = [_role(role) for role in backend.roles.values()]
    return _Snapshot(
        by_arn={one.arn: one for one in (*users, *roles)},
        by_key={key.id: user for user in users for key in user.keys},
    )


def _user(user: Any) -> Held:
    groups = iam_backends[user.account_id][_PARTITION].get_groups_for_user(user.name)
    keys = user.access_keys
    return Held(
        arn=user.arn,
        account=user.account_id,
        id=user.id,
        name=user.name,
        policies=tuple(policy for holder in (user, *groups) for policy in _policies(holder)),
        boundary=_boundary(user),
        tags=_tags(user.tags),
        keys=tuple(Key(one.access_key_id, one.secret_access_key, one.status) for one in keys),
    )


def _role(role: Any) -> Held:
    return Held(
        arn=role.arn,
        account=role.account_id,
        id=role.id,
        name=role.name,
        policies=tuple(_policies(role)),
        boundary=_boundary(role),
        tags=_tags(role.tags),
        trust=_text(role.assume_role_policy_document),
    )


def _policies(holder: Any) -> Iterator[Policy]:
    for name, document in holder.policies.items():
        yield Policy(f"{holder.name}/{name}", _text(document))
    for arn, attached in holder.managed_policies.items():
        yield Policy(arn, _default_version(attached))


def _default_version(policy: Any) -> str:
    return next(_text(one.document) for one in policy.versions if one.is_default)


def _boundary(holder: Any) -> Policy | None:
    # Moto has no boundary of users; the fake of PutUserPermissionsBoundary keeps it in this place.
    arn = getattr(holder, "permissions_boundary_arn", None)
    return managed(arn, holder.account_id) if arn else None


def _tags(tags: Any) -> dict[str, str]:
    pairs = tags.values() if isinstance(tags, dict) else tags or ()
    return {tag["Key"]: tag["Value"] for tag in pairs}


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
