"""What moto's Lambda does not list: the URLs of a function, its warm environments, its layers.

AWS: Lambda API Reference, "ListFunctionUrlConfigs", "ListProvisionedConcurrencyConfigs",
"GetLayerVersionByArn".
"""

from typing import Any

from moto.awslambda.models import lambda_backends
from moto.awslambda.utils import split_layer_arn

from localcloud import links
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

_GONE = "ResourceNotFoundException"


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {
        "GetLayerVersionByArn": _layer,
        "ListFunctionUrlConfigs": _urls,
        "ListProvisionedConcurrencyConfigs": _warm,
    }


def seen(asked: Asked, answer: dict[str, Any]) -> None:
    """The link in GetFunction, to the code of the very version that was asked for."""
    if (asked.service, asked.operation) == ("lambda", "GetFunction"):
        code = answer.get("Code", {})
        if "Location" in code:
            code["Location"] = links.to(asked.region, answer["Configuration"]["CodeSha256"])


def _urls(asked: Asked) -> dict[str, Any]:
    """Moto keeps one URL for a function, under no qualifier."""
    url = _function(asked).url_config
    told = [] if url is None else [url.to_dict() | {"InvokeMode": "BUFFERED"}]
    return {"FunctionUrlConfigs": [_without_nothing(one) for one in told]}


def _warm(asked: Asked) -> dict[str, Any]:
    """Nobody can provision any here."""
    _function(asked)
    return {"ProvisionedConcurrencyConfigs": []}


def _layer(asked: Asked) -> dict[str, Any]:
    arn = str(asked.params["Arn"])
    _, _, _, region, account, *_ = arn.split(":")
    told = split_layer_arn(arn)
    held = lambda_backends[account][region]._layers._layers.get(told.layer_name)
    version = None if held is None else held.layer_versions.get(told.version)
    if version is None:
        raise Fault(_GONE, "The resource you requested does not exist.", status=404)
    answer = version.get_layer_version()
    link = links.to(region, version.code_sha_256)
    return _without_nothing(answer | {"Content": answer["Content"] | {"Location": link}})


def _function(asked: Asked) -> Any:
    name = str(asked.params["FunctionName"]).rpartition(":function:")[2].partition(":")[0]
    backend = lambda_backends[asked.account][asked.region]
    for one in backend.list_functions():
        if one.function_name == name:
            return one
    raise Fault(_GONE, f"Function not found: {name}", status=404)


def _without_nothing(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "")}
