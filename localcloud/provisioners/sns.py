"""Topics, their policies, and who listens."""

import json
from typing import Any

from localcloud.provisioners import policies
from localcloud.provisioners.resource import Place, Provisioned, Resource

_TOPIC = (
    "DisplayName",
    "KmsMasterKeyId",
    "FifoTopic",
    "ContentBasedDeduplication",
    "SignatureVersion",
    "TracingConfig",
)
_SUBSCRIPTION = ("FilterPolicyScope", "RawMessageDelivery")
_SUBSCRIPTION_DOCUMENTS = ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy")


def topic(resource: Resource, place: Place) -> Provisioned:
    """AWS::SNS::Topic."""
    properties, sns = resource.properties, place.client("sns")
    name = properties.text("TopicName") or place.name(resource.logical_id, limit=256)
    given = {key: properties.text(key) for key in _TOPIC}
    attributes = {key: value for key, value in given.items() if value is not None}
    tags = [{"Key": key, "Value": value} for key, value in properties.tags().items()]
    arn = sns.create_topic(Name=name, Attributes=attributes, Tags=tags)["TopicArn"]
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    for key, value in attributes.items():
        resource.stands(key, value, found.get(key))
    for listener in properties.sections("Subscription"):
        sns.subscribe(
            TopicArn=arn, Protocol=listener.needed("Protocol"), Endpoint=listener.needed("Endpoint")
        )
    return Provisioned(arn, {"TopicArn": arn, "TopicName": name})


def topic_policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::SNS::TopicPolicy."""
    properties, sns = resource.properties, place.client("sns")
    document = properties.document("PolicyDocument") or {}
    for arn in properties.texts("Topics"):
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=policies.text(document)
        )
        found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
        resource.stands("PolicyDocument", policies.versioned(document), policies.written(found))
    return Provisioned(place.name(resource.logical_id, limit=128))


def subscription(resource: Resource, place: Place) -> Provisioned:
    """AWS::SNS::Subscription."""
    properties, sns = resource.properties, place.client("sns")
    attributes: dict[str, str] = {}
    for key in _SUBSCRIPTION:
        if (text := properties.text(key)) is not None:
            attributes[key] = text
    for key in _SUBSCRIPTION_DOCUMENTS:
        if (document := properties.document(key)) is not None:
            attributes[key] = json.dumps(document)
    wanted: dict[str, Any] = {
        "Protocol": properties.needed("Protocol"),
        "Endpoint": properties.needed("Endpoint"),
    }
    arn = sns.subscribe(
        TopicArn=properties.needed("TopicArn"),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
        **wanted,
    )["SubscriptionArn"]
    found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    for key, value in (wanted | attributes).items():
        resource.stands(
            key,
            policies.written(value) if value.startswith("{") else value,
            policies.written(found[key]) if value.startswith("{") else found.get(key),
        )
    return Provisioned(arn, {"Arn": arn})
