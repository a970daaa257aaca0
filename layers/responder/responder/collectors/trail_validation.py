"""What the digests of a day say of its log files, with all that is needed to say it again."""

import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from responder.aws.log_bucket import Fetched, LogBucket
from responder.collectors.bundle import Bundle
from responder.collectors.collector import Collected, Scene
from responder.collectors.contents import as_json
from responder.collectors.log_objects import few
from responder.collectors.reads import Reads
from responder.collectors.trail_digests import (
    Digest,
    Result,
    Verdict,
    claims,
    judge,
    read_digest,
    stamp_of,
    unpacked_sha256,
)
from responder.collectors.trail_places import Day
from responder.domain.errors import Broken

_DIGEST_BYTES = 4 * 1024 * 1024  # one names the files of an hour, some 400 bytes for each
_UNPACKED_BYTES = 32 * 1024 * 1024
_DELIVERED = re.compile(r"_CloudTrail_[a-z0-9-]+_([0-9]{8}T[0-9]{4})Z_\w+\.json\.gz\Z", re.ASCII)
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=26)  # of midnight; one ends every hour
_COVERS_DIGESTS = "CloudTrail's digest files of the day, with the signatures of their metadata"
_COVERS = "whether the digests of the day are CloudTrail's own, and which files they miss"


@dataclass
class Judged:
    """The digests of a day and of the hours beside it, and what they say of log files."""

    day: Day
    fetched: list[Fetched] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    claims: dict[tuple[str, str], str] = field(default_factory=dict)
    newest: str = ""  # the end of the newest valid digest
    keys: dict[str, Any] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)

    def look(self, fetched: Fetched) -> dict[str, str]:
        """What validation says of a log file."""
        try:
            found = unpacked_sha256(fetched.body)
        except Broken as error:
            return {"result": Result.UNREADABLE, "why": str(error)}
        named = self.claims.get((fetched.source["bucket"], fetched.source["key"]))
        told = {"unpacked_sha256": found, "in_the_digest": named or ""}
        if named is not None:
            return told | {"result": Result.VALID if found == named else Result.DIFFERS}
        modified = f"{fetched.source['last_modified']:%Y%m%dT%H%M%SZ}"
        return told | {"result": Result.TOO_NEW if modified > self.newest else Result.NOT_COVERED}

    def missing(self, listed: Collection[str], since: datetime) -> list[str]:
        """The log files of the day that a valid digest names, and that are not there."""
        there, earliest = set(listed), f"{since:%Y%m%dT%H%M}"
        return sorted(
            key
            for bucket, key in self.claims
            if bucket == self.day.place.bucket
            and key.startswith(self.day.folder)
            and key not in there
            and delivered(key) >= earliest
        )

    def of_the_day(self) -> list[Verdict]:
        """Without those of the hours beside it, which other days tell of."""
        return [one for one in self.verdicts if stamp_of(one.key)[:8] == f"{self.day.at:%Y%m%d}"]

    def items(self, where: str, missing: list[str]) -> Iterator[Collected]:
        """The digests as they lie there, and the verdicts with the keys that they were made by."""
        bundle, told = Bundle(), self.of_the_day()
        keys = {one.key for one in told}
        for one in self.fetched:
            if one.source["key"] in keys and bundle.has_room(len(one.body)):
                bundle.add(one.source["key"], one.body, one.source)
        gaps = list(self.gaps)
        if not told:
            gaps.append(
                f"no digest file ends on {self.day.at:%Y-%m-%d} in {self.day.region}: log file"
                " validation is off, or they are gone; whether its log files are as CloudTrail"
                " delivered them cannot be said"
            )
        gaps += [f"digest {one.key}: {one.why}" for one in told if not one.valid]
        gaps += [f"the digest before {one.key} {one.previous}" for one in told if one.breaks]
        gaps += few([f"{key} is missing: a valid digest names it" for key in missing])
        document = {
            "bucket": self.day.place.bucket,
            "folder": self.day.folder,
            "digests": [asdict(one) for one in told],
            "missing": missing,
            "public_keys": self.keys,
        }
        if bundle.members:
            name = f"{where}/digests-{bundle.mark}"
            yield Collected(name, bundle.content(), _COVERS_DIGESTS)
        yield Collected(f"{where}/validation", as_json(document), _COVERS, tuple(gaps))


def delivered(key: str) -> str:
    """The minute in the name of a log file, such as 20261123T1255; empty where it has none."""
    found = _DELIVERED.search(key)
    return found[1] if found else ""


def judged(scene: Scene, bucket: LogBucket, day: Day) -> Judged:
    """Read what there is to judge the files of a day by. Raises `Broken` for what may not be."""
    found, digests, unread = Judged(day), list[Digest](), list[str]()
    earliest, latest = (f"{day.at + span:%Y%m%dT%H%M%SZ}" for span in (-_BEFORE, _AFTER))
    for folder in day.folders_of_digests:
        for one in bucket.listed(folder):
            if not day.is_digest(one.key) or not earliest <= stamp_of(one.key) <= latest:
                continue
            try:
                fetched = bucket.get(one.key, most_bytes=_DIGEST_BYTES)
            except Broken as error:
                unread.append(one.key)
                found.gaps.append(f"digest {one.key} could not be read: {error}")
                continue
            found.fetched.append(fetched)
            _read(fetched, found, digests)
    public_keys = _public_keys(scene, day, found) if digests else {}
    verdicts = judge(digests, public_keys, read_from=earliest, unread=unread)
    found.verdicts += verdicts
    found.claims = claims(digests, verdicts)
    found.newest = max((stamp_of(one.key) for one in verdicts if one.valid), default="")
    return found


def _read(fetched: Fetched, found: Judged, digests: list[Digest]) -> None:
    source = fetched.source
    try:
        digests.append(
            read_digest(
                source["bucket"],
                source["key"],
                fetched.body,
                fetched.metadata,
                most_bytes=_UNPACKED_BYTES,
            )
        )
    except Broken as error:
        found.verdicts.append(Verdict(source["key"], False, str(error), ""))


def _public_keys(scene: Scene, day: Day, found: Judged) -> dict[str, bytes]:
    """Those in use around the day, of each region that a trail of the place lives in."""
    reads, keys = Reads(scene.read_at), dict[str, bytes]()
    for home in dict.fromkeys(trail.home for trail in day.place.trails):
        told = reads.pages(
            f"public keys of {home}",
            scene.clients.cloudtrail(day.account, home),
            "list_public_keys",
            "PublicKeyList",
            StartTime=day.at - _BEFORE,
            EndTime=min(day.at + _AFTER, scene.now),
        )
        keys |= {one["Fingerprint"]: one["Value"] for one in told or []}
    found.keys = reads.values
    found.gaps += reads.gaps
    return keys
