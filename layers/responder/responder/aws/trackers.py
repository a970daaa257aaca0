"""The executions that watch the deadlines of incidents, one for each."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

LOOKING = frozenset({"states:ListExecutions"})
PERMISSIONS = LOOKING | {"states:StartExecution"}


@dataclass(frozen=True)
class Trackers:
    """Executions of the deadline-tracker machine, named by their incident and what follows it."""

    arn: str
    client: "SFNClient"

    def running(self) -> frozenset[str]:
        """The names of those that run, a moment ago (Step Functions API, "ListExecutions")."""
        names = set[str]()
        with asking_aws("listing the trackers"):
            pages = self.client.get_paginator("list_executions").paginate(
                stateMachineArn=self.arn, statusFilter="RUNNING"
            )
            names.update(one["name"] for page in pages for one in page["executions"])
        return frozenset(names)

    def start_another(self, incident_id: str, *, now: datetime) -> bool:
        """Start one where the first is gone. False if one was started in this hour already.

        The name of the first stays taken for 90 days after it ended, so this one has another.
        """
        name = f"{incident_id}-{now.astimezone(UTC):%Y%m%dT%H}"
        with asking_aws(f"starting the tracker {name}"):
            try:
                self.client.start_execution(
                    stateMachineArn=self.arn,
                    name=name,
                    input=json.dumps({"incident_id": incident_id}),
                )
            except ClientError as error:
                if code_of(error) == "ExecutionAlreadyExists":
                    return False
                raise
        return True
