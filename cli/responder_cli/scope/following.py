"""Follows the principals through all objects of a folder, and counts what they did."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from responder.domain.lineage import Node
from responder.scan.following import Scope, begun
from responder.scan.log_names import is_other
from responder.scan.pursuit import needles_of
from responder_cli.scope.reading import Readers

# Told of each object that was read: what for, how many there are.
type Progress = Callable[[str, int], Callable[[], None]]


def logs_in(folder: Path) -> list[Path]:
    """Every object that may hold calls, in order of its name. Digests and insights are none."""
    found = (path for path in folder.rglob("*.json*") if path.is_file())
    return sorted(
        p for p in found if p.name.endswith((".json", ".json.gz")) and not is_other(p.name)
    )


def follow(
    paths: Sequence[Path],
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
        done = progress(f"Looking, round {following.rounds + 1}", len(paths))
        for path, sought in zip(paths, readers.sought(paths, wanted), strict=True):
            done()
            following.take(str(path), sought)
        following.grow()
    lineage, tally = following.lineage, following.tally()
    chosen = [(one, following.again.of(str(one))) for one in paths if str(one) in following.holding]
    done = progress("Counting", len(chosen))
    for part in readers.tallied(chosen, needles_of(lineage), lineage, since, until):
        done()
        tally.join(part)
    return following.scope(tally)
