"""Which machines the principals of a lineage had in hand, and whose interfaces are theirs.

By CloudTrail alone: a role's session on an instance has the instance's id for its name; a call
names the instances that it is about; and the answer to RunInstances lists their interfaces. An
interface that was made before these logs begin is in none of them.
AWS: IAM User Guide, "CloudTrail record contents", userIdentity; EC2 API Reference, "RunInstances"
and "AttachNetworkInterface".
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from responder.domain.lineage import Lineage, NodeKind
from responder.domain.lineage_growth import Callers
from responder.domain.trail_event import TrailEvent

MOST_MACHINES = 1000
_INSTANCE = re.compile(r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})")
_INTERFACE = re.compile(r"eni-(?:[0-9a-f]{17}|[0-9a-f]{8})")
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::[0-9]{12}:assumed-role/[^/]+/(i-[0-9a-f]{8,17})")
_LOOKS = ("Describe", "List")  # they touch no machine
_BY_TAGS = ("SendCommand", "StartAutomationExecution", "CreateAssociation")
_TELL = ("RunInstances", "AttachNetworkInterface")


@dataclass
class Machines:
    """Instances, each with why it is one of them; and what is known of their interfaces."""

    why: dict[str, set[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # instances, by interface
    own: dict[str, set[str]] = field(default_factory=dict)  # addresses, by interface
    by_tags: set[str] = field(default_factory=set)  # calls that chose machines by their tags
    left_out: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)  # logs, by name: why

    def add(self, instance: str, why: str) -> None:
        """One of them. Bounded: whoever calls may name any number."""
        if instance not in self.why and len(self.why) >= MOST_MACHINES:
            self.left_out += 1
            return
        self.why.setdefault(instance, set()).add(why)

    def join(self, other: "Machines") -> None:
        """What another part found, in the order of the objects."""
        for instance, reasons in other.why.items():
            for why in sorted(reasons):
                self.add(instance, why)
        self.owners |= other.owners
        for interface, addresses in other.own.items():
            self.own.setdefault(interface, set()).update(addresses)
        self.by_tags |= other.by_tags
        self.left_out += other.left_out
        self.unreadable |= other.unreadable


def started_by(lineage: Lineage) -> Machines:
    """The instances that stand in a lineage: started by it, or whose sessions are of it."""
    found = Machines()
    for node in lineage.nodes:
        if node.kind is NodeKind.INSTANCE and node.name and _INSTANCE.fullmatch(node.name):
            found.add(node.name, "the lineage started it")
        if node.session_name and _INSTANCE.fullmatch(node.session_name):
            found.add(node.session_name, "its role's session is of the lineage")
    return found


def named_by(events: Iterable[TrailEvent], callers: Callers) -> Machines:
    """The instances that calls of the lineage were about, and those whose sessions called."""
    found = Machines()
    for event in events:
        if callers.of(event) is None:
            continue
        session = _SESSION.fullmatch(event.actor.arn or "")
        if session is not None:
            found.add(session[1], "its role's session is of the lineage")
        if event.error is not None or event.call.startswith(_LOOKS):
            continue
        told = event.response if event.call in (*_TELL, "SendCommand") else None
        named = {one for one in _texts([event.request, told]) if _INSTANCE.fullmatch(one)}
        service = event.source.partition(".")[0]
        for one in sorted(named):
            found.add(one, f"{service} {event.call} of the lineage was about it")
        if event.call in _BY_TAGS and not named and event.at_path("request.targets"):
            found.by_tags.add(event.event_id)
    return found


def interfaces_of(events: Iterable[TrailEvent]) -> Machines:
    """What calls of anybody tell of instances' interfaces."""
    found = Machines()
    for event in events:
        if event.error is None and event.source.startswith("ec2.") and event.call in _TELL:
            for instance, interface, thing in _pairs([event.request, event.response], None):
                found.owners[interface] = instance
                addresses = set(_addresses(thing))
                if addresses:
                    found.own.setdefault(interface, set()).update(addresses)
    return found


def _pairs(value: Any, instance: str | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each interface that stands in an instance, or beside its id."""
    if isinstance(value, list):
        for one in value:
            yield from _pairs(one, instance)
    elif isinstance(value, dict):
        told = value.get("instanceId")
        if isinstance(told, str) and _INSTANCE.fullmatch(told):
            instance = told
        interface = value.get("networkInterfaceId")
        if instance and isinstance(interface, str) and _INTERFACE.fullmatch(interface):
            yield instance, interface, value
        for one in value.values():
            yield from _pairs(one, instance)


def _addresses(thing: dict[str, Any]) -> Iterator[str]:
    """The private and IPv6 addresses in what is told of an interface."""
    for text in _texts(thing):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if address.version == 6 or address.is_private:
            yield str(address)


def _texts(value: object) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
