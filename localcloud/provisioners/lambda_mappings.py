"""Event source mappings: queues and streams that Lambda polls.

They are put on record and shown, and not created in moto, which invokes the function inside the
write that made the event, once, ignoring filters and partial failures.
"""

import hashlib
import json
import uuid

from localcloud import event_sources
from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import Function, Mapping, TemplateError, Unsupported

_LEAST_BATCH = {"sqs": 10, "dynamodb": 100}  # Lambda's defaults, when none is given


def event_source_mapping(resource: Resource, place: Place) -> Provisioned:
    """AWS::Lambda::EventSourceMapping of a queue or a table's stream."""
    properties = resource.properties
    source_arn = properties.needed("EventSourceArn")
    service = source_arn.split(":")[2]
    if service not in _LEAST_BATCH:
        raise Unsupported(
            f"{properties.where('EventSourceArn')}: a source of the service {service}"
        )
    function = place.registry.function(properties.needed("FunctionName"), account=place.account)
    enabled = properties.flag("Enabled")
    response_types = properties.texts("FunctionResponseTypes")
    if response_types not in ([], ["ReportBatchItemFailures"]):
        raise TemplateError(f"{properties.where('FunctionResponseTypes')}: {response_types}")
    destination = properties.section("DestinationConfig")
    on_failure = None if destination is None else destination.section("OnFailure")
    scaling = properties.section("ScalingConfig")
    mapping = Mapping(
        function_name=function.name,
        function_arn=function.arn,
        source_arn=source_arn,
        account=place.account,
        region=place.region,
        uuid=_uuid(place, resource.logical_id),
        batch_size=properties.number("BatchSize") or _LEAST_BATCH[service],
        window_seconds=properties.number("MaximumBatchingWindowInSeconds") or 0,
        filters=_filters(properties),
        report_batch_item_failures=bool(response_types),
        enabled=enabled is not False,
        starting_position=properties.text("StartingPosition"),
        maximum_retry_attempts=properties.number("MaximumRetryAttempts"),
        maximum_record_age_seconds=properties.number("MaximumRecordAgeInSeconds"),
        bisect_batch_on_function_error=properties.flag("BisectBatchOnFunctionError") or False,
        on_failure_arn=None if on_failure is None else on_failure.needed("Destination"),
        parallelization_factor=properties.number("ParallelizationFactor") or 1,
        maximum_concurrency=None if scaling is None else scaling.number("MaximumConcurrency"),
    )
    if service == "sqs":
        _check_queue(resource, place, mapping, function)
    elif mapping.starting_position not in ("LATEST", "TRIM_HORIZON"):
        raise TemplateError(f"{properties.where('StartingPosition')} is needed for a stream")
    place.registry.mappings.append(mapping)
    event_sources.show(mapping)
    return Provisioned(mapping.uuid, {"Id": mapping.uuid})


def _filters(properties: Properties) -> tuple[dict[str, object], ...]:
    criteria = properties.section("FilterCriteria")
    if criteria is None:
        return ()
    return tuple(json.loads(each.needed("Pattern")) for each in criteria.sections("Filters"))


def _check_queue(resource: Resource, place: Place, mapping: Mapping, function: Function) -> None:
    """What Lambda asks of a queue before it polls it (Lambda guide, "Using Lambda with SQS")."""
    properties, sqs = resource.properties, place.client("sqs")
    if mapping.batch_size > 10 and mapping.window_seconds == 0:
        raise TemplateError(f"{properties.where('BatchSize')}: above 10 it needs a batching window")
    name = mapping.source_arn.rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    attribute = "VisibilityTimeout"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"]
    if int(found[attribute]) < function.timeout_s:
        raise TemplateError(
            f"{properties.where('EventSourceArn')}: the queue hides a message for "
            f"{found[attribute]} s, and the function may run {function.timeout_s} s"
        )


def _uuid(place: Place, logical_id: str) -> str:
    seed = f"{place.account}/{place.region}/{place.stack_name}/{logical_id}"
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=4))
