"""One run of an automation document, and its steps as far as they came."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.fakes.automation_document import Plan, StepPlan
from localcloud.stack import Unsupported


@dataclass
class Step:
    """One step as it was run."""

    plan: StepPlan
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    failure: str | None = None
    attempts: int = 0
    decisions: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Execution:
    """One run of a document."""

    id: str
    account: str
    region: str
    document: str
    plan: Plan
    parameters: dict[str, list[str]]
    role_arn: str
    started_by: str
    started_at: datetime
    steps: dict[str, Step]
    status: str = "Pending"
    ended_at: datetime | None = None
    failure: str | None = None

    def value(self, name: str) -> Any:
        """What a variable of the document stands for."""
        if name in self.parameters:
            found = self.parameters[name]
            return found[0] if self.plan.parameters[name]["type"] == "String" else found
        if name == "automation:EXECUTION_ID":
            return self.id
        if name == "global:REGION":
            return self.region
        if name == "global:ACCOUNT_ID":
            return self.account
        step, _, output = name.partition(".")
        if step in self.steps and output in self.steps[step].outputs:
            return self.steps[step].outputs[output][0]
        raise Unsupported(f"the variable {name} of the document {self.document}")
