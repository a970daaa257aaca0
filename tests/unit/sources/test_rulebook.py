"""A shop's documents are read whole, or refused with the line and the field."""

import pytest

from responder.domain.errors import Broken
from responder.domain.finding import Severity
from responder.domain.policy import DEFAULT_POLICY, Then
from responder.sources.rulebook import read_policy, read_protect_list

YAML = """\
most_orders: 10
rules:
  - types: ["Recon:*"]
    severities: [medium]
    then: record
  - types: ["Exfiltration:*"]
    then: approval
    actions: {iam.deactivate_key: automatic}
    answer_within_minutes: 5
    on_silence: proceed
"""


def test_default_or_nothing_is_our_policy() -> None:
    assert read_policy("default") is DEFAULT_POLICY
    assert read_policy("  \n") is DEFAULT_POLICY


def test_a_policy_may_be_yaml_or_json() -> None:
    policy = read_policy(YAML)
    assert [rule.then for rule in policy.rules] == [Then.RECORD, Then.APPROVAL]
    assert policy.rules[0].severities == (Severity.MEDIUM,)
    assert read_policy(policy.model_dump_json(exclude_defaults=True)) == policy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (YAML.replace("medium", "mediun"), "line 4, field rules.0.severities.0: "),
        (YAML.replace("then: approval", "then: contain"), "line 7, field rules.1.then: "),
        (YAML.replace("deactivate_key", "delete_user"), "line 8, field rules.1.actions: "),
        (YAML.replace("minutes: 5", "minutes: 0"), "line 9, field rules.1.answer_within_minutes"),
        (YAML.replace("rules:", "ruels:"), "field ruels: "),
        (YAML + "  bad: [", "line 11: "),
        ("rules: *all", "aliases"),
        ("- a\n- b", "line 1: not an object"),
        ("x: " + "y" * 70_000, "longer than"),
        ("[" * 5_000, ""),
        ("!!python/object/apply:os.system [id]", "line 1: "),
    ],
)
def test_a_policy_that_cannot_be_read_is_told_by_line_and_field(text: str, told: str) -> None:
    with pytest.raises(Broken, match=r"shop\.yaml") as error:
        read_policy(text, "shop.yaml")
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        '["arn:aws:iam::*:role/deploy", "break-glass"]',
        "- arn:aws:iam::*:role/deploy\n- break-glass\n",
        "protect: ['arn:aws:iam::*:role/deploy', break-glass]",
        "arn:aws:iam::*:role/deploy\nbreak-glass\n",
    ],
)
def test_a_protect_list_may_be_a_list_an_object_or_lines(text: str) -> None:
    assert read_protect_list(text) == ("arn:aws:iam::*:role/deploy", "break-glass")


def test_an_empty_protect_list_is_empty() -> None:
    assert read_protect_list("") == read_protect_list("[]") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('["ok-name", 7]', "line 1, field protect.1: "),
        ("- ok-name\n- 'has space'\n", "line 2, field protect.1: "),
        ("- '***'\n", "would protect everybody"),
        ("pattern: x", "field protect: "),
        ("7", "not a list"),
        ("- *-deploy\n", "quote a pattern"),
    ],
)
def test_a_protect_list_that_cannot_be_read_is_told_by_line_and_field(text: str, told: str) -> None:
    with pytest.raises(Broken) as error:
        read_protect_list(text)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('protect:\n  - "*:role/break-glass"\nprotect:\n  - "*:role/deploy"\n', 3),
        ('{"protect": ["*:role/break-glass"],\n "protect": ["*:role/deploy"]}', 2),
        ("protect:\n  - {a: 1, a: 2}\n", 2),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(text: str, line: int) -> None:
    """What stands under the first one would be protected no more, and nobody told."""
    with pytest.raises(Broken, match=rf"line {line}: the key (protect|a) stands there twice"):
        read_protect_list(text)


def test_a_policy_with_rules_twice_is_refused() -> None:
    with pytest.raises(Broken, match="line 11: the key rules stands there twice"):
        read_policy(YAML + "rules: []\n")
