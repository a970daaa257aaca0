"""Reads a document that a shop writes, as JSON or YAML, and says where it is wrong."""

from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.sources.envelope import plain

_MOST_BYTES = 65_536


def document(text: str, name: str) -> tuple[yaml.Node | None, Any]:
    """The nodes of YAML or JSON, which know their lines, and what they say.

    Raises `Broken` with the line. Also for a key that stands twice: YAML and JSON take the last one
    without a word, and what a shop protects under the first would not be protected.
    """
    if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
        raise Broken(f"{name}: longer than {_MOST_BYTES} bytes")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, yaml.SafeLoader)):
            raise Broken(
                f"{name}: aliases (*name) are not read; quote a pattern that begins with *"
            )
        node = yaml.compose(text, yaml.SafeLoader)
        _refuse_twice(node, name)
        return node, yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        told = one_line(error.problem or "unreadable", 120)
        raise Broken(f"{name}, line {line}: {told}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(f"{name}: {type(error).__name__}") from None


def _refuse_twice(node: yaml.Node | None, name: str) -> None:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, yaml.SequenceNode):
            waiting += one.value
        elif isinstance(one, yaml.MappingNode):
            seen = set[str]()
            for key, value in one.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        said = one_line(f"the key {key.value} stands there twice", 120)
                        raise Broken(f"{name}, line {key.start_mark.line + 1}: {said}")
                    seen.add(key.value)
                waiting.append(value)


def validated[Model: BaseModel](
    model: type[Model], data: dict[Any, Any], node: yaml.Node | None, name: str
) -> Model:
    """The data as this model. Raises `Broken` with line and field of what is wrong first."""
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
