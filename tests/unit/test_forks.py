"""Each continuation runs in a copy of the process, and tells how it ended."""

import os
import time

import pytest

from tests.proof.forks import forked

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
        for one in forked(["raises", "hangs", "dies", "works"], run, at_most_seconds=3)
    }
    assert "ValueError: no such thing" in (ran["raises"].failure or "")
    assert "not done after 3 seconds" in (ran["hangs"].failure or "")
    assert ran["dies"].failure == "its process ended without a word"
    assert (ran["works"].failure, len(ran["works"].answer)) == (None, 200_000)
