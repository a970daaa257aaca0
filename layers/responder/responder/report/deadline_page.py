"""One page of HTML with every deadline of a breach: for counsel, on a screen or on paper.

Shows the dates on a time axis, then each clock by urgency, explained in a line and with its
reasoning folded away. Needs no incident on record: what it counts from stands on the page.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from markupsafe import Markup

from responder.domain.clock import Clock
from responder.domain.statement import EVERYWHERE, Statement
from responder.report import deadline_chart
from responder.report.deadline_lines import (
    Urgency,
    act_on,
    by_urgency,
    due_on,
    ends_with_a_day,
    explain,
)
from responder.report.markup import dated, fill
from responder.report.visible_text import visible
from responder.report.wording import in_utc, plain, there

_DATES = {
    "reason_to_believe_at": "Reason to believe",
    "discovered_at": "Discovered",
    "notified_by_provider_at": "Told by a service provider",
    "scope_identified_at": "Scope identified",
    "determined_at": "Determined",
    "threshold_known_at": "Number known",
    "hhs_notified_at": "HHS notified",
    "material_at": "Found material",
    "material_information_at": "Missing information known",
    "ransom_paid_at": "Ransom paid",
}
_UNTOLD = "not recorded: the earliest instant we know stands in"
_ID = {
    Urgency.MISSED: "missed",
    Urgency.OPEN: "open",
    Urgency.WAITING: "waiting",
    Urgency.ENDED: "ended",
}


def render(
    clocks: Sequence[Clock],
    said: Statement,
    *,
    elsewhere: str | None = None,
    incident_id: str | None,
    now: datetime,
) -> bytes:
    """The page, UTF-8. The same clocks and facts give the same bytes.

    `elsewhere` is said of the places that are not counted.
    """
    groups = by_urgency(clocks)
    opened = groups.get(Urgency.OPEN, [])
    read = [clock.verified_on for clock in clocks if clock.verified_on is not None]
    return fill(
        "deadlines.html.jinja",
        incident_id=incident_id,
        made_at=now,
        facts=list(_facts(said)),
        count={_ID[one]: len(groups.get(one, [])) for one in Urgency},
        groups=[(_ID[one], one.value, found) for one, found in groups.items()],
        waiting=groups.get(Urgency.WAITING, []),
        elsewhere=elsewhere,
        first=opened[0] if opened else None,
        chart=deadline_chart.draw(clocks, now=now),
        act_on=act_on,
        due_on=due_on,
        cited=cited,
        hour_of=hour_of,
        linked=linked,
        read_on=min(read).isoformat() if read else None,
    )


def linked(clock: Clock) -> list[str]:
    """The sources that a link may lead to: pages, and nothing that a browser would run."""
    return [source for source in clock.sources if source.startswith("https://")]


def cited(clock: Clock) -> Markup:
    """The line that explains a clock, with its citation leading to where the law can be read."""
    before, citation, after = explain(clock).partition(clock.citation)
    pages = linked(clock)
    if not citation or not pages:
        return dated(explain(clock))
    link = Markup('<a href="{}" rel="noreferrer">{}</a>').format(pages[0], visible(citation))
    return Markup("").join([dated(before), link, dated(after)])


def hour_of(clock: Clock) -> str:
    """End of day, EST; or for a span of hours the instant, in UTC as well."""
    assert clock.due_at is not None
    local = there(clock.due_at, clock.time_zone) or in_utc(clock.due_at)
    *_, hour, zone = local.split()
    if ends_with_a_day(clock):
        return f"end of day, {zone}"
    return f"{hour} {zone}" + ("" if zone == "UTC" else f"; {in_utc(clock.due_at)}")


def _facts(said: Statement) -> Iterator[tuple[str, str]]:
    for name, title in _DATES.items():
        at = getattr(said, name)
        if at is not None:
            yield title, f"{in_utc(at)} (recorded as {at.isoformat(sep=' ')})"
        elif name in ("discovered_at", "determined_at"):
            yield title, _UNTOLD
    sent = [
        in_utc(at) if place == EVERYWHERE else f"{place}: {in_utc(at)}"
        for place, at in said.notices_sent_at.items()
    ]
    yield "First letters", "; ".join(sent) or "none recorded as sent"
    counts = [f"{place}: {number:,}" for place, number in said.residents.items()]
    yield "People affected", "; ".join(counts) or "nobody counted: every threshold is taken as met"
    yield "Data", ", ".join(plain(one.value) for one in said.elements) or "not recorded"
    if said.encrypted is not None:
        yield "Encrypted", "all of it, and the key was not taken" if said.encrypted else "no"
