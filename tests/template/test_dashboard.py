"""The dashboard shows every part of the board, every alarm and every function."""

import json
import re
from typing import Any

from responder.report.board import View
from responder.report.board_page import TITLES
from tests.template.templates import resources, template

_PART = re.compile(r"\$\{[A-Za-z:.]+\}")


def body() -> str:
    [dashboard] = resources("AWS::CloudWatch::Dashboard").values()
    text, optional = dashboard["DashboardBody"]["Fn::Sub"]
    for name, value in optional.items():
        text = text.replace(f"${{{name}}}", value["Fn::If"][1]["Fn::Sub"])
    return str(text)


def widgets(kind: str) -> list[dict[str, Any]]:
    return [one for one in json.loads(body())["widgets"] if one["type"] == kind]


def metrics(name: str) -> set[str]:
    """What follows the metric's name in each line of it."""
    found = set[str]()
    for widget in widgets("metric"):
        lines = widget["properties"]["metrics"]
        if lines[0][1] == name:
            found |= {line[3] if len(line) > 3 else line[1] for line in lines}
    return found


def test_each_part_has_its_widget_but_that_of_one_incident() -> None:
    shown = {
        one["properties"]["params"]["view"]: one["properties"]["title"] for one in widgets("custom")
    }
    assert shown == {view.value: TITLES[view] for view in View if view is not View.INCIDENT}


def test_every_widget_asks_the_board_and_only_when_somebody_refreshes() -> None:
    for one in widgets("custom"):
        assert one["properties"]["endpoint"] == "${BoardFunction.Arn}"
        assert one["properties"]["updateOn"] == {
            "refresh": True,
            "resize": False,
            "timeRange": False,
        }


def test_every_alarm_every_function_and_every_machine_stands_on_it() -> None:
    [alarms] = widgets("alarm")
    assert set(alarms["properties"]["alarms"]) == {
        f"${{{name}.Arn}}" for name in resources("AWS::CloudWatch::Alarm")
    }
    functions = {f"${{{name}}}" for name in resources("AWS::Serverless::Function")}
    assert metrics("Errors") == functions
    machines = {f"${{{name}}}" for name in resources("AWS::Serverless::StateMachine")}
    assert metrics("ExecutionsFailed") == machines
    queues = {f"${{{name}.QueueName}}" for name in resources("AWS::SQS::Queue")}
    assert metrics("ApproximateNumberOfMessagesVisible") == queues


def test_no_widget_lies_on_another() -> None:
    places = [
        (column, row)
        for one in json.loads(body())["widgets"]
        for column in range(one["x"], one["x"] + one["width"])
        for row in range(one["y"], one["y"] + one["height"])
    ]
    assert len(places) == len(set(places))
    assert max(column for column, _ in places) < 24


def test_what_is_not_always_made_stands_on_it_only_when_it_is() -> None:
    [dashboard] = resources("AWS::CloudWatch::Dashboard").values()
    text, optional = dashboard["DashboardBody"]["Fn::Sub"]
    some = {name for name, one in template()["Resources"].items() if "Condition" in one}
    assert not [name for name in some if f"${{{name}" in text]
    for value in optional.values():
        condition, shown, nothing = value["Fn::If"]
        named = re.findall(r"\$\{(\w+)", shown["Fn::Sub"])
        assert {template()["Resources"][one]["Condition"] for one in named} == {condition}
        assert nothing == ""


def test_what_is_put_in_stays_json() -> None:
    assert json.loads(_PART.sub("a name", body()))
