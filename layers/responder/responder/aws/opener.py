"""Has the function that tells people look at an incident once more, outside its machine."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

PERMISSIONS = frozenset({"lambda:InvokeFunction"})


@dataclass(frozen=True)
class Opener:
    """The open function. It is told an id and an instant, and reads the rest itself."""

    client: "LambdaClient"
    function: str

    def look_again(self, incident_id: str, *, now: datetime) -> None:
        """Ask, and do not wait: Lambda tries again by itself, and an alarm tells if it fails."""
        asked = {"incident_id": incident_id, "now": now.isoformat()}
        with asking_aws("having an incident looked at again"):
            self.client.invoke(
                FunctionName=self.function,
                InvocationType="Event",
                Payload=json.dumps(asked).encode(),
            )
