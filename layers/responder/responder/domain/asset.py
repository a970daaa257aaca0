"""What the things and identities of a shop are worth to it, as the shop says."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from responder.domain.finding import Finding
from responder.domain.identifiers import AccountId
from responder.domain.model import Model
from responder.domain.protection import fits

_Pattern = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\x21-\x7e]{1,600}$")]


class Value(StrEnum):
    """What something is worth, least first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Asset(Model):
    """A part of the shop: accounts, or patterns of ARNs and names in them; and what it is worth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Value
    accounts: tuple[AccountId, ...] = Field(default=(), max_length=500)  # none: any
    patterns: tuple[_Pattern, ...] = Field(default=(), max_length=200)  # none: all in the accounts

    @model_validator(mode="after")
    def _is_a_part(self) -> Self:
        if not self.accounts and not self.patterns:
            raise ValueError("say which accounts, or which patterns")
        return self

    def holds_any(self, finding: Finding) -> bool:
        """Whether something that the finding names is of this part."""
        named = _named(finding)
        return self._is_in(finding) and (not self.patterns or any(map(self._holds, named)))

    def holds_all(self, finding: Finding) -> bool:
        """Whether all that the finding names is of this part."""
        named = _named(finding)
        return self._is_in(finding) and (
            not self.patterns or (bool(named) and all(map(self._holds, named)))
        )

    def _is_in(self, finding: Finding) -> bool:
        return not self.accounts or finding.account in self.accounts

    def _holds(self, names: frozenset[str]) -> bool:
        return any(fits(pattern, name) for pattern in self.patterns for name in names)


class Assets(Model):
    """All that a shop says about what its things are worth. What is not named is worth `normal`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    assets: tuple[Asset, ...] = Field(default=(), max_length=200)

    def value_of(self, finding: Finding) -> Value:
        """The worth of what a finding names: the highest of any of it, `low` only if all is.

        A thing's own tag counts where it says more. Anybody who may tag can write one, so none
        makes a thing worth less.
        """
        tagged = {Value(one.tagged) for one in finding.resources if one.tagged is not None}
        return max({self._listed(finding), *tagged}, key=list(Value).index)

    def _listed(self, finding: Finding) -> Value:
        if any(one.value is Value.HIGH and one.holds_any(finding) for one in self.assets):
            return Value.HIGH
        if any(one.value is Value.NORMAL and one.holds_any(finding) for one in self.assets):
            return Value.NORMAL
        if any(one.value is Value.LOW and one.holds_all(finding) for one in self.assets):
            return Value.LOW
        return Value.NORMAL


def _named(finding: Finding) -> list[frozenset[str]]:
    """The names of each thing and identity. What a session calls itself is none: anybody may."""
    things = [frozenset(filter(None, (one.id, one.name))) for one in finding.resources]
    people = [frozenset(filter(None, (one.arn, one.name))) for one in finding.principals]
    return [*things, *people]
