"""Each continuation runs in a copy of the process, and tells how it ended."""

import os
import time

import pytest

from tests.proof.forks import forked, step

# A worker of the test run has a thread for its reports, which no copy of the process needs.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def test_each_case_sees_what_stood_before_and_changes_nothing_here() -> None:
    world = {"n": 1}

    def run(case: int) -> list[int]:
        world["n"] += case
        return [case, world["n"], os.getpid()]

    ran = list(forked([1, 2, 3], run, at_once=2))
    assert sorted((one.answer[0], one.answer[1]) for one in ran) == [(1, 2), (2, 3), (3, 4)]
    assert world == {"n": 1}
    assert os.getpid() not in {one.answer[2] for one in ran}


def test_a_case_that_fails_hangs_or_dies_is_told_and_keeps_none_of_the_others() -> None:
    def run(case: str) -> str:
        if case == "raises":
            raise ValueError("no such thing")
        if case == "hangs":
            time.sleep(60)  # it is killed after three
        if case == "dies":
            os._exit(9)
        return "x" * 200_000

    ran = {
        one.case: one
        for one in forked(["raises", "hangs", "dies", "works"], run, at_most_still_seconds=3)
    }
    assert "ValueError: no such thing" in (ran["raises"].failure or "")
    assert "nothing happened for 3 seconds" in (ran["hangs"].failure or "")
    assert ran["dies"].failure == "its process ended without a word"
    assert (ran["works"].failure, len(ran["works"].answer)) == (None, 200_000)


def test_a_case_may_be_slow_and_may_not_go_on_for_ever() -> None:
    def run(case: str) -> str:
        while case == "turns in circles":
            step()
        for _ in range(8):
            # Real time, as the bound is: it is about a child process, which no clock of ours
            # reaches. Four seconds of work, a step each half, outlast three of standing still.
            time.sleep(0.5)
            step()
        return "done"

    cases = ["is slow", "turns in circles"]
    ran = {one.case: one for one in forked(cases, run, at_most_steps=1000, at_most_still_seconds=3)}
    assert (ran["is slow"].answer, ran["is slow"].steps) == ("done", 8)
    assert "not done after 1000 steps" in (ran["turns in circles"].failure or "")


# Only Linux tells how long a process waited for a processor, and CI runs on Linux.
@pytest.mark.skipif(
    not os.path.exists("/proc/self/schedstat"), reason="this kernel has no /proc/*/schedstat"
)
def test_a_case_that_waits_for_a_processor_does_not_stand_still() -> None:
    """Four share one: each works for two seconds, and waits for six."""
    [one, *_] = sorted(os.sched_getaffinity(0))

    def run(case: int) -> int:
        os.sched_setaffinity(0, {one})
        until = time.process_time() + 2
        while time.process_time() < until:
            pass
        return case

    ran = list(forked([1, 2, 3, 4], run, at_once=4, at_most_still_seconds=6))
    assert [one.failure for one in ran] == [None] * 4
    assert max(one.seconds for one in ran) > 6


def test_a_step_counts_for_each_process_that_this_one_is_a_copy_of() -> None:
    def within(case: int) -> int:
        step()
        return case

    def run(_: int) -> list[int]:
        return [one.steps for one in forked([1, 2], within, at_once=1)]

    [ran] = forked([0], run)
    assert (ran.answer, ran.steps) == ([1, 1], 2)
    step()  # here nobody counts
