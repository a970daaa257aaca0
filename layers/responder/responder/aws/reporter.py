"""Has the report of an incident written, outside its machine."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

PERMISSIONS = frozenset({"lambda:InvokeFunction"})


@dataclass(frozen=True)
class Reporter:
    """The report function. It is told an id and an instant, and reads the rest itself."""

    client: "LambdaClient"
    function: str

    def write(self, incident_id: str, *, now: datetime) -> None:
        """Ask for a page, and do not wait: Lambda tries again by itself, and an alarm tells."""
        asked = {"incident_id": incident_id, "now": now.isoformat()}
        with asking_aws("having the last page written"):
            self.client.invoke(
                FunctionName=self.function,
                InvocationType="Event",
                Payload=json.dumps(asked).encode(),
            )
