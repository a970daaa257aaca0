"""The log files of the trails, byte for byte, and whether they are as CloudTrail delivered them.

Management and data events alike, in whole files. Each day of each region is listed first, and its
digests are judged; then its files are copied in bundles, with what the digests say of each.
AWS: CloudTrail User Guide, "CloudTrail log file name format" and "Custom implementations of
CloudTrail log file integrity validation".
"""

from collections.abc import Generator, Iterator
from datetime import datetime

from pydantic import AwareDatetime, Field

from responder.aws.log_bucket import MEMBER_PERMISSIONS, VERSIONS, Fetched, Listed, LogBucket
from responder.aws.trail import DELIVERY, global_region
from responder.collectors import trail_places
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, as_lines
from responder.collectors.contents import place as place_of
from responder.collectors.log_objects import (
    Stand,
    copy,
    copy_deleted,
)
from responder.collectors.reads import Reads
from responder.collectors.trail_digests import Result
from responder.collectors.trail_places import Day, Place, ask_trails, days, places
from responder.collectors.trail_validation import delivered, judged
from responder.domain.errors import Broken
from responder.domain.model import Model

ID = "cloudtrail.log_files"
TITLE = "The log files of the trails"
KINDS: tuple[str, ...] = ()
PERMISSIONS = (
    MEMBER_PERMISSIONS | VERSIONS | trail_places.PERMISSIONS | {"cloudtrail:ListPublicKeys"}
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "only what a trail was set to log: the item `trails` says what that is",
    "files of Insights and of aggregated events are not copied",
    "of what was deleted the version is copied that a versioned bucket has kept; of what was"
    " overwritten the earlier version is not: the bucket may still hold it",
    "a valid file is one that CloudTrail delivered; that every call was logged it does not prove",
)

MAX_LISTED = 50_000  # of one day in one region
_COVERS = "log files as they lie in the bucket, with their index"


class _Bookmark(Model):
    """What is to be copied, how far that is, and what came of it so far."""

    until: AwareDatetime
    places: list[Place]
    day: int = 0  # of all days of all regions of all places
    is_judged: bool = False  # the day is listed, and its digests are judged
    copying: Stand = Field(default_factory=Stand)
    results: dict[str, int] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)  # by bucket

    def count(self, what: str, by: int = 1) -> None:
        if by:
            self.results[what] = self.results.get(what, 0) + by


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """The trails; of each day a listing, digests, verdicts and bundles of files; a summary."""
    if scene.bookmark:
        mark = _Bookmark.model_validate(scene.bookmark)
    else:
        trails, mark = _trails(scene)
        yield trails
    for day in _days(scene, mark)[mark.day :]:
        if not scene.has_time() or not (yield from _day(scene, mark, day)):
            yield Later(mark.model_dump(mode="json"))
            return
        mark.day, mark.is_judged = mark.day + 1, False
        mark.copying.next_folder()
    yield _summary(scene, mark)


def _days(scene: Scene, mark: _Bookmark) -> list[Day]:
    account, since = scene.incident.account, scene.since
    return [day for one in mark.places for day in days(one, account, since, mark.until)]


def _trails(scene: Scene) -> tuple[Collected, _Bookmark]:
    account, regions, gaps = scene.incident.account, _regions(scene), list[str]()
    reads = Reads(scene.read_at, absent=frozenset({"InsightNotEnabledException"}))
    trails = ask_trails(scene.clients, account, regions, reads)
    if reads.failure is not None:
        raise reads.failure
    found = places(scene.clients, account, regions, trails, gaps)
    for region in regions:
        if not any(region in one.regions for one in found):
            gaps.append(f"no trail was found that logs {account} in {region}")
    content = as_json({"account": account, "trails": trails, "reads": reads.values})
    covers = "the trails that log the account, whether they do, and what they are set to log"
    gaps += [*reads.gaps, f"regions other than {', '.join(regions)} were not asked"]
    item = Collected(f"{ID}/{scene.generation:04d}/trails", content, covers, tuple(gaps))
    return item, _Bookmark(until=scene.now, places=found)


def _regions(scene: Scene) -> list[str]:
    """The incident's first. IAM and other global services are logged in a region of their own."""
    arns = [one.arn for one in scene.principals if one.arn]
    partition = arns[0].split(":")[1] if arns else "aws"
    named = (scene.incident.region, *(one.region for one in scene.findings))
    return list(dict.fromkeys((*named, global_region(partition))))


def _day(scene: Scene, mark: _Bookmark, day: Day) -> Generator[Collected, None, bool]:
    """What a day has, as far as time goes. Returns whether it is done."""
    place = day.place
    if place.bucket in mark.refused:
        return True
    told = place_of("bucket", place.bucket, f"{place.bucket}/{place.folder}")
    where = f"{ID}/{scene.generation:04d}/{told}/{day.region}/{day.at:%Y%m%d}"
    bucket = LogBucket(place.bucket, scene.clients.s3(day.account, place.home))
    try:
        found = judged(scene, bucket, day)
        listed, gaps = _listed(bucket, day, scene.since)
        if not mark.is_judged:
            yield _listing(where, day, listed, gaps)
            # Behind the last key that was listed, nobody knows what is there.
            missing = [] if gaps else found.missing([one.key for one in listed], scene.since)
            yield from found.items(where, missing)
            yield from copy_deleted(scene, bucket, missing, where, found.look)
            mark.count(f"log files {Result.MISSING}", len(missing))
            for one in found.of_the_day():
                mark.count(f"digests {'valid' if one.valid else 'not valid'}")
            mark.is_judged = True

        def look(fetched: Fetched) -> dict[str, str]:
            told = found.look(fetched)
            mark.count(f"log files {told['result']}")
            return told

        stand = mark.copying
        return (yield from copy(scene, bucket, listed, stand, where, _COVERS, look, "validation"))
    except Broken as error:
        mark.refused[place.bucket] = str(error)
        return True


def _listed(bucket: LogBucket, day: Day, since: datetime) -> tuple[list[Listed], list[str]]:
    """What may have events of the window. A file has those of the minutes before it is delivered;
    what has no such name was not put there by CloudTrail, and is copied too.
    """
    found, earliest = list[Listed](), f"{since:%Y%m%dT%H%M}"
    for one in bucket.listed(day.folder):
        if len(found) >= MAX_LISTED:
            return found, [f"cut after {MAX_LISTED} objects: {one.key} and later were not listed"]
        stamp = delivered(one.key)
        if not (stamp.startswith(f"{day.at:%Y%m%d}") and stamp < earliest):
            found.append(one)
    return found, []


def _listing(where: str, day: Day, listed: list[Listed], gaps: list[str]) -> Collected:
    size_bytes = sum(one.size_bytes for one in listed)
    covers = (
        f"what lies below {day.folder}, before any of it was copied:"
        f" {len(listed)} objects, {size_bytes} bytes"
    )
    return Collected(f"{where}/listing", as_lines(map(vars, listed)), covers, tuple(gaps))


def _summary(scene: Scene, mark: _Bookmark) -> Collected:
    copying, gaps = mark.copying, list[str]()
    for bucket, why in mark.refused.items():
        gaps.append(
            f"{bucket} could not be read ({why}): name it in LogBuckets of stacks/member-role.yaml,"
            " and its key in LogKeys; where another account owns it, its bucket policy has to let"
            " the role in as well"
        )
    gaps += copying.gaps
    good = (f"log files {Result.VALID}", "digests valid")
    gaps += [f"{what}: {number}" for what, number in mark.results.items() if what not in good]
    gaps.append(
        f"events later than {(mark.until - DELIVERY).isoformat()} may not have been delivered yet"
    )
    document = {
        "since": scene.since,
        "until": mark.until,
        "places": [one.model_dump(mode="json") for one in mark.places],
        "objects": copying.objects,
        "bytes": copying.copied_bytes,
        "results": mark.results,
        "refused": mark.refused,
    }
    name = f"{ID}/{scene.generation:04d}/summary"
    covers = "how many log files were copied, and what validation says of them"
    return Collected(name, as_json(document), covers, tuple(gaps))
