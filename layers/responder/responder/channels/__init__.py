"""Every place an incident can be opened at, listed by hand, the best first.

And those that stand beside it, and take no page's place.
"""

from types import ModuleType

from responder.channels import incident_manager, ops_center, security_ir, sns_topic
from responder.channels.channel import Channel, Desk

CHANNELS: tuple[Channel, ...] = (incident_manager, ops_center, sns_topic)
BESIDE: tuple[ModuleType, ...] = (security_ir,)
BY_ID: dict[str, Channel] = {channel.ID: channel for channel in CHANNELS}


def choose(desk: Desk) -> tuple[Channel, ...]:
    """The rungs to try, in order. Incident Manager only by a response plan that was given."""
    if desk.response_plan_arn:
        return CHANNELS
    return tuple(channel for channel in CHANNELS if channel is not incident_manager)
