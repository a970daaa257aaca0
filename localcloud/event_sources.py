"""Event sources of deployed functions, as Lambda shows them and lets people switch them.

Moto shows and switches them. It does not deliver for them, because no queue or stream of its own
knows of them: who polls here asks each time whether it is on.
AWS: Lambda API Reference, "UpdateEventSourceMapping".
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from moto.awslambda.models import EventSourceMapping, lambda_backends

from localcloud.stack import Mapping, Unsupported
from localcloud.switchboard import Asked

_SWITCHED: Final = {"UUID", "Enabled"}


class Poller(Protocol):
    """Who polls a queue or a stream for a function."""

    mapping: Mapping

    def wake(self) -> None:
        """Poll soon, if the event source is on."""


def show(mapping: Mapping) -> None:
    """Have Lambda's own operations show it from now on."""
    # Moto makes these itself, abstract or not.
    held = EventSourceMapping(  # type: ignore[abstract]
        {
            "RegionName": mapping.region,
            "AccountId": mapping.account,
            "FunctionName": mapping.function_name,
            "FunctionArn": mapping.function_arn,
            "EventSourceArn": mapping.source_arn,
            "BatchSize": mapping.batch_size,
            "Enabled": mapping.enabled,
            "StartingPosition": mapping.starting_position,
            "MaximumBatchingWindowInSeconds": mapping.window_seconds,
        }
    )
    held.arn = held.arn.replace(held.uuid, mapping.uuid)
    held.uuid = mapping.uuid
    _held(mapping.account, mapping.region)[mapping.uuid] = held


def is_on(mapping: Mapping) -> bool:
    """Whether it delivers now."""
    held = _held(mapping.account, mapping.region).get(mapping.uuid)
    return held is not None and bool(held.enabled)


def wake(pollers: Iterable[Poller], asked: Asked) -> None:
    """Wake whoever polls for an event source that was just switched."""
    if (asked.service, asked.operation) != ("lambda", "UpdateEventSourceMapping"):
        return
    for poller in [one for one in pollers if one.mapping.uuid == asked.params["UUID"]]:
        if more := sorted(set(asked.params) - _SWITCHED):
            raise Unsupported(f"an event source whose {', '.join(more)} is changed")
        poller.wake()


def _held(account: str, region: str) -> dict[str, Any]:
    held: dict[str, Any] = lambda_backends[account][region]._event_source_mappings
    return held
