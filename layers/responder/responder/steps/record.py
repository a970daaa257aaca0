"""Record a fact or an answer of counsel, and count again.

A person invokes it with what they know, and leaves out the rest:

    {"incident_id": "inc-20261123-0a1b2c3d4e", "by": "counsel@example.com",
     "discovered_at": "2026-11-23T09:00:00-08:00", "determined_at": "2026-11-24T16:00:00-08:00",
     "residents": {"US-CA": 1200, "US-NY": 40}}

Other instants: `reason_to_believe_at`, `notified_by_provider_at`, `scope_identified_at`,
`threshold_known_at`, `hhs_notified_at`, `material_at`, `material_information_at`, `ransom_paid_at`;
`notices_sent_at` and `notices_planned_at`, one instant or one for each state. About us and the
data: `elements`, `encrypted`, `role` (owner, service_provider, both), `conditions`; `residents`
takes places and, for a regime that is none, its name. Decisions: `holds` (`jurisdictions`,
`agency`, `requested_at`, `ended_at`, `how`), `harm` (`jurisdictions`, `harm`, `determined_at`,
`how`). About clocks: `fulfilled` (`clock_id`, `at`, `how`), `not_owed` and `reopened` (`clock_id`,
`why`), `extended` (`clock_id`, `until`, `reason`, `how`), `acknowledged` (`clock_id`, and `why` if
you like: you own it, and once it is missed it is not told again), `waived` (`clock_id`, `why`: it
may be owed, and counsel does not pursue it), `accepted` (`clock_id`, `why`: a later date that a
release or a finding gave may stand). Why a date moves later: `because`. What was wrong:
`withdrawn`.
Answers about several clocks are lists. What is said stands until it is said otherwise, and every
statement is kept. One by which a date of a law moves later is refused without `because`, the
reason. `notices_sent_at` is when the first letter went: it starts what is counted from the letters,
and ends nothing, because the first letter is not the last. Of several dates for one place the
earliest stands until it is withdrawn; one for all places counts where none was said. Who records
only that the individuals were told has said that the first letter went by then. `by` is what the
caller says; IAM decides who may invoke this at all, and CloudTrail keeps who did.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ConfigDict, ValidationError

from responder.aws import timeline as events
from responder.aws.clocks import Stored
from responder.aws.records import Records
from responder.aws.timeline import Timeline
from responder.domain.clock import Clock, ClockState, Standing
from responder.domain.continuity import excuse, is_firm, is_later
from responder.domain.errors import Refused
from responder.domain.escaping import one_line
from responder.domain.facts import Fact, Facts, standing, untrue
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.domain.statement import Extended, Person, Statement
from responder.regimes import REGIMES
from responder.regimes.places import unknown
from responder.report.summary import name_of
from responder.report.wording import day, plain
from responder.sources import envelope
from responder.steps import recount as counting
from responder.steps.recount import counted_of, recount

PERMISSIONS = counting.PERMISSIONS | events.PERMISSIONS
_ABOUT_CLOCKS = (
    "fulfilled",
    "not_owed",
    "reopened",
    "extended",
    "acknowledged",
    "waived",
    "accepted",
)


class _Who(Model):
    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    by: Person


class RecordRequest(Model):
    """What a person says about an incident."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    by: Person
    said: Statement


class RecordedClock(Model):
    """How one clock stands now."""

    clock_id: str
    state: ClockState
    standing: Standing
    due_at: AwareDatetime | None
    act_by: str | None


class RecordAnswer(Model):
    """Under which id it was recorded, how every clock stands, and what changed by it."""

    recorded: str
    clocks: list[RecordedClock]
    changed: list[str]


def read_request(event: object) -> RecordRequest:
    """What a person typed. Raises `Refused` naming the field, and nothing is recorded."""
    if not isinstance(event, dict):
        raise Refused("nothing was recorded: an object with incident_id, by and a fact is wanted")
    told: dict[str, Any] = {str(name): value for name, value in event.items()}
    who = {name: told.pop(name) for name in ("incident_id", "by") if name in told}
    try:
        person = _Who.model_validate(who)
    except ValidationError as error:
        raise Refused(f"nothing was recorded: {_problem(error)}") from None
    said = read_statement(told)
    return RecordRequest(incident_id=person.incident_id, by=person.by, said=said)


def read_statement(told: dict[str, Any]) -> Statement:
    """The facts alone. Raises `Refused` naming the field."""
    try:
        return Statement.model_validate(told)
    except ValidationError as error:
        raise Refused(f"nothing was recorded: {_problem(error)}") from None


def record(
    request: RecordRequest, *, records: Records, timeline: Timeline, now: datetime
) -> RecordAnswer:
    """Keep the statement, and count every clock again. Said twice at once, it is one statement."""
    incident_id = request.incident_id
    facts = records.standing(incident_id)
    before = records.clocks.stored(incident_id)
    fact = Fact(incident_id=incident_id, by=request.by, at=now, said=request.said)
    _check(fact, facts, before)
    fact_id = records.facts.add(fact)
    after = recount(incident_id, records, now=now)
    changed = _changed(before, after)
    timeline.record(
        incident_id,
        f"recorded:{fact_id}",
        at=now,
        by=request.by,
        text=_summary(request.said, changed),
    )
    return RecordAnswer(
        recorded=fact_id, clocks=[_shown(one.clock) for one in after], changed=changed
    )


def _check(fact: Fact, facts: Facts, stored: Sequence[Stored]) -> None:
    """Refuse what cannot be true, is about no clock, or moves a date later without a reason."""
    said, now = fact.said, fact.at
    wrong = unknown(said, REGIMES) or untrue(said, facts, now=now)
    if wrong is not None:
        raise Refused(f"nothing was recorded: field {wrong[0]}: {wrong[1]}")
    clocks = {one.clock.clock_id: one.clock for one in stored}
    was = counted_of(facts, list(clocks.values()), now=now)
    will = counted_of(standing(facts, [fact]), list(clocks.values()), now=now)
    known = {clock.clock_id: clock for clock in will}
    for name in _ABOUT_CLOCKS:
        for answer in getattr(said, name):
            if answer.clock_id not in known:
                raise Refused(
                    f"nothing was recorded: field {name}.clock_id: there is no clock"
                    f" {answer.clock_id}; there are {', '.join(sorted(known))}"
                )
    for one in said.accepted:
        if one.clock_id not in clocks or clocks[one.clock_id].later_at is None:
            raise Refused(
                f"nothing was recorded: field accepted.clock_id: no later date of {one.clock_id}"
                " waits to be accepted; for a later date by what you say, give `because`"
            )
    over = {c.clock_id: c.state for c in was if not c.is_open and c.state is not ClockState.WAIVED}
    for decision in said.waived:
        if decision.clock_id in over:
            raise Refused(
                f"nothing was recorded: field waived.clock_id: {decision.clock_id} is"
                f" {over[decision.clock_id]}; there is nothing to waive"
            )
    for claim in said.extended:
        _check_claim(claim, known[claim.clock_id], was, now=now)
    _check_later(said, clocks, was, will)


def _check_claim(claim: Extended, counted: Clock, was: Iterable[Clock], *, now: datetime) -> None:
    """Whether the law knows such a reason, allows so much, and is asked before it is too late."""
    rule = next((r for one in REGIMES for r in one.rules if r.id == claim.clock_id), None)
    allowed = [one.reason for one in rule.extensions] if rule is not None else []
    if claim.reason not in allowed:
        raise Refused(
            f"nothing was recorded: field extended.reason: the rule of {claim.clock_id} knows"
            f" {', '.join(allowed) or 'no such reason'}, and not {claim.reason}"
        )
    over = next((c.due_at for c in was if c.clock_id == claim.clock_id), None)
    if over is not None and over < now:
        raise Refused(
            f"nothing was recorded: field extended.clock_id: the date of {claim.clock_id} passed"
            f" on {day(over, counted.time_zone)}, and is not put off any more"
        )
    if counted.due_at is not None and counted.due_at < claim.until:
        raise Refused(
            f"nothing was recorded: field extended.until: for {plain(claim.reason)} the law allows"
            f" {claim.clock_id} until {day(counted.due_at, counted.time_zone)} at the latest"
        )


def _check_later(
    said: Statement, stored: Mapping[str, Clock], was: Iterable[Clock], will: Iterable[Clock]
) -> None:
    """Without a reason, no date that a law sets moves later."""
    before = {clock.clock_id: clock.due_at for clock in was}
    later = [
        (told, clock)
        for clock in will
        if (told := stored.get(clock.clock_id)) is not None
        and is_firm(told)
        and is_later(clock.due_at, before[clock.clock_id])
        and is_later(clock.due_at, told.due_at)
    ]
    moved = [
        f"{clock.clock_id} from {_date(told.due_at, clock.time_zone)} to"
        f" {_date(clock.due_at, clock.time_zone)}"
        for told, clock in later
        if excuse(clock, said) is None
    ]
    if moved:
        raise Refused(
            "nothing was recorded: field because: a date that a law sets would move later:"
            f" {'; '.join(moved)}. If that is right, say all of it again with the reason:"
            ' "because": "why the later instant is the right one"'
        )
    waits = [
        clock.clock_id
        for told, clock in later
        if told.later_at is not None and excuse(clock, said) == said.because
    ]
    if waits:
        raise Refused(
            f"nothing was recorded: field because: a later date of {', '.join(waits)} already waits"
            " to be accepted; record `accepted` of it first, for its own reason"
        )


def _date(at: datetime | None, time_zone: str) -> str:
    return "no date" if at is None else day(at, time_zone)


def _changed(before: Iterable[Stored], after: Iterable[Stored]) -> list[str]:
    """What a person should know that their statement did."""
    was = {one.clock.clock_id: one.clock for one in before}
    changed = []
    surer: list[str] = []
    for clock in (one.clock for one in after):
        old = was.get(clock.clock_id)
        if old is None:
            changed.append(f"{name_of(clock)}: new, {_stands(clock)}")
        elif _stands(old) != _stands(clock):
            changed.append(f"{name_of(clock)}: {_stands(clock)}; before, {_stands(old)}")
        elif clock.acknowledged is not None and old.acknowledged != clock.acknowledged:
            changed.append(f"{name_of(clock)}: owned by {clock.acknowledged.by}")
        elif old.standing is not clock.standing:
            surer.append(f"{name_of(clock)}: {clock.standing.value}, its date unchanged")
    return changed + surer


def _stands(clock: Clock) -> str:
    due = f", due {day(clock.due_at, clock.time_zone)}" if clock.due_at else ""
    how = f" ({one_line(clock.ended_how, 200)})" if clock.ended_how else ""
    return f"{plain(clock.state.value)}{how}{due}"


def _summary(said: Statement, changed: list[str]) -> str:
    names = ", ".join(plain(name) for name in said.names if name != "because")
    because = f", because: {said.because}" if said.because else ""
    if not changed:
        return f"Recorded {names}{because}. No clock changed by it."
    return one_line(f"Recorded {names}{because}. {'. '.join(changed)}.", 1500)


def _shown(clock: Clock) -> RecordedClock:
    return RecordedClock(
        clock_id=clock.clock_id,
        state=clock.state,
        standing=clock.standing,
        due_at=clock.due_at,
        act_by=clock.act_by.isoformat() if clock.act_by else None,
    )


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "of the statement"
    message = envelope.plain(first["msg"])
    if first["type"] == "extra_forbidden":
        message = f"there is no such field; there are {', '.join(Statement.model_fields)}"
    if first["type"] in ("timezone_aware", "datetime_from_date_parsing", "datetime_parsing"):
        message = "a time with its offset is wanted, like 2026-11-23T09:00:00-08:00"
    return one_line(f"field {field}: {message}", 400)
