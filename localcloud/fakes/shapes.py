"""Holds a fake to the SDK's own model of the service: what goes in, and what comes out.

The SDK itself checks types and names of what goes in. Lengths, patterns and lists of values it
leaves to the service, so a fake checks them as the service would.
"""

import re
from typing import Any, Final

from botocore.validate import ParamValidator

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

_MOST: Final = 5  # problems that one message names


def kept_to_model(fake: Fake) -> Fake:
    """The fake, with its input and its answer checked against the model."""

    def served(asked: Asked) -> dict[str, Any] | None:
        if problems := list(_problems(asked.model.input_shape, asked.params, "")):
            text = f"{len(problems)} validation errors: {'; '.join(problems[:_MOST])}"
            raise Fault("ValidationException", text)
        body = fake(asked)
        if body is not None:
            check_answer(asked, body)
        return body

    return served


def check_answer(asked: Asked, body: dict[str, Any]) -> None:
    """Raises when the model knows no such answer: a fake that drifts is a bug of ours."""
    shape = asked.model.output_shape
    if shape is None:
        if body:
            raise TypeError(f"{asked.operation} answers nothing, and the fake answered {body}")
        return
    report = ParamValidator().validate(body, shape)
    if report.has_errors():
        raise TypeError(f"the fake of {asked.operation}: {report.generate_report()}")


def _problems(shape: Any, value: Any, where: str) -> list[str]:
    if shape is None or value is None:
        return []
    if shape.type_name == "structure":
        return [
            problem
            for name, member in shape.members.items()
            if name in value
            for problem in _problems(member, value[name], f"{where}.{name}".lstrip("."))
        ]
    found = _bounds(shape, value, where)
    if shape.type_name == "list":
        for number, one in enumerate(value):
            found += _problems(shape.member, one, f"{where}[{number}]")
    elif shape.type_name == "map":
        for key, one in value.items():
            found += _problems(shape.key, key, f"{where}.{key}")
            found += _problems(shape.value, one, f"{where}.{key}")
    elif shape.type_name == "string":
        found += _words(shape, value, where)
    return found


def _bounds(shape: Any, value: Any, where: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in ("integer", "long", "float", "double"):
        size, unit = value, "value"
    elif shape.type_name in ("string", "list", "map", "blob"):
        size, unit = len(value), "length"
    else:
        return []
    found = []
    if least is not None and size < least:
        found.append(f"{where}: {unit} {size} is below {least}")
    if most is not None and size > most:
        found.append(f"{where}: {unit} {size} is above {most}")
    return found


def _words(shape: Any, value: str, where: str) -> list[str]:
    found = []
    if shape.enum and value not in shape.enum:
        found.append(f"{where}: not one of {', '.join(shape.enum)}")
    pattern = shape.metadata.get("pattern")
    if pattern and not _fits(pattern, value):
        found.append(f"{where}: does not match {pattern}")
    return found


def _fits(pattern: str, value: str) -> bool:
    """Patterns are written for Java; one that Python cannot read is left to the service."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
