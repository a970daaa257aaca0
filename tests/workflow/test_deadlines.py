"""Ten weeks of deadlines: who is told of which clock, at which second, and nothing else.

The shipped stack in virtual time, with everything that happens to it in that time: dates move, a
function dies after its page went out and after it was noted, a tracker is killed, the machine is
deployed anew while it runs. What must come is written out below by hand, from the statutes and a
calendar. `pytest -s tests/workflow/test_deadlines.py` prints what came.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.switchboard import Call
from responder.domain.clock import ClockState
from responder_cli.drill import world
from responder_cli.drill.counsel import Counsel
from tests.workflow.nights import Night, a_night

# Discovered on Monday 23 November, and after the correction on Wednesday the 25th. California
# counts 30 days for individuals, and 15 after the letters for its Attorney General; Texas 30 for
# its Attorney General and 60 for individuals. Days end at 08:00 UTC there, and at 06:00 UTC.
CA, CA_AG = "California, individuals", "California, Attorney General"
TX, TX_AG = "Texas, individuals", "Texas, Attorney General"
TX_CRA = "Texas, consumer reporting agencies"
BOTH = ("on-call", "escalation")
EXPECTED = [
    # On 24 November counsel records the facts; too few people for the agencies.
    *[("2026-11-23 12:00:03", clock, "Clock started", "on-call") for clock in (CA, CA_AG)],
    *[("2026-11-23 12:00:03", clock, "Clock started", "on-call") for clock in (TX, TX_AG, TX_CRA)],
    # Half of 30 days, until the date moves: 9 hours before 12:30 on 9 December.
    ("2026-12-08 21:00:00", CA, "Half the time is gone", "on-call"),
    ("2026-12-08 21:00:00", TX_AG, "Half the time is gone", "on-call"),
    # 10 December, 12:30: the discovery was two days later. The sweep tells at the full hour; half
    # of the new time is gone for two of them, and not for the third.
    ("2026-12-10 13:00:00", CA, "Half the time is gone", "on-call"),
    ("2026-12-10 13:00:00", TX_AG, "Half the time is gone", "on-call"),
    ("2026-12-10 13:00:00", TX, "Date changed", "on-call"),
    ("2026-12-19 16:48:00", CA, "80 % of the time is gone", "on-call"),
    ("2026-12-19 16:48:00", TX_AG, "80 % of the time is gone", "on-call"),
    # 21 December, 12:30: the first letters go, and California's 15 days begin.
    ("2026-12-21 13:00:00", CA_AG, "Date changed", "on-call"),
    # The function dies after this page went out, and before it was noted. The sweep of 06:00 tells
    # the escalation meanwhile; the retry pages again: twice, and never not.
    ("2026-12-23 05:59:59", CA, "72 hours left", "on-call"),
    ("2026-12-23 05:59:59", TX_AG, "72 hours left", "on-call"),
    ("2026-12-23 06:00:00", CA, "72 hours left", "escalation"),
    ("2026-12-23 06:00:00", TX_AG, "72 hours left", "escalation"),
    ("2026-12-23 06:00:01", CA, "72 hours left", "on-call"),
    ("2026-12-23 06:00:01", TX_AG, "72 hours left", "on-call"),
    # Christmas is no business day: the day before is the one to act, nine o'clock in Texas.
    *[("2026-12-24 15:00:00", CA, "Act today", who) for who in BOTH],
    *[("2026-12-24 15:00:00", TX_AG, "Act today", who) for who in BOTH],
    # Due at 21:00; what comes within six hours goes along.
    ("2026-12-24 15:00:00", TX, "Half the time is gone", "on-call"),
    # The function dies once it was noted that the on-call knows: told once.
    ("2026-12-25 05:59:59", CA, "24 hours left", "on-call"),
    ("2026-12-25 05:59:59", TX_AG, "24 hours left", "on-call"),
    ("2026-12-25 06:00:00", CA, "24 hours left", "escalation"),
    ("2026-12-25 06:00:00", TX_AG, "24 hours left", "escalation"),
    # 25 December, 12:30: Texas' Attorney General has it. California's residents have not.
    *[("2026-12-26 03:59:59", CA, "4 hours left", who) for who in BOTH],
    *[("2026-12-26 08:00:00", CA, "MISSED", who) for who in BOTH],
    *[("2026-12-27 08:00:00", CA, "STILL MISSED", who) for who in BOTH],
    *[("2026-12-28 08:00:00", CA, "STILL MISSED", who) for who in BOTH],
    # 28 December, 12:30: counsel owns it, and nobody is told of it again.
    ("2026-12-29 10:15:00", CA_AG, "Half the time is gone", "on-call"),
    # 29 December, 12:30: the tracker is killed; the sweep at 13:00 starts another.
    # 80 % would come at 04:06 on 3 January, less than four hours before this: no news.
    *[("2027-01-03 07:59:59", CA_AG, "72 hours left", who) for who in BOTH],
    # 4 January, 12:30: a newer machine is deployed while the execution of the older one waits.
    *[("2027-01-05 07:59:59", CA_AG, "24 hours left", who) for who in BOTH],
    *[("2027-01-06 03:59:59", CA_AG, "4 hours left", who) for who in BOTH],
    # 6 January, 05:00: it is sent, with three hours to spare.
    ("2027-01-12 16:48:00", TX, "80 % of the time is gone", "on-call"),
    # The 60th day, 24 January, is a Sunday, and the Friday before is the day to act.
    *[("2027-01-22 05:59:59", TX, "72 hours left", who) for who in BOTH],
    *[("2027-01-22 15:00:00", TX, "Act today", who) for who in BOTH],
    *[("2027-01-24 05:59:59", TX, "24 hours left", who) for who in BOTH],
    *[("2027-01-25 01:59:59", TX, "4 hours left", who) for who in BOTH],
    *[("2027-01-25 06:00:00", TX, "MISSED", who) for who in BOTH],
    *[("2027-01-26 06:00:00", TX, "STILL MISSED", who) for who in BOTH],
    *[("2027-01-27 06:00:00", TX, "STILL MISSED", who) for who in BOTH],
    # 27 January, 12:30: waived, and silence: what was missed is told each day until then.
]
_SAYS = re.compile(r"^(\w[^:\n]+): ((?:California|Texas), .+)$", re.MULTILINE)


@dataclass
class Killing:
    """Ends the process of the tick after its next call of one kind."""

    operation: str
    done: bool = False

    def before(self, call: Call) -> None:
        """Nothing goes wrong before it."""

    def after(self, call: Call) -> None:
        """It was carried out, and the process is gone."""
        if not self.done and call.operation == self.operation and "Tick" in (call.function or ""):
            self.done = True
            raise SystemExit(137)


@dataclass
class Weeks:
    """Ten weeks of one incident, and who does what in them."""

    night: Night
    counsel: Counsel

    def until(self, instant: str) -> None:
        at = datetime.fromisoformat(f"{instant}+00:00")
        self.night.cloud.advance(at - self.night.cloud.now())

    def dies_after(self, operation: str) -> Killing:
        killing = Killing(operation)
        self.night.cloud.disturb(killing)
        return killing

    def trackers(self) -> list[tuple[str, str]]:
        found = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return sorted((one["name"], one["status"]) for one in found)

    @property
    def states(self) -> Any:
        return self.night.cloud.client("stepfunctions", account=world.HOME)

    @property
    def machine(self) -> str:
        return self.night.stacks.responder.resources["DeadlineTracker"]

    def told(self) -> Iterator[tuple[str, str, str, str]]:
        """Instant, clock, milestone and audience of every page about a deadline."""
        resources = self.night.stacks.responder.resources
        topics = {resources["PagerTopic"]: "on-call", resources["EscalationTopic"]: "escalation"}
        for page in self.night.cloud.published:
            at = page.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
            for says, clock in _SAYS.findall(page.message):
                yield at, clock, says, topics[page.topic_arn]


@pytest.fixture(scope="module")
def weeks() -> Iterator[Weeks]:
    with a_night(Mode="monitor", Jurisdictions="US-CA,US-TX") as night:
        night.send("GuardDuty Finding")
        night.ends()
        [incident] = night.watch.incidents()
        yield Weeks(night, Counsel(night.cloud, night.stacks, incident.id))


def _answer(weeks: Weeks, field: str, clock_id: str, **said: str) -> None:
    weeks.counsel.record(**{field: {"clock_id": clock_id, **said}})


@pytest.mark.prove
def test_ten_weeks_tell_each_milestone_to_whom_it_concerns_and_nothing_else(
    weeks: Weeks,
) -> None:
    night, counsel = weeks.night, weeks.counsel
    weeks.until("2026-11-24 12:30")
    counsel.record(
        discovered_at="2026-11-23T09:00:00-08:00",
        determined_at="2026-11-23T09:30:00-08:00",
        residents={"US-CA": 1200, "US-TX": 700},
    )
    weeks.until("2026-12-10 12:30")
    later: dict[str, Any] = {
        "discovered_at": "2026-11-25T09:00:00-08:00",
        "determined_at": "2026-11-25T09:30:00-08:00",
    }
    with pytest.raises(RuntimeError, match="us-ca-individuals from 2026-12-23 to 2026-12-25"):
        counsel.record(**later)
    counsel.record(because="the first report was about a test bucket", **later)
    weeks.until("2026-12-21 12:30")
    counsel.record(notices_sent_at="2026-12-21T04:30:00-08:00")
    weeks.until("2026-12-23 05:30")
    dead = weeks.dies_after("Publish")
    weeks.until("2026-12-25 05:30")
    assert dead.done
    dead = weeks.dies_after("TransactWriteItems")
    weeks.until("2026-12-25 12:30")
    assert dead.done
    night.cloud.disturb(None)
    done = {"at": "2026-12-25T12:00:00Z", "how": "portal receipt 4711"}
    _answer(weeks, "fulfilled", "us-tx-attorney-general", **done)
    weeks.until("2026-12-28 12:30")
    _answer(weeks, "acknowledged", "us-ca-individuals")
    weeks.until("2026-12-29 12:30")
    _tracker_is_killed(weeks)
    weeks.until("2027-01-04 12:30")
    _a_newer_machine_is_deployed(weeks)
    weeks.until("2027-01-06 05:00")
    done = {"at": "2027-01-06T05:00:00Z", "how": "sample copy, receipt 4712"}
    _answer(weeks, "fulfilled", "us-ca-attorney-general", **done)
    weeks.until("2027-01-27 12:30")
    _answer(weeks, "waived", "us-tx-individuals", why="counsel's memo of 27 January")
    weeks.until("2027-01-31 12:00")

    told = list(weeks.told())
    sys.stdout.write(
        "\nwhen                 of which clock                       what is told"
        "               to whom\n"
    )
    for at, clock, says, who in told:
        sys.stdout.write(f"{at}  {clock:<36} {says:<26} {who}\n")
    assert sorted(told) == sorted(EXPECTED)
    stand = {clock.clock_id: clock.state for clock in night.watch.clocks.all(counsel.incident_id)}
    assert stand == {
        "us-ca-individuals": ClockState.MISSED,  # owned, and still owed
        "us-ca-attorney-general": ClockState.FULFILLED,
        "us-tx-individuals": ClockState.WAIVED,
        "us-tx-attorney-general": ClockState.FULFILLED,
        "us-tx-consumer-reporting-agencies": ClockState.NOT_OWED,
    }
    assert weeks.trackers() == [
        (counsel.incident_id, "ABORTED"),
        (f"{counsel.incident_id}-20261229T13", "SUCCEEDED"),
    ]


def _tracker_is_killed(weeks: Weeks) -> None:
    [(name, _)] = weeks.trackers()
    execution = f"{weeks.machine.replace(':stateMachine:', ':execution:')}:{name}"
    weeks.states.stop_execution(executionArn=execution)


def _a_newer_machine_is_deployed(weeks: Weeks) -> None:
    """Executions that run go on by the definition they began with; the next begins with this."""
    text = (Path(world.ROOT) / "statemachines/deadline-tracker.asl.yaml").read_text("utf-8")
    tick = weeks.night.stacks.responder.resources["TickFunction"]
    arn = f"arn:aws:lambda:{world.REGION}:{world.HOME}:function:{tick}"
    newer = yaml.safe_load(text.replace("${TickFunctionArn}", arn))
    newer["States"]["AllEnded"] = {"Type": "Fail", "Error": "Newer"}
    weeks.states.update_state_machine(stateMachineArn=weeks.machine, definition=json.dumps(newer))
