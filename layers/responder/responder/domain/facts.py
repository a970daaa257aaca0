"""What people told us of a breach: when it was discovered, whom it touched, what was sent.

What is said is kept as it was said; a later statement supersedes an earlier one field by field, and
`Facts` is what stands. Nothing here is assumed: a fact nobody recorded is None.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from responder.domain.identifiers import IncidentId
from responder.domain.statement import (
    EVERYWHERE,
    Acknowledged,
    Condition,
    Element,
    Extended,
    Fulfilled,
    Jurisdiction,
    NotOwed,
    Person,
    Reopened,
    Statement,
    Waived,
)

_MOST_YEARS = timedelta(days=10 * 366)  # a breach is found late, but a wrong century is a slip


class Fact(BaseModel):
    """One statement as it was recorded."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    by: Person
    at: AwareDatetime
    said: Statement


class Said[T](BaseModel):
    """A value, with who said it when."""

    model_config = ConfigDict(frozen=True)

    value: T
    by: str
    at: AwareDatetime


class Facts(BaseModel):
    """What stands about one incident, and the instant that stands in for what nobody recorded."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    # The earliest activity of any finding, or the opening: nobody can have discovered it before,
    # and a cautious reader may say that we should have known then.
    earliest_at: AwareDatetime
    jurisdictions: tuple[Jurisdiction, ...] = ()  # where customers live, while nobody knows
    discovered_at: Said[AwareDatetime] | None = None
    determined_at: Said[AwareDatetime] | None = None
    notices_sent_at: dict[str, Said[AwareDatetime]] = Field(default_factory=dict)
    harm_determined_at: Said[AwareDatetime] | None = None
    hhs_notified_at: Said[AwareDatetime] | None = None
    residents: dict[str, Said[int]] = Field(default_factory=dict)
    elements: Said[tuple[Element, ...]] | None = None
    encrypted: Said[bool] | None = None
    conditions: dict[Condition, Said[bool]] = Field(default_factory=dict)
    answers: dict[str, Said[Fulfilled | NotOwed | Reopened]] = Field(default_factory=dict)
    extended: dict[str, Said[Extended]] = Field(default_factory=dict)
    waived: dict[str, Said[Waived]] = Field(default_factory=dict)
    acknowledged: dict[str, Said[Acknowledged]] = Field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """Where people may live whose data it was: those counted, and those nobody counted yet."""
        return tuple(dict.fromkeys((*self.jurisdictions, *self.residents)))

    def sent_at(self, jurisdiction: str) -> Said[AwareDatetime] | None:
        """When the first notice went to anybody there: as said of that place, or of all."""
        return self.notices_sent_at.get(jurisdiction) or self.notices_sent_at.get(EVERYWHERE)


def standing(facts: Facts, told: Iterable[Fact]) -> Facts:
    """`facts` with every statement applied in the order it was recorded."""
    for fact in told:
        facts = _after(facts, fact)
    return facts


def _after(facts: Facts, fact: Fact) -> Facts:
    said, by, at = fact.said, fact.by, fact.at
    now: dict[str, object] = {}
    for name in said.withdrawn:
        now[name] = {} if name in ("notices_sent_at", "residents") else None
    for name in ("discovered_at", "determined_at", "harm_determined_at", "hhs_notified_at"):
        instant = getattr(said, name)
        if instant is not None:
            now[name] = Said(value=instant, by=by, at=at)
    if said.elements:
        now["elements"] = Said(value=said.elements, by=by, at=at)
    if said.encrypted is not None:
        now["encrypted"] = Said(value=said.encrypted, by=by, at=at)
    if said.notices_sent_at:
        now["notices_sent_at"] = _first_letters(facts, fact)
    if said.residents:
        now["residents"] = facts.residents | _each(said.residents, fact)
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


def untrue(said: Statement, facts: Facts, *, now: AwareDatetime) -> tuple[str, str] | None:
    """The first field of a statement that cannot be true, and why; None when all of it can."""
    for name, instant in _instants(said):
        if instant > now:
            return name, "lies in the future"
        if instant < now - _MOST_YEARS:
            return name, "lies too far back"
    for claim in said.extended:
        if claim.until > now + _MOST_YEARS:
            return f"extended.{claim.clock_id}.until", "lies too far ahead"
    after = standing(facts, [Fact(incident_id=facts.incident_id, by="check", at=now, said=said)])
    found, sure = after.discovered_at, after.determined_at
    if found and sure and sure.value < found.value:
        name = "determined_at" if said.determined_at else "discovered_at"
        return name, "the breach would have been determined before it was discovered"
    return None


def _instants(said: Statement) -> Sequence[tuple[str, AwareDatetime]]:
    single = [
        (name, getattr(said, name))
        for name in ("discovered_at", "determined_at", "harm_determined_at", "hhs_notified_at")
    ]
    several = [(f"notices_sent_at.{place}", at) for place, at in said.notices_sent_at.items()]
    several += [(f"fulfilled.{one.clock_id}.at", one.at) for one in said.fulfilled]
    return [(name, at) for name, at in (*single, *several) if at is not None]
