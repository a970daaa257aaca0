"""Campaigns by many schedules: whatever comes when, each ends as it does alone and undisturbed."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from responder_cli.drill import world
from responder_cli.drill.events import CAMPAIGN
from tests.builders import NOON
from tests.proof.campaigns import campaigns
from tests.proof.crashes import calls_since
from tests.proof.differences import Excuse, differing
from tests.proof.ends import DEAD_LETTERS, EXECUTIONS, REST, Parts, parts_of
from tests.proof.faults import Kind
from tests.proof.forks import forked
from tests.proof.invariants import Sent, broken
from tests.proof.mishaps import Mishaps
from tests.proof.people import answered, press, recovered
from tests.proof.schedules import BROKEN, NOISE, Schedule
from tests.workflow.nights import Night

_BEGINS = NOON + timedelta(minutes=40)  # by then everything has happened that findings tell of
_APPROVE = "Approve"
# A night takes few times the calls of its campaigns alone; with so many, it hangs.
_AT_MOST_TIMES = 20
_LAST_ANSWERS = timedelta(hours=1)  # after the last delivery
# How many runs there were depends on the order of findings; dead letters were sent here.
_OF_ORDER = frozenset({EXECUTIONS, DEAD_LETTERS})
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


@dataclass(frozen=True)
class Alone:
    """A campaign that nothing disturbs and beside which nothing happens: how the night ends."""

    parts: Parts
    calls: tuple[tuple[str, tuple[Kind, ...]], ...]
    steps: int


def alone(night: Night) -> list[Alone]:
    """Each campaign of the night, in a copy of its own."""

    def run(number: int) -> dict[str, Any]:
        first = len(night.cloud.calls)
        for event in campaigns(night)[number].events():
            night.cloud.advance(
                max(datetime.fromisoformat(event["time"]) - night.cloud.now(), timedelta())
            )
            night.cloud.deliver(event, account=world.HOME)
        answered(night, _APPROVE)
        calls = [(name, [kind.name for kind in kinds]) for name, kinds in calls_since(first, night)]
        failed = night.watch.failed()
        recovered(night, _APPROVE, partial(_sent_again, numbers=[number]))
        return {"parts": parts_of(night, failed, campaigns(night)), "calls": calls}

    found = dict[int, Alone]()
    for ran in forked(range(len(campaigns(night))), run):
        if ran.failure is not None:
            raise RuntimeError(ran.failure)
        calls = [(name, tuple(Kind[one] for one in kinds)) for name, kinds in ran.answer["calls"]]
        found[ran.case] = Alone(ran.answer["parts"], tuple(calls), ran.steps)
    return [found[number] for number in sorted(found)]


def tried(
    night: Night,
    before: Sequence[Alone],
    schedules: Sequence[Schedule],
    afterwards: Callable[[Night, Sent], list[str]] | None = None,
) -> Iterator[Told]:
    """Run each schedule in a copy of the night, and say how it ended.

    What is done `afterwards` is done in that copy too, and what it returns is told.
    """

    def run(schedule: Schedule) -> dict[str, Any]:
        answer, sent = _tried(night, before, schedule)
        return answer | {"afterwards": [] if afterwards is None else afterwards(night, sent)}

    at_most = _AT_MOST_TIMES * sum(one.steps for one in before)
    for ran in forked(schedules, run, at_most_steps=at_most):
        answer = ran.answer or {"why": [(ran.failure or "").strip().splitlines()[-1]]}
        yield Told(
            ran.case,
            tuple(answer["why"]),
            tuple(answer.get("struck", ())),
            answer.get("calls", 0),
            tuple(answer.get("afterwards", ())),
        )


def _tried(
    night: Night, before: Sequence[Alone], schedule: Schedule
) -> tuple[dict[str, Any], Sent]:
    numbers = range(schedule.campaigns)
    events = {
        (name, number): _event(night, name, number)
        for number in numbers
        for name in (*CAMPAIGN, *NOISE, *BROKEN)
    }
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
    recovered(night, _APPROVE, partial(_sent_again, numbers=numbers))
    night.cloud.advance(_LETTERS_DIE)
    end = parts_of(night, failed, campaigns(night))
    denied = [one for one in mishaps.struck if one.kind is Kind.DENIED]
    sent = Sent(
        campaigns=campaigns(night)[: schedule.campaigns],
        unreadable=[events[one.event, 0] for one in schedule.deliveries if one.event in BROKEN],
    )
    excuse = Excuse(
        struck=[one.call for one in mishaps.struck],
        denied=[one.call for one in denied],
        pages=mishaps.pages,
        whoever=True,  # hangs on when people answer, which a schedule draws
        without=_OF_ORDER,
    )
    why = differing(_expected(night, before, numbers), end, excuse)
    answer = {
        "why": why + broken(night, sent, end[REST][DEAD_LETTERS], whole=not denied),
        "struck": [str(one) for one in mishaps.struck],
        "calls": calls,
    }
    return answer, sent


def _expected(night: Night, before: Sequence[Alone], numbers: Sequence[int]) -> Parts:
    """Each campaign that happens ends as it does alone; each other one as where it is idle."""
    [first, *_], parts = numbers, dict[str, dict[str, list[str]]]()
    for number, theft in enumerate(campaigns(night)):
        at = number if number in numbers else first
        parts[theft.shop.user] = before[at].parts[theft.shop.user]
    return parts | {REST: before[first].parts[REST]}


def _sent_again(night: Night, numbers: Sequence[int]) -> None:
    """What the detectors send once more."""
    for number in numbers:
        for event in campaigns(night)[number].events():
            night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()


def _delivered(
    night: Night, schedule: Schedule, events: dict[tuple[str, int], dict[str, Any]]
) -> None:
    """Each delivery at its time; people answer meanwhile."""
    _until(night, schedule, _BEGINS)
    for one in schedule.deliveries:
        _until(night, schedule, _BEGINS + one.after)
        night.cloud.deliver(events[one.event, one.campaign], account=world.HOME)
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


def _event(night: Night, name: str, number: int) -> dict[str, Any]:
    if name in BROKEN:
        path = world.ROOT / f"events/{name}.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    [event] = campaigns(night)[number].events([name])
    return event


def _message(event: dict[str, Any]) -> str:
    """As the intake function is given it by its queue."""
    record = {"messageId": "rival", "body": json.dumps(event), "eventSource": "aws:sqs"}
    return json.dumps({"Records": [record]})
