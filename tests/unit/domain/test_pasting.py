"""What a person pastes into a shell holds names, and nothing that a shell or the AWS CLI runs."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain import next_steps
from responder.domain.lineage import Node, NodeKind
from responder.domain.lineage_next_steps import left
from responder.domain.pasting import pasted
from tests.builders import SHOP, a_user


@pytest.mark.parametrize(
    "name",
    [
        "--profile=mallory",
        "-h",
        "file:///root/.aws/credentials",
        "FILEB://x",
        "https://evil.example.com/",
        "a\nb",
        "a\u202eb",
        "\u3164",
        "",
    ],
)
def test_what_no_quoting_makes_a_name_is_in_no_command(name: str) -> None:
    assert pasted(name) is None


@given(st.text(max_size=40))
def test_a_shell_reads_back_the_very_name(name: str) -> None:
    word = pasted(name)
    if word is not None:
        assert shlex.split(word) == [name]
        assert not word.startswith(("-", "=", "~"))


def test_what_zsh_and_other_shells_expand_is_quoted() -> None:
    assert [pasted(name) for name in ("=ls", "~root", "it's", "$HOME", "a b")] == [
        "'=ls'",
        "'~root'",
        "'it'\"'\"'s'",
        "'$HOME'",
        "'a b'",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("orders", "--key-name orders;"),
        ("$AWS_SECRET_ACCESS_KEY", "--key-name '$AWS_SECRET_ACCESS_KEY';"),
        ("file:///root/.aws/credentials", "undo it in the console"),
        ("--debug", "undo it in the console"),
    ],
)
def test_the_name_of_a_key_pair_sends_nothing_of_whoever_deletes_it(name: str, shown: str) -> None:
    """EC2 takes any text for one, and the call with its name stands in the thief's CloudTrail."""
    node = Node(kind=NodeKind.KEY_PAIR, account=SHOP, region="us-west-2", name=name)
    assert shown in left(node, None).next_step


def test_a_user_whose_name_is_an_option_is_denied_in_the_console() -> None:
    step = next_steps.protected(a_user("--no-verify-ssl"), "*").next_step
    assert "IAM console, Users, --no-verify-ssl" in step
    assert "aws iam" not in step
