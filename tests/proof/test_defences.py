"""The comparison of rights and use: every gap is told, and every defence that defends nothing."""

import re

from tests.proof.defences import ELSEWHERE, UNUSED, unexplained
from tests.proof.privileges import Use, allowed
from tests.proof.scenarios import SCENARIOS
from tests.template.templates import ROOT


def everything() -> set[Use]:
    """As if every right were used, but those that are defended."""
    return {
        Use(role, right, refused=False)
        for role, rights in allowed().items()
        for right in rights
        if not any(one.of(role, right) for one in UNUSED)
    }


def test_what_is_used_or_defended_is_no_gap() -> None:
    assert unexplained(everything(), list(SCENARIOS)) == []


def test_a_right_that_nothing_uses_is_told() -> None:
    used = everything() - {Use("SealFunctionRole", "kms:Sign", refused=False)}
    assert unexplained(used, list(SCENARIOS)) == [
        "SealFunctionRole may kms:Sign, and never does",
    ]


def test_a_defence_of_what_is_used_is_told() -> None:
    used = everything() | {Use("ExpireFunctionRole", "dynamodb:Query", refused=False)}
    assert unexplained(used, list(SCENARIOS)) == [
        "ExpireFunctionRole has no unused right dynamodb:Query, so its defence can go",
    ]


def test_what_is_tried_and_not_allowed_is_told() -> None:
    used = everything() | {Use("SealFunctionRole", "kms:Decrypt", refused=True)}
    assert unexplained(used, list(SCENARIOS)) == [
        "SealFunctionRole tries kms:Decrypt, and may not",
    ]


def test_each_defence_is_of_rights_that_the_role_has_and_says_why() -> None:
    for one in UNUSED:
        assert [right for right in allowed()[one.role] if one.of(one.role, right)], one
        assert re.fullmatch(r"[A-Z].{30,}\.", one.because), one
        for file in re.findall(r"tests/\S+(?=\.$)", one.because):
            assert (ROOT / file).exists(), one


def test_what_is_used_elsewhere_names_the_scenario() -> None:
    for one in ELSEWHERE:
        assert one.because in SCENARIOS
        assert [right for right in allowed()[one.role] if one.of(one.role, right)], one
