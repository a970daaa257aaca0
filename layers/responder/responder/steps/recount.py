"""Count every clock of an incident again, from what is on record now.

Assessing, ticking and recording all begin or end with this, so a run that died after a fact was
recorded is made good by whichever comes next.
"""

from collections.abc import Sequence
from datetime import datetime

from responder.aws import records as recorded
from responder.aws.clocks import Clocks, Stored
from responder.aws.records import Records
from responder.domain.clock import Clock, continued
from responder.domain.errors import Unavailable
from responder.regimes import REGIMES
from responder.regimes.assess import assess

PERMISSIONS = recorded.PERMISSIONS
_TRIES = 5  # the tracker, the sweep and a person at most count one incident at the same moment


def recount(incident_id: str, records: Records, *, now: datetime) -> list[Stored]:
    """Start clocks that are missing, and bring the others up to date. May run again.

    A clock that the facts no longer give rise to is left as it is: only an answer ends one.
    """
    counted = assess(records.standing(incident_id), REGIMES, now=now)
    for _ in range(_TRIES):
        stored = _written(counted, records.clocks, incident_id, now)
        if stored is not None:
            return stored
    raise Unavailable(f"the clocks of {incident_id} are being written by others; try again")


def _written(
    counted: Sequence[Clock], clocks: Clocks, incident_id: str, now: datetime
) -> list[Stored] | None:
    """Write what differs, and say how all stand. None if another wrote one since we read it."""
    stored = clocks.stored(incident_id)
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
