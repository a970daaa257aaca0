"""Reads policy documents, and says whether a statement speaks about an action and a resource.

AWS: IAM User Guide, "IAM JSON policy elements". Actions match in any case, resources in theirs.
A policy this cannot read is refused by name: half a policy would be a guess.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from localcloud.stack import Unsupported

_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Condition"}
    | {"Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"}
)
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")

type Values = Callable[[str], tuple[str, ...] | None]  # a condition key's values; None when absent


@dataclass(frozen=True)
class Statement:
    """One statement. An element that is not there is None."""

    policy: str
    sid: str
    allows: bool
    action: tuple[str, ...] | None
    not_action: tuple[str, ...] | None
    resource: tuple[str, ...] | None
    not_resource: tuple[str, ...] | None
    principal: Mapping[str, tuple[str, ...]] | None
    not_principal: Mapping[str, tuple[str, ...]] | None
    condition: Mapping[str, Mapping[str, tuple[str, ...]]]
    has_variables: bool  # policy variables exist since version 2012-10-17

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.policy}{f' ({self.sid})' if self.sid else ''}"

    def covers_action(self, action: str) -> bool:
        """Whether it speaks about this action."""
        if self.action is not None:
            return any(matches(one.lower(), action.lower()) for one in self.action)
        return not any(matches(one.lower(), action.lower()) for one in self.not_action or ())

    def covers_resource(self, resource: str, values: Values) -> bool:
        """Whether it speaks about this resource. A trust policy has none, and means its role."""
        if self.resource is not None:
            return any(self._names(one, resource, values) for one in self.resource)
        if self.not_resource is not None:
            return not any(self._names(one, resource, values) for one in self.not_resource)
        return True

    def _names(self, pattern: str, resource: str, values: Values) -> bool:
        return matches_arn(pattern, resource, values if self.has_variables else None)


@lru_cache(maxsize=4096)
def parse(name: str, document: str) -> tuple[Statement, ...]:
    """The statements of a document. `name` is for messages."""
    read = json.loads(document)
    if unknown := sorted(set(read) - {"Version", "Id", "Statement"}):
        raise Unsupported(f"{name}: the element {', '.join(unknown)} of a policy")
    found = read.get("Statement", [])
    current = read.get("Version", "2008-10-17") == "2012-10-17"
    statements = [found] if isinstance(found, dict) else found
    return tuple(_statement(name, one, current) for one in statements)


def _statement(name: str, one: dict[str, Any], current: bool) -> Statement:
    if unknown := sorted(set(one) - _ELEMENTS):
        raise Unsupported(f"{name}: the element {', '.join(unknown)} of a statement")
    if one.get("Effect") not in ("Allow", "Deny"):
        raise Unsupported(f"{name}: the effect {one.get('Effect')!r}")
    if ("Action" in one) == ("NotAction" in one):
        raise Unsupported(f"{name}: a statement needs Action or NotAction")
    if "NotPrincipal" in one and one["Effect"] == "Allow":
        raise Unsupported(f"{name}: NotPrincipal with Allow")
    return Statement(
        policy=name,
        sid=one.get("Sid", ""),
        allows=one["Effect"] == "Allow",
        action=_texts(one.get("Action")),
        not_action=_texts(one.get("NotAction")),
        resource=_texts(one.get("Resource")),
        not_resource=_texts(one.get("NotResource")),
        principal=_principals(one.get("Principal")),
        not_principal=_principals(one.get("NotPrincipal")),
        condition={
            operator: {key: _texts(given) or () for key, given in keys.items()}
            for operator, keys in one.get("Condition", {}).items()
        },
        has_variables=current,
    )


def _texts(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    return tuple(_word(one) for one in (given if isinstance(given, list) else [given]))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _principals(given: Any) -> Mapping[str, tuple[str, ...]] | None:
    if given is None:
        return None
    if given == "*":
        return {"AWS": ("*",)}
    return {kind: _texts(names) or () for kind, names in given.items()}


def matches(pattern: str, text: str, values: Values | None = None) -> bool:
    """Whether `text` fits a pattern with * and ?. Variables stand for their text, as it is.

    A variable without a value fits nothing.
    """
    if pattern == "*":
        return True
    if values is None or "${" not in pattern:
        return _compiled(pattern).match(text) is not None
    parts, at = [], 0
    for found in _VARIABLE.finditer(pattern):
        value = _resolve(found.group(1), values)
        if value is None:
            return False
        parts += [_regex(pattern[at : found.start()]), re.escape(value)]
        at = found.end()
    parts.append(_regex(pattern[at:]))
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def substitute(text: str, values: Values | None) -> str | None:
    """A text with its variables put in; None when one of them has no value."""
    if values is None or "${" not in text:
        return text
    found = [_resolve(one, values) for one in _VARIABLE.findall(text)]
    if any(one is None for one in found):
        return None
    put = iter(found)
    return _VARIABLE.sub(lambda _: str(next(put)), text)


def matches_arn(pattern: str, arn: str, values: Values | None = None) -> bool:
    """Compare part by part, so that a star does not reach across a colon of the first five."""
    parts, given = _split(pattern), arn.split(":", 5)
    if len(parts) != 6 or len(given) != 6:
        return matches(pattern, arn, values)
    return all(matches(one, two, values) for one, two in zip(parts, given, strict=True))


@lru_cache(maxsize=8192)
def _split(pattern: str) -> tuple[str, ...]:
    """At the first five colons that are not inside a variable."""
    parts, depth, start = list[str](), 0, 0
    for at, letter in enumerate(pattern):
        if pattern.startswith("${", at):
            depth += 1
        elif letter == "}" and depth:
            depth -= 1
        elif letter == ":" and not depth and len(parts) < 5:
            parts.append(pattern[start:at])
            start = at + 1
    return (*parts, pattern[start:])


def _resolve(name: str, values: Values) -> str | None:
    if name in ("*", "?", "$"):
        return name
    key, _, default = name.partition(",")
    found = values(key.strip())
    if found is not None and len(found) == 1:
        return found[0]
    return default.strip().strip("'") if default else None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_regex(pattern)}\\Z", re.DOTALL)


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
