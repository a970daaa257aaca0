"""The next rung, for what is seen again after it was contained. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from responder.domain.ladder import Ladder, of_principal, of_thing
from responder.domain.order import About, Target
from responder.domain.standing import Standing


@dataclass(frozen=True)
class Wider:
    """A cut that takes more with it, and since when the smaller one is known to stand."""

    target: Target
    contained_at: datetime


def wider(
    target: Target, seen_at: datetime, stands: Mapping[About, Standing], *, guarded: bool = False
) -> Wider | None:
    """The next rung about what `target` is about; None unless it was seen after it was contained.

    A rung that is asked about, or was not carried out, is waited for: rungs come one at a time.
    """
    ladder = _ladder(target, guarded=guarded)
    of_it = {about[0]: so_far for about, so_far in stands.items() if about[1] == target.resource}
    held = [of_it[rung].contained_at for rung in ladder.first if rung in of_it]
    climbed = [rung for rung in ladder.wider if rung in of_it]
    instants = [at for at in (*held, *(of_it[rung].contained_at for rung in climbed)) if at]
    if not instants or any(of_it[rung].contained_at is None for rung in climbed):
        return None
    left = [rung for rung in ladder.wider if rung not in of_it and rung != target.action_id]
    if not left or seen_at <= max(instants):
        return None
    return Wider(
        target=Target(
            action_id=left[0],
            resource=target.resource,
            principal=target.principal,
            thing=target.thing,
        ),
        contained_at=max(instants),
    )


def _ladder(target: Target, *, guarded: bool) -> Ladder:
    if target.principal is not None:
        return of_principal(target.principal, guarded=guarded)
    found = None if target.thing is None else of_thing(target.thing)
    return Ladder(()) if found is None else found
