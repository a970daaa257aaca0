"""What a person may say of a breach at once, and the words that laws and people use for it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from responder.domain.escaping import one_line

Jurisdiction = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
ClockId = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=64)]
EVERYWHERE = "*"
_MOST_PEOPLE = 10_000_000_000


class AnchorName(StrEnum):
    """An instant that laws count from."""

    DISCOVERY = "discovery"
    DISCOVERY_OR_NOTIFICATION = "discovery_or_notification"
    DETERMINATION = "determination"
    INDIVIDUAL_NOTICE_SENT = "individual_notice_sent"
    HARM_DETERMINATION = "harm_determination"
    HHS_NOTIFIED = "hhs_notified"


class Condition(StrEnum):
    """Something about us, or about what we chose, on which a duty depends."""

    DFS_COVERED_ENTITY = "dfs_covered_entity"
    INADVERTENT_DISCLOSURE_EXEMPTION_USED = "inadvertent_disclosure_exemption_used"
    MUST_NOTIFY_HHS = "must_notify_hhs"


class Reason(StrEnum):
    """A reason for which a law may allow going later."""

    LAW_ENFORCEMENT_NEED = "law_enforcement_need"
    SCOPE_AND_RESTORE = "determine_scope_and_restore_integrity"


class Element(StrEnum):
    """A kind of personal data that a law protects, or that the shop holds."""

    SSN = "ssn"
    DRIVER_LICENSE = "driver_license"
    PASSPORT = "passport"
    TAX_ID = "tax_id"
    MILITARY_ID = "military_id"
    OTHER_GOVERNMENT_ID = "other_government_id"
    FINANCIAL_ACCOUNT_WITH_CODE = "financial_account_with_code"
    PAYMENT_CARD_WITH_CODE = "payment_card_with_code"
    PAYMENT_CARD_NO_CODE = "payment_card_no_code"
    ONLINE_CREDENTIALS = "online_credentials"
    MEDICAL = "medical"
    HEALTH_INSURANCE = "health_insurance"
    BIOMETRIC = "biometric"
    GENETIC = "genetic"
    ALPR = "alpr"
    NAME = "name"
    EMAIL = "email"
    POSTAL_ADDRESS = "postal_address"
    PHONE = "phone"
    DATE_OF_BIRTH = "dob"
    ORDER_HISTORY = "order_history"


def _said(value: object) -> object:
    return one_line(value, 400) if isinstance(value, str) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Words = Annotated[str, BeforeValidator(_said), StringConstraints(min_length=3, max_length=400)]
Person = Annotated[str, BeforeValidator(_said), StringConstraints(min_length=3, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fulfilled(_Strict):
    """Somebody did what one clock asks for."""

    clock_id: ClockId
    at: AwareDatetime
    how: Words  # where the proof is


class NotOwed(_Strict):
    """Counsel's answer that a law does not ask it of us this time."""

    clock_id: ClockId
    why: Words


class Reopened(_Strict):
    """An earlier answer about one clock was wrong; it counts again."""

    clock_id: ClockId
    why: Words


class Acknowledged(_Strict):
    """Somebody saw a clock and owns it. It ends nothing; a missed one is not told again."""

    clock_id: ClockId
    why: Words | None = None


class Waived(_Strict):
    """Counsel's decision not to pursue what may be owed: a target of our own, or a contract's."""

    clock_id: ClockId
    why: Words


class Accepted(_Strict):
    """A person takes over a later date that no statement, but a finding or a release, gave."""

    clock_id: ClockId
    why: Words

    @property
    def reason_given(self) -> str:
        """Why the date moves."""
        return self.why


class Extended(_Strict):
    """A reason in law to go later, claimed by a person. Ours never moves a date by itself."""

    clock_id: ClockId
    until: AwareDatetime
    reason: Reason
    how: Words  # where the request, or the record of the need, is

    @property
    def reason_given(self) -> str:
        """Why the date moves."""
        return f"{self.reason.value.replace('_', ' ')}, {self.how}"


class Statement(_Strict):
    """What a person says at once. Every field may be left out; what is said stands from then on."""

    discovered_at: AwareDatetime | None = None
    determined_at: AwareDatetime | None = None
    notices_sent_at: Annotated[
        dict[Jurisdiction | Literal["*"], AwareDatetime],
        BeforeValidator(lambda v: v if isinstance(v, dict) else {EVERYWHERE: v}),
    ] = Field(default_factory=dict)  # the first notice to anybody there
    harm_determined_at: AwareDatetime | None = None
    hhs_notified_at: AwareDatetime | None = None
    residents: dict[Jurisdiction, Annotated[int, Field(ge=0, le=_MOST_PEOPLE, strict=True)]] = (
        Field(default_factory=dict, max_length=300)
    )
    elements: tuple[Element, ...] = ()
    encrypted: bool | None = None  # True: all of it was, and the key was not taken
    conditions: dict[Condition, bool] = Field(default_factory=dict)
    fulfilled: Annotated[tuple[Fulfilled, ...], BeforeValidator(_one_or_many)] = ()
    not_owed: Annotated[tuple[NotOwed, ...], BeforeValidator(_one_or_many)] = ()
    reopened: Annotated[tuple[Reopened, ...], BeforeValidator(_one_or_many)] = ()
    extended: Annotated[tuple[Extended, ...], BeforeValidator(_one_or_many)] = ()
    acknowledged: Annotated[tuple[Acknowledged, ...], BeforeValidator(_one_or_many)] = ()
    waived: Annotated[tuple[Waived, ...], BeforeValidator(_one_or_many)] = ()
    accepted: Annotated[tuple[Accepted, ...], BeforeValidator(_one_or_many)] = ()
    because: Words | None = None  # why a date that a law sets moves later by this statement
    withdrawn: tuple[
        Literal[
            "discovered_at",
            "determined_at",
            "notices_sent_at",
            "harm_determined_at",
            "hhs_notified_at",
            "residents",
            "elements",
            "encrypted",
        ],
        ...,
    ] = ()  # said before, and no longer known

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that say something, in their order."""
        return tuple(
            name for name in Statement.model_fields if getattr(self, name) not in (None, (), {})
        )

    @property
    def answers(self) -> tuple[Fulfilled | NotOwed | Reopened, ...]:
        """What it says about single clocks."""
        return (*self.fulfilled, *self.not_owed, *self.reopened)

    @model_validator(mode="after")
    def _says_something_once(self) -> Self:
        if set(self.names) <= {"because"}:
            raise ValueError("says nothing: give at least one fact")
        twice = set(self.withdrawn) & set(self.names)
        if twice:
            raise ValueError(f"{min(twice)} is said and withdrawn at once")
        about = [answer.clock_id for answer in (*self.answers, *self.waived)]
        if len(set(about)) != len(about):
            raise ValueError("two answers are about the same clock")
        return self
