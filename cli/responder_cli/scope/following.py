"""Follows the principals through all objects, and counts what they did."""

from collections.abc import Callable, Sequence
from datetime import datetime

from responder.domain.lineage import Node
from responder.scan.following import Scope, begun
from responder.scan.pursuit import needles_of
from responder_cli.scope.reading import Readers

# Told of each object that was read: what for, how many there are.
type Progress = Callable[[str, int], Callable[[], None]]


def follow(
    names: Sequence[str],
    seeds: Sequence[Node],
    keys: Sequence[str],
    readers: Readers,
    progress: Progress,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Scope:
    """Whatever the seeds did, and what they made did. `keys` are access keys of an unknown owner.

    Raises `Refused` where no log knows a key.
    """
    following = begun(seeds, keys, since=since, until=until)
    while wanted := following.wanted:
        done = progress(f"Looking, round {following.rounds + 1}", len(names))
        for name, sought in zip(names, readers.sought(names, wanted), strict=True):
            done()
            following.take(name, sought, covers=not following.rounds)
        following.grow()
    lineage, tally = following.lineage, following.tally()
    chosen = [(one, following.again.of(one)) for one in names if one in following.holding]
    done = progress("Counting", len(chosen))
    for part in readers.tallied(chosen, needles_of(lineage), lineage, since, until):
        done()
        tally.join(part)
    return following.scope(tally)
