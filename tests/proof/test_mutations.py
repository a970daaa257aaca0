"""What the proof takes away is still there to be taken: `make prove` runs the rest."""

import pytest

from responder_cli.drill import world
from tests.proof.mutations import MUTATIONS, Mutation
from tests.proof.scenarios import SCENARIOS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_changes_what_its_file_says(mutation: Mutation) -> None:
    text = (world.ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutation.old in text
    assert text.replace(mutation.old, mutation.new) != text
    assert mutation.scenario in SCENARIOS
