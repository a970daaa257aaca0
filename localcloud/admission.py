"""Whether a queue, topic or function lets a service of AWS in that brings something from a rule.

Such a service has no role there: the resource's own policy decides, and one that forgets a rule
loses its events without a sound. Keys of KMS on the way are not looked at.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide_for_service
from localcloud.iam_holdings import Policy

_ACTIONS: Final = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
}


class Open(Protocol):
    """Opens a client of whoever delivers."""

    def __call__(self, service: str, *, account: str, region: str) -> Any:
        """A client in the account and region of the place that is delivered to."""


@dataclass(frozen=True)
class Sender:
    """A service that brings something, and what it brings it from."""

    service: str  # events.amazonaws.com
    arn: str  # of the rule

    @property
    def account(self) -> str:
        """Whose rule it is."""
        return self.arn.split(":")[4]


def demand(sender: Sender, arn: str, client: Open) -> None:
    """Raises what AWS would answer when the policy of `arn` does not let the sender in."""
    _, _, service, _, account, _ = arn.split(":", 5)
    action = _ACTIONS.get(service, f"{service}:*")
    document = _policy(arn, client) if service in _ACTIONS else None
    context = Context(
        {
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (sender.service,),
            "aws:securetransport": ("true",),
            "aws:sourceaccount": (sender.account,),
            "aws:sourcearn": (sender.arn,),
        }
    )
    if document is not None:
        policy = Policy(f"the policy of {arn}", document)
        question = Question(action, arn, account, context, policy, True)
        if decide_for_service(question, sender.service):
            return
    message = f"{sender.service} may not {action} on {arn} for {sender.arn}"
    raise ClientError(
        {
            "Error": {"Code": "AccessDenied", "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 403},  # type: ignore[typeddict-item]
        },
        action.partition(":")[2],
    )


def _policy(arn: str, client: Open) -> str | None:
    _, _, service, region, account, name = arn.split(":", 5)
    opened = client(service, account=account, region=region)
    match service:
        case "sqs":
            url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
            found = opened.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
            return _text(found.get("Attributes", {}).get("Policy"))
        case "sns":
            return _text(opened.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy"))
    try:
        policy = json.loads(opened.get_policy(FunctionName=arn)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    # Lambda writes the key in its own way; condition keys are the same in any case.
    return json.dumps(policy)


def _text(policy: Any) -> str | None:
    return str(policy) if policy else None
