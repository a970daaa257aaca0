"""A rota as a stack of Incident Manager: the same people in the same order, or a refusal."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.session import get_session
from cfnlint.api import lint
from typer.testing import CliRunner

from responder.domain.errors import Refused
from responder.sources.rotas import read_rota
from responder_cli.app import app
from responder_cli.on_call_stack import stack_of
from tests.template.templates import ROOT

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
TURN = {"people": ["ana", "ben"], "first_day": "2026-11-30", "time_zone": "America/Los_Angeles"}
PEOPLE = {
    "ana": {"name": "Ana Ruiz", "email": "ana@example.com"},
    "ben": {"name": "Ben Okafor", "phone": "+14155550101"},
}


def a_rota(*turns: dict[str, Any], wait: int = 10, **more: Any) -> str:
    level = {"name": "primary", "answer_within_minutes": wait, "turns": list(turns or (TURN,))}
    return json.dumps({"people": PEOPLE, "levels": [level], **more})


def resources(text: str, kind: str) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(stack_of(read_rota(text, "a rota"))[0])["Resources"]
    return {n: r["Properties"] for n, r in found.items() if r["Type"] == f"AWS::{kind}"}


def the_rotation(**turn: Any) -> dict[str, Any]:
    [rotation] = resources(a_rota(TURN | turn), "SSMContacts::Rotation").values()
    return rotation


def test_the_shipped_stack_is_the_one_of_the_rota_that_the_guide_shows() -> None:
    guide = (ROOT / "docs/operating.md").read_text()
    shown = re.search(r"### Who is on call.*?```yaml\n(.*?)```", guide, re.DOTALL)
    assert shown is not None
    text, _ = stack_of(read_rota(shown[1], "docs/operating.md"))
    assert text == (ROOT / "stacks/on-call.yaml").read_text()


def test_a_person_is_reached_by_every_way_only_once_each_is_activated() -> None:
    channels = resources(a_rota(), "SSMContacts::ContactChannel")
    assert {name: one["ChannelAddress"] for name, one in channels.items()} == {
        "PersonAnaEmail": "ana@example.com",
        "PersonBenSms": "+14155550101",
        "PersonBenVoice": "+14155550101",
    }
    assert all(one["DeferActivation"] is True for one in channels.values())


@pytest.mark.parametrize(
    ("days", "recurrence"),
    [
        (7, {"WeeklySettings": [{"DayOfWeek": "MON", "HandOffTime": "09:00"}], "many": 1}),
        (14, {"WeeklySettings": [{"DayOfWeek": "MON", "HandOffTime": "09:00"}], "many": 2}),
        (3, {"DailySettings": ["09:00"], "many": 3}),
    ],
)
def test_a_turn_is_a_rotation_with_its_people_in_their_order(
    days: int, recurrence: dict[str, Any]
) -> None:
    rotation = the_rotation(days=days)
    names = [one["Fn::GetAtt"][0] for one in rotation["ContactIds"]]
    assert names == ["PersonAna", "PersonBen"]
    assert (rotation["StartTime"], rotation["TimeZoneId"]) == (
        "2026-11-30T09:00:00",
        "America/Los_Angeles",
    )
    many = recurrence.pop("many")
    expected = {"NumberOfOnCalls": 1, "RecurrenceMultiplier": many, **recurrence}
    assert rotation["Recurrence"] == expected


def test_the_hours_of_a_turn_are_covered_each_day() -> None:
    covered = the_rotation(hours={"from": "09:00", "to": "21:00"})["Recurrence"]["ShiftCoverages"]
    assert [one["DayOfWeek"] for one in covered] == [*DAYS]
    assert all(
        one["CoverageTimes"] == [{"StartTime": "09:00", "EndTime": "21:00"}] for one in covered
    )


def test_levels_are_stages_one_after_the_other_and_the_plan_engages_them() -> None:
    level = {"name": "second level", "answer_within_minutes": 20, "turns": [TURN]}
    rota = json.loads(a_rota())
    rota["levels"].append(level)
    contacts = resources(json.dumps(rota), "SSMContacts::Contact")
    stages = contacts["Escalation"]["Plan"]
    assert [stage["DurationInMinutes"] for stage in stages] == [10, 20]
    assert "ScheduleSecondLevel" in str(stages[1])
    [plan] = resources(json.dumps(rota), "SSMIncidents::ResponsePlan").values()
    assert plan["Engagements"] == [{"Fn::GetAtt": ["Escalation", "Arn"]}]
    assert "DedupeString" not in str(plan)


NIGHT = {"from": "21:00", "to": "09:00"}
REFUSED = {
    "a wait too long": (a_rota(wait=31), "waits 30 minutes, not 31"),
    "the first of two turns": (a_rota(TURN, TURN), "calls both, and the rota the first"),
    "hours over midnight": (a_rota(TURN | {"hours": NIGHT}), "over midnight"),
    "a period too long": (a_rota(TURN | {"days": 101}), "100 days at most"),
    "somebody twice": (a_rota(TURN | {"people": ["ana", "ben", "ana"]}), "twice in a turn"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_would_call_others_than_the_rota_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        stack_of(read_rota(text, "a rota"))
    assert str(refused.value).startswith("primary")


def test_what_cloudformation_cannot_say_is_told_with_what_to_do() -> None:
    override = {
        "level": "primary",
        "person": "ben",
        "from": "2026-12-24T18:00",
        "to": "2026-12-26T18:00",
        "time_zone": "America/Los_Angeles",
        "because": "swapped",
    }
    absence = {"person": "ana", "first_day": "2027-01-11", "last_day": "2027-01-12"}
    people = {**PEOPLE, "zoe": {"name": "Zoë Ångström", "email": "z@example.com"}}
    rota = json.loads(a_rota(overrides=[override], absences=[absence]))
    text, told = stack_of(read_rota(json.dumps(rota | {"people": people}), "a rota"))
    assert any("ben from 2026-12-25T02:00Z to 2026-12-27T02:00Z (swapped)" in one for one in told)
    assert any("for ana, who is absent" in one for one in told)
    assert "zoe is shown as Zoe Angstrom, for want of letters" in told
    assert all(f"# Not in it: {one}\n" in text for one in told)


def test_the_command_writes_the_file_and_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    rota, out = tmp_path / "rota.yaml", tmp_path / "stack.yaml"
    rota.write_text(a_rota())
    done = CliRunner().invoke(app, ["on-call-stack", str(rota), "--out", str(out)])
    assert done.exit_code == 0
    assert out.read_text() == stack_of(read_rota(a_rota(), "x"))[0]
    rota.write_text("people: []")
    failed = CliRunner().invoke(app, ["on-call-stack", str(rota)])
    assert failed.exit_code == 2
    assert failed.stderr.startswith("error: ")


def test_every_written_stack_is_one_that_cloudformation_takes() -> None:
    rota = a_rota(
        TURN | {"hours": {"from": "09:00", "to": "21:00"}, "days": 3},
        TURN | {"hours": {"from": "21:00", "to": "23:30"}},
    )
    text, _ = stack_of(read_rota(rota, "a rota"))
    assert [str(match) for match in lint(text)] == []


def test_the_limits_are_those_of_the_service_model() -> None:
    model = get_session().get_service_model("ssm-contacts")
    shapes: dict[str, Any] = {name: model.shape_for(name) for name in model.shape_names}
    stage = shapes["Stage"].members["DurationInMinutes"].metadata
    rotation = shapes["CreateRotationRequest"].members["ContactIds"].metadata
    recurrence = shapes["RecurrenceSettings"].members["RecurrenceMultiplier"].metadata
    assert (stage["max"], rotation["max"], recurrence["max"]) == (30, 30, 100)
