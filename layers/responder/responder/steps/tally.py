"""Count what woke people in a week, what was told quietly, and what led to nothing.

By what it was about and by finding type, so that noise is seen and something is changed because of
it. The schedule has it told on the quiet topic; a person gets the same to read.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from responder.aws import ledger as table
from responder.aws import pager as paging
from responder.aws import silences as quiet_times
from responder.aws.correlations import Recorded
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.notices import Notices
from responder.aws.pager import Page, Pager
from responder.aws.silences import Silences
from responder.aws.snoozable import QUIETLY
from responder.domain.escaping import one_line
from responder.domain.incident import Incident
from responder.domain.milestone import Audience
from responder.domain.model import Model
from responder.domain.silence import Silence

PERMISSIONS = table.PERMISSIONS | table.SCANNING | quiet_times.PERMISSIONS | paging.PERMISSIONS
_PAGE = "PAGE"
_SHOWN = 40  # types, and silences, in what is told
_KINDS = {
    "": "opened: the pager",
    "call": "nobody answered: the next person",
    "left": "an order left to a person: the pager",
    "touched": "somebody undid a cut: the pager",
    "rehash": "evidence not as recorded: the pager",
    "stuck": "a question past its time: the pager",
    "void": "an answer that does not count: the pager",
    "too-late": "an answer that came too late: the pager",
    QUIETLY: "told quietly",
}


class TallyRequest(Model):
    """What the schedule sends: `tell`; or a person, for so many days."""

    days: int = Field(default=7, ge=1, le=90)
    tell: bool = False
    now: AwareDatetime | None = None


class OfType(Model):
    """What findings of one type led to."""

    type: str
    paged: int = 0
    quiet: int = 0
    recorded: int = 0


class OfSilence(Model):
    """One silence that was in force, and how many incidents it kept quiet."""

    text: str
    about: str
    incidents: int


class TallyAnswer(Model):
    """A week of noise. `pages` are by what they were about, and by which way they were told.

    `people` are those of the rota whom a page was for, however many phones it rang on.
    """

    since: AwareDatetime
    until: AwareDatetime
    incidents: int
    closed: int
    pages: dict[str, int]
    people: dict[str, int]
    types: list[OfType]
    recorded: dict[str, int]
    silences: list[OfSilence]


def tally(
    request: TallyRequest,
    *,
    incidents: Incidents,
    notices: Notices,
    silences: Silences,
    ledger: Ledger,
    quiet: Pager,
    now: datetime,
) -> TallyAnswer:
    """Count, and tell if that is asked. May run again: what was told of a day is told once."""
    since = now - timedelta(days=request.days)
    every = incidents.every()
    opened = [one for one in every if since <= one.opened_at <= now]
    found = _recorded(ledger, since, now)
    pages = [page for one in every for page in _pages(ledger, one.id, since, now)]
    answer = TallyAnswer(
        since=since,
        until=now,
        incidents=len(opened),
        closed=sum(one.closed is not None and since <= one.closed.at <= now for one in every),
        pages=_most(Counter(_kind(about, page) for about, page in pages)),
        people=_most(Counter(who for about, page in pages for who in _whom(about, page))),
        types=_types(opened, found, incidents, notices),
        recorded=_most(Counter(one.reason for one in found)),
        silences=[
            OfSilence(
                text=one.text, about=one.about, incidents=len(silences.covered(one.silence_id))
            )
            for one in silences.all()
            if _was_in_force(one, since, now)
        ],
    )
    if request.tell:
        quiet.page(
            f"noise-{now:%Y-%m-%d}",
            subject=f"[NOISE] {sum(answer.pages.values())} told of, {request.days} days",
            text=_text(answer),
            now=now,
        )
    return answer


def _pages(
    ledger: Ledger, incident_id: str, since: datetime, until: datetime
) -> Iterator[tuple[str, Page]]:
    """Each page about an incident in that time, and what it was about."""
    for item in ledger.items(incident_pk(incident_id), _PAGE):
        page = Page.model_validate_json(item.body)
        at = page.claimed_at if page.by_channel else page.sent_at
        if at is not None and since <= at <= until:
            yield item.sk.removeprefix(_PAGE).removeprefix("#"), page


def _whom(about: str, page: Page) -> tuple[str, ...]:
    """Nobody by what is told quietly: that wakes nobody."""
    if about.partition(":")[0] == QUIETLY:
        return ()
    if page.by_channel:
        return ("whoever Incident Manager called",)
    return page.people or ("whoever the topic pages",)


def _kind(about: str, page: Page) -> str:
    if page.by_channel:
        return "opened: Incident Manager"
    known = _KINDS.get(about.partition(":")[0])
    if known is not None:
        return known
    above = about.endswith(f":{Audience.ESCALATION}")
    return f"a deadline: {'the escalation topic' if above else 'the pager'}"


def _recorded(ledger: Ledger, since: datetime, until: datetime) -> list[Recorded]:
    """What led to no incident, day by day."""
    days = [since + timedelta(days=n) for n in range((until.date() - since.date()).days + 1)]
    found = [item for day in days for item in ledger.items(f"RECORDED#{day:%Y-%m-%d}", "arn:")]
    told = [Recorded.model_validate_json(item.body) for item in found]
    return [one for one in told if since <= one.recorded_at <= until]


def _types(
    opened: list[Incident], found: list[Recorded], incidents: Incidents, notices: Notices
) -> list[OfType]:
    types = dict[str, OfType]()

    def of(type_: str) -> OfType:
        name = one_line(type_, 120)
        return types.setdefault(name, OfType(type=name))

    for incident in opened:
        told = notices.get(incident.id)
        is_quiet = told is not None and not told.loud
        for finding in incidents.findings(incident.id):
            one = of(finding.type)
            one.quiet += is_quiet
            one.paged += not is_quiet
    for each in found:
        of(each.finding.type).recorded += 1
    return sorted(types.values(), key=lambda one: (-one.paged, -one.quiet, one.type))


def _was_in_force(one: Silence, since: datetime, until: datetime) -> bool:
    return one.begins_at <= until and one.over_at >= since


def _most(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def _text(answer: TallyAnswer) -> str:
    lines = [
        f"From {answer.since:%Y-%m-%d %H:%M} to {answer.until:%Y-%m-%d %H:%M} UTC: "
        f"{answer.incidents} incidents opened, {answer.closed} closed.",
        "",
        "Who was told of what:",
        *(f"- {times} x {kind}" for kind, times in answer.pages.items()),
        "",
        "Whom a page was for:",
        *(f"- {times} x {one_line(who, 120)}" for who, times in answer.people.items()),
        "",
        "Findings by type: in an incident that paged / that was quiet / recorded only",
        *(f"- {o.paged} / {o.quiet} / {o.recorded}  {o.type}" for o in answer.types[:_SHOWN]),
        "",
        "Recorded only, because:",
        *(f"- {times} x {one_line(why, 200)}" for why, times in answer.recorded.items()),
        "",
        "Snoozes and known activities in force:",
        *(f"- {o.incidents} incidents: {o.text} ({o.about})" for o in answer.silences[:_SHOWN]),
    ]
    return "\n".join(lines) + "\n"
