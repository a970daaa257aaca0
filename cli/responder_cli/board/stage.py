"""What the board shows without an account: a shop whose key was stolen, and the shipped responder.

A person who looks at it plays the viewer of the dashboard and the approver; the engine's clock
stands still until somebody lets time pass.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.cloud import Cloud
from responder.report.board import View
from responder.report.board_page import ask
from responder_cli.drill import world
from responder_cli.drill.approver import NAME, Approver
from responder_cli.drill.attack import Thief
from responder_cli.drill.events import deliveries, told_of
from responder_cli.drill.watch import Watch

_WORKS = timedelta(minutes=2)  # long enough for what is automatic


@dataclass(frozen=True)
class Question:
    """What an approver is asked in the Systems Manager console."""

    automation_id: str
    status: str
    shown: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """The pretend accounts, as a person sees them who is signed in as the on-call engineer."""

    cloud: Cloud
    stacks: world.Stacks
    watch: Watch
    approver: Approver

    def part(self, view: View, incident_id: str | None = None, *, theme: str = "auto") -> str:
        """What the function of the widgets answers, asked as a dashboard asks it."""
        client = self.cloud.role(
            "lambda", role_arn=world.ON_CALL, session_name=NAME, region=world.REGION
        )
        event = ask(view, incident_id) | {"widgetContext": {"theme": theme, "forms": {"all": {}}}}
        reply = client.invoke(
            FunctionName=self.stacks.responder.outputs["BoardFunctionName"],
            Payload=json.dumps(event).encode(),
        )
        answer = json.loads(reply["Payload"].read())
        if "FunctionError" in reply:
            raise RuntimeError(f"the board: {answer['errorType']}: {answer['errorMessage']}")
        return str(answer)

    def incidents(self) -> list[str]:
        """The ids of all there are."""
        return [one.id for one in self.watch.incidents()]

    def question(self, automation_id: str) -> Question:
        """One question, as it stands."""
        found = self._ssm().get_automation_execution(AutomationExecutionId=automation_id)
        execution = found["AutomationExecution"]
        return Question(
            automation_id=automation_id,
            status=execution["AutomationExecutionStatus"],
            shown={name: " ".join(text) for name, text in execution["Parameters"].items()},
        )

    def questions(self) -> list[str]:
        """The ids of those that wait for an answer."""
        return self.approver.waiting()

    def asked(self) -> list[str]:
        """The ids of all questions so far, answered or not."""
        found = dict.fromkeys(
            one.automation_id
            for incident_id in self.incidents()
            for one in self.watch.approvals.all(incident_id)
        )
        return [one for one in found if one is not None]

    def answer(self, automation_id: str, signal: str, comment: str) -> None:
        """What the buttons of the console send; then the responder works on it."""
        self.approver.answer(automation_id, signal, comment)
        self.watch.advance(_WORKS)

    def let_pass(self, span: timedelta) -> None:
        """So much time on the clock of the pretend accounts."""
        self.watch.advance(span)

    def _ssm(self) -> Any:
        return self.cloud.role(
            "ssm", role_arn=world.ON_CALL, session_name=NAME, region=world.REGION
        )


@contextmanager
def set_up(*, starts_at: datetime | None = None) -> Iterator[Stage]:
    """The shipped stacks, a theft that was found, and one cut that a person is asked about."""
    begins = (starts_at or datetime.now(UTC)).replace(microsecond=0)
    with Cloud(region=world.REGION, starts_at=begins, stateless=world.STATELESS) as cloud:
        vault = world.deploy_vault(cloud)
        copies = world.deploy_copies(cloud, vault)
        responder = world.deploy_responder(cloud, vault, copies)
        member = world.deploy_member(cloud, copies)
        forwarder = world.deploy_forwarder(cloud)
        world.hire(cloud)
        stacks = world.Stacks(vault, responder, member, forwarder)
        stage = Stage(cloud, stacks, Watch(cloud, stacks), Approver(cloud))
        _attack(stage)
        yield stage


def _attack(stage: Stage) -> None:
    shop = world.open_shop(stage.cloud)
    thief = Thief(stage.cloud, shop)
    stolen_at = stage.cloud.now()
    thief.steal()
    for at, event in deliveries(
        told_of(stolen_at, shop, thief.session_key_id), duplicate=False, shuffle=None
    ):
        stage.watch.advance(max(at - stage.cloud.now(), timedelta()))
        stage.cloud.deliver(event, account=world.HOME)
    stage.watch.until(lambda: bool(stage.questions()), at_most=timedelta(minutes=10))
    stage.watch.advance(_WORKS)
