"""The shape of one duty to tell somebody, and of the limits in time that a law sets for it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from responder.domain.model import Model
from responder.domain.statement import AnchorName, Condition, Reason, Role

RuleId = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z0-9]{1,40}){1,9}$", max_length=64)
]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=400)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]
Citation = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200)]
INDIVIDUALS = "individuals"


class Unit(StrEnum):
    """How a span is counted. Hours are elapsed; the others end with a day of the jurisdiction."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"


class Standard(StrEnum):
    """How fast a law wants it, beside or without a number."""

    IMMEDIATELY = "immediately"
    AS_SOON_AS_POSSIBLE = "as_soon_as_possible"
    MOST_EXPEDIENT = "most_expedient_without_unreasonable_delay"
    WITHOUT_UNREASONABLE_DELAY = "without_unreasonable_delay"
    WITHOUT_DELAYING_INDIVIDUALS = "without_delaying_individual_notice"
    REASONABLE_TIME = "within_reasonable_time"
    BEFORE_RELYING_ON_IT = "before_relying_on_it"  # on an exemption
    AS_DIRECTED = "as_directed"


class Strict(Model):
    """Frozen, and without a field that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Strict):
    """A length of time."""

    within: int = Field(ge=1, le=3650)
    unit: Unit


class Within(Span):
    """A span after an anchor. The anchor's day is day 0, and the last day counts in full."""

    after: AnchorName

    @model_validator(mode="after")
    def _after_an_instant(self) -> Self:
        if self.after is AnchorName.FILING:
            raise ValueError("say after_rule for a span that begins with another filing")
        if self.after is AnchorName.INDIVIDUAL_NOTICE_PLANNED:
            raise ValueError("a law counts from what was sent, and not from a plan")
        return self


class AfterRule(Span):
    """A span after another rule was fulfilled."""

    after_rule: RuleId


class Relation(StrEnum):
    """How a notice is bound in time to the notices to individuals."""

    NOT_LATER_THAN = "not_later_than"
    BEFORE = "before"  # we count the day before, so that the order is beyond doubt
    WITH = "concurrent_with"


class Bound(Strict):
    """Bound to the notices of another rule: the day they go out, at the latest its own date."""

    relation: Relation
    of: RuleId


def _which(value: object) -> str:
    """By its keys, so that an error is about the limit that was meant."""
    keys = value if isinstance(value, dict) else vars(value)
    return next((key for key in ("relation", "after_rule") if key in keys), "after")


type Limit = Annotated[
    Annotated[Within, Tag("after")]
    | Annotated[AfterRule, Tag("after_rule")]
    | Annotated[Bound, Tag("relation")],
    Discriminator(_which),
]


class Extension(Strict):
    """A reason in law to go later, and by how much at the most; None: as the need is."""

    reason: Reason
    most: Span | None = None
    demands: Sentence | None = None


class Rule(Strict):
    """One duty to tell somebody. The earliest of `due` wins; without any, a target of our own."""

    id: RuleId
    recipient: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,59}$")]
    recipient_name: Annotated[str, StringConstraints(min_length=3, max_length=80)]
    citation: Citation
    standard: Standard | None = None
    role: Literal[Role.OWNER, Role.SERVICE_PROVIDER] = Role.OWNER
    condition: Condition | None = None  # owed only if a person recorded that it holds
    presumed: bool = False  # owed until a person recorded that the condition does not hold
    no_harm_filing: bool = False  # owed only where a person decided that no harm is likely
    min_affected: int = Field(default=1, ge=1)  # inclusive
    max_affected: int | None = Field(default=None, ge=1)  # inclusive
    counted: Literal["residents", "all_persons", "one_place", "own"] = "residents"
    due: tuple[Limit, ...] = ()
    target: Span | None = None  # ours, from the discovery, in place of the usual one
    timely_when: Literal["sent", "received"] = "sent"
    extensions: tuple[Extension, ...] = ()  # a person claims them, not we
    not_extendable: bool = False
    quote: Sentence | None = None  # the law's own words, only where we read them
    note: Sentence | None = None
    must_tell: tuple[str, ...] = ()  # what this recipient is to be told

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.due and self.target is not None:
            raise ValueError("a rule has either due, from the law, or target, of our own")
        if not self.due and self.standard is None:
            raise ValueError("without due, the standard says how fast the law wants it")
        if self.extensions and any(isinstance(limit, Bound) for limit in self.due):
            raise ValueError("a rule that is bound to another moves only with it")
        if self.extensions and self.not_extendable:
            raise ValueError("not_extendable, and yet there are extensions")
        if self.presumed and self.condition is None:
            raise ValueError("presumed says nothing without a condition")
        if self.max_affected is not None and self.max_affected < self.min_affected:
            raise ValueError("max_affected is below min_affected")
        return self
