"""The shape of one breach-notification regime, as data a person has reviewed.

An entry states what is demanded, where that is written, who read it when, and how sure we are.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from holidays.registry import EntityLoader
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.statement import Condition, Element, Jurisdiction
from responder.regimes.rule import AfterRule, Bound, Citation, Phrase, Rule, Sentence, Span, Strict

STALE_AFTER = timedelta(days=180)  # laws change with each session of a legislature
type Confidence = Literal["high", "medium", "low"]


class Kind(StrEnum):
    """What binds us."""

    STATE = "state"  # also the District of Columbia and the territories
    FEDERAL = "federal"  # of the United States, by what we are and not by where people live
    NATIONAL = "national"  # of another country, or of the European Union
    CONTRACT = "contract"  # card brands, insurers, customers: agreed, not enacted


class Source(Strict):
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


class PersonalInformation(Strict):
    """The data elements that the law protects, beside a person's name or without it."""

    with_a_name: tuple[Element, ...] = ()
    alone: tuple[Element, ...] = ()
    any_that_suffices: bool = False  # any element without a name, if enough for identity theft
    everything: bool = False  # any data about a person, as in the European Union

    @property
    def all(self) -> frozenset[Element]:
        """Either way."""
        return frozenset(self.with_a_name) | frozenset(self.alone)


class RiskOfHarm(Strict):
    """A law's way out where no harm is likely: a person decides, and it is written down."""

    standard: Phrase
    in_definition: bool = False  # the test is part of what a breach is
    not_for: Condition | None = None  # who has no such way out
    ends_a_duty: bool = True  # False: it is shown and counsel answers, no clock ends by it
    consult: Sentence | None = None
    written: bool = False
    retention_years: int | None = Field(default=None, ge=1, le=50)


class Resuming(Strict):
    """After an agency lets go: the span within which the duty must be done; None: at once."""

    within: Span | None = None


class SubstituteNotice(Strict):
    """When individuals may be told otherwise than one by one. None: no such ground."""

    cost_over_usd: int | None = Field(default=None, ge=1)
    people_over: int | None = Field(default=None, ge=1)
    missing_contacts: bool = False
    note: Sentence | None = None


class Content(Strict):
    """What a notice to individuals must say, must not say, and how it must look."""

    required: tuple[str, ...] = ()
    prohibited: tuple[str, ...] = ()
    title: str | None = None
    headings: tuple[str, ...] = ()
    smallest_type_points: int | None = Field(default=None, ge=6, le=40)
    plain_language: bool = False
    notes: tuple[Sentence, ...] = ()


class Services(Strict):
    """Protection against identity theft that must be offered, free, when such data was taken."""

    months: int = Field(ge=1, le=120)
    elements: tuple[Element, ...] = Field(min_length=1)
    kind: Sentence
    condition: Sentence | None = None


class Amendment(Strict):
    """A change of the law: made, to come, or not settled."""

    effective: date | None
    summary: Sentence
    status: Literal["in_force", "upcoming", "pending", "unverified"]


class Register(Strict):
    """The duty to keep a record of each breach, also of one that nobody need be told of."""

    citation: Citation
    keep_months: int | None = Field(default=None, ge=1, le=240)


class Regime(Strict):
    """The law of one jurisdiction, or a contract, with everything it asks after a breach."""

    jurisdiction: Jurisdiction
    kind: Kind
    name: Annotated[str, StringConstraints(min_length=2, max_length=60)]
    time_zone: str
    holidays: str | None  # of which country; None: only weekends are no business days
    citation: Citation
    applies_when: Sentence | None = None
    places: tuple[Jurisdiction, ...] = ()  # where its people live; of a state, itself
    conditions: tuple[Condition, ...] = ()  # any of them brings it in, wherever people live
    in_force: bool = True
    effective_from: date | None
    verified_on: date | None  # None: from general knowledge, no source was read
    confidence: Confidence  # in deadlines, recipients and thresholds
    field_confidence: dict[
        Literal["personal_information", "substitute_notice", "content", "effective_from"],
        Confidence,
    ] = Field(default_factory=dict)
    basis: Sentence
    sources: tuple[Source, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    trigger: Literal["access", "acquisition", "access_and_acquisition", "access_or_acquisition"] | (
        None
    ) = None
    paper_too: bool = False
    encryption_safe_harbor: bool  # void if the key was taken too
    personal_information: PersonalInformation
    risk_of_harm: RiskOfHarm | None = None
    law_enforcement_delay: Resuming | None = None
    substitute_notice: SubstituteNotice | None = None
    content: Content = Content()
    identity_theft_services: Services | None = None
    register_of_breaches: Register | None = None
    notes: tuple[Sentence, ...] = ()
    rules: tuple[Rule, ...] = Field(min_length=1)

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("not a time zone of the IANA database") from None
        return value

    @field_validator("holidays")
    @classmethod
    def _a_country(cls, value: str | None) -> str | None:
        # By the codes alone: a calendar would load those of every country into a cold start.
        if value is not None and value not in EntityLoader.get_country_codes():
            raise ValueError("the library of holidays knows no such country")
        return value

    @model_validator(mode="after")
    def _rules_cohere(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError("two rules have the same id")
        for place, rule in enumerate(self.rules):
            if not rule.id.startswith(f"{self.jurisdiction.lower()}-"):
                raise ValueError(f"{rule.id} is not of {self.jurisdiction}")
            for limit in rule.due:
                other = _other(limit)
                # Before it in the list: then no rule is bound to itself, however long the way.
                if other is not None and other not in ids[:place]:
                    raise ValueError(f"{rule.id} is bound to a rule that does not stand before it")
        return self

    @model_validator(mode="after")
    def _sources_were_read(self) -> Self:
        read = any(source.read for source in self.sources)
        if self.kind is not Kind.CONTRACT and self.verified_on is not None and not read:
            raise ValueError("verified_on, though none of the sources was read")
        if self.verified_on is None and (read or self.confidence == "high"):
            raise ValueError("without verified_on nothing was read, and the confidence is not high")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days are counted."""
        return ZoneInfo(self.time_zone)

    @property
    def of_our_own(self) -> bool:
        """Whether the shop agreed it itself."""
        return self.jurisdiction.startswith("OWN-")

    @property
    def covers(self) -> tuple[str, ...]:
        """The places whose people it protects."""
        return self.places or ((self.jurisdiction,) if self.kind is Kind.STATE else ())

    def is_stale(self, *, now: datetime) -> bool:
        """Whether its sources must be read again: it is long ago, or nobody did."""
        if self.verified_on is None:
            return True
        return now.astimezone(self.zone).date() - self.verified_on > STALE_AFTER

    def sure_of(self, field: Literal["personal_information"]) -> bool:
        """Whether a field is known well enough to end a duty by it."""
        return self.confidence == "high" and self.field_confidence.get(field, "high") == "high"


def _other(limit: object) -> str | None:
    if isinstance(limit, AfterRule):
        return limit.after_rule
    return limit.of if isinstance(limit, Bound) else None


def read_regime(text: str, name: str) -> Regime:
    """One entry. Raises `Broken` naming the field: a law that we misread must not be counted."""
    try:
        data: Any = yaml.load(text, Loader=yaml.CSafeLoader)
        return Regime.model_validate(data)
    except yaml.YAMLError as error:
        raise Broken(f"{name}: {one_line(str(error), 200)}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "the whole entry"
        raise Broken(f"{name}, field {field}: {one_line(problem['msg'], 200)}") from None


def load(name: str) -> Regime:
    """One entry of this package, by the name of its file."""
    entry = resources.files("responder.regimes").joinpath("data", name)
    return read_regime(entry.read_text(encoding="utf-8"), name)


def own(text: str, name: str) -> Regime:
    """A contract of the shop's own. Raises `Broken` naming the field; none may pose as a law."""
    regime = read_regime(text, name)
    if regime.kind is not Kind.CONTRACT or not regime.of_our_own:
        raise Broken(
            f"{name}, field jurisdiction: {regime.jurisdiction}: an entry of your own is a contract"
            " named OWN-…"
        )
    return regime


def load_own(folder: Path) -> tuple[Regime, ...]:
    """The shop's own contracts, one file each, by name."""
    files = sorted(folder.glob("*.yaml"))
    return tuple(own(file.read_text(encoding="utf-8"), file.name) for file in files)
