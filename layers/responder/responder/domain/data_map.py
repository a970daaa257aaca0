"""Where the shop keeps data about people: which store holds what, and how to find whose it is.

A file that the shop writes and keeps current (docs/data-map.md). What it leaves out is unknown, and
is told as unknown, never as nobody.
"""

from collections import Counter
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from responder.domain.model import Model
from responder.domain.statement import Element, Jurisdiction, Words

_MOST_PEOPLE = 10_000_000_000
_MOST_STORES = 500

type _Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$")]
type _File = Annotated[str, StringConstraints(min_length=1, max_length=300)]
# S3 User Guide, "Bucket naming rules", and the old names of us-east-1.
type _Bucket = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$")]
# The names that Amazon DynamoDB, RDS, EC2, KMS and Secrets Manager take, and their ARNs.
type Thing = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./+=,@:$#-]{1,512}$")]


class Kind(StrEnum):
    """What keeps the data."""

    BUCKET = "s3"
    TABLE = "dynamodb"
    DATABASE = "rds"
    DISK = "ebs"


class Protection(StrEnum):
    """Who holds the key. AWS hands out plaintext to whoever may read, with the first three."""

    NONE = "none"
    AWS = "aws"  # a key of AWS' own
    KMS = "kms"  # a key of ours in KMS
    APPLICATION = "application"  # encrypted before it is stored, with a key kept elsewhere


class _Strict(Model):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounds(_Strict):
    """So many people at least, and at most."""

    low: Annotated[int, Field(ge=0, le=_MOST_PEOPLE, strict=True)]
    high: Annotated[int, Field(ge=0, le=_MOST_PEOPLE, strict=True)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low is {self.low}, and high is {self.high}")
        return self


def _bounds(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"low": value, "high": value}
    return (
        {"low": value[0], "high": value[1]}
        if isinstance(value, list) and len(value) == 2
        else value
    )


class Encryption(_Strict):
    """How the data is protected where it lies."""

    by: Protection
    key: Thing | None = None  # of KMS; or what the application keeps its key in

    @model_validator(mode="after")
    def _names_a_key_of_ours(self) -> Self:
        ours = self.by in (Protection.KMS, Protection.APPLICATION)
        if ours != (self.key is not None):
            raise ValueError(
                f"by {self.by.value}: "
                + ("name its key, or what it is kept in" if ours else "there is no key to name")
            )
        return self


class Residents(_Strict):
    """How to find whose data it is: a list of people by thing, or counts that somebody made."""

    list: _File | None = None  # CSV with the columns thing, person, jurisdiction
    counts: dict[Jurisdiction, Annotated[Bounds, BeforeValidator(_bounds)]] = Field(
        default_factory=dict, max_length=300
    )
    source: Words | None = None  # of counts: who made them, of what
    as_of: date | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.list is not None) == bool(self.counts):
            raise ValueError("give either a list, or counts")
        if self.counts and (self.source is None or self.as_of is None):
            raise ValueError("counts need a source, and as_of, the day they were made")
        return self

    @field_validator("list")
    @classmethod
    def _is_beside_the_map(cls, value: str | None) -> str | None:
        if value is not None and (PurePosixPath(value).is_absolute() or ".." in value.split("/")):
            raise ValueError("a list lies in the folder of the data map, or below it")
        return value


class Store(_Strict):
    """One place with data about people."""

    name: _Name
    kind: Kind
    # What it is in AWS: a bucket; a table; instances, clusters and snapshots; volumes, instances.
    things: Annotated[tuple[Thing, ...], Field(min_length=1, max_length=100)]
    prefix: Annotated[str, StringConstraints(pattern=r"^([^/]{1,200}/){0,8}$")] = ""
    elements: Annotated[tuple[Element, ...], Field(min_length=1, max_length=60)]
    encryption: Encryption
    opened_by: Annotated[tuple[Thing, ...], Field(max_length=20)] = ()  # secrets that open it
    # Since when each read of it stands in the trail, by the shop's word. Without it, nobody knows
    # what was not seen.
    reads_logged_since: date | None = None
    residents: Residents | Literal["unknown"]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.prefix and self.kind is not Kind.BUCKET:
            raise ValueError("only a bucket has a prefix")
        if self.reads_logged_since and self.kind in (Kind.DATABASE, Kind.DISK):
            raise ValueError(
                f"no trail has what is read of {self.kind.value}: leave reads_logged_since out"
            )
        return self


class DataMap(_Strict):
    """All of them. Two stores may hold the same people: `person` is the same name in all lists."""

    format: Literal["breach-responder-data-map/1"]
    stores: Annotated[tuple[Store, ...], Field(min_length=1, max_length=_MOST_STORES)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        twice = [
            name for name, times in Counter(one.name for one in self.stores).items() if times > 1
        ]
        if twice:
            raise ValueError(f"two stores are called {twice[0]}")
        return self
