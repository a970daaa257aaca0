"""What the network's logs have of the addresses and machines that findings name.

Flow logs, DNS queries and web requests: events are searched where they are in CloudWatch Logs, and
files are copied as they are where they lie in S3.
"""

import ipaddress
import re
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, Field

from responder.aws.log_bucket import MEMBER_PERMISSIONS, Listed, LogBucket
from responder.collectors import insights, network_sources
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, place
from responder.collectors.insights import Ask, Asked, answer, asks
from responder.collectors.log_objects import Stand, copy, few
from responder.collectors.network_sources import (
    SAID,
    Kind,
    Network,
    Source,
    look,
    look_at_cloudfront,
)
from responder.collectors.reads import Reads
from responder.domain.errors import Broken
from responder.domain.model import Model

ID = "logs.network"
TITLE = "What the network's logs have"
KINDS: tuple[str, ...] = ()
PERMISSIONS = MEMBER_PERMISSIONS | insights.PERMISSIONS | network_sources.PERMISSIONS
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "not retroactive: what was not switched on then is not known now",
    "interfaces of instances only; those of tasks, functions and databases are not looked for",
    "flow logs have no contents, and not the traffic to DNS, DHCP, metadata and time of AWS",
    "an event is kept where its text has an address or id in it, which can be part of a longer one",
    "what goes to Firehose, and files of more than 32 MB, is not copied",
)

MAX_WORDS = 120  # of one kind of log: a finding may name many addresses
MAX_SOURCES = 40
_SLACK = timedelta(minutes=15)  # a file has the events of the minutes before the time in its name
_STAMP = re.compile(r"_([0-9]{8}T[0-9]{4})Z_", re.ASCII)
_AGAIN = timedelta(seconds=10)
_COVERS = "files of {kind} as they lie in the bucket, with their index"


class _Bookmark(Model):
    """What is to be searched and copied, and how far that is."""

    until: AwareDatetime
    words: dict[Kind, tuple[str, ...]]
    sources: list[Source]
    step: int = 0
    asked: Asked = Field(default_factory=Asked)
    copying: Stand = Field(default_factory=Stand)
    refused: dict[str, str] = Field(default_factory=dict)  # by bucket
    empty: list[str] = Field(default_factory=list)  # folders that have nothing of the window


type _Step = Ask | tuple[Source, datetime]


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """Which logs there are; then an item for each search, and bundles of files; a summary."""
    if scene.bookmark:
        mark = _Bookmark.model_validate(scene.bookmark)
    else:
        sources, mark = _sources(scene)
        yield sources
    for step in list(_steps(scene, mark))[mark.step :]:
        if not scene.has_time() or not (yield from _step(scene, mark, step)):
            yield Later(mark.model_dump(mode="json"), _AGAIN)
            return
        mark.step, mark.asked = mark.step + 1, Asked()
        mark.copying.next_folder()
    yield _summary(scene, mark)


def _sources(scene: Scene) -> tuple[Collected, _Bookmark]:
    absent = frozenset({"InvalidInstanceID.NotFound", "WAFNonexistentItemException"})
    reads, gaps, since = Reads(scene.read_at, absent=absent), list[str](), scene.since
    named = (scene.incident.region, *(one.region for one in scene.findings))
    regions = list(dict.fromkeys(named))
    networks = [look(scene, region, reads, since) for region in regions]
    if not scene.incident.region.startswith(("cn-", "us-gov-")):
        networks.append(look_at_cloudfront(scene, reads, since))
    if reads.failure is not None:
        raise reads.failure
    words = _words(scene, networks, gaps)
    sources = [one for network in networks for one in network.sources]
    if len(sources) > MAX_SOURCES:
        gaps.append(f"{len(sources) - MAX_SOURCES} of {len(sources)} sources were left out")
    for kind in dict.fromkeys(one.kind for one in sources if one.group):
        if not words[kind]:
            gaps.append(f"findings name nothing that {SAID[kind]} could be searched for")
    gaps += [gap for network in networks for gap in network.gaps]
    content = as_json(
        {
            "account": scene.incident.account,
            "regions": regions,
            "searched_for": words,
            "sources": [one.model_dump() for one in sources],
            "reads": reads.values,
        }
    )
    covers = "which logs of the network there are, with their formats, and what is searched for"
    name = f"{ID}/{scene.generation:04d}/sources"
    item = Collected(name, content, covers, few([*reads.gaps, *gaps]))
    return item, _Bookmark(until=scene.now, words=words, sources=sources[:MAX_SOURCES])


def _words(
    scene: Scene, networks: Iterable[Network], gaps: list[str]
) -> dict[Kind, tuple[str, ...]]:
    """What findings name, in the one form that logs have it in; anything else is left out."""
    addresses = dict[str, None]()
    for told in dict.fromkeys(one for finding in scene.findings for one in finding.addresses):
        try:
            addresses[str(ipaddress.ip_address(told))] = None
        except ValueError:
            gaps.append("a finding names an address that is none; it was not searched for")
    interfaces = sorted({one for network in networks for one in network.interfaces})
    machines = [
        *sorted({one for network in networks for one in network.instances}),
        *sorted({one for network in networks for one in network.private_addresses}),
    ]
    if not addresses and not interfaces:
        gaps.append("findings name no address and no interface")
    found: dict[Kind, list[str]] = {
        "flow": [*addresses, *interfaces],
        "dns": machines,
        "waf": list(addresses),
    }
    for kind, some in found.items():
        if len(some) > MAX_WORDS:
            gaps.append(f"{SAID[kind]} are searched for {MAX_WORDS} of {len(some)} words only")
    return {kind: tuple(filter(insights.is_word, some[:MAX_WORDS])) for kind, some in found.items()}


def _steps(scene: Scene, mark: _Bookmark) -> Iterator[_Step]:
    """Each search once, whatever delivers into the group; each day of each bucket."""
    searched, account, since = set[tuple[str, str, Kind]](), scene.incident.account, scene.since
    for source in mark.sources:
        if source.group:
            which = (source.region, source.group, source.kind)
            if which not in searched and insights.is_group(source.group):
                searched.add(which)
                about = f"{source.kind}-{source.region}"
                words = mark.words[source.kind]
                yield from asks(about, account, source.region, source.group, words)
            continue
        day = datetime(since.year, since.month, since.day, tzinfo=UTC)
        while day <= mark.until:
            yield source, day
            day += timedelta(days=1)


def _step(scene: Scene, mark: _Bookmark, step: _Step) -> Generator[Collected, None, bool]:
    at, since = f"{ID}/{scene.generation:04d}", scene.since
    if isinstance(step, Ask):
        name = f"{at}/{place(step.about, step.group, step.group)}"
        return (yield from answer(scene, step, mark.asked, name, since=since, until=mark.until))
    source, day = step
    if source.bucket in mark.refused:
        return True
    told = place(source.kind, source.about, f"{source.bucket}/{source.above}/{source.only}")
    bucket = LogBucket(source.bucket, scene.clients.s3(scene.incident.account, source.region))
    covers, where = _COVERS.format(kind=SAID[source.kind]), f"{at}/{told}/{day:%Y%m%d}"
    try:
        listed = list(_listed(bucket, source, day, since, mark.until))
        if not listed and len(mark.empty) < MAX_SOURCES:
            mark.empty.append(f"{source.bucket}/{source.folder(day)}")
        return (yield from copy(scene, bucket, listed, mark.copying, where, covers))
    except Broken as error:
        mark.refused[source.bucket] = str(error)
        return True


def _listed(
    bucket: LogBucket, source: Source, day: datetime, since: datetime, until: datetime
) -> Iterator[Listed]:
    """The files of the window that this source has delivered."""
    for one in bucket.listed(source.folder(day)):
        found = _STAMP.search(one.key.rpartition("/")[2])
        stamp = found[1] if found else ""
        is_in = f"{since - _SLACK:%Y%m%dT%H%M}" <= stamp <= f"{until:%Y%m%dT%H%M}"
        if source.only in one.key and (is_in or not stamp):
            yield one


def _summary(scene: Scene, mark: _Bookmark) -> Collected:
    copying = mark.copying
    gaps = [
        f"{bucket} could not be read ({why}): LogBuckets of stacks/member-role.yaml has to name it,"
        " and the bucket's own policy has to let the role in where another account owns it"
        for bucket, why in mark.refused.items()
    ]
    gaps += copying.gaps
    gaps += [f"{folder} has no file of the window" for folder in mark.empty]
    document = {
        "since": scene.since,
        "until": mark.until,
        "objects": copying.objects,
        "bytes": copying.copied_bytes,
        "refused": mark.refused,
    }
    name = f"{ID}/{scene.generation:04d}/summary"
    covers = "how many files of logs were copied, and what could not be"
    return Collected(name, as_json(document), covers, tuple(gaps))
