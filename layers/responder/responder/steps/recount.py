"""Count every clock of an incident again, from what is on record now.

Assessing, ticking and recording all begin or end with this, so a run that died after a fact was
recorded is made good by whichever comes next. A clock notes how many statements it has heard: a
later date needs a reason among those that it had not.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from responder.aws import records as recorded
from responder.aws.clocks import Stored
from responder.aws.records import Records
from responder.domain.clock import Clock
from responder.domain.continuity import Heard, continued
from responder.domain.disposition import disposed
from responder.domain.errors import Unavailable
from responder.domain.facts import Fact, Facts, standing
from responder.regimes import REGIMES
from responder.regimes.assess import assess, still

PERMISSIONS = recorded.PERMISSIONS
_TRIES = 5  # the tracker, the sweep and a person at most count one incident at the same moment


def recount(incident_id: str, records: Records, *, now: datetime) -> list[Stored]:
    """Start clocks that are missing, and bring the others up to date. May run again.

    A clock that the facts no longer give rise to is never dropped: only an answer ends one.
    """
    for _ in range(_TRIES):
        stored = _written(incident_id, records, now)
        if stored is not None:
            return stored
    raise Unavailable(f"the clocks of {incident_id} are being written by others; try again")


def counted_of(facts: Facts, stored: Sequence[Clock], *, now: datetime) -> list[Clock]:
    """Every clock of an incident: those that the facts give rise to, and those it has already.

    A place stays a place once a clock was started for it, also when the stack is told of others, or
    a count is withdrawn. Of a clock whose rule is gone, what people answered and the time count.
    """
    places = dict.fromkeys((*facts.jurisdictions, *(clock.jurisdiction for clock in stored)))
    counted = assess(facts.model_copy(update={"jurisdictions": tuple(places)}), REGIMES, now=now)
    ruled = {clock.clock_id for clock in counted}
    gone = [clock for clock in stored if clock.clock_id not in ruled]
    counted += [still(clock, facts, now=now) for clock in gone]
    return [disposed(clock, facts) for clock in counted]


def _written(incident_id: str, records: Records, now: datetime) -> list[Stored] | None:
    """Write what differs, and say how all stand. None if another wrote one since we read it."""
    clocks = records.clocks
    # The clocks first: what is recorded after that, and counted by another, makes our write fail.
    stored = clocks.stored(incident_id)
    unsaid, told = records.unsaid(incident_id), records.facts.all(incident_id)
    clocks_before = [one.clock for one in stored]
    counted = counted_of(standing(unsaid, told), clocks_before, now=now)
    known = {one.clock.clock_id: one for one in stored}
    heard = _heard(unsaid, told, clocks_before, now)
    new = [
        clock.model_copy(update={"heard": len(told)})
        for clock in counted
        if clock.clock_id not in known
    ]
    changes = [
        (before, after)
        for clock in counted
        if (before := known.get(clock.clock_id)) is not None
        and (after := continued(before.clock, clock, now=now, heard=heard(before.clock)))
        != before.clock
    ]
    if not new and not changes:
        return stored
    if not all(clocks.add(clock) for clock in new) or not clocks.replace_together(changes):
        return None
    return clocks.stored(incident_id)


def _heard(
    unsaid: Facts, told: Sequence[Fact], stored: Sequence[Clock], now: datetime
) -> Callable[[Clock], Heard]:
    """What each clock did not hear yet. Counted without it once, because most heard the same."""

    @cache
    def without(heard: int) -> dict[str, datetime | None]:
        counted = counted_of(standing(unsaid, told[:heard]), stored, now=now)
        return {clock.clock_id: clock.due_at for clock in counted}

    def heard(clock: Clock) -> Heard:
        new = told[clock.heard :]
        due = without(clock.heard).get(clock.clock_id) if new else None
        return Heard(len(told), new, due)

    return heard
