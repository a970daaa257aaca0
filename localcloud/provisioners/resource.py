"""What a provisioner is given, and what it returns."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.provisioners.properties import Properties
from localcloud.stack import NotApplied, Registry

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX_LENGTH: Final = 12


@dataclass(frozen=True)
class Place:
    """Where a stack is being deployed, and the way to reach AWS there."""

    stack_name: str
    account: str
    region: str
    partition: str
    client: Callable[[str], Any]  # a service's name to its client, in this account and region
    registry: Registry
    artifacts: dict[str, Path] = field(default_factory=dict)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def name(self, logical_id: str, *, limit: int) -> str:
        """A physical name as CloudFormation makes one: stack, logical id, and a suffix.

        The same stack in the same place always gets the same names.
        """
        seed = "/".join((self.account, self.region, self.stack_name, logical_id))
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
        suffix = ""
        for _ in range(_SUFFIX_LENGTH):
            number, index = divmod(number, len(_ALPHABET))
            suffix += _ALPHABET[index]
        room = limit - _SUFFIX_LENGTH - 1
        stem = f"{self.stack_name}-{logical_id}"
        if len(stem) > room:  # CloudFormation shortens both parts, never the suffix
            stack = self.stack_name[: room // 2]
            stem = f"{stack}-{logical_id[: room - len(stack) - 1]}"
        return f"{stem}-{suffix}"


@dataclass(frozen=True)
class Resource:
    """One resource of a template, its functions worked out."""

    logical_id: str
    type: str
    properties: Properties

    def stands(self, name: str, wanted: Any, found: Any) -> None:
        """Compare what was asked for with what AWS returns now. Mappings may hold more."""
        if not _covers(found, wanted):
            raise NotApplied(f"{self.properties.where(name)}: asked {wanted!r}, found {found!r}")


@dataclass(frozen=True)
class Provisioned:
    """A resource that now stands."""

    physical_id: str  # what Ref returns
    attributes: dict[str, Any] = field(default_factory=dict)  # what GetAtt returns


type Provisioner = Callable[[Resource, Place], Provisioned]


def _covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and _covers(found[key], item) for key, item in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_covers(f, w) for f, w in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)
