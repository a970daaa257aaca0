"""A jurisdiction whose law is not in this package: never ignored, never guessed.

Counsel is given a short target to find out what is owed there; 72 hours is the shortest general
limit of the large regimes (Regulation (EU) 2016/679, Art. 33(1)).
"""

from datetime import UTC, datetime, timedelta

from responder.domain.clock import Anchor, Clock, ClockKind, ClockState, Standing
from responder.domain.facts import Facts
from responder.domain.statement import AnchorName, Fulfilled, NotOwed, Reopened

WITHIN = timedelta(hours=72)


def unlisted(place: str, facts: Facts, *, now: datetime) -> Clock:
    """The clock that asks counsel what the law of `place` demands."""
    clock_id = f"{place.lower()}-unlisted"
    found = facts.discovered_at
    at = (facts.earliest_at if found is None else found.value).astimezone(UTC)
    due = at + WITHIN
    why = [
        f"The law of {place} is not in this release, so nothing else is counted for it.",
        f"{int(WITHIN.total_seconds()) // 3600} hours after {at:%Y-%m-%d %H:%M:%S} UTC, a target"
        " of our own, is when counsel should have said what is owed there.",
    ]
    state = ClockState.MISSED if now > due else ClockState.RUNNING
    ended_at, ended_by = None, None
    told, count = facts.answers.get(clock_id), facts.residents.get(place)
    if told is not None and not isinstance(told.value, Reopened):
        answer: Fulfilled | NotOwed = told.value
        fulfilled = isinstance(answer, Fulfilled)
        state = ClockState.FULFILLED if fulfilled else ClockState.NOT_OWED
        ended_at, ended_by = (answer.at if isinstance(answer, Fulfilled) else told.at), told.by
        said = answer.how if isinstance(answer, Fulfilled) else answer.why
        why.append(f"Answered by {told.by}: {said}")
    elif count is not None and count.value == 0:
        state, ended_at, ended_by = ClockState.NOT_OWED, count.at, "count"
        why.append(f"Nobody who lives there is affected, recorded by {count.by}.")
    return Clock(
        clock_id=clock_id,
        incident_id=facts.incident_id,
        jurisdiction=place,
        jurisdiction_name=place,
        recipient="counsel",
        recipient_name="counsel, about a law we do not hold",
        kind=ClockKind.POLICY,
        standing=Standing.PROVISIONAL if ended_at is None else Standing.CONFIRMED,
        state=state,
        line=f"{place}: no law of it here; our own target, 72 hours → {due:%Y-%m-%d %H:%M} UTC.",
        rule=f"Have counsel say what the law of {place} demands of us, and by when.",
        citation="None: our own target, not law.",
        sources=(),
        confidence="none",
        verified_on=None,
        anchor=Anchor(name=AnchorName.DISCOVERY, at=at, assumed=found is None),
        due_at=due,
        act_by=None,
        why=tuple(why),
        started_at=now,
        ended_at=ended_at,
        ended_by=ended_by,
    )
