"""A case at Security Incident Response, beside where an incident is open: opened, noted, closed.

Nothing waits for it. Where it cannot be opened or noted, the timeline says why.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime, ConfigDict

from responder.aws.ledger import Item, Ledger, incident_pk
from responder.aws.timeline import Timeline
from responder.channels import security_ir
from responder.channels.channel import Desk
from responder.channels.security_ir import Case
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.model import Model
from responder.domain.summary import Summary

_CASE, _NOTED = "CASE", "CASE-NOTED#"


class Noted(Model):
    """That one event stands in the case."""

    model_config = ConfigDict(frozen=True)

    key: str
    at: AwareDatetime


def open_case(
    incident: Incident,
    findings: Sequence[Finding],
    summary: Summary,
    *,
    ledger: Ledger,
    timeline: Timeline,
    desk: Desk,
    now: datetime,
) -> None:
    """Open it, if this stack is to. May run again: one case.

    One that was refused is asked for again with the next finding, in the words of the first time.
    """
    if not desk.security_ir:
        return
    pk = incident_pk(incident.id)
    ledger.add(pk, _CASE, security_ir.case_of(incident, findings, summary, desk))
    item = ledger.get(pk, _CASE)
    if item is None:
        raise Broken(f"the case of {incident.id} was kept, and is not there")
    case = Case.model_validate_json(item.body)
    if case.reference is None:
        try:
            reference = security_ir.open(case, incident.id, desk)
        except Broken as error:
            text = f"Passed over: {security_ir.TITLE} ({one_line(str(error), 200)})."
            timeline.record(incident.id, "no-case", at=now, by="open", text=text)
            return
        case = case.model_copy(update={"reference": reference, "opened_at": now})
        ledger.replace(item, case)
    whose = "AWS works on it" if case.resolver == "AWS" else "for ourselves"
    text = f"Case {case.reference} at {security_ir.TITLE}, {whose}."
    timeline.record(incident.id, "case", at=case.opened_at or now, by="open", text=text)


def note_case(
    incident_id: str, *, ledger: Ledger, timeline: Timeline, desk: Desk, now: datetime
) -> None:
    """Tell the case what was cut, let go, or left to a person. Each event once."""
    pk = incident_pk(incident_id)
    found = _open_case(incident_id, ledger, desk)
    if found is None:
        return
    reference = found[1]
    done = {one.sk.removeprefix(_NOTED) for one in ledger.items(pk, _NOTED)}
    for event in timeline.events(incident_id):
        if event.key in done or not event.key.startswith(security_ir.NOTED):
            continue
        try:
            security_ir.note(reference, event, desk)
        except Broken as error:
            text = f"The case was not told of everything: {one_line(str(error), 300)}."
            timeline.record(incident_id, "case-not-told", at=now, by="mirror", text=text)
            return
        ledger.add(pk, _NOTED + event.key, Noted(key=event.key, at=now))


def end_case(incident_id: str, *, ledger: Ledger, desk: Desk, now: datetime) -> bool:
    """Close it. False where there is none to close; raises `Broken` if that is refused."""
    found = _open_case(incident_id, ledger, desk)
    if found is None:
        return False
    item, reference = found
    security_ir.resolve(reference, desk)
    case = Case.model_validate_json(item.body)
    ledger.replace(item, case.model_copy(update={"closed_at": now}))
    return True


def _open_case(incident_id: str, ledger: Ledger, desk: Desk) -> tuple[Item, str] | None:
    item = ledger.get(incident_pk(incident_id), _CASE) if desk.security_ir else None
    case = None if item is None else Case.model_validate_json(item.body)
    if item is None or case is None or case.reference is None or case.closed_at is not None:
        return None
    return item, case.reference
