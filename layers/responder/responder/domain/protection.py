"""Principals that are never contained: break-glass, deployment, and the responder itself."""

import re
from collections.abc import Iterable
from functools import cache

from pydantic import ConfigDict, Field

from responder.domain.model import Model
from responder.domain.principal import Principal

MEMBER_ROLES = (
    "breach-responder-contain",
    "breach-responder-collect",
    "breach-responder-preserve",
)

_COLONS = 5  # of an ARN; what follows the last one is the resource, which may hold more


class ProtectList(Model):
    """Patterns of ARNs or names. `*` is any run of characters and `?` any one, case aside.

    A whole ARN is compared part by part, as IAM does it: no `*` reaches over a colon into the name,
    whose path an attacker may have made to look like another ARN.
    AWS: IAM User Guide, "Amazon Resource Name (ARN) condition operators".

    A finding tells no path of a user or role, so a pattern with a path is compared by its last
    part here, unless that part is `*` alone; the order is checked again, with the real ARN, before
    it is carried out.
    """

    model_config = ConfigDict(frozen=True)

    patterns: tuple[str, ...] = Field(default=(), max_length=500)
    own: tuple[str, ...] = ()

    def covers(self, principal: Principal) -> str | None:
        """The pattern that protects this principal, if one does."""
        return self.match(*_names(principal))

    def match(self, *names: str) -> str | None:
        """The pattern that one of these ARNs or names matches, if one does."""
        for pattern in (*self.own, *self.patterns):
            if any(fits(form, name) for form in _forms(pattern) for name in names):
                return pattern
        return None

    def is_home(self, account: str | None) -> bool:
        """Whether the responder itself runs in this account."""
        return account is not None and account in {one.split(":")[4] for one in self.own}

    def not_spared(self, account: str, spared: Iterable[str]) -> str | None:
        """The first pattern that may name something in an account, and that is not spared there.

        `spared` are the patterns of `aws:PrincipalArn` that a deny of the whole account excepts.
        Only the same text is the same pattern, the partition aside. A thing whose ARN names no
        account, which is a bucket, counts as being elsewhere.
        """
        safe = {_anywhere(one) for one in spared if one.split(":")[2:3] == ["iam"]}
        for pattern in (*self.own, *self.patterns):
            if _may_be_in(pattern, account) and _anywhere(pattern) not in safe:
                return pattern
        return None


def own_roles(
    *,
    stack_name: str = "breach-responder",
    account: str = "*",
    member_roles: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """The responder's own roles: of its functions in its account, of its members in every one.

    `more` are ARNs of roles that stand elsewhere; empty ones are none.
    """
    members = tuple(dict.fromkeys((*MEMBER_ROLES, *filter(None, member_roles))))
    return (
        f"arn:*:iam::{account}:role/{stack_name}-*Role-*",
        *(f"arn:*:iam::*:role/{name}" for name in members),
        *filter(None, more),
    )


def _names(principal: Principal) -> tuple[str, ...]:
    names = [n for n in (principal.arn, principal.name) if n]
    if principal.arn and principal.name and principal.session_name and ":role/" in principal.arn:
        partition, account = principal.arn.split(":")[1], principal.account or ""
        role, session = principal.name, principal.session_name
        names.append(f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
    return tuple(names)


def _may_be_in(pattern: str, account: str) -> bool:
    parts = pattern.split(":", 5)
    # A bare name is one in every account, and of stars between colons nobody knows the place.
    return len(parts) < 6 or _rule(parts[4]).fullmatch(account) is not None


def _anywhere(pattern: str) -> str:
    """The pattern for every partition."""
    return re.sub(r"\Aarn:[^:]*:", "arn:*:", pattern)


def _forms(pattern: str) -> tuple[str, ...]:
    head, slash, rest = pattern.partition("/")
    last = rest.rpartition("/")[2]
    is_iam = head.startswith("arn:") and head.endswith((":user", ":role"))
    if slash and is_iam and "/" in rest and last.strip("*"):
        return (pattern, f"{head}/{last}")
    return (pattern,)


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern is of this name. A whole ARN is compared part by part, as IAM does it."""
    parts, found = pattern.split(":", _COLONS), name.split(":", _COLONS)
    if parts[0].casefold() != "arn" or len(parts) <= _COLONS:
        return _rule(pattern).fullmatch(name) is not None
    return len(found) == len(parts) and all(
        _rule(part).fullmatch(one) for part, one in zip(parts, found, strict=True)
    )


@cache
def _rule(pattern: str) -> re.Pattern[str]:
    # Runs of `*` are one: two in a row would make matching slow.
    parts = (re.escape(c) for c in re.sub(r"\*+", "*", pattern))
    text = "".join(parts).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.IGNORECASE | re.DOTALL)
