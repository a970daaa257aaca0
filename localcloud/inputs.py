"""What an EventBridge target is given of an event: all, a part, a constant, or a new text."""

import json
import re
from typing import Any, Final

from localcloud.stack import Rule, Target, TemplateError, Unsupported

_ABSENT: Final = object()
_STEP: Final = re.compile(r"""\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]|\["([^"]+)"\]""")
_VARIABLE: Final = re.compile(r"<([A-Za-z0-9_.-]+)>")


def of(target: Target, event: dict[str, Any], rule: Rule) -> str:
    """The text that this target receives."""
    if target.input is not None:
        return target.input
    if target.input_path is not None:
        found = part(event, target.input_path)
        return json.dumps(None if found is _ABSENT else found)
    if target.input_transformer is not None:
        return _transformed(target.input_transformer, event, rule)
    return json.dumps(event)


def part(event: Any, path: str) -> Any:
    """What stands at a path such as `$.detail.findings[0].Id`."""
    if not path.startswith("$"):
        raise TemplateError(f"the path {path} does not begin with $")
    at, found = 1, event
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise Unsupported(f"the path {path} in an EventBridge target")
        at = step.end()
        if step[2] is not None:
            index = int(step[2])
            found = found[index] if isinstance(found, list) and index < len(found) else _ABSENT
        else:
            name = step[1] or step[3] or step[4]
            found = found.get(name, _ABSENT) if isinstance(found, dict) else _ABSENT
        if found is _ABSENT:
            break
    return found


def _transformed(transformer: dict[str, Any], event: dict[str, Any], rule: Rule) -> str:
    """EventBridge guide, "Input transformation". Inside quotes a value is put in as it is."""
    values = {name: part(event, path) for name, path in transformer["InputPathsMap"].items()}
    values |= {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {k: v for k, v in event.items() if k != "detail"},
        "aws.events.event.json": event,
    }
    template = str(transformer["InputTemplate"])
    pieces: list[str] = []
    at = 0
    for found in _VARIABLE.finditer(template):
        if found[1] not in values:
            continue
        pieces.append(template[at : found.start()])
        quoted = _inside_quotes("".join(pieces))
        value = values[found[1]]
        if quoted and isinstance(value, str):
            pieces.append(value)
        elif quoted:
            pieces.append("" if value is _ABSENT else json.dumps(value).replace('"', '\\"'))
        else:
            pieces.append(json.dumps(None if value is _ABSENT else value))
        at = found.end()
    return "".join([*pieces, template[at:]])


def _inside_quotes(text: str) -> bool:
    return len(re.findall(r'(?<!\\)"', text)) % 2 == 1
