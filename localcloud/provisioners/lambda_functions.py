"""Functions and layers, their versions, and who may invoke them.

The pretend Lambda holds a placeholder for the code; the runner finds the real code in the source
tree, through what is put on record here.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.sam import BUCKET
from localcloud.stack import EventInvokeConfig, Function, Layer, TemplateError, Unsupported


def function(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::Function, with its code in the source tree."""
    properties, client = resource.properties, place.client("lambda")
    name = properties.text("FunctionName") or place.name(resource.logical_id, limit=64)
    handler, role_arn = properties.needed("Handler"), properties.needed("Role")
    code_dir = _source(resource, "Code", place)
    environment = properties.section("Environment")
    env = {} if environment is None else _texts(environment.value("Variables"))
    layers = properties.texts("Layers")
    dead_letters = properties.section("DeadLetterConfig")
    dead_letter_arn = None if dead_letters is None else dead_letters.needed("TargetArn")
    logging = properties.section("LoggingConfig")
    log_group = None if logging is None else logging.text("LogGroup")
    wanted: dict[str, Any] = {
        "Handler": handler,
        "Role": role_arn,
        "Runtime": properties.needed("Runtime"),
        "Description": properties.text("Description") or "",
        "MemorySize": properties.number("MemorySize") or 128,
        "Timeout": properties.number("Timeout") or 3,
        "Architectures": properties.texts("Architectures") or ["x86_64"],
    }
    if (storage := properties.section("EphemeralStorage")) is not None:
        wanted["EphemeralStorage"] = {"Size": storage.number("Size")}
    if (tracing := properties.section("TracingConfig")) is not None:
        wanted["TracingConfig"] = {"Mode": tracing.needed("Mode")}
    if logging is not None:
        for key in ("LogFormat", "ApplicationLogLevel", "SystemLogLevel"):
            logging.set_aside(key, because="handlers log to the process, in the format they choose")
    created = client.create_function(
        FunctionName=name,
        Code={"ZipFile": _placeholder()},
        Environment={"Variables": env},
        Layers=layers,
        Tags=properties.tags(),
        **wanted,
    )
    reserved = properties.number("ReservedConcurrentExecutions")
    if reserved is not None:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    found = client.get_function_configuration(FunctionName=name)
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    resource.stands("Environment.Variables", env, found.get("Environment", {}).get("Variables", {}))
    resource.stands("Layers", layers, [layer["Arn"] for layer in found.get("Layers", [])])
    if reserved is not None:
        stands = client.get_function_concurrency(FunctionName=name)
        resource.stands(
            "ReservedConcurrentExecutions", reserved, stands.get("ReservedConcurrentExecutions")
        )
    arn = created["FunctionArn"]
    place.registry.functions.append(
        Function(
            logical_id=resource.logical_id,
            stack_name=place.stack_name,
            account=place.account,
            region=place.region,
            name=name,
            arn=arn,
            handler=handler,
            code_dir=code_dir,
            layer_dirs=[_layer_dir(layer, place) for layer in layers],
            env=env,
            role_arn=role_arn,
            timeout_s=wanted["Timeout"],
            memory=wanted["MemorySize"],
            runtime=wanted["Runtime"],
            dead_letter_arn=dead_letter_arn,
            log_group=log_group,
        )
    )
    return Provisioned(name, {"Arn": arn})


def layer_version(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::LayerVersion, with its content in the source tree."""
    properties, client = resource.properties, place.client("lambda")
    content_dir = _source(resource, "Content", place)
    optional: dict[str, Any] = {
        "Description": properties.text("Description"),
        "LicenseInfo": properties.text("LicenseInfo"),
        "CompatibleRuntimes": properties.texts("CompatibleRuntimes") or None,
        "CompatibleArchitectures": properties.texts("CompatibleArchitectures") or None,
    }
    arn = client.publish_layer_version(
        LayerName=properties.text("LayerName") or place.name(resource.logical_id, limit=140),
        Content={"ZipFile": _placeholder()},
        **{key: value for key, value in optional.items() if value is not None},
    )["LayerVersionArn"]
    place.registry.layers.append(Layer(arn, place.account, place.region, content_dir))
    return Provisioned(arn, {"LayerVersionArn": arn})


def version(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::Version."""
    properties = resource.properties
    published = place.client("lambda").publish_version(
        FunctionName=properties.needed("FunctionName"),
        Description=properties.text("Description") or "",
    )
    attributes = {"Version": published["Version"], "FunctionArn": published["FunctionArn"]}
    return Provisioned(published["FunctionArn"], attributes)


def alias(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::Alias."""
    properties = resource.properties
    arn = place.client("lambda").create_alias(
        FunctionName=properties.needed("FunctionName"),
        Name=properties.needed("Name"),
        FunctionVersion=properties.needed("FunctionVersion"),
        Description=properties.text("Description") or "",
    )["AliasArn"]
    return Provisioned(arn, {"AliasArn": arn})


def permission(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::Permission."""
    properties = resource.properties
    client, name = place.client("lambda"), properties.needed("FunctionName")
    statement_id = place.name(resource.logical_id, limit=100)
    optional = ("SourceArn", "SourceAccount", "EventSourceToken", "PrincipalOrgID")
    given = {key: properties.text(key) for key in optional}
    client.add_permission(
        FunctionName=name,
        Action=properties.needed("Action"),
        Principal=properties.needed("Principal"),
        StatementId=statement_id,
        **{key: text for key, text in given.items() if text is not None},
    )
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    sids = [statement["Sid"] for statement in policy["Statement"]]
    resource.stands("Action", True, statement_id in sids)
    return Provisioned(statement_id, {"Id": statement_id})


def event_invoke_config(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::EventInvokeConfig: what becomes of an asynchronous invocation that fails."""
    properties, client = resource.properties, place.client("lambda")
    name, qualifier = properties.needed("FunctionName"), properties.needed("Qualifier")
    retries = properties.number("MaximumRetryAttempts")
    age = properties.number("MaximumEventAgeInSeconds")
    given = {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": age}
    wanted: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    ends: dict[str, str] = {}
    if (section := properties.section("DestinationConfig")) is not None:
        for key in ("OnSuccess", "OnFailure"):
            if (end := section.section(key)) is not None:
                ends[key] = end.needed("Destination")
        wanted["DestinationConfig"] = {key: {"Destination": arn} for key, arn in ends.items()}
    client.put_function_event_invoke_config(FunctionName=name, **wanted)
    found = client.get_function_event_invoke_config(FunctionName=name)
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    place.registry.function(name, account=place.account).event_invoke = EventInvokeConfig(
        maximum_retry_attempts=retries,
        maximum_event_age_seconds=age,
        on_success_arn=ends.get("OnSuccess"),
        on_failure_arn=ends.get("OnFailure"),
    )
    return Provisioned(f"{name}|{qualifier}")


def _source(resource: Resource, name: str, place: Place) -> Path:
    """The local folder that stands for this code."""
    section = resource.properties.section(name)
    if section is None:
        raise TemplateError(f"{resource.properties.where(name)} is missing")
    if section.text("S3Bucket") != BUCKET:
        raise Unsupported(f"{resource.properties.where(name)}: not a local folder")
    return place.artifacts[section.needed("S3Key")]


def _layer_dir(arn: str, place: Place) -> Path:
    for layer in place.registry.layers:
        if layer.arn == arn:
            return layer.content_dir
    raise Unsupported(f"the layer {arn}, which no template here made")


def _texts(variables: Any) -> dict[str, str]:
    return {
        key: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for key, value in (variables or {}).items()
    }


def _placeholder() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("placeholder.txt", "the runner reads the source tree")
    return held.getvalue()
