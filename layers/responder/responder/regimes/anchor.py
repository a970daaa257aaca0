"""The instant that a law counts from: as somebody recorded it, or what stands in for it."""

from datetime import UTC, datetime

from responder.domain.clock import Anchor
from responder.domain.facts import Facts
from responder.domain.statement import AnchorName

_DISCOVERIES = (AnchorName.DISCOVERY, AnchorName.DISCOVERY_OR_NOTIFICATION)
_CALLED = {
    AnchorName.DISCOVERY: "the breach was discovered",
    AnchorName.DISCOVERY_OR_NOTIFICATION: "the breach was discovered",
    AnchorName.DETERMINATION: "the breach was determined",
    AnchorName.INDIVIDUAL_NOTICE_SENT: "the first notice went to an individual there",
    AnchorName.HARM_DETERMINATION: "the likelihood of harm was determined",
    AnchorName.HHS_NOTIFIED: "the Secretary of Health and Human Services was notified",
}


def find(name: AnchorName, place: str, facts: Facts) -> tuple[Anchor, str]:
    """The instant to count from, and a sentence about where it comes from."""
    told = {
        AnchorName.DISCOVERY: facts.discovered_at,
        AnchorName.DISCOVERY_OR_NOTIFICATION: facts.discovered_at,
        AnchorName.DETERMINATION: facts.determined_at,
        AnchorName.INDIVIDUAL_NOTICE_SENT: facts.sent_at(place),
        AnchorName.HARM_DETERMINATION: facts.harm_determined_at,
        AnchorName.HHS_NOTIFIED: facts.hhs_notified_at,
    }[name]
    called = _CALLED[name]
    if told is not None:
        said = f"{called[:1].upper()}{called[1:]} at {instant(told.value)}, as {told.by} recorded."
        return Anchor(name=name, at=told.value.astimezone(UTC)), said
    if name in _DISCOVERIES or name is AnchorName.DETERMINATION:
        at, what = _stand_in(name, facts)
        said = f"Nobody recorded when {called}: {what}, {instant(at)}, stands in."
        return Anchor(name=name, at=at, assumed=True), said
    return Anchor(name=name), f"Nobody recorded that {called} yet; it has no date before that."


def _stand_in(name: AnchorName, facts: Facts) -> tuple[datetime, str]:
    if name is AnchorName.DETERMINATION and facts.discovered_at is not None:
        return facts.discovered_at.value.astimezone(UTC), "the discovery, which comes before it"
    known = [facts.earliest_at]
    if facts.determined_at is not None:
        known.append(facts.determined_at.value)
    return min(known).astimezone(UTC), "the earliest instant we know"


def instant(at: datetime) -> str:
    """2026-11-23 12:00:00 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
