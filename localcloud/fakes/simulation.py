"""IAM's policy simulator: the same evaluation as of every call here, without a call.

AWS: IAM API Reference, "SimulatePrincipalPolicy".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud import organization
from localcloud.fault import Fault
from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Decision, Question, decide
from localcloud.iam_identities import identity_at
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked, Fake

_SERVED: Final = frozenset({"ActionNames", "ContextEntries", "PolicySourceArn"})


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {"SimulatePrincipalPolicy": _simulate}


def simulated(
    arn: str, actions: Sequence[str], entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What IAM makes of each action on every resource, by the policies that are written now."""
    who = identity_at(arn)
    if who is None:
        raise Fault("NoSuchEntity", f"{arn} cannot be found.", status=404)
    keys = {
        "aws:principalarn": (who.arn,),
        "aws:principalaccount": (who.account,),
        **{one["ContextKeyName"].lower(): tuple(one["ContextKeyValues"]) for one in entries},
    }
    controls = organization.binding(who)
    results = []
    for action in actions:
        answer = decide(Question(action, "*", who.account, Context(keys)), who, controls)
        results.append(
            {
                "EvalActionName": action,
                "EvalResourceName": "*",
                "EvalDecision": _decision(answer),
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
        )
    return {"EvaluationResults": results, "IsTruncated": False}


def _simulate(asked: Asked) -> dict[str, Any]:
    given = asked.params
    if unknown := sorted(set(given) - _SERVED):
        raise Unsupported(f"{', '.join(unknown)} of SimulatePrincipalPolicy")
    return simulated(
        given["PolicySourceArn"], given["ActionNames"], given.get("ContextEntries", [])
    )


def _decision(answer: Decision) -> str:
    if answer.allowed:
        return "allowed"
    return "explicitDeny" if "explicit deny" in answer.why else "implicitDeny"
