"""Every feed that findings come by, listed by hand."""

import json

from responder.domain.errors import Broken
from responder.domain.finding import Finding
from responder.sources import guardduty, security_hub, security_hub_v2
from responder.sources.envelope import Envelope, parsed
from responder.sources.source import Source

SOURCES: tuple[Source, ...] = (guardduty, security_hub, security_hub_v2)
# An item of the table holds 400 KB (DynamoDB Developer Guide, "Constraints"), and a control
# character of a name takes six bytes of it. Principals alone are far from that.
_MOST_BYTES = 300_000
_BY_EVENT: dict[tuple[str, str], Source] = {
    (source.EVENT_SOURCE, detail_type): source
    for source in SOURCES
    for detail_type in source.DETAIL_TYPES
}


def read_text(text: str | bytes) -> tuple[Finding, ...]:
    """The same, from JSON."""
    try:
        event = json.loads(text)
    except json.JSONDecodeError as error:
        raise Broken(f"not JSON: line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError) as error:
        # Bytes that are no text, a number too long to read, or nested thousands deep.
        raise Broken(f"not JSON that can be read: {type(error).__name__}") from None
    return read(event)


def read(event: object) -> tuple[Finding, ...]:
    """The findings of one EventBridge event. Raises `Broken`, naming the field, and nothing else.

    The event may hold anything, and be as large as it likes; what a finding keeps is bounded.
    """
    if not isinstance(event, dict):
        raise Broken("the event is not a JSON object")
    envelope = parsed(Envelope, event)
    source = _BY_EVENT.get((envelope.source, envelope.detail_type))
    if source is None:
        known = any(envelope.detail_type in each.DETAIL_TYPES for each in SOURCES)
        field = "source" if known else "detail-type"
        raise Broken(f"field {field}: no feed that is read here")
    return tuple(_fitting(finding) for finding in source.read(envelope))


def _fitting(finding: Finding) -> Finding:
    """The finding with as many of its resources, the first ones, as can be stored."""
    while len(finding.model_dump_json().encode()) > _MOST_BYTES and finding.resources:
        fewer = finding.resources[: len(finding.resources) // 2]
        finding = finding.model_copy(update={"resources": fewer})
    return finding
