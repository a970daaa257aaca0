"""Tells an execution that waits for a person what the person said.

The task token that it waits with is a bearer secret: it stands in no log line and no error.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.escaping import one_line

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

PERMISSIONS = frozenset({"states:SendTaskFailure", "states:SendTaskSuccess"})
# "… or the task associated with the token has already been closed" (API Reference, "TaskTimedOut").
_OVER = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})


@dataclass(frozen=True)
class Waiting:
    """The executions that wait. Each call is False when the wait was over already."""

    client: "SFNClient"

    def go_on(self, task_token: str) -> bool:
        """A person approved."""
        with asking_aws("handing in a yes"):
            try:
                self.client.send_task_success(
                    taskToken=task_token, output=json.dumps({"approved": True})
                )
            except ClientError as error:
                if code_of(error) in _OVER:
                    return False
                raise
        return True

    def refuse(self, task_token: str, why: str) -> bool:
        """A person said no. The machine leaves the order to a person."""
        with asking_aws("handing in a no"):
            try:
                self.client.send_task_failure(
                    taskToken=task_token, error="Refused", cause=one_line(why, 1000)
                )
            except ClientError as error:
                if code_of(error) in _OVER:
                    return False
                raise
        return True
