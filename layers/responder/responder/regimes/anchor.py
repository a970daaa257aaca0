"""The instant that a law counts from: as somebody recorded it, or what stands in for it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from responder.domain.clock import Anchor
from responder.domain.facts import Facts
from responder.domain.statement import AnchorName, Fulfilled
from responder.regimes.regime import Regime

_DISCOVERIES = (AnchorName.DISCOVERY, AnchorName.DISCOVERY_OR_NOTIFICATION)
_CALLED = {
    AnchorName.DISCOVERY: "the breach was discovered",
    AnchorName.DISCOVERY_OR_NOTIFICATION: "the breach was discovered",
    AnchorName.DETERMINATION: "the breach was determined",
    AnchorName.INDIVIDUAL_NOTICE_SENT: "the first notice went to an individual there",
    AnchorName.HARM_DETERMINATION: "the likelihood of harm was determined",
    AnchorName.HHS_NOTIFIED: "the Secretary of Health and Human Services was notified",
}


@dataclass(frozen=True)
class Found:
    """The instant to count from, and a sentence about where it comes from."""

    name: AnchorName
    at: datetime | None  # with the offset it was recorded with, because its date there may matter
    said: str
    assumed: bool = False

    @property
    def anchor(self) -> Anchor:
        """As a clock keeps it."""
        at = None if self.at is None else self.at.astimezone(UTC)
        return Anchor(name=self.name, at=at, assumed=self.assumed)


def find(name: AnchorName, regime: Regime, facts: Facts) -> Found:
    """What a rule of this law counts from."""
    if name is AnchorName.INDIVIDUAL_NOTICE_SENT:
        return first_letter(regime, facts)
    told = {
        AnchorName.DISCOVERY: facts.discovered_at,
        AnchorName.DISCOVERY_OR_NOTIFICATION: facts.discovered_at,
        AnchorName.DETERMINATION: facts.determined_at,
        AnchorName.HARM_DETERMINATION: facts.harm_determined_at,
        AnchorName.HHS_NOTIFIED: facts.hhs_notified_at,
    }[name]
    if told is not None:
        return Found(name, told.value, _recorded(name, told.value, told.by))
    if name in _DISCOVERIES or name is AnchorName.DETERMINATION:
        at, what = _stand_in(name, facts)
        said = f"Nobody recorded when {_CALLED[name]}: {what}, {instant(at)}, stands in."
        return Found(name, at, said, assumed=True)
    return Found(name, None, _not_yet(name))


def first_letter(regime: Regime, facts: Facts) -> Found:
    """When the first notice went to an individual there, or by when it must have gone.

    Who records only that the individuals were told has said that the first of them was told by
    then. The earlier of the two counts: what waits for a second record may wait forever.
    """
    name = AnchorName.INDIVIDUAL_NOTICE_SENT
    sent = facts.sent_at(regime.jurisdiction)
    done = [
        (answer.value.at, answer.by)
        for rule in regime.rules
        if rule.recipient == "individuals"
        and (answer := facts.answers.get(rule.id)) is not None
        and isinstance(answer.value, Fulfilled)
    ]
    if done and (sent is None or min(done)[0] < sent.value):
        at, by = min(done)
        said = (
            f"The individuals there were told by {instant(at)}, as {by} recorded: the first notice"
            " went then at the latest. If it went earlier, record notices_sent_at."
        )
        return Found(name, at, said, assumed=True)
    if sent is not None:
        return Found(name, sent.value, _recorded(name, sent.value, sent.by))
    return Found(name, None, _not_yet(name))


def _recorded(name: AnchorName, at: datetime, by: str) -> str:
    called = _CALLED[name]
    return f"{called[:1].upper()}{called[1:]} at {instant(at)}, as {by} recorded."


def _not_yet(name: AnchorName) -> str:
    return f"Nobody recorded that {_CALLED[name]} yet; it has no date before that."


def _stand_in(name: AnchorName, facts: Facts) -> tuple[datetime, str]:
    if name is AnchorName.DETERMINATION and facts.discovered_at is not None:
        return facts.discovered_at.value, "the discovery, which comes before it"
    known = [facts.earliest_at]
    if facts.determined_at is not None:
        known.append(facts.determined_at.value)
    return min(known), "the earliest instant we know"


def instant(at: datetime) -> str:
    """2026-11-23 12:00:00 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
