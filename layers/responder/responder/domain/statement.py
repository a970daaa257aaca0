"""What a person may say of a breach at once, and the words that laws and people use for it."""

from enum import StrEnum
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from responder.domain.escaping import one_line
from responder.domain.model import Model

# A place (US-CA, DE, CA-QC), or a regime that is no place (EU-GDPR, CARD-VISA, US-FTC-SAFEGUARDS).
Jurisdiction = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}(-[A-Z0-9]{1,12}){0,3}$")]
ClockId = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z0-9]{1,40}){1,9}$", max_length=64)
]
EVERYWHERE = "*"
_MOST_PEOPLE = 10_000_000_000
_MOST_AT_ONCE = 100  # of one kind in one statement, which is one item of at most 400 KB


class AnchorName(StrEnum):
    """An instant that laws count from. The order of words is that of the laws."""

    DISCOVERY = "discovery"
    DISCOVERY_OR_NOTIFICATION = "discovery_or_notification"
    DISCOVERY_OR_REASON_TO_BELIEVE = "discovery_or_reason_to_believe"
    REASON_TO_BELIEVE = "reason_to_believe"
    AWARENESS = "awareness"
    AWARE_AND_SCOPE_IDENTIFIED = "aware_and_scope_identified"
    DETERMINATION = "determination"
    DETERMINATION_OR_REASON_TO_BELIEVE = "determination_or_reason_to_believe"
    CONFIRMATION = "confirmation"
    NOTICE_FROM_SERVICE_PROVIDER = "notice_from_service_provider"
    HARM_DETERMINATION = "harm_determination"
    THRESHOLD_KNOWN = "threshold_known"
    INDIVIDUAL_NOTICE_SENT = "individual_notice_sent"
    INDIVIDUAL_NOTICE_PLANNED = "individual_notice_planned"
    HHS_NOTIFIED = "hhs_notified"
    COMPROMISE_SUSPECTED = "compromise_suspected"
    MATERIALITY_DETERMINATION = "materiality_determination"
    MATERIAL_INFORMATION = "material_information_available"
    RANSOM_PAYMENT = "ransom_payment"
    YEAR_END = "year_end"
    FILING = "filing"  # of another rule


class Condition(StrEnum):
    """Something about us, or about what happened, on which a duty depends."""

    ACCEPTS_AMEX = "accepts_amex"
    ACCEPTS_MASTERCARD = "accepts_mastercard"
    ACCEPTS_VISA = "accepts_visa"
    BANK_SERVICE_PROVIDER = "bank_service_provider"
    BANKING_ORGANIZATION = "banking_organization"
    CRITICAL_INFRASTRUCTURE = "critical_infrastructure"
    DFS_COVERED_ENTITY = "dfs_covered_entity"
    DFS_LICENSEE = "dfs_licensee"
    ELECTRONIC_COMMUNICATIONS_PROVIDER = "electronic_communications_provider"
    EXCHANGE_ACT_REGISTRANT = "exchange_act_registrant"
    FTC_FINANCIAL_INSTITUTION = "ftc_financial_institution"
    HIGH_RISK_TO_INDIVIDUALS = "high_risk_to_individuals"
    HIPAA_BUSINESS_ASSOCIATE = "hipaa_business_associate"
    HIPAA_COVERED_ENTITY = "hipaa_covered_entity"
    INADVERTENT_DISCLOSURE_EXEMPTION_USED = "inadvertent_disclosure_exemption_used"
    INDIVIDUAL_NOTICE_PAST_60_DAYS = "individual_notice_past_60_days"
    INFORMATION_BROKER = "information_broker"
    MUST_NOTIFY_HHS = "must_notify_hhs"
    NAMED_BY_OCABR = "named_by_ocabr"
    NIS2_ENTITY = "nis2_entity"
    NOTICE_SUGGESTS_CREDIT_REPORT = "notice_suggests_credit_report"
    PHR_VENDOR = "phr_vendor"
    SEC_INFORMATION_WAS_UNAVAILABLE = "sec_information_was_unavailable"


class Role(StrEnum):
    """Whose data it was: our own customers', or that of those whom we serve."""

    OWNER = "owner"
    SERVICE_PROVIDER = "service_provider"
    BOTH = "both"


class Reason(StrEnum):
    """A reason for which a law may allow going later. A hold of an agency is another thing."""

    SCOPE_AND_RESTORE = "determine_scope_and_restore_integrity"
    GOOD_CAUSE = "good_cause"


class Element(StrEnum):
    """A kind of personal data that a law protects, or that the shop holds."""

    SSN = "ssn"
    DRIVER_LICENSE = "driver_license"
    PASSPORT = "passport"
    TAX_ID = "tax_id"
    IP_PIN = "ip_pin"
    MILITARY_ID = "military_id"
    STUDENT_ID = "student_id"
    TRIBAL_ID = "tribal_id"
    VOTER_ID = "voter_id"
    OTHER_GOVERNMENT_ID = "other_government_id"
    FINANCIAL_ACCOUNT_WITH_CODE = "financial_account_with_code"
    FINANCIAL_ACCOUNT_NO_CODE = "financial_account_no_code"
    PAYMENT_CARD_WITH_CODE = "payment_card_with_code"
    PAYMENT_CARD_NO_CODE = "payment_card_no_code"
    ACCOUNT_ACCESS_CODE = "account_access_code"
    OTHER_FINANCIAL_ACCESS = "other_financial_access_information"
    ELECTRONIC_ID_WITH_CODE = "electronic_id_with_code"
    SECURITY_TOKEN = "security_token"  # noqa: S105 - the name of a kind of data
    ONLINE_CREDENTIALS = "online_credentials"
    MEDICAL = "medical"
    HEALTH_INSURANCE = "health_insurance"
    BIOMETRIC = "biometric"
    GENETIC = "genetic"
    MOTHERS_MAIDEN_NAME = "mothers_maiden_name"
    DIGITAL_SIGNATURE = "digital_signature"
    PRIVATE_KEY = "private_key"
    EMPLOYER_ID_WITH_CODE = "employer_id_with_code"
    ALPR = "alpr"
    GEOLOCATION = "geolocation"
    BIRTH_OR_MARRIAGE_CERTIFICATE = "birth_or_marriage_certificate"
    TAX_INFORMATION = "tax_information"
    WORK_EVALUATION = "work_evaluation"
    NAME = "name"
    EMAIL = "email"
    POSTAL_ADDRESS = "postal_address"
    PHONE = "phone"
    DATE_OF_BIRTH = "dob"
    ORDER_HISTORY = "order_history"


def _said(value: object) -> object:
    return one_line(value, 400) if isinstance(value, str) else value


def _unique(value: object) -> object:
    return tuple(dict.fromkeys(value)) if isinstance(value, list) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Words = Annotated[str, BeforeValidator(_said), StringConstraints(min_length=3, max_length=400)]
Person = Annotated[str, BeforeValidator(_said), StringConstraints(min_length=3, max_length=200)]


class _Strict(Model):
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
    """Counsel's decision not to pursue what may be owed, which is another thing than not owed."""

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
    how: Words  # where the record of the need is

    @property
    def reason_given(self) -> str:
        """Why the date moves."""
        return f"{self.reason.value.replace('_', ' ')}, {self.how}"


type _Several[T] = Annotated[
    tuple[T, ...], BeforeValidator(_one_or_many), Field(max_length=_MOST_AT_ONCE)
]
_Places = Annotated[tuple[Jurisdiction | Literal["*"], ...], Field(min_length=1, max_length=100)]


class Hold(_Strict):
    """An agency of law enforcement asked that individuals be told later, or let go of it."""

    jurisdictions: _Places
    agency: Words
    requested_at: AwareDatetime
    ended_at: AwareDatetime | None = None  # when the agency let go; the duty resumes at once
    how: Words  # where the request, or the release, is kept

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.ended_at is not None and self.ended_at < self.requested_at:
            raise ValueError("ended_at lies before requested_at")
        return self


class HarmDecision(_Strict):
    """A person's decision on whether harm is likely, where a law lets that end a duty."""

    jurisdictions: _Places
    harm: Literal["likely", "unlikely"]
    determined_at: AwareDatetime
    how: Words  # where the written determination is kept


_Instants = Annotated[
    dict[Jurisdiction | Literal["*"], AwareDatetime],
    BeforeValidator(lambda v: v if isinstance(v, dict) else {EVERYWHERE: v}),
]

# One instant each, in the order in which they come about.
_Instant = Literal[
    "reason_to_believe_at",
    "discovered_at",
    "notified_by_provider_at",
    "scope_identified_at",
    "determined_at",
    "threshold_known_at",
    "hhs_notified_at",
    "material_at",
    "material_information_at",
    "ransom_paid_at",
]
INSTANTS: tuple[str, ...] = get_args(_Instant)
_Withdrawable = Literal[
    _Instant,
    "notices_sent_at",
    "notices_planned_at",
    "residents",
    "elements",
    "encrypted",
    "role",
    "holds",
    "harm",
]


class Statement(_Strict):
    """What a person says at once. Every field may be left out; what is said stands from then on."""

    reason_to_believe_at: AwareDatetime | None = None  # that data of persons was touched
    discovered_at: AwareDatetime | None = None  # first known to anybody here
    notified_by_provider_at: AwareDatetime | None = None  # a service provider told us
    scope_identified_at: AwareDatetime | None = None  # whom it touched became known
    determined_at: AwareDatetime | None = None  # enough evidence that it was a breach
    threshold_known_at: AwareDatetime | None = None  # that more must be told than a threshold
    hhs_notified_at: AwareDatetime | None = None
    material_at: AwareDatetime | None = None  # the registrant concluded that it is material
    material_information_at: AwareDatetime | None = None  # what the first filing lacked is known
    ransom_paid_at: AwareDatetime | None = None
    notices_sent_at: _Instants = Field(default_factory=dict)  # the first notice to anybody there
    notices_planned_at: _Instants = Field(default_factory=dict)  # when the first is to go
    residents: dict[Jurisdiction, Annotated[int, Field(ge=0, le=_MOST_PEOPLE, strict=True)]] = (
        Field(default_factory=dict, max_length=300)
    )
    elements: Annotated[tuple[Element, ...], BeforeValidator(_unique), Field(max_length=60)] = ()
    encrypted: bool | None = None  # True: all of it was, and the key was not taken
    role: Role | None = None
    conditions: dict[Condition, bool] = Field(default_factory=dict)
    holds: _Several[Hold] = ()
    harm: _Several[HarmDecision] = ()
    fulfilled: _Several[Fulfilled] = ()
    not_owed: _Several[NotOwed] = ()
    reopened: _Several[Reopened] = ()
    extended: _Several[Extended] = ()
    acknowledged: _Several[Acknowledged] = ()
    waived: _Several[Waived] = ()
    accepted: _Several[Accepted] = ()
    because: Words | None = None  # why a date that a law sets moves later by this statement
    withdrawn: tuple[_Withdrawable, ...] = ()  # said before, and no longer known

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
