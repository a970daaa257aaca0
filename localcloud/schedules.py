"""EventBridge Scheduler, and rules with a schedule, on the virtual clock."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from localcloud import timetables
from localcloud.admission import Open
from localcloud.deliveries import Deliveries, Delivery
from localcloud.router import Router
from localcloud.stack import Rule, Schedule
from localcloud.timetables import Every, Timetable

_CONTEXT: Final = re.compile(r"<aws\.scheduler\.([a-z-]+)>")


class Schedules:
    """Everything that comes due by the clock alone."""

    def __init__(
        self,
        deliveries: Deliveries,
        router: Router,
        *,
        role: Callable[[str], Open],
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self._deliveries, self._router = deliveries, router
        self._role, self._now, self._later = role, now, later

    def start(self, schedule: Schedule) -> None:
        """Let it come due from now on. Flexible windows begin at once."""
        timetable = timetables.read(schedule.expression, zone=schedule.timezone, now=self._now())
        if schedule.state != "ENABLED":
            return
        due_at = timetable.after(self._now())
        if isinstance(timetable, Every):
            due_at = self._now()  # a rate without a start date begins at once (Scheduler guide)
        self._wait(
            f"schedule/{schedule.name}", timetable, due_at, lambda at: self._deliver(schedule, at)
        )

    def start_rule(self, rule: Rule) -> None:
        """The same for a rule of EventBridge that has a schedule."""
        if rule.schedule_expression is None:
            return
        timetable = timetables.read(rule.schedule_expression, zone="UTC", now=self._now())
        due_at = timetable.after(self._now())
        self._wait(
            f"rule/{rule.name}",
            timetable,
            due_at,
            lambda at: self._router.fire(rule, _tick(rule, at)),
        )

    def _wait(
        self,
        name: str,
        timetable: Timetable,
        due_at: datetime | None,
        fire: Callable[[datetime], None],
    ) -> None:
        if due_at is None:
            return

        def come_due() -> None:
            fire(due_at)
            self._wait(name, timetable, timetable.after(due_at), fire)

        self._later(come_due, name=name, at=due_at)

    def _deliver(self, schedule: Schedule, at: datetime) -> None:
        source = f"schedule/{schedule.name}"
        self._deliveries.deliver_now(
            Delivery(
                source=source,
                arn=schedule.target_arn,
                body=_input(schedule, at),
                sender=self._role(schedule.role_arn),
                dead_letter_arn=schedule.dead_letter_arn,
                retry_policy=schedule.retry_policy or {},
            )
        )


def _input(schedule: Schedule, at: datetime) -> str:
    """Its own input with the context attributes put in, or the event that Scheduler makes."""
    told = {
        "schedule-arn": schedule.arn,
        "scheduled-time": _instant(at),
        "execution-id": str(uuid4()),
        "attempt-number": "1",
    }
    if schedule.input is not None:
        return _CONTEXT.sub(lambda found: told.get(found[1], found[0]), schedule.input)
    event = _event(schedule.account, schedule.region, schedule.arn, at)
    return json.dumps({**event, "source": "aws.scheduler", "detail": "{}"})


def _tick(rule: Rule, at: datetime) -> dict[str, object]:
    return {**_event(rule.account, rule.region, rule.arn, at), "source": "aws.events", "detail": {}}


def _event(account: str, region: str, arn: str, at: datetime) -> dict[str, object]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "account": account,
        "time": _instant(at),
        "region": region,
        "resources": [arn],
    }


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
