"""What people told us of a breach: when it was discovered, whom it touched, what was sent.

What is said is kept as it was said; a later statement supersedes an earlier one field by field, and
`Facts` is what stands. Nothing here is assumed: a fact nobody recorded is None.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import timedelta

from pydantic import AwareDatetime, ConfigDict, Field

from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.domain.statement import (
    EVERYWHERE,
    INSTANTS,
    Acknowledged,
    Condition,
    Element,
    Extended,
    Fulfilled,
    HarmDecision,
    Hold,
    Jurisdiction,
    NotOwed,
    Person,
    Reopened,
    Role,
    Statement,
    Waived,
)

_A_DAY = timedelta(days=1)
_MOST_YEARS = timedelta(days=10 * 366)  # a breach is found late, but a wrong century is a slip


class Fact(Model):
    """One statement as it was recorded."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    by: Person
    at: AwareDatetime
    said: Statement


class Said[T](Model):
    """A value, with who said it when."""

    model_config = ConfigDict(frozen=True)

    value: T
    by: str
    at: AwareDatetime


class Facts(Model):
    """What stands about one incident, and the instant that stands in for what nobody recorded."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    # The earliest activity of any finding, or the opening: nobody can have discovered it before,
    # and a cautious reader may say that we should have known then.
    earliest_at: AwareDatetime
    jurisdictions: tuple[Jurisdiction, ...] = ()  # where customers live, while nobody knows
    reason_to_believe_at: Said[AwareDatetime] | None = None
    discovered_at: Said[AwareDatetime] | None = None
    notified_by_provider_at: Said[AwareDatetime] | None = None
    scope_identified_at: Said[AwareDatetime] | None = None
    determined_at: Said[AwareDatetime] | None = None
    threshold_known_at: Said[AwareDatetime] | None = None
    hhs_notified_at: Said[AwareDatetime] | None = None
    material_at: Said[AwareDatetime] | None = None
    material_information_at: Said[AwareDatetime] | None = None
    ransom_paid_at: Said[AwareDatetime] | None = None
    notices_sent_at: dict[str, Said[AwareDatetime]] = Field(default_factory=dict)
    notices_planned_at: dict[str, Said[AwareDatetime]] = Field(default_factory=dict)
    residents: dict[str, Said[int]] = Field(default_factory=dict)
    counts: dict[str, tuple[Said[int], ...]] = Field(default_factory=dict)  # every count, in order
    elements: Said[tuple[Element, ...]] | None = None
    encrypted: Said[bool] | None = None
    role: Said[Role] | None = None
    conditions: dict[Condition, Said[bool]] = Field(default_factory=dict)
    holds: dict[str, Said[Hold]] = Field(default_factory=dict)
    harm: dict[str, Said[HarmDecision]] = Field(default_factory=dict)
    answers: dict[str, Said[Fulfilled | NotOwed | Reopened]] = Field(default_factory=dict)
    extended: dict[str, Said[Extended]] = Field(default_factory=dict)
    waived: dict[str, Said[Waived]] = Field(default_factory=dict)
    acknowledged: dict[str, Said[Acknowledged]] = Field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """Where people may live whose data it was: counted, written to, or told to the stack."""
        written = (*self.notices_sent_at, *self.notices_planned_at)
        letters = (place for place in written if place != EVERYWHERE)
        return tuple(dict.fromkeys((*self.jurisdictions, *self.residents, *letters)))

    def sent_at(self, jurisdiction: str) -> Said[AwareDatetime] | None:
        """When the first notice went to anybody there: as said of that place, or of all."""
        return self.notices_sent_at.get(jurisdiction) or self.notices_sent_at.get(EVERYWHERE)

    def planned_at(self, jurisdiction: str) -> Said[AwareDatetime] | None:
        """When the first notice is to go to anybody there."""
        return _of(self.notices_planned_at, jurisdiction)

    def held(self, jurisdiction: str) -> Said[Hold] | None:
        """The hold that an agency asked for there, also one that has ended."""
        return _of(self.holds, jurisdiction)

    def holds_true(self, condition: Condition) -> bool:
        """Whether a person recorded that it holds."""
        told = self.conditions.get(condition)
        return told is not None and told.value

    def harm_at(self, jurisdiction: str) -> Said[HarmDecision] | None:
        """What a person decided there on the likelihood of harm."""
        return _of(self.harm, jurisdiction)


def _of[V](said: dict[str, Said[V]], jurisdiction: str) -> Said[V] | None:
    """What was said last of one place, or of all."""
    everywhere, there = said.get(EVERYWHERE), said.get(jurisdiction)
    if everywhere is None or there is None:
        return everywhere or there
    return everywhere if everywhere.at > there.at else there


def standing(facts: Facts, told: Iterable[Fact]) -> Facts:
    """`facts` with every statement applied in the order it was recorded."""
    for fact in told:
        facts = _after(facts, fact)
    return facts


def _after(facts: Facts, fact: Fact) -> Facts:
    said, by, at = fact.said, fact.by, fact.at
    now: dict[str, object] = {}
    for gone in said.withdrawn:
        now[gone] = {} if isinstance(getattr(facts, gone), dict) else None
        if gone == "residents":
            now["counts"] = {}
    for name in (*INSTANTS, "encrypted", "role"):
        value = getattr(said, name)
        if value is not None:
            now[name] = Said(value=value, by=by, at=at)
    if said.elements:
        now["elements"] = Said(value=said.elements, by=by, at=at)
    if said.notices_sent_at:
        now["notices_sent_at"] = _first_letters(facts, fact)
    if said.notices_planned_at:
        now["notices_planned_at"] = facts.notices_planned_at | _each(said.notices_planned_at, fact)
    if said.residents:
        counted = _each(said.residents, fact)
        now["residents"] = facts.residents | counted
        now["counts"] = facts.counts | {
            place: (*facts.counts.get(place, ()), one) for place, one in counted.items()
        }
    if said.holds:
        now["holds"] = facts.holds | _each(_by_place(said.holds), fact)
    if said.harm:
        now["harm"] = facts.harm | _each(_by_place(said.harm), fact)
    if said.conditions:
        now["conditions"] = facts.conditions | _each(said.conditions, fact)
    answers = {answer.clock_id: answer for answer in said.answers}
    now["answers"] = facts.answers | _each(answers, fact)
    now["waived"] = _without(facts.waived, answers) | _each(
        {w.clock_id: w for w in said.waived}, fact
    )
    seen = _each({one.clock_id: one for one in said.acknowledged}, fact)
    now["acknowledged"] = _without(facts.acknowledged, answers) | seen
    now["extended"] = facts.extended | _each({e.clock_id: e for e in said.extended}, fact)
    return facts.model_copy(update=now)


def _first_letters(facts: Facts, fact: Fact) -> dict[str, Said[AwareDatetime]]:
    """Of each place the earliest date: a later letter is never the first, unless withdrawn."""
    first = dict(facts.notices_sent_at)
    for place, told in _each(fact.said.notices_sent_at, fact).items():
        before = facts.sent_at(place)
        first[place] = told if before is None or told.value < before.value else before
    return first


def _without[V](said: dict[str, V], superseded: Container[str]) -> dict[str, V]:
    return {key: value for key, value in said.items() if key not in superseded}


def _each[K, V](values: dict[K, V], fact: Fact) -> dict[K, Said[V]]:
    return {key: Said(value=value, by=fact.by, at=fact.at) for key, value in values.items()}


def _by_place[D: (Hold, HarmDecision)](said: Iterable[D]) -> dict[str, D]:
    return {place: one for one in said for place in one.jurisdictions}


# Each pair: what cannot be, because the first would have come about before the second.
_ORDER = (
    (
        "determined_at",
        "discovered_at",
        "the breach would have been determined before it was discovered",
    ),
    (
        "determined_at",
        "reason_to_believe_at",
        "the breach would have been determined before anybody had reason to believe in it",
    ),
    (
        "scope_identified_at",
        "reason_to_believe_at",
        "its scope would have been known before anybody had reason to believe in it",
    ),
    (
        "material_information_at",
        "material_at",
        "it would have been known before the breach was found to be material",
    ),
)


def untrue(said: Statement, facts: Facts, *, now: AwareDatetime) -> tuple[str, str] | None:
    """The first field of a statement that cannot be true, and why; None when all of it can."""
    for name, instant in _instants(said):
        if instant > now:
            return name, "lies in the future"
        if instant < now - _MOST_YEARS:
            return name, "lies too far back"
    for name, instant in _ahead(said):
        if instant > now + _MOST_YEARS:
            return name, "lies too far ahead"
        if instant < now - _MOST_YEARS:
            return name, "lies too far back"
    after = standing(facts, [Fact(incident_id=facts.incident_id, by="check", at=now, said=said)])
    first = _first_known(after)
    for name, instant in _letters(said):
        if instant < first - _A_DAY:
            return name, f"lies before anything is known of the breach ({first.date()})"
    for late, early, why in _ORDER:
        second, before = getattr(after, late), getattr(after, early)
        if before and second and second.value < before.value:
            return (late if getattr(said, late) else early), why
    return None


def _first_known(facts: Facts) -> AwareDatetime:
    recorded: list[Said[AwareDatetime] | None] = [getattr(facts, name) for name in INSTANTS]
    return min([facts.earliest_at, *(one.value for one in recorded if one is not None)])


def _letters(said: Statement) -> Sequence[tuple[str, AwareDatetime]]:
    fields = ("notices_sent_at", "notices_planned_at")
    return [(f"{name}.{place}", at) for name in fields for place, at in getattr(said, name).items()]


def _ahead(said: Statement) -> Sequence[tuple[str, AwareDatetime]]:
    planned = [(f"notices_planned_at.{place}", at) for place, at in said.notices_planned_at.items()]
    return [*planned, *((f"extended.{one.clock_id}.until", one.until) for one in said.extended)]


def _instants(said: Statement) -> Sequence[tuple[str, AwareDatetime]]:
    single = [(name, getattr(said, name)) for name in INSTANTS]
    several = [(f"notices_sent_at.{place}", at) for place, at in said.notices_sent_at.items()]
    several += [(f"fulfilled.{one.clock_id}.at", one.at) for one in said.fulfilled]
    several += [
        (f"harm.{one.jurisdictions[0]}.determined_at", one.determined_at) for one in said.harm
    ]
    for one in said.holds:
        several.append((f"holds.{one.jurisdictions[0]}.requested_at", one.requested_at))
        if one.ended_at is not None:
            several.append((f"holds.{one.jurisdictions[0]}.ended_at", one.ended_at))
    return [(name, at) for name, at in (*single, *several) if at is not None]
