"""Counsel in a drill: records facts by invoking the shipped functions, as counsel's role."""

import json
from dataclasses import dataclass
from typing import Any

from localcloud.cloud import Cloud
from responder_cli.drill.world import COUNSEL, REGION, Stacks

NAME = "counsel@example.com"


@dataclass(frozen=True)
class Counsel:
    """A person who may invoke functions, and nothing else."""

    cloud: Cloud
    stacks: Stacks
    incident_id: str

    def record(self, **fact: Any) -> None:
        """Record one fact."""
        self._invoke("RecordFunction", {"incident_id": self.incident_id, "by": NAME, **fact})

    def report(self, generation: int, faked: tuple[str, ...]) -> dict[str, Any]:
        """Ask for the page as it is now. Answers where it is."""
        return self._invoke(
            "ReportFunction",
            {
                "incident_id": self.incident_id,
                "generation": generation,
                "faked": faked,
                "now": self.cloud.now().isoformat(),
            },
        )

    def _invoke(self, logical_id: str, request: dict[str, Any]) -> dict[str, Any]:
        client = self.cloud.role("lambda", role_arn=COUNSEL, session_name=NAME, region=REGION)
        answer = client.invoke(
            FunctionName=self.stacks.responder.resources[logical_id],
            Payload=json.dumps(request).encode(),
        )
        content = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(f"{logical_id}: {content['errorType']}: {content['errorMessage']}")
        return dict(content)
