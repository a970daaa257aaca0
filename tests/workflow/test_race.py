"""The race that the guard policy is there for, run once each way; `bench/race.py` runs many."""

from datetime import timedelta

import pytest

from bench.race import race

IAM_TAKES = timedelta(seconds=4)


@pytest.mark.parametrize("seed", [1, 7])
def test_with_the_guard_policy_a_cut_holds_from_when_iam_has_spread_it(seed: int) -> None:
    outcome = race(seed, guarded=True, spread=IAM_TAKES)
    assert outcome.contained
    assert (outcome.lost, outcome.reopened, outcome.cut_again) == (False, False, 0)
    assert outcome.clean_after <= IAM_TAKES


def test_without_it_an_administrator_undoes_the_cut_and_is_not_called_contained() -> None:
    """So the rehearsed attacker is one that matters, and nobody is told that it is out."""
    outcome = race(1, guarded=False, spread=IAM_TAKES)
    assert outcome.cut_again > 0
    assert not outcome.contained
    assert not outcome.lost
    assert outcome.clean_after > IAM_TAKES
