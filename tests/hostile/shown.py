"""Where people read what an attacker wrote: consoles, mail, a terminal, a question, a timeline."""

import io
import json
import re
import shlex
from typing import Any

from pydantic import ValidationError

from responder.channels import incident_manager, ops_center
from responder.channels.channel import Desk
from responder.domain.answer import Answer
from responder.domain.clock import ClockState
from responder.domain.decision import decide
from responder.domain.escaping import ascii_line, csv_cell, one_line, unlinked
from responder.domain.facts import Facts
from responder.domain.finding_words import told
from responder.domain.incident import TimelineEvent
from responder.domain.policy import DEFAULT_POLICY
from responder.domain.protection import ProtectList
from responder.domain.question import Question
from responder.domain.statement import NotOwed
from responder.domain.summary import summarise
from responder.domain.use import Caller, Service, Use
from responder.report.register import row
from responder.steps.cut import CutRequest
from responder.steps.leave import reason_of
from responder.steps.question import message
from responder.steps.register import KEEPING
from responder.steps.release import ReleaseRequest
from responder.steps.shown import Asked
from responder.steps.shown import message as several
from responder_cli import plan as planning
from responder_cli import register as registering
from responder_cli import release as releasing
from responder_cli.drill.result import Check
from responder_cli.drill.screen import Screen
from responder_cli.verify_custody import _plain
from tests.asking import TITLES
from tests.builders import INCIDENT_ID, NOON, a_clock, an_incident
from tests.consoles import PLAN_ARN, TOPIC_ARN, IncidentManager, OpsCenter, TheseClients
from tests.hostile.looking import (
    a_hostile_finding,
    a_hostile_order,
    as_a_console_shows,
    of_a_line,
    of_a_terminal,
    on_a_terminal,
)
from tests.unit.report.reports import HERE


def requests(text: str) -> None:
    """What a person sends or answers."""
    for model, given in (
        (ReleaseRequest, {"incident_id": INCIDENT_ID, "by": text, "reason": text}),
        (
            CutRequest,
            {
                "incident_id": INCIDENT_ID,
                "action_id": "iam.deny_user",
                "resource": "arn:aws:iam::111122223333:user/x",
                "by": text,
                "reason": text,
            },
        ),
        (NotOwed, {"clock_id": "us-ca-individuals", "why": text}),
    ):
        try:
            said = model.model_validate(given).model_dump()
        except ValidationError:
            continue
        for name in {"by", "reason", "why"} & set(said):
            of_a_line(said[name], 400)
            assert said[name]
    of_a_line(Answer(approves=True, by=text, decided_at=NOON).who, 300)


def page_by_mail(text: str) -> None:
    summary = summarise(an_incident(title=text), [a_hostile_finding(text)], mode="respond")
    ours = "https://us-west-2.console.aws.amazon.com/systems-manager/opsitems/oi-1"
    sent = unlinked(f"{summary.text}\n{text}\nIn OpsCenter: {ours}")
    assert re.findall(r"(?i)[a-z]{0,9}://\S*|\bwww\.\S*", sent) == [ours]


def paged(text: str) -> None:
    incident = an_incident(title=text)
    summary = summarise(incident, [a_hostile_finding(text)] * 8, mode="respond")
    assert summary.subject.isascii()
    assert summary.subject.isprintable()
    assert 0 < len(summary.subject) < 100
    assert len(summary.text.splitlines()) == 2 + len(summary.lines)
    for line in summary.text.splitlines():
        of_a_line(line, 400)
    of_a_line(ascii_line(text, 99), 99)


def _desk(**services: Any) -> Desk:
    return Desk(TheseClients(**services), "aws", PLAN_ARN, TOPIC_ARN)


def _an_event(text: str) -> TimelineEvent:
    key = f"{INCIDENT_ID}:{text!a}"[:900]  # ours, and maybe longer than a channel takes
    return TimelineEvent(incident_id=INCIDENT_ID, key=key, at=NOON, by=text, text=text)


def ops_item(text: str) -> None:
    incident, ssm = an_incident(title=text), OpsCenter()
    summary = summarise(incident, [a_hostile_finding(text)], mode="respond")
    opened = ops_center.open(incident, summary, _desk(ssm=ssm))
    ops_center.note(opened.reference, _an_event(text), _desk(ssm=ssm))
    [item] = ssm.items.values()
    of_a_line(item["Title"], 200)
    assert as_a_console_shows(item["Description"]) <= {"ul", "li", "strong", "code"}
    for line in item["Description"].splitlines():
        of_a_line(line, 400)
    for key, entry in item["OperationalData"].items():
        assert key.isascii()
        assert key.isprintable()
        of_a_line(entry["Value"], 5_100)
    assert json.loads(item["OperationalData"]["/aws/dedup"]["Value"]) == {
        "dedupString": incident.id
    }


def incident_of_incident_manager(text: str) -> None:
    incident, manager = an_incident(title=text), IncidentManager()
    summary = summarise(incident, [a_hostile_finding(text)], mode="respond")
    desk = _desk(ssm_incidents=manager)
    opened = incident_manager.open(incident, summary, desk)
    incident_manager.note(opened.reference, _an_event(text), desk)
    [record], [event] = manager.records.values(), manager.events.values()
    of_a_line(record["title"], 200)
    assert as_a_console_shows(record["summary"]) <= {"ul", "li", "strong", "code"}
    assert re.fullmatch(r"[0-9a-f]{64}", event["clientToken"])
    of_a_line(json.loads(event["eventData"]), 6_000)


def plan_on_a_terminal(text: str) -> None:
    finding = a_hostile_finding(text)
    decision = decide(finding, DEFAULT_POLICY, ProtectList(), "respond")
    entry = {"event": f"x/{text}", "mode": "respond"} | planning._entry(finding, decision)
    unread = {"event": text, "error": text}
    mode = planning.ModeChoice.RESPOND
    of_a_terminal(on_a_terminal(planning._shown([entry], mode)))
    of_a_terminal(on_a_terminal(planning._shown([entry, unread], mode)))
    assert json.dumps([entry], ensure_ascii=True).isascii()


def release_on_a_terminal(text: str) -> None:
    one = {"order_id": text, "resource": text, "status": text, "note": text, "why": text}
    of_a_terminal(on_a_terminal(releasing._shown([one], [one])))
    of_a_terminal(_plain(text))


def register_on_a_terminal_and_in_a_spreadsheet(text: str) -> None:
    kept = row(
        an_incident(title=text),
        findings=[a_hostile_finding(text)],
        facts=Facts(incident_id=INCIDENT_ID, earliest_at=NOON),
        clocks=[
            a_clock(state=ClockState.WAIVED, ended_at=NOON, ended_by=text, ended_how=text),
        ],
        receipts=[],
        keeping=KEEPING,
    ).model_dump(mode="json")
    of_a_terminal(on_a_terminal(registering._shown([kept])))
    for cell in kept.values():
        shown = csv_cell(registering._flat(cell))
        of_a_line(shown, len(shown))
        assert shown[:1] not in {"=", "+", "-", "@"}


def drill_on_a_terminal(text: str) -> None:
    out = io.StringIO()
    screen = Screen(plain=True, out=out)
    screen.count_from(NOON)
    screen.happened(NOON, text, text)
    screen.check(Check(rule=text, holds=True, seen=text))
    of_a_terminal(out.getvalue())


def question(text: str) -> None:
    order = a_hostile_order(text)
    caller = Caller(who=text, times=1, last_at=NOON, named=False)
    use = Use(
        incident_id=INCIDENT_ID,
        order_id=order.order_id,
        looked_at=NOON,
        holders=(text,),
        callers=(caller,),
        services=(Service(name=text, last_at=NOON),),
        unknown=(text,),
    )
    shown = message(
        order,
        use,
        expires_at=NOON,
        yeses=(text,),
        asked_for_by=(text,),
        approvers=(),
        titles=TITLES,
        here=HERE,
    )
    of_a_console(shown)
    undo = shlex.split(shown["Undo"].replace('"$(', "'").replace(')"', "'"))
    assert undo[:3] == ["aws", "lambda", "invoke"]


def question_about_several(text: str) -> None:
    order = a_hostile_order(text)
    use = Use(
        incident_id=INCIDENT_ID,
        order_id=order.order_id,
        looked_at=NOON,
        since=NOON,
        holders=(text,),
        unknown=(text,),
    )
    asked = [Asked(number, order, use, (text,), (text,)) for number in (1, 2)]
    question = Question(
        question_id="qst-" + "0" * 32,
        incident_id=INCIDENT_ID,
        group="q1-1800s-escalate-1-1",
        order_ids=(order.order_id,),
        plan_hash="a" * 64,
        requested_at=NOON,
        expires_at=NOON,
        asks=(order.order_id,),
    )
    of_a_console(several(question, asked, approvers=(), titles=TITLES, here=HERE))


def of_a_console(shown: dict[str, str]) -> None:
    for value in shown.values():
        assert "{{" not in value
        assert "}}" not in value
        of_a_line(value, 512)


def lines_of_the_timeline(text: str) -> None:
    of_a_line(told(a_hostile_finding(text)), 400)
    of_a_line(one_line(text, 300), 300)
    for item in ({"failure": {"Error": text, "Cause": text}}, {"answer": {"status": text}}):
        of_a_line(reason_of(item), 2_000)
