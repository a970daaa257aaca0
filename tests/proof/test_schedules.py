"""A few nights by schedules: what a seed draws, and that each night ends as it does undisturbed."""

import random

import pytest

from responder_cli.drill.events import CAMPAIGN
from tests.proof.campaigns import campaigns
from tests.proof.crashes import prepared
from tests.proof.ends import COUNTED
from tests.proof.faults import Kind
from tests.proof.interleavings import alone, tried
from tests.proof.scenarios import CUTS, THEFTS
from tests.proof.schedules import BROKEN, SLOW, drawn
from tests.proof.tampering import tampered
from tests.template.templates import functions, machine, states

# A worker of the test run has a thread for its reports, which no copy of the process needs.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
CALLS = (("Intake dynamodb:GetItem", (Kind.ERROR, Kind.DENIED, Kind.RIVAL)),) * 9 + (
    ("Open sns:Publish", (Kind.LOST, Kind.DENIED)),
)


@pytest.mark.prove
def test_a_night_ends_the_same_by_every_schedule() -> None:
    seeds = [random.randrange(10**6, 10**9)]  # of one campaign or of two
    with prepared(THEFTS) as night:
        before, thefts = alone(night), campaigns(night)
        schedules = [drawn(seed, [one.calls for one in before]) for seed in seeds]
        told = list(tried(night, before, schedules, tampered))
    counted = [
        one.parts[theft.shop.user][COUNTED] for one, theft in zip(before, thefts, strict=True)
    ]
    assert sum(int(number) for [number] in counted) == CUTS
    assert [f"{one.again}: {one.why}" for one in told if one.why] == []
    assert sorted(one.schedule.seed for one in told) == sorted(seeds)
    assert [one.afterwards for one in told] == [()] * len(told)


def test_a_seed_is_one_schedule_and_another_seed_another() -> None:
    assert drawn(7, [CALLS, CALLS]) == drawn(7, [CALLS, CALLS])
    assert len({drawn(seed, [CALLS, CALLS]) for seed in range(200)}) > 190


def test_each_schedule_can_end_as_the_undisturbed_night_does() -> None:
    for schedule in (drawn(seed, [CALLS, CALLS]) for seed in range(200)):
        assert {one.event for one in schedule.deliveries} & {*CAMPAIGN}
        assert schedule.deliveries[0].after.total_seconds() == 0
        calls = [(one.call, one.number) for one in schedule.mishaps]
        assert len(calls) == len(set(calls))
        for kind in (Kind.DENIED, Kind.TIMEOUT):
            assert sum(one.kind is kind for one in schedule.mishaps) <= 1
        assert all(one.rival not in BROKEN for one in schedule.mishaps)
        whose = {one.campaign for one in schedule.deliveries}
        whose |= {one.campaign for one in schedule.mishaps}
        assert whose <= set(range(schedule.campaigns))
        assert all(bool(one.rival) == (one.kind is Kind.RIVAL) for one in schedule.mishaps)


def test_only_what_ends_before_a_state_gives_up_is_let_time_out_beside_others() -> None:
    task_seconds = min(
        state["TimeoutSeconds"]
        for name, state in states(machine("incident-response")).items()
        if "TimeoutSeconds" in state and "FunctionArn" in state["Resource"]
        if name != "Weigh"  # what it gives up, the question does without
    )
    slow = [
        name.capitalize()
        for name, each in functions().items()
        if each.get("Timeout", 0) >= task_seconds
    ]
    assert sorted(slow) == sorted(SLOW)
    slow_calls = [(f"{name} iam:PutUserPolicy", (Kind.TIMEOUT, Kind.LOST)) for name in SLOW]
    mishaps = [one for seed in range(50) for one in drawn(seed, [slow_calls]).mishaps]
    assert {one.kind for one in mishaps} == {Kind.LOST}


def test_schedules_together_draw_everything_that_may_happen() -> None:
    schedules = [drawn(seed, [CALLS, CALLS]) for seed in range(200)]
    mishaps = [one for schedule in schedules for one in schedule.mishaps]
    assert {one.kind for one in mishaps} == {Kind.ERROR, Kind.DENIED, Kind.RIVAL, Kind.LOST}
    assert {one.presses for one in schedules} == {1, 2}
    assert {one.turns is None for one in schedules} == {True, False}
    assert {one.campaigns for one in schedules} == {1, 2}
    assert {one.campaign for schedule in schedules for one in schedule.deliveries} == {0, 1}
    assert {one.campaign for one in mishaps if one.rival} == {0, 1}
    assert max(len(one.mishaps) for one in schedules) == 4
