"""What people said about one clock, beside what its law makes of the facts.

An answer that its duty was done, or is not asked of us, is part of counting. That somebody owns a
clock, or that counsel waives what may be owed, changes nothing about the law: it is laid over the
count. All of it stands until a later answer about the same clock.
"""

from responder.domain.clock import Acknowledgement, Clock, ClockState, Standing
from responder.domain.facts import Facts
from responder.domain.statement import Fulfilled, Reopened


def disposed(clock: Clock, facts: Facts) -> Clock:
    """A clock as it was counted, with who owns it, who waived it, and the proof that it was done.

    Waiving ends only what is open: a duty that was done, or never asked, has nothing to waive.
    """
    seen = facts.acknowledged.get(clock.clock_id)
    told = facts.answers.get(clock.clock_id)
    update: dict[str, object] = {
        "acknowledged": seen and Acknowledgement(by=seen.by, at=seen.at, why=seen.value.why),
        "ended_how": None,
    }
    if told is not None and not isinstance(told.value, Reopened):
        answer = told.value
        update["ended_how"] = answer.how if isinstance(answer, Fulfilled) else answer.why
    waived = facts.waived.get(clock.clock_id)
    if waived is not None and (clock.is_open or clock.state is ClockState.WAIVED):
        said = f"Waived, though it may be owed, as {waived.by} recorded: {waived.value.why}"
        update |= {
            "state": ClockState.WAIVED,
            "standing": Standing.CONFIRMED,
            "ended_at": waived.at,
            "ended_by": waived.by,
            "ended_how": waived.value.why,
            "why": tuple(dict.fromkeys((*clock.why, said))),
        }
    return clock.model_copy(update=update)
