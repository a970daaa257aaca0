"""CloudTrail's events on the bus: a call that changed something is told where a rule asks for it.

As if a trail logged management events. Refused calls, reads and calls on what is inside a resource
are not told. How long it takes is not documented; here it is a minute.
AWS: EventBridge User Guide, "AWS service events delivered via CloudTrail".
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from localcloud.fakes import cloudtrail
from localcloud.router import Router
from localcloud.stack import Registry
from localcloud.switchboard import Call

DELAY: Final = timedelta(minutes=1)


class CallEvents:
    """Tells the rules of an account's default bus of the calls there."""

    def __init__(self, registry: Registry, router: Router, *, later: Callable[..., None]) -> None:
        self._registry, self._router, self._later = registry, router, later

    def seen(self, call: Call) -> None:
        """A call was answered well."""
        if not cloudtrail.is_told(call) or not self._is_asked_for(call):
            return
        event = {
            "source": f"aws.{call.service}",
            "detail-type": "AWS API Call via CloudTrail",
            # As a service writes it: what botocore was given may hold other types.
            "detail": json.loads(json.dumps(cloudtrail.record(call), default=str)),
        }
        account, region = call.account, cloudtrail.region(call)
        self._later(
            lambda: self._router.deliver(event, account=account, region=region),
            name=f"CloudTrail tells of {call.name}",
            at=call.at + DELAY,
        )

    def _is_asked_for(self, call: Call) -> bool:
        at = (call.account, cloudtrail.region(call), "default")
        return any(
            (rule.account, rule.region, rule.bus) == at
            and f"aws.{call.service}" in (rule.pattern or {}).get("source", ())
            for rule in self._registry.rules
        )
