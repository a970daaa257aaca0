"""Copies the objects of a log bucket in bundles, as far as time and the most to be copied go."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from responder.aws.log_bucket import Fetched, Listed, LogBucket
from responder.collectors.bundle import MAX_BYTES, Bundle
from responder.collectors.collector import Collected, Scene
from responder.collectors.contents import as_lines
from responder.domain.errors import Broken
from responder.domain.model import Model

MAX_OBJECTS = 20_000  # of one collector, in one generation of an incident
MAX_COPIED_BYTES = 2 * 1024 * 1024 * 1024  # likewise, as they lie there
_LARGEST_BYTES = MAX_BYTES - 64 * 1024
_GAPS = 40
_DELETED = 500  # deleted objects of one folder whose versions are looked for
_REFUSALS = 20  # so many in a row, and nothing read: the rest would be refused too
type Look = Callable[[Fetched], Mapping[str, Any]]


class Stand(Model):
    """How far copying is: part of a bookmark."""

    after: str = ""  # the last key that was copied, or could not be
    part: int = 0
    objects: int = 0
    copied_bytes: int = 0
    not_copied: str = ""  # the first key, once there is no more to be copied

    def next_folder(self) -> None:
        """Begin with the first key again, of something else."""
        self.after, self.part = "", 0

    @property
    def gaps(self) -> list[str]:
        """What was left out because there is too much of it, if anything."""
        if not self.not_copied:
            return []
        return [
            f"no more than {MAX_OBJECTS} objects and {MAX_COPIED_BYTES} bytes are copied for one"
            f" incident: {self.not_copied} and what was listed after it were not"
        ]


@dataclass
class _Part:
    """A bundle that is being filled, with what was said of each of its members."""

    bundle: Bundle = field(default_factory=Bundle)
    looked: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def _nothing_more(_: Fetched) -> Mapping[str, Any]:
    return {}


def copy(
    scene: Scene,
    bucket: LogBucket,
    listed: Iterable[Listed],
    stand: Stand,
    where: str,
    covers: str,
    look: Look = _nothing_more,
    looked: str = "reads",
) -> Generator[Collected, None, bool]:
    """Bundles of these objects, which come in order of key; beside each, in an item whose name
    begins with `looked`, when each object was read and what `look` says of it.

    Returns whether that was all, or all that may be copied; otherwise `stand` says where to go on.
    Raises `Broken` where nothing can be read.
    """
    part, refused = _Part(), 0
    for one in listed:
        if one.key <= stand.after:
            continue
        if stand.objects >= MAX_OBJECTS or stand.copied_bytes + one.size_bytes > MAX_COPIED_BYTES:
            stand.not_copied = stand.not_copied or one.key
            break
        if not scene.has_time():
            yield from _items(part, stand, where, covers, looked)
            return False
        if not part.bundle.has_room(min(one.size_bytes, _LARGEST_BYTES)):
            yield from _items(part, stand, where, covers, looked)
            part = _Part()
        try:
            fetched = bucket.get(one.key, most_bytes=_LARGEST_BYTES)
            _take(fetched, part, stand, look, scene.read_at())
        except Broken as error:
            part.looked.append({"key": one.key, "failed": str(error)})
            part.gaps.append(f"{one.key} was not copied: {error}")
            refused += 1
            if refused >= _REFUSALS and not part.bundle.members and not stand.objects:
                raise
        stand.after = one.key
    yield from _items(part, stand, where, covers, looked)
    return True


def copy_deleted(
    scene: Scene, bucket: LogBucket, keys: Sequence[str], where: str, look: Look
) -> Iterator[Collected]:
    """One bundle of what stood under keys that have nothing any more, where versions are kept."""
    part = _Part()
    for number, key in enumerate(keys):
        if number >= _DELETED or not scene.has_time():
            part.gaps.append(
                f"versions of {len(keys) - number} deleted objects were not looked for"
            )
            break
        try:
            version = bucket.newest_version(key)
            if version is None:
                part.looked.append({"key": key, "failed": "the bucket has no version of it"})
                continue
            fetched = bucket.get(key, most_bytes=_LARGEST_BYTES, version_id=version)
            _take(fetched, part, Stand(), look, scene.read_at())
        except Broken as error:
            part.looked.append({"key": key, "failed": str(error)})
            part.gaps.append(f"versions of {key} could not be read: {error}")
    covers = "what was deleted, in the version that the bucket has kept"
    yield from _items(part, Stand(), f"{where}/deleted", covers, "validation")


def few(gaps: Sequence[str]) -> tuple[str, ...]:
    """The first of many gaps of one kind, for a record of limited size; the item has them all."""
    more = len(gaps) - _GAPS
    return (*gaps[:_GAPS], f"and {more} more, in the item") if more > 0 else tuple(gaps)


def _take(fetched: Fetched, part: _Part, stand: Stand, look: Look, read_at: datetime) -> None:
    member = part.bundle.add(fetched.source["key"], fetched.body, fetched.source)
    told = {
        "key": fetched.source["key"],
        "name": member.name,
        "sha256": member.sha256,
        "read_at": read_at,
        "request_id": fetched.request_id,
    }
    part.looked.append(told | dict(look(fetched)))
    stand.objects += 1
    stand.copied_bytes += len(fetched.body)


def _items(part: _Part, stand: Stand, where: str, covers: str, looked: str) -> Generator[Collected]:
    """Their names tell what is in them: a run that begins again may find other objects there."""
    if not part.looked and not part.gaps:
        return
    name = f"{stand.part:04d}-{part.bundle.mark}"
    if part.bundle.members:
        yield Collected(f"{where}/files-{name}", part.bundle.content(), covers)
    said = f"what was found out about each object of files-{name}"
    yield Collected(f"{where}/{looked}-{name}", as_lines(part.looked), said, few(part.gaps))
    stand.part += 1
