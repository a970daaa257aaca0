"""Queues and who may send to them."""

import json
from typing import Any

from localcloud.provisioners import policies
from localcloud.provisioners.resource import Place, Provisioned, Resource

_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "MaximumMessageSize",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
)
_DOCUMENTS = ("RedrivePolicy", "RedriveAllowPolicy")


def queue(resource: Resource, place: Place) -> Provisioned:
    """AWS::SQS::Queue."""
    properties, sqs = resource.properties, place.client("sqs")
    name = properties.text("QueueName") or place.name(resource.logical_id, limit=80)
    given = {key: properties.text(key) for key in _ATTRIBUTES}
    attributes = {key: value for key, value in given.items() if value is not None}
    for key in _DOCUMENTS:
        if (document := properties.document(key)) is not None:
            attributes[key] = json.dumps(document)
    url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=properties.tags())[
        "QueueUrl"
    ]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    for key, value in attributes.items():
        resource.stands(key, _comparable(value), _comparable(found.get(key)))
    return Provisioned(url, {"Arn": found["QueueArn"], "QueueName": name, "QueueUrl": url})


def queue_policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::SQS::QueuePolicy."""
    properties, sqs = resource.properties, place.client("sqs")
    document = properties.document("PolicyDocument") or {}
    for url in properties.texts("Queues"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policies.text(document)})
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        resource.stands(
            "PolicyDocument", policies.versioned(document), policies.written(found["Policy"])
        )
    return Provisioned(place.name(resource.logical_id, limit=128))


def _comparable(value: str | None) -> Any:
    """SQS returns every attribute as text, documents with their numbers as it likes."""
    if value is None or not value.startswith("{"):
        return value.lower() if value in ("True", "False") else value
    return {key: str(item) for key, item in json.loads(value).items()}
