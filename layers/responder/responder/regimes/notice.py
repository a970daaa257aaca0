"""What the notice to individuals must say, must not say, and may be replaced by. Pure.

One letter does not fit all: what one state demands, another forbids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.domain.facts import Facts
from responder.domain.statement import Element
from responder.regimes.places import counts, touched
from responder.regimes.regime import Content, Regime, Services


@dataclass(frozen=True)
class NoticeDemands:
    """What one law demands of the notice to its people."""

    jurisdiction: str
    name: str
    citation: str
    content: Content
    services: Services | None  # None: none is owed for the data recorded
    substitute: tuple[str, ...]  # grounds on which individuals may be told otherwise; none: no way


def demands(
    facts: Facts, regimes: Sequence[Regime], *, cost_usd: int | None = None
) -> list[NoticeDemands]:
    """Of each regime that these facts bring in and that has individuals told.

    `cost_usd`: what telling each of them would cost, in US dollars; None if nobody reckoned it.
    Raises `ValueError` if that is negative.
    """
    if cost_usd is not None and cost_usd < 0:
        raise ValueError("cost_usd: there is no negative cost")
    return [
        NoticeDemands(
            jurisdiction=one.jurisdiction,
            name=one.name,
            citation=one.citation,
            content=one.content,
            services=services(one, facts),
            substitute=_substitute(one, facts, regimes, cost_usd),
        )
        for one in touched(facts, regimes)
        if any(rule.recipient == "individuals" for rule in one.rules)
    ]


def services(regime: Regime, facts: Facts) -> Services | None:
    """What must be offered: by the data recorded, or by all of it while none was."""
    offered = regime.identity_theft_services
    return offered if offered is not None and _taken(offered, facts) else None


def _taken(offered: Services, facts: Facts) -> tuple[Element, ...]:
    if facts.elements is None:
        return offered.elements
    return tuple(one for one in offered.elements if one in facts.elements.value)


def services_said(regime: Regime, facts: Facts) -> list[str]:
    """The offer in a sentence, for whom it is owed."""
    offered = services(regime, facts)
    if offered is None:
        return []
    names = ", ".join(sorted(one.replace("_", " ") for one in _taken(offered, facts)))
    unless = f" {offered.condition}" if offered.condition else ""
    return [f"To be offered free for {offered.months} months, for {names}: {offered.kind}.{unless}"]


def _substitute(
    regime: Regime, facts: Facts, regimes: Sequence[Regime], cost_usd: int | None
) -> tuple[str, ...]:
    law = regime.substitute_notice
    if law is None:
        return ()
    grounds = []
    people = sum(counts(facts, regimes).people.values())
    if law.people_over is not None and people > law.people_over:
        grounds.append(f"{people:,} people are affected, more than {law.people_over:,}.")
    if law.cost_over_usd is not None and cost_usd is not None and cost_usd > law.cost_over_usd:
        grounds.append(f"It would cost USD {cost_usd:,}, more than USD {law.cost_over_usd:,}.")
    if law.missing_contacts:
        grounds.append("For those whose addresses are missing or wrong.")
    return tuple(grounds)
