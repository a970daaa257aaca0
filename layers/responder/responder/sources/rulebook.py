"""Reads what a shop writes: its policy, its protect list, what things are worth. JSON or YAML.

Unreadable text raises `Broken` with the line and the field: acting on a list that we misread
would be worse than not acting.
"""

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from responder.domain.asset import Assets
from responder.domain.errors import Broken
from responder.domain.model import Model
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder.sources.documents import document, validated

_Pattern = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[\x21-\x7e]{1,600}$", max_length=600)
]


class _Patterns(Model):
    model_config = ConfigDict(extra="forbid")

    protect: list[_Pattern]


def read_policy(text: str, name: str = "the policy") -> Policy:
    """A policy document; `default` or nothing is ours."""
    if text.strip() in ("", "default"):
        return DEFAULT_POLICY
    node, data = document(text, name)
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not an object with the field rules")
    return validated(Policy, data, node, name)


def read_protect_list(text: str, name: str = "the protect list") -> tuple[str, ...]:
    """A list of patterns, or an object whose field `protect` holds it; or one to a line."""
    if not text.strip():
        return ()
    node, data = document(text, name)
    if isinstance(data, str):
        data = data.split()
    if isinstance(data, list):
        data = {"protect": data}
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not a list of patterns")
    patterns = validated(_Patterns, data, node, name).protect
    for pattern in patterns:
        if not pattern.strip("*?"):
            raise Broken(f"{name}: the pattern {pattern} would protect everybody")
    return tuple(patterns)


def read_assets(text: str, name: str = "the assets") -> Assets:
    """What things are worth; `none` or nothing says that all are worth the same."""
    if text.strip() in ("", "none"):
        return Assets()
    node, data = document(text, name)
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not an object with the field assets")
    return validated(Assets, data, node, name)
