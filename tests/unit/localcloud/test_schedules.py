"""Schedules come due on the virtual clock, as often as their expressions say."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from localcloud import timetables
from localcloud.stack import TemplateError, Unsupported
from tests.unit.localcloud.clouds import STARTS_AT, Written, written

__all__ = ["written"]

NOW = datetime(2026, 11, 23, 11, 20, 30, tzinfo=UTC)  # a Monday


def due(expression: str, *, times: int = 3, zone: str = "UTC", now: datetime = NOW) -> list[str]:
    timetable = timetables.read(expression, zone=zone, now=now)
    found: list[str] = []
    at: datetime | None = now
    while len(found) < times and at is not None and (at := timetable.after(at)) is not None:
        found.append(at.strftime("%Y-%m-%dT%H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 hour)", ["2026-11-23T12:20:30", "2026-11-23T13:20:30", "2026-11-23T14:20:30"]),
        ("rate(5 minutes)", ["2026-11-23T11:25:30", "2026-11-23T11:30:30", "2026-11-23T11:35:30"]),
        ("rate(1 day)", ["2026-11-24T11:20:30", "2026-11-25T11:20:30", "2026-11-26T11:20:30"]),
        ("at(2026-12-01T08:00:00)", ["2026-12-01T08:00:00"]),
        ("at(2026-11-01T08:00:00)", []),
        (
            "cron(0 8 * * ? *)",
            ["2026-11-24T08:00:00", "2026-11-25T08:00:00", "2026-11-26T08:00:00"],
        ),
        (
            "cron(0/20 9-11 ? * MON-FRI *)",
            ["2026-11-23T11:40:00", "2026-11-24T09:00:00", "2026-11-24T09:20:00"],
        ),
        (
            "cron(0 0 L * ? *)",
            ["2026-11-30T00:00:00", "2026-12-31T00:00:00", "2027-01-31T00:00:00"],
        ),
        (
            "cron(30 6 ? * 3#2 *)",  # the second Tuesday
            ["2026-12-08T06:30:00", "2027-01-12T06:30:00", "2027-02-09T06:30:00"],
        ),
        (
            "cron(0 0 ? * 6L *)",  # the last Friday
            ["2026-11-27T00:00:00", "2026-12-25T00:00:00", "2027-01-29T00:00:00"],
        ),
        ("cron(15 10 29 FEB ? *)", ["2028-02-29T10:15:00", "2032-02-29T10:15:00"]),
        ("cron(0 12 1 JAN,JUL ? 2027)", ["2027-01-01T12:00:00", "2027-07-01T12:00:00"]),
    ],
)
def test_an_expression_comes_due(expression: str, expected: list[str]) -> None:
    times = 2 if "FEB" in expression else 3
    assert due(expression, times=times) == expected


def test_a_time_zone_changes_its_clocks() -> None:
    now = datetime(2026, 10, 30, 20, 0, tzinfo=UTC)  # they go back on 1 November
    assert due("cron(0 8 * * ? *)", zone="America/Los_Angeles", now=now, times=3) == [
        "2026-10-31T15:00:00",
        "2026-11-01T16:00:00",
        "2026-11-02T16:00:00",
    ]


def test_an_hour_that_the_clocks_skip_does_not_come_due() -> None:
    now = datetime(2027, 3, 14, 0, 0, tzinfo=UTC)  # 02:30 on 14 March does not exist there
    [first] = due("cron(30 2 * * ? *)", zone="America/Los_Angeles", now=now, times=1)
    assert first == "2027-03-15T09:30:00"


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 hours)",
        "rate(1 hours)",
        "rate(2 hour)",
        "every hour",
        "cron(0 8 * * *)",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(61 8 * * ? *)",
        "cron(x 8 * * ? *)",
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        timetables.read(expression, zone="UTC", now=NOW)


def test_an_expression_that_is_not_known_here_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="W"):
        timetables.read("cron(0 8 15W * ? *)", zone="UTC", now=NOW)


SWEEP = """
    Sweep:
      Type: AWS::Serverless::Function
      Properties:
        CodeUri: functions/sweep
        Events:
          Often:
            Type: ScheduleV2
            Properties: {ScheduleExpression: rate(1 hour)}
"""


def test_a_rate_fires_at_once_and_then_after_every_span(written: Written) -> None:
    written.function("sweep", "def handler(event, context): print(event['source'])")
    written.deploy(SWEEP)
    written.cloud.settle()
    written.cloud.advance(timedelta(days=1))
    ran = written.ran("Sweep")
    assert [one.at - STARTS_AT for one in ran] == [timedelta(hours=n) for n in range(25)]
    assert {one.log for one in ran} == {"aws.scheduler\n"}
    assert ran[0].event_source.startswith("schedule/")


def test_a_schedule_that_is_off_does_not_fire(written: Written) -> None:
    written.function("sweep", "def handler(event, context): pass")
    written.deploy(SWEEP.replace("rate(1 hour)", "rate(1 hour), State: DISABLED"))
    written.cloud.advance(timedelta(days=2))
    assert written.ran("Sweep") == []


def test_a_schedule_whose_role_may_not_is_a_failure_one_can_see(written: Written) -> None:
    written.function("sweep", "def handler(event, context): pass")
    stack = written.deploy(SWEEP)
    iam, role = written.client("iam"), stack.resources["SweepOftenRole"]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    written.cloud.settle()
    assert written.ran("Sweep") == []
    (failed,) = written.cloud.failures
    assert "AccessDenied" in failed.problem


def test_a_schedule_of_a_rule_first_fires_after_its_span(written: Written) -> None:
    written.function("sweep", "def handler(event, context): print(event['detail-type'])")
    written.deploy(
        SWEEP.replace("ScheduleV2", "Schedule").replace(
            "ScheduleExpression: rate(1 hour)", "Schedule: rate(1 hour)"
        )
    )
    written.cloud.settle()
    assert written.ran("Sweep") == []
    written.cloud.advance(timedelta(hours=2))
    assert [one.at - STARTS_AT for one in written.ran("Sweep")] == [
        timedelta(hours=1),
        timedelta(hours=2),
    ]
    assert {one.log for one in written.ran("Sweep")} == {"Scheduled Event\n"}


def test_the_input_of_a_schedule_knows_its_time(written: Written) -> None:
    written.function("sweep", "def handler(event, context): print(event['due'])")
    told = json.dumps({"due": "<aws.scheduler.scheduled-time>"})
    written.deploy(SWEEP.replace("rate(1 hour)", f"rate(1 hour), Input: '{told}'"))
    written.cloud.settle()
    (ran,) = written.ran("Sweep")
    assert ran.log.strip() == "2026-11-23T11:00:00Z"
