"""The lint of the policies: which it is given, and what it excepts."""

import re

from tests.scan.policies import ACCEPTED, Accepted, Finding, differences, policies


def test_it_is_given_every_policy_with_its_names_put_in() -> None:
    given = list(policies())
    held = {name for name, _ in given}
    assert {"ContainFunctionRole", "ContainInstances", "CollectRole", "DeliverRole"} <= held
    assert {"Key", "EvidenceBucketPolicy", "IntakeQueuePolicy", "PagerTopicPolicy"} <= held
    assert "${" not in str(given)
    assert "Fn::" not in str(given)


def test_a_finding_is_accepted_by_its_policy_issue_and_detail() -> None:
    accepted = Accepted("Key", "TYPE", "kms:Sign", "Because.")
    found = Finding("Key", "TYPE", '"of kms:Sign"')
    assert differences({found}, [accepted]) == []
    for other in (
        Finding("Role", "TYPE", '"of kms:Sign"'),
        Finding("Key", "STAR", '"of kms:Sign"'),
        Finding("Key", "TYPE", '"of kms:Verify"'),
    ):
        told = f"{other.policy}: {other.issue} {other.detail}"
        assert differences({found, other}, [accepted]) == [told]


def test_an_exception_that_excepts_nothing_is_told() -> None:
    accepted = Accepted("Key", "TYPE", "kms:Sign", "Because.")
    assert differences([], [accepted]) == ["nothing is excepted by Key: TYPE kms:Sign"]


def test_each_exception_says_why() -> None:
    for one in ACCEPTED:
        assert re.fullmatch(r"[A-Z].{30,}\.", one.because)
