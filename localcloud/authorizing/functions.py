"""Functions and their event sources: what each operation needs.

AWS: Service Authorization Reference, "AWS Lambda".
"""

import json
from typing import Final

from moto.awslambda.models import lambda_backends

from localcloud.authorizing.needed import Needed, arn, keys, owner_of
from localcloud.iam_holdings import Policy
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_FUNCTION: Final = {
    "AddPermission": "AddPermission",
    "DeleteFunction": "DeleteFunction",
    "DeleteFunctionConcurrency": "DeleteFunctionConcurrency",
    "GetFunction": "GetFunction",
    "GetFunctionConcurrency": "GetFunctionConcurrency",
    "GetFunctionCodeSigningConfig": "GetFunctionCodeSigningConfig",
    "GetFunctionConfiguration": "GetFunctionConfiguration",
    "GetPolicy": "GetPolicy",
    "Invoke": "InvokeFunction",
    "ListAliases": "ListAliases",
    "ListFunctionEventInvokeConfigs": "ListFunctionEventInvokeConfigs",
    "ListFunctionUrlConfigs": "ListFunctionUrlConfigs",
    "ListProvisionedConcurrencyConfigs": "ListProvisionedConcurrencyConfigs",
    "ListTags": "ListTags",
    "ListVersionsByFunction": "ListVersionsByFunction",
    "PutFunctionConcurrency": "PutFunctionConcurrency",
    "RemovePermission": "RemovePermission",
    "UpdateFunctionCode": "UpdateFunctionCode",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration",
}


def lambda_(asked: Asked) -> list[Needed]:
    """What a call of Lambda needs."""
    if asked.operation in ("ListFunctions", "ListEventSourceMappings"):
        return [Needed(f"lambda:{asked.operation}", "*", asked.account)]
    if asked.operation == "UpdateEventSourceMapping":
        return _on_source(asked)
    if asked.operation == "GetLayerVersionByArn":
        layer = str(asked.params["Arn"])  # "lambda:GetLayerVersion" is the right to both calls
        return [Needed("lambda:GetLayerVersion", layer, owner_of(layer, asked))]
    if asked.operation not in _FUNCTION:
        raise Unsupported(f"what lambda:{asked.operation} needs")
    given = str(asked.params.get("FunctionName") or asked.params["Resource"])
    resource = given if given.startswith("arn:") else arn(asked, "lambda", f"function:{given}")
    parts = resource.split(":")
    account, region, name = parts[4], parts[3], parts[6]
    policy = None
    if name in (held := lambda_backends[account][region]._lambdas._functions):
        statements = held[name]["latest"].policy.statements
        if statements:
            text = json.dumps({"Version": "2012-10-17", "Statement": statements}, default=str)
            policy = Policy(f"the policy of function {name}", text)
    action = f"lambda:{_FUNCTION[asked.operation]}"
    return [Needed(action, resource, account, policy=policy)]


def _on_source(asked: Asked) -> list[Needed]:
    """An event source, and the function that it invokes."""
    uuid = str(asked.params["UUID"])
    held = lambda_backends[asked.account][asked.region]._event_source_mappings.get(uuid)
    found = keys(lambda__FunctionArn=None if held is None else held.function_arn)
    resource = arn(asked, "lambda", f"event-source-mapping:{uuid}")
    action = f"lambda:{asked.operation}"
    return [Needed(action, resource, asked.account, found, knows=("lambda:functionarn",))]
