"""The instant that a law counts from: as somebody recorded it, or what stands in for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from responder.domain.clock import Anchor
from responder.domain.facts import Facts, Said
from responder.domain.statement import AnchorName, Fulfilled
from responder.regimes.counting import trigger_day
from responder.regimes.places import letters_to
from responder.regimes.regime import Regime
from responder.regimes.rule import INDIVIDUALS, Rule

_CALLED = {
    "reason_to_believe_at": "there was reason to believe in a breach",
    "discovered_at": "the breach was discovered",
    "notified_by_provider_at": "a service provider told us of the breach",
    "scope_identified_at": "its scope was identified",
    "determined_at": "the breach was determined",
    "threshold_known_at": "it became known that so many must be told",
    "hhs_notified_at": "the Secretary of Health and Human Services was notified",
    "material_at": "the breach was found to be material",
    "material_information_at": "what the first filing lacked became available",
    "ransom_paid_at": "a ransom was paid",
}
_SHORT = {
    "reason_to_believe_at": "reason to believe",
    "discovered_at": "discovery",
    "notified_by_provider_at": "the notice from a service provider",
    "determined_at": "determination",
}
_FIRST_LETTER = "the first notice went to an individual there"
_HARM = "the likelihood of harm was determined"
# The earliest of these counts; while the first is missing, the earliest instant we know stands in.
_EARLIEST_OF: dict[AnchorName, tuple[str, ...]] = {
    # What a service provider told us we knew.
    AnchorName.DISCOVERY: ("discovered_at", "notified_by_provider_at"),
    AnchorName.DISCOVERY_OR_NOTIFICATION: ("discovered_at", "notified_by_provider_at"),
    AnchorName.AWARENESS: ("discovered_at", "notified_by_provider_at"),
    AnchorName.DISCOVERY_OR_REASON_TO_BELIEVE: ("discovered_at", "reason_to_believe_at"),
    AnchorName.REASON_TO_BELIEVE: ("reason_to_believe_at", "discovered_at"),
    AnchorName.COMPROMISE_SUSPECTED: ("reason_to_believe_at", "discovered_at"),
    AnchorName.DETERMINATION: ("determined_at",),
    AnchorName.CONFIRMATION: ("determined_at",),
    AnchorName.DETERMINATION_OR_REASON_TO_BELIEVE: ("reason_to_believe_at", "determined_at"),
}
_EITHER = frozenset(
    {
        AnchorName.DISCOVERY_OR_REASON_TO_BELIEVE,
        AnchorName.REASON_TO_BELIEVE,
        AnchorName.COMPROMISE_SUSPECTED,
    }
)
_EVENTS: dict[AnchorName, str] = {
    AnchorName.NOTICE_FROM_SERVICE_PROVIDER: "notified_by_provider_at",
    AnchorName.HHS_NOTIFIED: "hhs_notified_at",
    AnchorName.MATERIALITY_DETERMINATION: "material_at",
    AnchorName.MATERIAL_INFORMATION: "material_information_at",
    AnchorName.RANSOM_PAYMENT: "ransom_paid_at",
}
_BEFORE_A_DETERMINATION = ("reason_to_believe_at", "discovered_at", "notified_by_provider_at")
_NOON = time(12)


@dataclass(frozen=True)
class Found:
    """The instant to count from, and a sentence about where it comes from."""

    name: AnchorName
    at: datetime | None  # with the offset it was recorded with, because its date there may matter
    said: str
    assumed: bool = False
    called: str = ""  # in the explain line, where one of several instants was taken

    @property
    def anchor(self) -> Anchor:
        """As a clock keeps it."""
        at = None if self.at is None else self.at.astimezone(UTC)
        return Anchor(name=self.name, at=at, assumed=self.assumed)


def find(
    name: AnchorName, rule: Rule, regime: Regime, facts: Facts, regimes: Sequence[Regime]
) -> Found:
    """What a rule of this regime counts from."""
    if name in _EVENTS:
        return _event(name, _EVENTS[name], facts)
    if name in _EARLIEST_OF:
        return _earliest(name, facts)
    match name:
        case AnchorName.INDIVIDUAL_NOTICE_SENT:
            return first_letter(regime, facts, regimes)
        case AnchorName.HARM_DETERMINATION:
            return _harm(regime, facts)
        case AnchorName.AWARE_AND_SCOPE_IDENTIFIED:
            return _scope(facts)
        case AnchorName.YEAR_END:
            return _year_end(regime, facts)
        case AnchorName.THRESHOLD_KNOWN:
            return _threshold_known(rule, regime, facts)
    raise AssertionError(f"{name} is no anchor of its own")


def first_letter(regime: Regime, facts: Facts, regimes: Sequence[Regime]) -> Found:
    """When the first notice went to an individual there, or by when it must have gone.

    Who records only that the individuals were told has said that the first of them was told by
    then. The earlier of the two counts: what waits for a second record may wait forever.
    """
    name = AnchorName.INDIVIDUAL_NOTICE_SENT
    there = facts.sent_at(regime.jurisdiction)
    sent = _first_of(there, facts.notices_sent_at, regime, regimes)
    done = [
        (answer.value.at, answer.by)
        for rule in regime.rules
        if rule.recipient == INDIVIDUALS
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
        return Found(name, sent.value, _recorded(_FIRST_LETTER, sent.value, sent.by))
    return Found(name, None, _not_yet(_FIRST_LETTER))


def planned(regime: Regime, facts: Facts, regimes: Sequence[Regime]) -> Said[datetime] | None:
    """When the first notice is to go to an individual there."""
    there = facts.planned_at(regime.jurisdiction)
    return _first_of(there, facts.notices_planned_at, regime, regimes)


def _first_of(
    there: Said[datetime] | None,
    said: dict[str, Said[datetime]],
    regime: Regime,
    regimes: Sequence[Regime],
) -> Said[datetime] | None:
    """Of one place what was said of it; of a regime of several places, or of none, the earliest."""
    if regime.jurisdiction in regime.covers:
        return there
    told = letters_to(said, regime, regimes) + ([] if there is None else [there])
    return min(told, key=lambda one: one.value, default=None)


def _event(name: AnchorName, fact: str, facts: Facts) -> Found:
    told: Said[datetime] | None = getattr(facts, fact)
    if told is None:
        return Found(name, None, _not_yet(_CALLED[fact]))
    return Found(name, told.value, _recorded(_CALLED[fact], told.value, told.by))


def _earliest(name: AnchorName, facts: Facts) -> Found:
    wanted = _EARLIEST_OF[name]
    known = _recorded_of(wanted, facts)
    # Reason to believe comes before a determination, and somebody may have known before a provider
    # told us, so neither may be left out.
    missing = name not in _EITHER and wanted[0] not in known
    if known and not missing:
        fact = min(known, key=lambda one: known[one].value)
        told = known[fact]
        said = _recorded(_CALLED[fact], told.value, told.by)
        return Found(name, told.value, said, called=_SHORT[fact])
    at, what = _stand_in(wanted, facts)
    said = f"Nobody recorded when {_CALLED[wanted[0]]}: {what}, {instant(at)}, stands in."
    return Found(name, at, said, assumed=True, called=_SHORT[wanted[0]])


def _stand_in(wanted: Sequence[str], facts: Facts) -> tuple[datetime, str]:
    if "determined_at" in wanted:
        before = _recorded_of(_BEFORE_A_DETERMINATION, facts)
        if before:
            first = min(before, key=lambda one: before[one].value)
            return before[first].value, f"that {_CALLED[first]}, which comes before it"
    known = [facts.earliest_at, *(told.value for told in _recorded_of(_CALLED, facts).values())]
    return min(known), "the earliest instant we know"


def _recorded_of(names: Iterable[str], facts: Facts) -> dict[str, Said[datetime]]:
    return {name: told for name in names if (told := getattr(facts, name)) is not None}


def _scope(facts: Facts) -> Found:
    """The later of two: aware of it, and its scope identified."""
    name = AnchorName.AWARE_AND_SCOPE_IDENTIFIED
    aware, scope = _earliest(AnchorName.AWARENESS, facts), facts.scope_identified_at
    if scope is None:
        said = f"Nobody recorded when {_CALLED['scope_identified_at']}. {aware.said}"
        return Found(name, aware.at, said, assumed=True)
    if aware.at is not None and aware.at > scope.value:
        return Found(name, aware.at, aware.said, assumed=aware.assumed)
    said = _recorded(_CALLED["scope_identified_at"], scope.value, scope.by)
    return Found(name, scope.value, said)


def _harm(regime: Regime, facts: Facts) -> Found:
    name, decided = AnchorName.HARM_DETERMINATION, facts.harm_at(regime.jurisdiction)
    if decided is None:
        return Found(name, None, _not_yet(_HARM))
    at = decided.value.determined_at
    return Found(name, at, _recorded(_HARM, at, decided.by))


def _year_end(regime: Regime, facts: Facts) -> Found:
    found = _earliest(AnchorName.DISCOVERY, facts)
    assert found.at is not None
    year = trigger_day(found.at, regime.zone).year
    at = datetime.combine(date(year, 12, 31), _NOON, regime.zone)
    return Found(AnchorName.YEAR_END, at, f"{found.said} Its year ends then.", found.assumed)


def _threshold_known(rule: Rule, regime: Regime, facts: Facts) -> Found:
    """When so many were known; at the latest, when a person first recorded so many."""
    name, told = AnchorName.THRESHOLD_KNOWN, facts.threshold_known_at
    if told is not None:
        return _event(name, "threshold_known_at", facts)
    counts = facts.counts.get(regime.jurisdiction, ())
    enough = [one for one in counts if one.value >= rule.min_affected]
    if not enough:
        return Found(name, None, _not_yet(_CALLED["threshold_known_at"]))
    first = enough[0]
    said = (
        f"Nobody recorded when {_CALLED['threshold_known_at']}: {first.by} recorded"
        f" {first.value:,} at {instant(first.at)}, which stands in. If it was known earlier, record"
        " threshold_known_at."
    )
    return Found(name, first.at, said, assumed=True)


def _recorded(called: str, at: datetime, by: str) -> str:
    return f"{called[:1].upper()}{called[1:]} at {instant(at)}, as {by} recorded."


def _not_yet(called: str) -> str:
    return f"Nobody recorded that {called} yet; it has no date before that."


def instant(at: datetime) -> str:
    """2026-11-23 12:00:00 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
