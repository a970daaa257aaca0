"""Starts the state machines: the one that answers an incident, and the one that holds an order."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.incident import Incident
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

LOOKING = frozenset({"states:ListExecutions"})
PERMISSIONS = frozenset({"states:StartExecution"})


@dataclass(frozen=True)
class Machine:
    """One state machine."""

    arn: str
    client: "SFNClient"

    def start(self, incident: Incident) -> bool:
        """Start the response to an incident's generation. False if it was started before.

        A name stays taken for 90 days after its execution ended (Step Functions API Reference,
        "StartExecution").
        """
        told: dict[str, object] = {
            "incident_id": incident.id,
            "generation": incident.generation,
        }
        return self._start(incident.execution_name, told)

    def hold(self, order: Order, because: str) -> bool:
        """Look at an order again, once because of one thing. False if that was started before."""
        told: dict[str, object] = {
            "incident_id": order.incident_id,
            "order_id": order.order_id,
        }
        return self._start(f"{order.order_id}-{because}"[:80], told)

    def latest(self, most: int) -> list[str]:
        """The names of the latest executions, running or not, of 90 days, newest first."""
        with asking_aws("listing the responses to incidents"):
            pages = self.client.get_paginator("list_executions").paginate(
                stateMachineArn=self.arn, PaginationConfig={"MaxItems": most}
            )
            return [one["name"] for page in pages for one in page["executions"]]

    def running(self) -> list[str]:
        """The names of the executions that run, a moment ago."""
        with asking_aws("listing the responses that run"):
            pages = self.client.get_paginator("list_executions").paginate(
                stateMachineArn=self.arn, statusFilter="RUNNING"
            )
            return [one["name"] for page in pages for one in page["executions"]]

    def _start(self, name: str, told: dict[str, object]) -> bool:
        with asking_aws(f"starting {name}"):
            try:
                self.client.start_execution(
                    stateMachineArn=self.arn,
                    name=name,
                    input=json.dumps(told, sort_keys=True),
                )
            except ClientError as error:
                if code_of(error) == "ExecutionAlreadyExists":
                    return False
                raise
        return True
