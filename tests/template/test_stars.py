"""A star in a policy has a defence written above it."""

import re

import pytest

from tests.template.templates import ROOT, TEMPLATES


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_resource_of_star_outside_a_key_or_topic_policy_is_defended_in_a_comment(
    path: str,
) -> None:
    lines = (ROOT / path).read_text().splitlines()
    in_key_policy = False
    for number, line in enumerate(lines):
        if re.match(r"^      KeyPolicy:", line):
            in_key_policy = True  # there, "*" means this key (KMS guide, "Resource element")
        elif re.match(r"^  \w", line):
            in_key_policy = False
        if re.search(r"Resource: *\[?['\"]\*['\"]", line) and not in_key_policy:
            assert lines[number - 1].strip().startswith("#"), f"{path}:{number + 1}"


@pytest.mark.parametrize("path", TEMPLATES)
def test_no_role_may_use_every_action_of_a_service(path: str) -> None:
    lines = (ROOT / path).read_text().splitlines()
    for number, line in enumerate(lines):
        if re.search(r"Action:.*[\w-]+:\*", line):
            around = "\n".join(lines[max(0, number - 6) : number + 1])
            assert "Effect: Deny" in around or "AccountAdministers" in around, number + 1
