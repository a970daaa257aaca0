"""Commands that a person may paste into a shell. Every word of them is quoted for it."""

import json
import shlex
from dataclasses import dataclass
from urllib.parse import quote

from responder.domain.ladder import DEACTIVATE_KEY
from responder.domain.order import Order
from responder.report.model import Here

# The shell, not we, knows who runs the command.
_WHO_AM_I = "$(aws sts get-caller-identity --query Arn --output text)"


@dataclass(frozen=True)
class Command:
    """A command, and what it does. In `parts`, so that the eye finds its options."""

    does: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The command on one line."""
        return " ".join(self.parts)


def release(here: Here, order: Order) -> Command:
    """Undoes one order from its receipt. Names whoever runs it, by their own credentials."""
    is_key = order.action_id == DEACTIVATE_KEY
    asked = {"incident_id": order.incident_id, "order_id": order.order_id}
    said = {"by": "@", "reason": "say why"} | ({"key_was_never_out": True} if is_key else {})
    before, after = json.dumps(asked | said).split("@")
    return Command(
        "Undo it, only if the key never was in other hands: else make a new one"
        if is_key
        else "Undo it",
        (
            f"aws lambda invoke --region {shlex.quote(here.region)}",
            f"--function-name {shlex.quote(here.release_function)}",
            "--cli-binary-format raw-in-base64-out",
            f"""--payload {shlex.quote(before)}"{_WHO_AM_I}"{shlex.quote(after)}""",
            "/dev/stdout",
        ),
    )


def decide(here: Here, automation_id: str) -> list[Command]:
    """Approves or denies a waiting order, as the buttons of the console do."""
    return [
        Command(
            does,
            (
                f"aws ssm send-automation-signal --region {shlex.quote(here.region)}",
                f"--automation-execution-id {shlex.quote(automation_id)}",
                f"--signal-type {signal} --payload 'Comment=say why'",
            ),
        )
        for does, signal in (("Approve", "Approve"), ("Deny", "Reject"))
    ]


def console(here: Here, automation_id: str) -> str:
    """Where the same decision is taken in the console."""
    return _systems_manager(here, f"automation/execution/{_part(automation_id)}")


def document(here: Here, name: str) -> str:
    """Where a person fills in one of our documents, and runs it."""
    return _systems_manager(here, f"automation/execute/{_part(name)}")


def ops_item(here: Here, reference: str) -> str:
    """Where an incident stands in OpsCenter."""
    return _systems_manager(here, f"opsitems/{_part(reference)}")


def _part(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _systems_manager(here: Here, page: str) -> str:
    at = here.region
    return f"https://{at}.console.aws.amazon.com/systems-manager/{page}?region={at}"
