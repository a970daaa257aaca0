"""What the digests of a day say of its log files, with all that is needed to say it again."""

import re
from collections.abc import Collection, Iterator, Mapping
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
    judge,
    read_digest,
    stamp_of,
    unpacked_sha256,
)
from responder.collectors.trail_places import Day
from responder.domain.errors import Broken

_DIGEST_BYTES = 4 * 1024 * 1024  # one names the files of an hour, some 400 bytes for each
_UNPACKED_BYTES = 16 * 1024 * 1024  # as JSON, it takes several times that while it is read
_DELIVERED = re.compile(r"_CloudTrail_[a-z0-9-]+_([0-9]{8}T[0-9]{4})Z_\w+\.json\.gz\Z", re.ASCII)
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=26)  # of midnight; one ends every hour
_COVERS_DIGESTS = "CloudTrail's digest files of the day, with the signatures of their metadata"
_COVERS = "whether the digests of the day are CloudTrail's own, and which files they miss"


@dataclass
class Judged:
    """The digests of a day and of the hours beside it, and what they say of log files."""

    day: Day
    bundle: Bundle = field(default_factory=Bundle)  # of those that end on the day
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
        return [one for one in self.verdicts if self.is_of_the_day(one.key)]

    def is_of_the_day(self, key: str) -> bool:
        """Whether a digest with this key ends on the day."""
        return stamp_of(key).startswith(f"{self.day.at:%Y%m%d}")

    def items(self, where: str, missing: list[str]) -> Iterator[Collected]:
        """The digests as they lie there, and the verdicts with the keys that they were made by."""
        told, gaps = self.of_the_day(), list(self.gaps)
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
        if self.bundle.members:
            name = f"{where}/digests-{self.bundle.mark}"
            yield Collected(name, self.bundle.content(), _COVERS_DIGESTS)
        yield Collected(f"{where}/validation", as_json(document), _COVERS, tuple(gaps))


def delivered(key: str) -> str:
    """The minute in the name of a log file, such as 20261123T1255; empty where it has none."""
    found = _DELIVERED.search(key)
    return found[1] if found else ""


def judged(scene: Scene, bucket: LogBucket, day: Day) -> Judged:
    """Read what there is to judge the files of a day by. Raises `Broken` for what may not be."""
    found, digests, unread = Judged(day), list[Digest](), list[str]()
    earliest, latest = (f"{day.at + span:%Y%m%dT%H%M%SZ}" for span in (-_BEFORE, _AFTER))
    keys = [
        one.key
        for folder in day.folders_of_digests
        for one in bucket.listed(folder)
        if day.is_digest(one.key) and earliest <= stamp_of(one.key) <= latest
    ]
    public_keys = _public_keys(scene, day, found) if keys else {}
    for key in keys:
        try:
            fetched = bucket.get(key, most_bytes=_DIGEST_BYTES)
        except Broken as error:
            unread.append(key)
            found.gaps.append(f"digest {key} could not be read: {error}")
            continue
        if (digest := _read(fetched, found, public_keys)) is None:
            unread.append(key)
        else:
            digests.append(digest)
    found.verdicts += judge(digests, read_from=earliest, unread=unread)
    found.newest = max((stamp_of(one.key) for one in found.verdicts if one.valid), default="")
    return found


def _read(fetched: Fetched, found: Judged, public_keys: Mapping[str, bytes]) -> Digest | None:
    source = fetched.source
    if found.is_of_the_day(source["key"]):
        if found.bundle.has_room(len(fetched.body)):
            found.bundle.add(source["key"], fetched.body, source)
        else:
            found.gaps.append(f"digest {source['key']} was not copied: there are too many")
    try:
        digest, claims = read_digest(
            source["bucket"],
            source["key"],
            fetched.body,
            fetched.metadata,
            public_keys,
            most_bytes=_UNPACKED_BYTES,
        )
    except Broken as error:
        found.verdicts.append(Verdict(source["key"], False, str(error), ""))
        return None
    found.claims |= claims
    return digest


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
