"""Who read which customer's record, as the shop's own applications wrote it down.

The log groups are the shop's to name (parameter `AuditLogGroups`), in the account and region of the
incident. They are searched for the principals, access keys and addresses that findings name.
"""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import AwareDatetime, Field

from responder.collectors import insights
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, place
from responder.collectors.insights import Ask, Asked, answer, asks, is_group, is_word, retention
from responder.collectors.reads import Reads
from responder.domain.model import Model

ID = "app.audit"
TITLE = "Who read customers' records, by the shop's own audit"
KINDS: tuple[str, ...] = ()
PERMISSIONS = insights.PERMISSIONS
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what an application does not write down, and what it wrote elsewhere, is not there",
    "applications write what they want: unlike CloudTrail's, these events are signed by nobody",
    "only events with one of the names, keys and addresses of the findings in their text",
    "log groups of other accounts and regions than the incident's are not searched",
)

MAX_WORDS = 120
_AGAIN = timedelta(seconds=10)
_NONE = (
    "no log group is named that holds the shop's access audit (AuditLogGroups of template.yaml):"
    " which records were read through the applications is not known from it"
)


class _Bookmark(Model):
    """What is searched for, and how far that is."""

    until: AwareDatetime
    groups: tuple[str, ...]
    words: tuple[str, ...]
    step: int = 0
    asked: Asked = Field(default_factory=Asked)


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """What is searched, and for what; then an item for each search."""
    if scene.bookmark:
        mark = _Bookmark.model_validate(scene.bookmark)
    else:
        first, mark = _groups(scene)
        yield first
    account, region = scene.incident.account, scene.incident.region
    every: list[Ask] = [
        ask for group in mark.groups for ask in asks("audit", account, region, group, mark.words)
    ]
    for ask in every[mark.step :]:
        name = f"{ID}/{scene.generation:04d}/{place(ask.about, ask.group, ask.group)}"
        is_done = scene.has_time() and (
            yield from answer(scene, ask, mark.asked, name, since=scene.since, until=mark.until)
        )
        if not is_done:
            yield Later(mark.model_dump(mode="json"), _AGAIN)
            return
        mark.step, mark.asked = mark.step + 1, Asked()


def _groups(scene: Scene) -> tuple[Collected, _Bookmark]:
    reads, gaps = Reads(scene.read_at), list[str]()
    named = scene.options.audit_log_groups
    groups = tuple(dict.fromkeys(one for one in named if is_group(one)))
    if not named:
        gaps.append(_NONE)
    if len(groups) < len(set(named)):
        gaps.append("AuditLogGroups names something that is no log group")
    if groups:
        logs = scene.clients.logs(scene.incident.account, scene.incident.region)
        for group in groups:
            gaps += retention(reads, logs, group, scene.since)
    words = _words(scene, gaps)
    content = as_json(
        {
            "account": scene.incident.account,
            "region": scene.incident.region,
            "log_groups": groups,
            "searched_for": words,
            "since": scene.since,
            "until": scene.now,
            "reads": reads.values,
        }
    )
    name = f"{ID}/{scene.generation:04d}/groups"
    covers = "which log groups hold the shop's access audit, and what they are searched for"
    item = Collected(name, content, covers, (*reads.gaps, *gaps))
    return item, _Bookmark(until=scene.now, groups=groups, words=words)


def _words(scene: Scene, gaps: list[str]) -> tuple[str, ...]:
    """Names, keys and addresses of the findings. An attacker may have chosen any of them."""
    told = [
        *(key for one in scene.principals if (key := one.access_key_id)),
        *(
            name
            for one in scene.principals
            for name in (one.session_name, one.name)
            if name is not None
        ),
        *(address for finding in scene.findings for address in finding.addresses),
    ]
    every = list(dict.fromkeys(told))
    words = [one for one in every if is_word(one)]
    if not every:
        gaps.append("findings name no principal, access key or address")
    if len(words) < len(every):
        gaps.append(
            f"{len(every) - len(words)} names of the findings are too short, or have characters"
            " that no search may have; they were not searched for"
        )
    if len(words) > MAX_WORDS:
        gaps.append(f"searched for {MAX_WORDS} of {len(words)} names only")
    return tuple(words[:MAX_WORDS])
