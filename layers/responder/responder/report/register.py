"""The register of breaches: one row for each incident, also where nobody had to be told.

Regulation (EU) 2016/679, Art. 33(5): the controller documents any personal data breaches, their
facts, effects and the remedial action taken. PIPEDA s. 10.3 with SOR/2018-64 s. 6: a record of
every breach, kept for 24 months after the day on which it was determined. Several states of the
United States want a written determination of no harm kept for years: `Keeping`. Pure: the
row says what is on record, and what nobody recorded is None or said to be unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from dateutil.relativedelta import relativedelta

from responder.domain.clock import Clock, ClockState
from responder.domain.escaping import one_line
from responder.domain.facts import Facts
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.order import Receipt, ReceiptStatus
from responder.domain.statement import Reopened
from responder.report.register_row import Row
from responder.report.summary import name_of
from responder.report.wording import counted, day, in_utc, plain

_MOST = 20  # findings and cuts that one row names
_LONGEST = 400  # characters of what somebody else wrote
_BY_NUMBER = "Not owed at the number of people on record."


@dataclass(frozen=True)
class Keeping:
    """For how long a row is kept, by what the laws of this release say."""

    months: int  # of every breach, after it was determined
    no_harm_years: Mapping[str, int]  # of a determination that no harm is likely, by jurisdiction


def row(
    incident: Incident,
    *,
    findings: Sequence[Finding],
    facts: Facts,
    clocks: Sequence[Clock],
    receipts: Sequence[Receipt],
    keeping: Keeping,
) -> Row:
    """The row of one incident. Drills have one too, and say so."""
    found, sure = facts.discovered_at, facts.determined_at
    elements, over = facts.elements, incident.closed
    people: dict[str, int | None] = {clock.jurisdiction: None for clock in clocks}
    people |= {place: told.value for place, told in facts.residents.items()}
    return Row(
        incident_id=incident.id,
        drill=incident.drill,
        status=incident.status.value,
        opened_at=incident.opened_at,
        closed_at=over.at if over else None,
        closed_by=one_line(over.by, _LONGEST) if over else None,
        closed_because=one_line(over.why, _LONGEST) if over else None,
        what=tuple(
            dict.fromkeys(
                one_line(text, _LONGEST)
                for text in [
                    incident.title,
                    *(f"{one.type}: {one.title}" for one in findings[:_MOST]),
                ]
            )
        ),
        discovered_at=(found.value if found else facts.earliest_at).astimezone(UTC),
        discovered_by=found.by if found else None,
        determined_at=sure.value.astimezone(UTC) if sure else None,
        determined_by=sure.by if sure else None,
        data=tuple(plain(one) for one in elements.value) if elements else None,
        encrypted=facts.encrypted.value if facts.encrypted else None,
        people=dict(sorted(people.items())),
        effects=_effects(facts, people),
        remedy=tuple(_remedy(receipts)),
        decided_by=_decided_by(facts),
        notified=tuple(_done(c) for c in clocks if c.state is ClockState.FULFILLED),
        not_notified=tuple(
            _why_not(c) for c in clocks if c.state in (ClockState.NOT_OWED, ClockState.WAIVED)
        ),
        still_open=tuple(_open(c) for c in clocks if c.is_open),
        keep_until=_keep_until(incident, facts, clocks, keeping),
    )


def _effects(facts: Facts, people: dict[str, int | None]) -> str:
    counts = [number for number in people.values() if number is not None]
    unknown = sorted(place for place, number in people.items() if number is None)
    said = [
        f"{counted(sum(counts), 'person', 'persons')} counted as affected."
        if counts
        else "Nobody counted who was affected."
    ]
    if unknown and counts:
        said.append(f"Not counted: {', '.join(unknown)}.")
    if facts.elements is None:
        said.append("Nobody recorded which data.")
    if facts.encrypted is not None:
        said.append(
            "All of it was encrypted, and the key was not taken."
            if facts.encrypted.value
            else "It was not all encrypted, or the key was taken."
        )
    return " ".join(said)


def _remedy(receipts: Sequence[Receipt]) -> Iterable[str]:
    for receipt in receipts[:_MOST]:
        what = f"{receipt.order.action_id} on {one_line(receipt.order.resource, _LONGEST)}"
        if receipt.status is ReceiptStatus.CONTAINED and receipt.contained_at is not None:
            yield f"{what}: contained {in_utc(receipt.contained_at)}"
        else:
            yield f"{what}: {plain(receipt.status.value)}"
    if len(receipts) > _MOST:
        yield f"{len(receipts) - _MOST} more in the report"


def _decided_by(facts: Facts) -> tuple[str, ...]:
    told = [facts.determined_at, *facts.answers.values(), *facts.waived.values()]
    return tuple(
        dict.fromkeys(
            one_line(one.by, _LONGEST)
            for one in told
            if one is not None and not isinstance(one.value, Reopened)
        )
    )


def _done(clock: Clock) -> str:
    return _line(clock, "told", clock.ended_how or "no proof on record")


def _why_not(clock: Clock) -> str:
    return _line(clock, plain(clock.state.value), clock.ended_how or _BY_NUMBER)


def _line(clock: Clock, what: str, why: str) -> str:
    at = f" {in_utc(clock.ended_at)}" if clock.ended_at else ""
    by = f", {clock.ended_by}" if clock.ended_by else ""
    return one_line(f"{name_of(clock)}: {what}{at}{by}: {why}", _LONGEST)


def _open(clock: Clock) -> str:
    due = f", due {day(clock.due_at, clock.time_zone)}" if clock.due_at else ""
    return one_line(f"{name_of(clock)}: {plain(clock.state.value)}{due}", _LONGEST)


def _keep_until(
    incident: Incident, facts: Facts, clocks: Sequence[Clock], keeping: Keeping
) -> date:
    begun = (facts.determined_at.value if facts.determined_at else incident.opened_at).date()
    until = [begun + relativedelta(months=keeping.months)]
    for clock in clocks:
        years = keeping.no_harm_years.get(clock.jurisdiction)
        decided = facts.answers.get(clock.clock_id) or facts.harm_at(clock.jurisdiction)
        if clock.state is ClockState.NOT_OWED and decided is not None and years is not None:
            until.append(decided.at.date() + relativedelta(years=years))
    return max(until)
