"""What a person asks a function for: by calling it, or by running its document in the console."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints
from pydantic.alias_generators import to_snake

from responder.aws.automations import Automations
from responder.domain.model import Model

_AUTOMATION = "automation_id"
# What stands in a field that was left alone: an automation holds no empty value (Systems Manager
# API Reference, "StartAutomationExecution").
_NOT_GIVEN = frozenset({"all", "none"})


class _InConsole(Model):
    automation_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


def request_of[Request: Model](
    kind: type[Request], event: Mapping[str, Any], automations: Callable[[], Automations]
) -> Request:
    """The request, whose `by` is whom AWS names if it came by the console.

    A parameter of the document is called as the field, in the document's spelling.
    """
    if _AUTOMATION not in event:
        return kind.model_validate(event)
    started = automations().started(_InConsole.model_validate(event).automation_id)
    given = {
        to_snake(name): text for name, text in started.parameters.items() if text not in _NOT_GIVEN
    }
    return kind.model_validate({**given, "by": started.by})
