"""CloudFormation's view of what was deployed here: moto knows nothing of these stacks."""

from datetime import UTC, datetime
from typing import Any

from localcloud.fault import Fault
from localcloud.stack import Registry
from localcloud.switchboard import Asked, Fake

_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)  # the model demands one, and nobody asks here


class Stacks:
    """Tells a stack by its name, as CloudFormation does."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def operations(self) -> dict[str, Fake]:
        """What this module serves."""
        return {"DescribeStacks": self._describe}

    def _describe(self, asked: Asked) -> dict[str, Any]:
        name = asked.params.get("StackName")
        found = [
            stack
            for stack in self._registry.stacks
            if (stack.account, stack.region) == (asked.account, asked.region)
            and name in (None, stack.name)
        ]
        if name is not None and not found:
            raise Fault("ValidationError", f"Stack with id {name} does not exist", status=400)
        return {
            "Stacks": [
                {
                    "StackName": stack.name,
                    "CreationTime": _MADE_AT,
                    "StackStatus": "CREATE_COMPLETE",
                    "Outputs": [
                        {"OutputKey": key, "OutputValue": value}
                        for key, value in stack.outputs.items()
                    ],
                }
                for stack in found
            ]
        }
