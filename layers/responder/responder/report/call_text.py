"""What the next person reads who is called about an incident that nobody answered for."""

from collections.abc import Sequence

from responder.domain.calling import how_to_answer
from responder.domain.escalation import Call, Contact
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId
from responder.domain.summary import Summary
from responder.report.wording import in_utc, span


def unanswered(
    incident_id: IncidentId,
    summary: Summary,
    calls: Sequence[Call],
    contact: Contact,
    *,
    unread: str,
    doubt: str,
) -> str:
    """Who was called and when, who is called now, how to answer, and the incident.

    `unread` is why the rota could not be read, `doubt` why the console could not; or empty.
    """
    lines = ["Nobody has answered a page of this incident."]
    lines += [
        f"Called at {in_utc(call.at)}: {one_line(call.who, 120)} ({call.level})" for call in calls
    ]
    lines.append(f"Called now: {one_line(contact.who, 120)} ({contact.name})")
    answer = how_to_answer(incident_id)
    lines.append(f"Answer within {span(contact.answer_within)}, or the next is called: {answer}")
    if unread:
        lines.append(f"Who is on call could not be read: {unread}")
    if doubt:
        lines.append(f"Whether somebody took it in the console could not be read: {doubt}")
    return "\n".join(lines) + f"\n\n{summary.text}\n"
