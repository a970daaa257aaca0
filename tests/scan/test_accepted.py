"""What the scan is told to accept: defended, compared both ways, and taken out before it looks."""

import re

import pytest
import yaml

from tests.scan.accepted import SETTINGS, Weakness, defences, differences, scanned
from tests.template.templates import TEMPLATES, template

CHECK = r"CKV2?_AWS_[0-9]+"
SENTENCE = r"[A-Z].{30,}\."


def test_what_is_accepted_of_every_function_has_its_defence_above_it() -> None:
    told = dict(defences())
    assert told
    for check, reason in told.items():
        assert re.fullmatch(CHECK, check)
        assert re.fullmatch(SENTENCE, reason), check


@pytest.mark.parametrize("path", TEMPLATES)
def test_what_is_accepted_of_a_resource_has_its_defence_beside_it(path: str) -> None:
    for name, resource in template(path)["Resources"].items():
        for one in resource.get("Metadata", {}).get("checkov", {"skip": []})["skip"]:
            assert set(one) == {"id", "comment"}, name
            assert re.fullmatch(CHECK, one["id"]), name
            assert re.fullmatch(SENTENCE, one["comment"]), name


def test_checkov_by_itself_reads_every_template() -> None:
    assert yaml.safe_load(SETTINGS.read_text())["file"] == TEMPLATES


def test_what_is_scanned_tells_checkov_to_leave_nothing_out() -> None:
    accepted = set[Weakness]()
    for path in TEMPLATES:
        one = scanned(path)
        assert "checkov" not in str(one.template)
        accepted |= one.accepted
    assert Weakness("stacks/evidence-vault.yaml", "TamperTopic", "CKV_AWS_26") in accepted
    assert Weakness("template.yaml", "IntakeFunction", "CKV_AWS_116") in accepted


def test_the_roles_that_sam_makes_are_scanned_too() -> None:
    made = scanned("template.yaml").template["Resources"]
    assert made["ContainFunctionRole"]["Type"] == "AWS::IAM::Role"


def test_a_new_weakness_and_a_stale_exception_are_both_told() -> None:
    new, known, stale = (Weakness("a.yaml", "Queue", f"CKV_AWS_{n}") for n in (1, 2, 3))
    assert differences({new, known}, {known, stale}) == [
        "a.yaml: Queue fails CKV_AWS_1",
        "a.yaml: Queue passes CKV_AWS_3, so its exception can go",
    ]
    assert differences({known}, {known}) == []
