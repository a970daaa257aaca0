"""Tell people by the pager topic alone: the last rung, when no console can hold the incident.

The step that opens an incident pages once, whatever the channel. So there is nothing to open here,
and nothing to note: one page for an incident, not one for each event.
"""

from responder.channels.channel import Acknowledged, Desk, Opened
from responder.domain.errors import Broken
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.related import Related
from responder.domain.summary import Summary

ID = "sns_topic"
TITLE = "the pager topic"
TAKES_NOTES = False
PERMISSIONS: frozenset[str] = frozenset()  # the page is sent by `aws.pager`
READING: frozenset[str] = frozenset()
RESOLVING: frozenset[str] = frozenset()


def open(incident: Incident, summary: Summary, desk: Desk) -> Opened:  # noqa: A001, ARG001
    """The topic itself is the reference."""
    if not desk.pager_topic_arn:
        raise Broken("no pager topic is set")
    where = "No console holds it; the report in the evidence vault does."
    return Opened(desk.pager_topic_arn, where=where, calls_people=False)


def note(reference: str, event: TimelineEvent, desk: Desk) -> None:
    """Reaches nobody: see `TAKES_NOTES`."""


def relate(reference: str, related: Related, known: Related, desk: Desk) -> None:
    """A page that was sent shows nothing more."""


def acknowledged(reference: str, desk: Desk) -> Acknowledged | None:  # noqa: ARG001
    """Nobody answers a topic, so nobody is known to have it."""
    return None


def resolve(reference: str, desk: Desk) -> None:
    """A page that was sent stays sent."""
