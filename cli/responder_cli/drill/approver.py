"""The on-call engineer of a drill, at the Systems Manager console."""

from dataclasses import dataclass
from typing import Any

from localcloud.cloud import Cloud
from responder_cli.drill.world import ON_CALL, REGION

NAME = "alice@example.com"


@dataclass(frozen=True)
class Approver:
    """A session of the one role that may approve."""

    cloud: Cloud

    def waiting(self) -> list[str]:
        """Automation executions that wait for an answer, as the console lists them."""
        found = self._ssm().describe_automation_executions(
            Filters=[{"Key": "ExecutionStatus", "Values": ["Waiting"]}]
        )
        return [one["AutomationExecutionId"] for one in found["AutomationExecutionMetadataList"]]

    def answer(self, automation_id: str, signal: str, comment: str, *, by: str = NAME) -> None:
        """What the buttons of the console send: Approve, or Reject."""
        self._ssm(by).send_automation_signal(
            AutomationExecutionId=automation_id, SignalType=signal, Payload={"Comment": [comment]}
        )

    def _ssm(self, by: str = NAME) -> Any:
        return self.cloud.role("ssm", role_arn=ON_CALL, session_name=by, region=REGION)
