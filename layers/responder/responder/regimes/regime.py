"""The shape of one jurisdiction's breach-notification law, as data a person has reviewed.

An entry states what the law demands, where that is written, who read it when, and how sure we are.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib import resources
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.statement import AnchorName, Condition, Element, Jurisdiction, Reason

STALE_AFTER = timedelta(days=180)  # laws change with each session of a legislature
_RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=64)]
_Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=400)]
_Citation = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200)]


class Unit(StrEnum):
    """How a span is counted. Hours are elapsed; days end with the day of the jurisdiction."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Within(_Strict):
    """A span after an anchor. The anchor's day is day 0, and the last day counts in full."""

    within: int = Field(ge=1, le=3650)
    unit: Unit
    after: AnchorName


class NotLaterThan(_Strict):
    """Bound to the notices of another rule: the day they go out, at the latest its own date."""

    not_later_than: _RuleId


class Source(_Strict):
    """Where a rule can be read. `read`: whether we did, on `verified_on`."""

    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=300)]
    kind: Literal[
        "official",
        "official-mirror",
        "statute-mirror",
        "secondary",
        "secondary-quoting-statute",
    ]
    read: bool


class PersonalInformation(_Strict):
    """The data elements that the law protects, beside a person's name or without it."""

    with_a_name: tuple[Element, ...]
    alone: tuple[Element, ...]

    @property
    def all(self) -> frozenset[Element]:
        """Either way."""
        return frozenset(self.with_a_name) | frozenset(self.alone)


class Rule(_Strict):
    """One duty to tell somebody. The earliest of `due` wins; `target` is ours, if law has none."""

    id: _RuleId
    recipient: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,60}$")]
    recipient_name: Annotated[str, StringConstraints(min_length=3, max_length=80)]
    rule: _Sentence
    citation: _Citation
    quote: _Sentence | None = None  # the law's own words, only where we read them
    condition: Condition | None = None  # owed only if a person recorded that it holds
    min_affected: int = Field(ge=1)  # inclusive
    counted: Literal["residents", "all_persons"] = "residents"
    due: tuple[Within | NotLaterThan, ...] = ()
    target: Within | None = None
    extensions: tuple[Reason, ...] = ()  # reasons in law to go later; a person claims them, not we

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if bool(self.due) is (self.target is not None):
            raise ValueError("a rule has either due, from the law, or target, of our own")
        if self.extensions and any(isinstance(limit, NotLaterThan) for limit in self.due):
            raise ValueError("a rule that is bound to another moves only with it")
        return self


class Regime(_Strict):
    """The law of one jurisdiction."""

    jurisdiction: Jurisdiction
    name: Annotated[str, StringConstraints(min_length=2, max_length=60)]
    time_zone: str
    holidays: Literal["US"]  # federal only: a doubtful day counts as a business day, and so earlier
    citation: _Citation
    effective_from: date
    verified_on: date
    confidence: Literal["high", "medium", "low"]
    basis: _Sentence
    sources: tuple[Source, ...] = Field(min_length=1)
    encryption_safe_harbor: bool  # void if the key was taken too
    personal_information: PersonalInformation
    notes: tuple[_Sentence, ...] = ()
    rules: tuple[Rule, ...] = Field(min_length=1)

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("not a time zone of the IANA database") from None
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError("two rules have the same id")
        for place, rule in enumerate(self.rules):
            if not rule.id.startswith(f"{self.jurisdiction.lower()}-"):
                raise ValueError(f"{rule.id} is not of {self.jurisdiction}")
            for limit in rule.due:
                # Before it in the list: then no rule is bound to itself, however long the way.
                if isinstance(limit, NotLaterThan) and limit.not_later_than not in ids[:place]:
                    raise ValueError(f"{rule.id} is bound to a rule that does not stand before it")
        if not any(source.read for source in self.sources):
            raise ValueError("none of the sources was read")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days are counted."""
        return ZoneInfo(self.time_zone)

    def is_stale(self, *, now: datetime) -> bool:
        """Whether it is so long since anybody read the sources that they must be read again."""
        return now.astimezone(self.zone).date() - self.verified_on > STALE_AFTER


def read_regime(text: str, name: str) -> Regime:
    """One entry. Raises `Broken` naming the field: a law that we misread must not be counted."""
    try:
        data: Any = yaml.safe_load(text)
        return Regime.model_validate(data)
    except yaml.YAMLError as error:
        raise Broken(f"{name}: {one_line(str(error), 200)}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "the whole entry"
        raise Broken(f"{name}, field {field}: {one_line(problem['msg'], 200)}") from None


def load(name: str) -> Regime:
    """One entry of this package."""
    entry = resources.files("responder.regimes").joinpath("data", f"{name}.yaml")
    return read_regime(entry.read_text(encoding="utf-8"), f"{name}.yaml")
