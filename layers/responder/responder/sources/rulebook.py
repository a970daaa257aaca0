"""Reads the two documents a shop writes: its policy and its protect list. JSON or YAML.

Unreadable text raises `Broken` with the line and the field: acting on a list that we misread
would be worse than not acting.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder.sources.envelope import plain

_MOST_BYTES = 65_536
_Pattern = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[\x21-\x7e]{1,600}$", max_length=600)
]


class _Patterns(BaseModel):
    model_config = ConfigDict(extra="forbid")

    protect: list[_Pattern]


def read_policy(text: str, name: str = "the policy") -> Policy:
    """A policy document; `default` or nothing is ours."""
    if text.strip() in ("", "default"):
        return DEFAULT_POLICY
    node, data = _document(text, name)
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not an object with the field rules")
    return _validated(Policy, data, node, name)


def read_protect_list(text: str, name: str = "the protect list") -> tuple[str, ...]:
    """A list of patterns, or an object whose field `protect` holds it; or one to a line."""
    if not text.strip():
        return ()
    node, data = _document(text, name)
    if isinstance(data, str):
        data = data.split()
    if isinstance(data, list):
        data = {"protect": data}
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not a list of patterns")
    patterns = _validated(_Patterns, data, node, name).protect
    for pattern in patterns:
        if not pattern.strip("*?"):
            raise Broken(f"{name}: the pattern {pattern} would protect everybody")
    return tuple(patterns)


def _document(text: str, name: str) -> tuple[yaml.Node | None, Any]:
    if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
        raise Broken(f"{name}: longer than {_MOST_BYTES} bytes")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, yaml.SafeLoader)):
            raise Broken(
                f"{name}: aliases (*name) are not read; quote a pattern that begins with *"
            )
        return yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        told = one_line(error.problem or "unreadable", 120)
        raise Broken(f"{name}, line {line}: {told}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(f"{name}: {type(error).__name__}") from None


def _validated[Model: BaseModel](
    model: type[Model], data: dict[Any, Any], node: yaml.Node | None, name: str
) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        loc = problem["loc"]
        field = ".".join(str(part) for part in loc)
        line = _line(node, loc)
        raise Broken(
            one_line(f"{name}, line {line}, field {field}: {plain(problem['msg'])}", 400)
        ) from None


def _line(node: yaml.Node | None, loc: Sequence[int | str]) -> int:
    """The line of the deepest part of `loc` that stands in the document."""
    line = 1
    parts = list(loc[1:] if isinstance(node, yaml.SequenceNode) else loc)
    while node is not None:
        line = node.start_mark.line + 1
        if not parts:
            break
        part = parts.pop(0)
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
        else:
            node = None
    return line
