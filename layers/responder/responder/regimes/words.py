"""How spans, anchors and duties are called in a sentence, so that none contradicts its number."""

from responder.domain.statement import AnchorName, Role
from responder.regimes.regime import Kind, Regime
from responder.regimes.rule import (
    INDIVIDUALS,
    AfterRule,
    Bound,
    Limit,
    Relation,
    Rule,
    Span,
    Standard,
    Within,
)

_AFTER = {
    AnchorName.DISCOVERY_OR_NOTIFICATION: "discovery",
    AnchorName.DISCOVERY_OR_REASON_TO_BELIEVE: "discovery, or reason to believe,",
    AnchorName.REASON_TO_BELIEVE: "reason to believe",
    AnchorName.AWARE_AND_SCOPE_IDENTIFIED: "awareness and known scope",
    AnchorName.DETERMINATION_OR_REASON_TO_BELIEVE: "determination, or reason to believe,",
    AnchorName.NOTICE_FROM_SERVICE_PROVIDER: "the notice from a service provider",
    AnchorName.HARM_DETERMINATION: "the decision on harm",
    AnchorName.THRESHOLD_KNOWN: "knowing of so many",
    AnchorName.INDIVIDUAL_NOTICE_SENT: "the first notice to an individual",
    AnchorName.HHS_NOTIFIED: "the notice to the Secretary of Health and Human Services",
    AnchorName.COMPROMISE_SUSPECTED: "suspicion",
    AnchorName.MATERIALITY_DETERMINATION: "the finding that it is material",
    AnchorName.MATERIAL_INFORMATION: "what was missing being known",
    AnchorName.RANSOM_PAYMENT: "the ransom payment",
    AnchorName.YEAR_END: "the end of the year of discovery,",
}
_RELATIONS = {
    Relation.NOT_LATER_THAN: "not later than",
    Relation.BEFORE: "before",
    Relation.WITH: "together with",
}
_STANDARDS = {
    Standard.IMMEDIATELY: "at once",
    Standard.AS_SOON_AS_POSSIBLE: "as soon as possible",
    Standard.MOST_EXPEDIENT: "as fast as possible and without unreasonable delay",
    Standard.WITHOUT_UNREASONABLE_DELAY: "without unreasonable delay",
    Standard.WITHOUT_DELAYING_INDIVIDUALS: "without delaying the notice to individuals",
    Standard.REASONABLE_TIME: "within a reasonable time",
    Standard.BEFORE_RELYING_ON_IT: "before relying on the exemption",
    Standard.AS_DIRECTED: "as the regulator directs",
}

_BRANDS = frozenset({"visa", "mastercard", "american_express"})


def words(identifier: str) -> str:
    """`law_enforcement_need` as words."""
    return identifier.replace("_", " ")


def span_words(span: Span) -> str:
    """30 calendar days; 1 month."""
    unit = words(span.unit)
    return f"{span.within} {unit.removesuffix('s') if span.within == 1 else unit}"


def after_words(anchor: AnchorName) -> str:
    """What a span is counted from."""
    return _AFTER.get(anchor, words(anchor))


def standard_words(standard: Standard) -> str:
    """How fast a law wants it."""
    return _STANDARDS[standard]


def relation_words(relation: Relation) -> str:
    """How a notice is bound to others."""
    return _RELATIONS[relation]


def who(rule: Rule, regime: Regime) -> str:
    """California residents; California Attorney General; GDPR, supervisory authority."""
    if regime.kind is not Kind.STATE:
        return f"{regime.name}, {rule.recipient_name}"
    return f"{regime.name} {'residents' if rule.recipient == INDIVIDUALS else rule.recipient_name}"


def sentence(rule: Rule) -> str:
    """What a rule asks, in one sentence."""
    how = [_STANDARDS[rule.standard]] if rule.standard else []
    how += [_limit(limit) for limit in rule.due]
    said = f"{_condition(rule)}{_asked(rule)} {', and '.join(how)}"
    arrive = " It must have arrived by then." if rule.timely_when == "received" else ""
    return f"{said[:1].upper()}{said[1:]}.{arrive}"


def _asked(rule: Rule) -> str:
    if rule.recipient == INDIVIDUALS:
        return "tell each affected person"
    if rule.recipient == "internal_assessment":
        return "finish our own assessment"
    article = "" if rule.recipient in _BRANDS else "the "
    return f"tell {article}{rule.recipient_name}"


def _condition(rule: Rule) -> str:
    """As a service provider, if 501 or more residents are affected,"""
    said = "as a service provider, " if rule.role is Role.SERVICE_PROVIDER else ""
    if rule.no_harm_filing:
        said += "if nobody is told because no harm is likely, "
    if rule.condition is not None:
        said += f"if it holds that {words(rule.condition)}, "
    people = {
        "residents": "residents",
        "all_persons": "persons, wherever they live,",
        "one_place": "residents of one place",
    }[rule.counted]
    if rule.max_affected is not None:
        return f"{said}if {rule.min_affected:,} to {rule.max_affected:,} {people} are affected, "
    if rule.min_affected > 1:
        return f"{said}if {rule.min_affected:,} or more {people} are affected, "
    return said


def _limit(limit: Limit) -> str:
    match limit:
        case Within():
            return f"within {span_words(limit)} of {after_words(limit.after).removesuffix(',')}"
        case AfterRule():
            return f"within {span_words(limit)} of the notice before it"
        case Bound():
            return f"{relation_words(limit.relation)} the individuals"
