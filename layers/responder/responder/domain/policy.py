"""Which findings are contained at once, which are asked about, which are only recorded.

A policy is a list of rules, and the first that fits a finding decides. A shop's own rules are read
before ours, so a document holds only what differs.
"""

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import ConfigDict, Field, field_validator

from responder.domain.finding import Finding, Severity
from responder.domain.finding_types import MEANINGS, Meaning
from responder.domain.ladder import (
    ACTION_IDS,
    CUT_ROLE_SESSIONS,
    DENY_ROLE_SESSION,
    PROTECT_INSTANCE,
    PROTECT_TASK,
)
from responder.domain.model import Model
from responder.domain.order import Silence


class Then(StrEnum):
    """What a rule says."""

    AUTOMATIC = "automatic"  # contain at once
    APPROVAL = "approval"  # contain when a person approves
    ESCALATE = "escalate"  # open an incident, preserve and clock; a person contains
    RECORD = "record"  # no incident of its own


class Rule(Model):
    """Fits a finding when its type, its severity and its meaning are all listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: tuple[str, ...] = ("*",)  # with * for any run of characters
    severities: tuple[Severity, ...] = tuple(Severity)
    meanings: tuple[Meaning, ...] = tuple(Meaning)
    then: Then
    actions: dict[str, Then] = Field(default_factory=dict)  # where one action goes another way
    things: Then = Then.ESCALATE  # what happens to the resources that the finding is about
    answer_within_minutes: int = Field(default=30, ge=1, le=7 * 24 * 60)
    on_silence: Silence = Silence.ESCALATE

    @field_validator("actions")
    @classmethod
    def _known(cls, value: dict[str, Then]) -> dict[str, Then]:
        for action_id, then in value.items():
            if action_id not in ACTION_IDS:
                raise ValueError(f"the only actions are {', '.join(ACTION_IDS)}")
            if then is Then.RECORD:
                raise ValueError("an action is automatic, approval or escalate")
        return value

    @field_validator("things")
    @classmethod
    def _decided(cls, value: Then) -> Then:
        if value is Then.RECORD:
            raise ValueError("things are automatic, approval or escalate")
        return value

    @property
    def answer_within(self) -> timedelta:
        """How long an order waits for an approval."""
        return timedelta(minutes=self.answer_within_minutes)

    def fits(self, finding: Finding) -> bool:
        """Whether this rule is about such a finding."""
        meaning = MEANINGS.get(finding.type, Meaning.RESOURCE)
        return (
            finding.severity in self.severities
            and meaning in self.meanings
            and any(fnmatchcase(finding.type, _plain(pattern)) for pattern in self.types)
        )

    def of(self, action_id: str) -> Then:
        """What happens to one action on an identity."""
        return self.actions.get(action_id, self.then)

    def of_thing(self, action_id: str) -> Then:
        """What happens to one action on a resource."""
        return self.actions.get(action_id, self.things)


class Policy(Model):
    """The rules of one shop, and how far the responder goes without a person.

    Beyond `most_orders` to a plan, or `most_resources` that one incident cuts, a person decides
    about the rest. Beyond `most_cuts_an_hour` over all incidents, each further cut is asked about.
    What `two_people` lists is asked about whatever a rule says, and silence is no yes to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...] = Field(default=(), max_length=200)
    most_orders: int = Field(default=40, ge=1, le=80)
    most_resources: int = Field(default=20, ge=1, le=80)
    most_cuts_an_hour: int = Field(default=30, ge=0, le=1000)
    two_people: tuple[str, ...] = ()  # actions that two different people have to approve
    # Logs of a trail, packed, that are read whole without a person: each is read in every round.
    most_scanned_gigabytes: int = Field(default=100, ge=0, le=1_000_000)
    guarded: bool = False  # stacks/guard-policy.yaml is attached, and keeps what carries our tag

    @field_validator("two_people")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(value) - set(ACTION_IDS)):
            raise ValueError(f"two_people names no action: {', '.join(unknown)}")
        return value

    def rule_for(self, finding: Finding) -> Rule:
        """The first rule that fits: the shop's, then ours."""
        for rule in (*self.rules, *DEFAULT_RULES):
            if rule.fits(finding):
                return rule
        return _OTHERWISE


_OTHERWISE = Rule(then=Then.ESCALATE)
_SERIOUS = (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_URGENT = (Severity.HIGH, Severity.CRITICAL)
_MINOR = (Severity.INFORMATIONAL, Severity.LOW)

DEFAULT_RULES: tuple[Rule, ...] = (
    # GuardDuty calls these low; they say that root was used, or that logging was switched off.
    Rule(types=("Policy:IAMUser/*", "Stealth:*"), then=Then.ESCALATE),
    Rule(severities=_MINOR, then=Then.RECORD),
    Rule(
        meanings=(Meaning.CREDENTIAL,),
        severities=(Severity.CRITICAL,),
        then=Then.AUTOMATIC,
    ),
    Rule(
        meanings=(Meaning.CREDENTIAL,),
        severities=(Severity.HIGH,),
        then=Then.AUTOMATIC,
        # The honest workload on the role may lose its sessions too, and a shop stop selling.
        actions={CUT_ROLE_SESSIONS: Then.APPROVAL, DENY_ROLE_SESSION: Then.APPROVAL},
    ),
    Rule(meanings=(Meaning.CREDENTIAL,), severities=(Severity.MEDIUM,), then=Then.APPROVAL),
    Rule(
        types=("Impact:S3/DataDestruction",),
        severities=_URGENT,
        then=Then.APPROVAL,
        things=Then.AUTOMATIC,  # what deletes by itself is held; nothing the shop calls stops
    ),
    Rule(meanings=(Meaning.CONDUCT,), severities=_SERIOUS, then=Then.APPROVAL),
    Rule(
        meanings=(Meaning.RESOURCE,),
        severities=_URGENT,
        then=Then.ESCALATE,
        things=Then.APPROVAL,
        # Nothing goes down with these.
        actions={PROTECT_INSTANCE: Then.AUTOMATIC, PROTECT_TASK: Then.AUTOMATIC},
    ),
    Rule(meanings=(Meaning.RESOURCE,), severities=_SERIOUS, then=Then.ESCALATE),
)
DEFAULT_POLICY = Policy()


def _plain(pattern: str) -> str:
    """Only `*` is special in a rule: type names hold no `?`, and `[` means itself."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
