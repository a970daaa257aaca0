"""A campaign by many schedules: whatever comes when, it ends as it does undisturbed."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from responder_cli.drill import world
from responder_cli.drill.events import CAMPAIGN, told_of
from tests.builders import NOON
from tests.proof.crashes import Undisturbed, without_a_right
from tests.proof.ends import DEAD_LETTERS, EXECUTIONS, differences, end_of
from tests.proof.faults import Kind
from tests.proof.forks import forked
from tests.proof.invariants import Sent, broken
from tests.proof.mishaps import Mishaps
from tests.proof.scenarios import SCENARIOS, answered, press, recovered
from tests.proof.schedules import BROKEN, NOISE, Schedule
from tests.workflow.nights import Night

CAMPAIGN_NIGHT = SCENARIOS["campaign"]
_BEGINS = NOON + timedelta(minutes=40)  # by then everything has happened that findings tell of
_APPROVE = "Approve"
_LAST_ANSWERS = timedelta(hours=1)  # after the last delivery
# A page too many: a person answered while the machine waited to ask again, and the next attempt
# takes the yes; or another delivery of the answer handed it in, and has not said so yet.
_TOO_LATE = "effects: more: page: [APPROVED TOO LATE]"
_LETTERS_DIE = timedelta(hours=1)  # five receives, six minutes apart


@dataclass(frozen=True)
class Told:
    """How a night by a schedule ended."""

    schedule: Schedule
    why: tuple[str, ...]  # what is wrong with its end; nothing if it ended well
    struck: tuple[str, ...]
    calls: int
    afterwards: tuple[str, ...] = ()

    @property
    def again(self) -> str:
        """The command that repeats it alone."""
        return f"python -m tests.proof --schedules 1 --seed {self.schedule.seed}"


def tried(
    night: Night,
    before: Undisturbed,
    schedules: Sequence[Schedule],
    afterwards: Callable[[Night, Sent], list[str]] | None = None,
) -> Iterator[Told]:
    """Run each schedule in a copy of the night, and say how it ended.

    What is done `afterwards` is done in that copy too, and what it returns is told.
    """

    def run(schedule: Schedule) -> dict[str, Any]:
        answer, sent = _tried(night, before, schedule)
        return answer | {"afterwards": [] if afterwards is None else afterwards(night, sent)}

    for ran in forked(schedules, run, at_most_steps=before.at_most_steps):
        answer = ran.answer or {"why": [(ran.failure or "").strip().splitlines()[-1]]}
        yield Told(
            ran.case,
            tuple(answer["why"]),
            tuple(answer.get("struck", ())),
            answer.get("calls", 0),
            tuple(answer.get("afterwards", ())),
        )


def _tried(night: Night, before: Undisturbed, schedule: Schedule) -> tuple[dict[str, Any], Sent]:
    events = {name: _event(night, name) for name in (*CAMPAIGN, *NOISE, *BROKEN)}
    rivals = {name: _message(event) for name, event in events.items()}
    mishaps = Mishaps(night.cloud, schedule.mishaps, rivals)
    if schedule.turns is not None:
        night.cloud.take_turns_by(random.Random(schedule.turns))
    first = len(night.cloud.calls)
    night.cloud.disturb(mishaps)
    _delivered(night, schedule, events)
    answered(night, _APPROVE)
    night.cloud.disturb(None)
    failed = night.watch.failed()
    calls = len(night.cloud.calls) - first
    recovered(night, _APPROVE)
    night.cloud.advance(_LETTERS_DIE)
    end = end_of(night, failed)
    denied = [one for one in mishaps.struck if one.kind is Kind.DENIED]
    sent = Sent(
        campaign=[_key(events[name]) for name in CAMPAIGN],
        unreadable=[events[one.event] for one in schedule.deliveries if one.event in BROKEN],
    )
    why = differences(
        before.end,
        end,
        without=_incomparable(before, [one.call for one in denied]),
        pages_again=mishaps.pages,
    )
    if any(one.call.startswith(("Approve ", "Ask ")) for one in mishaps.struck):
        why = [one for one in why if not one.startswith(_TOO_LATE)]
    answer = {
        "why": why + broken(night, sent, end, whole=not denied),
        "struck": [str(one) for one in mishaps.struck],
        "calls": calls,
    }
    return answer, sent


def _incomparable(before: Undisturbed, denied: Sequence[str]) -> frozenset[str]:
    """How many runs there were depends on the order of findings; dead letters were sent here."""
    of_order = frozenset({EXECUTIONS, DEAD_LETTERS})
    return of_order.union(*(without_a_right(call, before.end) for call in denied))


def _delivered(night: Night, schedule: Schedule, events: dict[str, dict[str, Any]]) -> None:
    """Each delivery at its time; people answer meanwhile."""
    _until(night, schedule, _BEGINS)
    for one in schedule.deliveries:
        _until(night, schedule, _BEGINS + one.after)
        night.cloud.deliver(events[one.event], account=world.HOME)
    _until(night, schedule, night.cloud.now() + _LAST_ANSWERS)


def _until(night: Night, schedule: Schedule, at: datetime) -> None:
    """Let everything happen until this instant."""
    while night.cloud.now() < at:
        night.watch.until(lambda: bool(night.asks()), at_most=at - night.cloud.now())
        if not night.asks():
            continue
        thinks = min(schedule.answer_after, max(at - night.cloud.now(), timedelta()))
        night.cloud.advance(thinks)
        for automation_id in night.asks():
            for _ in range(schedule.presses):
                press(night, automation_id, _APPROVE)
        night.cloud.settle()


def _event(night: Night, name: str) -> dict[str, Any]:
    if name in BROKEN:
        path = world.ROOT / f"events/{name}.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    [event] = told_of(NOON, night.shop, night.thief.session_key_id, [name])
    return event


def _message(event: dict[str, Any]) -> str:
    """As the intake function is given it by its queue."""
    record = {"messageId": "rival", "body": json.dumps(event), "eventSource": "aws:sqs"}
    return json.dumps({"Records": [record]})


def _key(event: dict[str, Any]) -> str:
    """The finding's key, by the feed that tells of it."""
    detail = event["detail"]
    return str(detail["arn"] if "arn" in detail else _of_security_hub(detail["findings"][0]))


def _of_security_hub(finding: dict[str, Any]) -> str:
    return str(finding["Id"] if "Id" in finding else finding["finding_info"]["uid"])
