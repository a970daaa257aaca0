"""Whether an event bus takes what another account's rule brings: its own policy decides.

The account is the one the event began in, and the first bus it comes to in another one is asked.
AWS: EventBridge User Guide, "Sending and receiving events between AWS accounts".
"""

from typing import Final

from botocore.exceptions import ClientError

from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide
from localcloud.iam_holdings import Policy
from localcloud.iam_identities import Identity
from localcloud.stack import Registry

_ACTION: Final = "events:PutEvents"
# The role that delivers was asked before, by whoever opened its client.
_ALLOWED: Final = Policy(
    "the role that delivers",
    '{"Statement": [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}]}',
)


def demand(registry: Registry, bus_arn: str, sender: str) -> None:
    """Raises what AWS would answer when the bus takes nothing from the account `sender`."""
    owner = bus_arn.split(":")[4]
    if sender == owner:
        return
    root = f"arn:aws:iam::{sender}:root"
    identity = Identity(
        arn=root,
        caller_arn=root,
        account=sender,
        user_id=sender,
        user_name=None,
        policies=(_ALLOWED,),
        boundary=None,
        session=None,
        tags={},
    )
    for document in registry.bus_policies.get(bus_arn, ()):
        policy = Policy(f"the policy of {bus_arn}", document)
        question = Question(_ACTION, bus_arn, owner, Context({}), policy)
        if decide(question, identity).allowed:
            return
    raise ClientError(
        {
            "Error": {
                "Code": "AccessDeniedException",
                "Message": f"{bus_arn} takes nothing from {sender}",
            },
            "ResponseMetadata": {"HTTPStatusCode": 400},  # type: ignore[typeddict-item]
        },
        "PutEvents",
    )
