"""Every attack at every place where a string of somebody else comes out."""

import pytest

from tests.hostile.corpus import ATTACKS
from tests.hostile.surfaces import SURFACES, Surface


@pytest.mark.parametrize("surface", SURFACES, ids=[surface.name for surface in SURFACES])
def test_no_attack_gets_through(surface: Surface) -> None:
    for kind, texts in ATTACKS.items():
        for text in texts:
            try:
                surface.holds(text)
            except AssertionError as error:
                raise AssertionError(f"{kind}: {text[:80]!a}") from error
