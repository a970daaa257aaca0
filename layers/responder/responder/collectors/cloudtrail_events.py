"""What each principal called, from CloudTrail's event history.

Event history needs no trail, and holds 90 days of management events. It is asked by access key,
and by the name CloudTrail files the identity under, in each region of the findings and in the one
that global services (IAM, STS' global endpoint) report to.
AWS: CloudTrail API Reference, "LookupEvents": two requests a second for an account and region.
"""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from responder.aws.trail import (
    DELIVERY,
    HISTORY,
    MEMBER_PERMISSIONS,
    Question,
    Trail,
    global_region,
)
from responder.aws.vault import Content
from responder.collectors.collector import Collected, Scene
from responder.collectors.failing import together
from responder.domain.errors import Broken
from responder.domain.principal import Principal, PrincipalKind

ID = "cloudtrail.events"
TITLE = "What the principals called"
KINDS: tuple[str, ...] = ()
PERMISSIONS = MEMBER_PERMISSIONS
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "management events only: reads and writes of objects, items and functions are in trails",
    "90 days, and only the regions that were asked",
    "a role's sessions that nobody named are not found by the role's name",
)

MAX_PAGES = 400  # of 50 events, over all questions of one run: over 200 s at two a second
_COVERS = "management events of the principals, as CloudTrail's event history holds them"


@dataclass
class _Lines:
    """Events as gzip JSON lines, each event once, and what could not be read."""

    packed: io.BytesIO = field(default_factory=io.BytesIO)
    seen: set[tuple[str, str]] = field(default_factory=set)
    gaps: list[str] = field(default_factory=list)
    pages_each: int = MAX_PAGES


def collect(scene: Scene) -> Iterator[Collected]:
    """One item with every event found, newest first for each question."""
    since, lines = scene.since, _Lines()
    if since < scene.now - HISTORY:
        since = scene.now - HISTORY
        lines.gaps.append("event history ends 90 days back; older events are in trails only")
    questions = _questions(scene, lines.gaps)
    trail = Trail(scene.clients, scene.pause)
    lines.pages_each = max(1, MAX_PAGES // max(1, len(questions)))
    failures: list[Broken] = []
    # No file name and no time in the gzip header: the same events are the same bytes.
    with gzip.GzipFile(fileobj=lines.packed, mode="wb", filename="", mtime=0) as out:
        for question in questions:
            try:
                _answer(question, since, scene, trail, lines, out)
            except Broken as error:
                failures.append(error)
                lines.gaps.append(f"{question}: {error}")
    if questions and len(failures) == len(questions):
        raise together(failures)
    lines.gaps += [
        f"regions other than {', '.join(sorted({q.region for q in questions})) or 'none'}"
        " were not asked",
        f"events later than {(scene.now - DELIVERY).isoformat()} may not have arrived yet",
    ]
    content = Content(lines.packed.getvalue(), ".jsonl.gz", "application/gzip")
    yield Collected(f"{ID}/{scene.generation:04d}/events", content, _COVERS, tuple(lines.gaps))


def _questions(scene: Scene, gaps: list[str]) -> list[Question]:
    regions = {scene.incident.region, *(finding.region for finding in scene.findings)}
    asked: dict[Question, None] = {}
    for principal in scene.principals:
        attributes = _attributes(principal)
        if not attributes:
            gaps.append(f"a {principal.kind} without access key or name cannot be looked up")
        partition = (principal.arn or "arn:aws:").split(":")[1]
        there = sorted(regions | {global_region(partition)})
        account = principal.account or scene.incident.account
        for region in there:
            asked |= {Question(account, region, *one): None for one in attributes}
    return list(asked)


def _attributes(principal: Principal) -> list[tuple[str, str]]:
    """How event history files this principal. A role's sessions go by their own names."""
    found = []
    if principal.access_key_id is not None:
        found.append(("AccessKeyId", principal.access_key_id))
    if principal.kind is PrincipalKind.IAM_USER and principal.name is not None:
        found.append(("Username", principal.name))
    elif principal.session_name is not None:
        found.append(("Username", principal.session_name))
    elif principal.kind is PrincipalKind.ROOT:
        found.append(("Username", "root"))
    return found


def _answer(
    question: Question,
    since: datetime,
    scene: Scene,
    trail: Trail,
    lines: _Lines,
    out: gzip.GzipFile,
) -> None:
    oldest, cut = scene.now, False
    for page in trail.look_up(question, since=since, until=scene.now, most_pages=lines.pages_each):
        cut = page.more
        for event in page.events:
            oldest = event.get("EventTime", oldest)
            identity = (question.region, event["EventId"])
            if identity not in lines.seen:
                lines.seen.add(identity)
                out.write(_line(question, event))
    if cut:
        lines.gaps.append(
            f"{question}: cut after {lines.pages_each} pages;"
            f" events before {oldest.isoformat()} were not read"
        )


def _line(question: Question, event: dict[str, Any]) -> bytes:
    """`event` holds the record as CloudTrail wrote it, as text, so that no byte of it changes."""
    line = {
        "account": question.account,
        "region": question.region,
        "asked": {question.attribute: question.value},
        "event_id": event["EventId"],
        "event": event.get("CloudTrailEvent", ""),
    }
    return json.dumps(line, ensure_ascii=True).encode("ascii") + b"\n"
