"""Count every clock of an incident again, from what is on record now.

Assessing, ticking and recording all begin or end with this, so a run that died after a fact was
recorded is made good by whichever comes next.
"""

from collections.abc import Sequence
from datetime import datetime

from responder.aws import records as recorded
from responder.aws.clocks import Stored
from responder.aws.records import Records
from responder.domain.clock import Clock, continued
from responder.domain.errors import Unavailable
from responder.domain.facts import Facts
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
    return counted + [still(clock, facts, now=now) for clock in gone]


def _written(incident_id: str, records: Records, now: datetime) -> list[Stored] | None:
    """Write what differs, and say how all stand. None if another wrote one since we read it."""
    clocks = records.clocks
    # The clocks first: what is recorded after that, and counted by another, makes our write fail.
    stored = clocks.stored(incident_id)
    facts = records.standing(incident_id)
    counted = counted_of(facts, [one.clock for one in stored], now=now)
    known = {one.clock.clock_id: one for one in stored}
    new = [clock for clock in counted if clock.clock_id not in known]
    changes = [
        (known[clock.clock_id], after)
        for clock in counted
        if clock.clock_id in known
        and (after := continued(known[clock.clock_id].clock, clock, now=now))
        != known[clock.clock_id].clock
    ]
    if not new and not changes:
        return stored
    if not all(clocks.add(clock) for clock in new) or not clocks.replace_together(changes):
        return None
    return clocks.stored(incident_id)
