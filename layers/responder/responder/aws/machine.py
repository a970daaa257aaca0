"""Starts the state machine that answers an incident."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.incident import Incident

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

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
        told = {"incident_id": incident.id, "generation": incident.generation}
        with asking_aws(f"starting the response to {incident.execution_name}"):
            try:
                self.client.start_execution(
                    stateMachineArn=self.arn,
                    name=incident.execution_name,
                    input=json.dumps(told, sort_keys=True),
                )
            except ClientError as error:
                if code_of(error) == "ExecutionAlreadyExists":
                    return False
                raise
        return True
