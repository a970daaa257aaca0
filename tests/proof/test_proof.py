"""A sample of `make prove` that fits into the tests: what once broke, and new places each time."""

import random
import re

import pytest

from tests.proof.crashes import Fault, Undisturbed, disturbed, prepared, spread, undisturbed
from tests.proof.defences import unexplained
from tests.proof.ends import DEAD_LETTERS, FAILED_EXECUTIONS, WHOLE
from tests.proof.faults import Kind
from tests.proof.scenarios import SCENARIOS

# A worker of the test run has a thread for its reports, which no copy of the process needs.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
CHOSEN = (
    (Kind.TWIN, "^Intake dynamodb:TransactWriteItems"),
    (Kind.DEATH, "^Contain iam:AttachUserPolicy"),
    (Kind.LOST, "sns:Publish"),
    (Kind.DENIED, "^Collect dynamodb:PutItem"),
)
OF_CHOSEN, NEW = 1, 1


def chosen(before: Undisturbed) -> list[Fault]:
    """The first of one of the kinds that are chosen, and one that nobody has chosen."""
    every = before.faults()
    found = [
        next(one for one in every if one.kind is kind and re.search(call, one.call))
        for kind, call in CHOSEN
    ]
    return [*random.sample(found, OF_CHOSEN), *spread(every, NEW, random.Random())]


def test_a_night_ends_the_same_whatever_goes_wrong_at_a_call() -> None:
    scenario = SCENARIOS["stolen-key"]
    with prepared(scenario) as night:
        before = undisturbed(scenario, night)
        end = before.end[WHOLE]
        assert end[FAILED_EXECUTIONS] == end[DEAD_LETTERS] == []
        assert unexplained(before.uses, [scenario.name]) == []
        violations = [
            f"python -m tests.proof {scenario.name} --fault {ran.case.label}: {found.why}"
            for ran, found in disturbed(scenario, night, before, chosen(before))
            if found is not None
        ]
    assert violations == []
