"""Which detector's record each finding has, and in which account and region it is asked for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from responder.collectors.collector import Scene
from responder.collectors.things import Named, Subject

_ARN = re.compile(
    r"arn:aws[a-z-]*:guardduty:(?P<region>[a-z0-9-]{1,32}):(?P<account>[0-9]{12})"
    r":detector/(?P<detector>[0-9a-f]{32})/finding/(?P<id>[0-9a-f]{32})",
    re.ASCII,
)


@dataclass(frozen=True)
class Told:
    """A finding, by the parts of its key."""

    account: str
    region: str
    detector: str
    id: str


def told_by_guardduty(scene: Scene) -> tuple[Told, ...]:
    """Those whose key is an ARN of GuardDuty, in order of key."""
    keys = sorted({finding.key for finding in scene.findings})
    return tuple(Told(**arn.groupdict()) for key in keys if (arn := _ARN.fullmatch(key)))


def by_place(told: Iterable[Told]) -> list[Subject]:
    """One subject for each account and region."""
    places = sorted({(one.account, one.region) for one in told})
    return [in_place(account, region) for account, region in places]


def in_place(account: str, region: str) -> Subject:
    """An account in a region, as what an item is about."""
    name = f"{account}-{region}"
    return Subject("account", name, Named(name, account, region))
