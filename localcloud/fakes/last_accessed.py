"""When an identity used which service last, as IAM reports it: a job that takes some seconds.

Taken from the record of calls, and complete at once. In AWS, activity shows within four hours.
AWS: IAM API Reference, "GenerateServiceLastAccessedDetails", "GetServiceLastAccessedDetails".
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Call, Fake, Switchboard

TAKES: Final = timedelta(seconds=3)
_USUAL: Final = 100


class Reports:
    """Every report that was asked for, by its job."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._calls = switchboard.calls
        self._jobs: dict[tuple[str, str], tuple[str, str, datetime]] = {}

    def operations(self) -> dict[str, Fake]:
        """What this module serves."""
        return {
            "GenerateServiceLastAccessedDetails": self._generate,
            "GetServiceLastAccessedDetails": self._get,
        }

    def _generate(self, asked: Asked) -> dict[str, Any]:
        given, job = asked.params, str(uuid.uuid4())
        kind = given.get("Granularity", "SERVICE_LEVEL")
        self._jobs[asked.account, job] = (given["Arn"], kind, asked.at)
        return {"JobId": job}

    def _get(self, asked: Asked) -> dict[str, Any]:
        given = asked.params
        if (asked.account, given["JobId"]) not in self._jobs:
            raise Fault("NoSuchEntity", "There is no job of that id", status=404)
        arn, kind, begun = self._jobs[asked.account, given["JobId"]]
        common: dict[str, Any] = {"JobType": kind, "JobCreationDate": begun}
        if asked.at < begun + TAKES:
            blank: dict[str, Any] = {"ServicesLastAccessed": [], "JobCompletionDate": begun}
            return common | {"JobStatus": "IN_PROGRESS"} | blank
        services = [_service(name, calls, arn) for name, calls in self._used(asked, arn).items()]
        start = int(given.get("Marker", "0"))
        end = start + int(given.get("MaxItems", _USUAL))
        more = {"Marker": str(end)} if end < len(services) else {}
        return (
            common
            | more
            | {
                "JobStatus": "COMPLETED",
                "JobCompletionDate": begun + TAKES,
                "ServicesLastAccessed": services[start:end],
                "IsTruncated": end < len(services),
            }
        )

    def _used(self, asked: Asked, arn: str) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = {}
        name = arn.rpartition("/")[2]
        for call in self._calls:
            whose = call.caller.arn.split("/")
            if call.account == asked.account and len(whose) > 1 and whose[1] == name:
                found.setdefault(call.action.partition(":")[0], []).append(call)
        return dict(sorted(found.items()))


def _service(name: str, calls: list[Call], arn: str) -> dict[str, Any]:
    last = max(calls, key=lambda call: call.at)
    return {
        "ServiceName": name,
        "ServiceNamespace": name,
        "LastAuthenticated": last.at,
        "LastAuthenticatedEntity": arn,
        "LastAuthenticatedRegion": last.region,
        "TotalAuthenticatedEntities": 1,
        "TrackedActionsLastAccessed": [
            {"ActionName": call.operation, "LastAccessedTime": call.at} for call in calls[-5:]
        ],
    }
