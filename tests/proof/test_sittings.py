"""A proof in sittings: nothing is run twice, and everything is counted. And a sample is spread."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.crashes import Fault, spread
from tests.proof.faults import Kind
from tests.proof.sittings import Sittings

FAULTS = [
    Fault(1, Kind.ERROR, "Contain iam:GetUser"),
    Fault(1, Kind.TWIN, "Contain iam:GetUser"),
    Fault(2, Kind.LOST, "Plan dynamodb:PutItem"),
]


def test_what_was_run_in_an_earlier_sitting_is_not_run_again_and_counts(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = Sittings(path)
    first.add("touch", FAULTS[0], [])
    first.add("touch", FAULTS[1], ["dead letters: more: {}"])
    second = Sittings(path)
    assert second.left("touch", FAULTS) == FAULTS[2:]
    assert second.left("release", FAULTS) == FAULTS
    second.add("touch", FAULTS[2], [])
    assert Sittings(path).left("touch", FAULTS) == []
    kinds = Counter(one.kind.value for one in FAULTS)
    assert Sittings(path).run("touch") == (kinds, 1)
    assert Sittings(path).run("release") == (Counter(), 0)


def test_a_file_of_other_code_is_not_added_to(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Sittings(path).add("touch", Fault(2, Kind.LOST, "Watch dynamodb:PutItem"), [])
    with pytest.raises(ValueError, match="Begin another file"):
        Sittings(path).left("touch", FAULTS)


def test_a_sample_holds_each_call_before_it_holds_one_twice() -> None:
    many = [Fault(n, Kind.ERROR, "Mirror dynamodb:Query") for n in range(1, 90)]
    few = [Fault(90, Kind.DEATH, "Contain kms:RevokeGrant"), Fault(91, Kind.LOST, "Open x:Y")]
    chosen = spread([*many, *few], 6, random.Random(3))
    assert len({one.label for one in chosen}) == 6
    assert Counter(one.call for one in chosen).most_common(1) == [("Mirror dynamodb:Query", 4)]
    assert len(spread(few, 6, random.Random(3))) == 2
