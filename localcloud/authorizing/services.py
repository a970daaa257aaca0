"""Tables, queues, topics, machines, trails and logs: what each operation needs."""

from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localcloud.authorizing import kms
from localcloud.authorizing.needed import PARTITION, Needed, arn, keys, owner_of
from localcloud.iam_holdings import Policy
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_TABLE: Final = frozenset(
    {
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateContinuousBackups",
        "UpdateItem",
        "UpdateTable",
        "UpdateTimeToLive",
    }
)
_IN_TRANSACTIONS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# Operations on the data of a table, which its key encrypts.
_DATA: Final = frozenset(
    {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"}
    | {"TransactGetItems", "TransactWriteItems", "UpdateItem"}
)


def dynamodb(asked: Asked) -> list[Needed]:
    """What a call of DynamoDB needs, the table's key included."""
    given, operation = asked.params, asked.operation
    if operation == "ListTables":
        return [Needed("dynamodb:ListTables", "*", asked.account)]
    if operation.startswith("Transact"):
        pairs = [
            (action, body["TableName"])
            for item in given["TransactItems"]
            for name, body in item.items()
            if (action := _IN_TRANSACTIONS[name])
        ]
    elif operation.startswith("Batch"):
        pairs = [(operation, name) for name in given["RequestItems"]]
    elif operation in _TABLE:
        pairs = [(operation, given["TableName"])]
    else:
        raise Unsupported(f"what dynamodb:{operation} needs")
    needed = list[Needed]()
    for action, name in dict.fromkeys(pairs):
        table = name if name.startswith("arn:") else arn(asked, "dynamodb", f"table/{name}")
        resource = f"{table}/index/{given['IndexName']}" if given.get("IndexName") else table
        needed.append(Needed(f"dynamodb:{action}", resource, owner_of(table, asked)))
        if operation in _DATA:
            needed += _table_key(table, asked)
    return needed


def _table_key(table: str, asked: Asked) -> list[Needed]:
    """DynamoDB unlocks the table's key in the caller's name.

    AWS: DynamoDB Developer Guide, "Using AWS KMS with DynamoDB".
    """
    _, _, _, region, account, path = table.split(":", 5)
    name = path.removeprefix("table/")
    held = dynamodb_backends[account][region].tables.get(name)
    sse = getattr(held, "sse_specification", None) or {}
    if not sse.get("Enabled") or sse.get("SSEType", "KMS") != "KMS":
        return []
    context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": account}
    return kms.through("dynamodb", sse["KMSMasterKeyId"], ("kms:Decrypt",), asked, context)


def dynamodb_streams(asked: Asked) -> list[Needed]:
    """What reading a stream needs."""
    if asked.operation == "ListStreams":
        return [Needed("dynamodb:ListStreams", "*", asked.account)]
    stream = asked.params.get("StreamArn", "*")
    return [Needed(f"dynamodb:{asked.operation}", stream, owner_of(stream, asked))]


_QUEUE_ACTIONS: Final = {
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "DeleteQueue": "DeleteQueue",
    "GetQueueAttributes": "GetQueueAttributes",
    "PurgeQueue": "PurgeQueue",
    "ReceiveMessage": "ReceiveMessage",
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "SetQueueAttributes": "SetQueueAttributes",
    "StartMessageMoveTask": "StartMessageMoveTask",
}

# SQS Developer Guide, "Key management", "Configuring AWS KMS permissions".
_QUEUE_KEY_USES: Final = {
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
}


def sqs(asked: Asked) -> list[Needed]:
    """What a call of SQS needs."""
    if asked.operation == "ListQueues":
        return [Needed("sqs:ListQueues", "*", asked.account)]
    if asked.operation in ("CreateQueue", "GetQueueUrl"):
        name = asked.params["QueueName"]
        return [Needed(f"sqs:{asked.operation}", arn(asked, "sqs", name), asked.account)]
    if asked.operation not in _QUEUE_ACTIONS:
        raise Unsupported(f"what sqs:{asked.operation} needs")
    action = f"sqs:{_QUEUE_ACTIONS[asked.operation]}"
    account, name = str(asked.params["QueueUrl"]).rsplit("/", 2)[1:]
    queue = sqs_backends[account][asked.region].queues.get(name)
    resource = f"arn:{PARTITION}:sqs:{asked.region}:{account}:{name}"
    written = None if queue is None else queue.policy
    policy = Policy(f"the policy of queue {name}", written) if written else None
    needed = [Needed(action, resource, account, policy=policy)]
    key, used = getattr(queue, "kms_master_key_id", None), _QUEUE_KEY_USES.get(action)
    if key and used:
        needed += kms.through("sqs", key, used, asked, {"aws:sqs:arn": resource})
    return needed


_TOPIC: Final = frozenset(
    {"DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "SetTopicAttributes"}
    | {"AddPermission", "RemovePermission"}
)
_SUBSCRIPTION: Final = frozenset(
    {"GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"}
)


def sns(asked: Asked) -> list[Needed]:
    """What a call of SNS needs, the topic's key included."""
    given = asked.params
    if asked.operation in ("ListTopics", "ListSubscriptions"):
        return [Needed(f"sns:{asked.operation}", "*", asked.account)]
    if asked.operation in ("Publish", "PublishBatch"):
        if (topic := given.get("TopicArn") or given.get("TargetArn")) is None:
            return [Needed("sns:Publish", "*", asked.account)]
        return [_on_topic("sns:Publish", topic, asked), *_topic_key(topic, asked)]
    if asked.operation == "Subscribe":
        found = keys(sns__Protocol=given.get("Protocol"), sns__Endpoint=given.get("Endpoint"))
        return [_on_topic("sns:Subscribe", given["TopicArn"], asked, found)]
    if asked.operation in _TOPIC:
        return [_on_topic(f"sns:{asked.operation}", given["TopicArn"], asked)]
    if asked.operation in _SUBSCRIPTION:
        topic = str(given["SubscriptionArn"]).rpartition(":")[0]
        return [_on_topic(f"sns:{asked.operation}", topic, asked)]
    raise Unsupported(f"what sns:{asked.operation} needs")


def _on_topic(
    action: str, topic: str, asked: Asked, found: dict[str, tuple[str, ...]] | None = None
) -> Needed:
    held = _topic(topic)
    policy = Policy(f"the policy of topic {topic}", held.policy) if held is not None else None
    return Needed(action, topic, owner_of(topic, asked), found or {}, policy)


def _topic(topic: str) -> Any:
    parts = topic.split(":")
    return sns_backends[parts[4]][parts[3]].topics.get(topic) if len(parts) == 6 else None


def _topic_key(topic: str, asked: Asked) -> list[Needed]:
    held = _topic(topic)
    key = getattr(held, "kms_master_key_id", None)
    if not key:
        return []
    # SNS Developer Guide, "Managing Amazon SNS encryption keys and costs".
    used = ("kms:GenerateDataKey", "kms:Decrypt")
    needed = kms.through("sns", key, used, asked, {"aws:sns:topicArn": topic})
    return [Needed(**{**one.__dict__, "refused_as": "KMSAccessDenied"}) for one in needed]


_MACHINE: Final = {
    "DescribeStateMachine": "stateMachineArn",
    "ListExecutions": "stateMachineArn",
    "StartExecution": "stateMachineArn",
    "DescribeExecution": "executionArn",
    "GetExecutionHistory": "executionArn",
    "RedriveExecution": "executionArn",
    "StopExecution": "executionArn",
}


def states(asked: Asked) -> list[Needed]:
    """What a call of Step Functions needs. Answering a task token has no narrower resource."""
    if asked.operation in (
        "ListStateMachines",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
    ):
        return [Needed(f"states:{asked.operation}", "*", asked.account)]
    if asked.operation not in _MACHINE:
        raise Unsupported(f"what states:{asked.operation} needs")
    resource = str(asked.params[_MACHINE[asked.operation]])
    return [Needed(f"states:{asked.operation}", resource, owner_of(resource, asked))]


def cloudtrail(asked: Asked) -> list[Needed]:
    """What a call of CloudTrail needs."""
    named = asked.params.get("Name") or asked.params.get("TrailName")
    if asked.operation in ("DescribeTrails", "ListPublicKeys", "ListTrails", "LookupEvents"):
        resource = "*"
    elif named is None:
        raise Unsupported(f"what cloudtrail:{asked.operation} needs")
    else:
        resource = named if named.startswith("arn:") else arn(asked, "cloudtrail", f"trail/{named}")
    return [Needed(f"cloudtrail:{asked.operation}", resource, asked.account)]


def logs(asked: Asked) -> list[Needed]:
    """What a call of CloudWatch Logs needs."""
    name, stream = asked.params.get("logGroupName"), asked.params.get("logStreamName")
    if asked.operation == "DescribeLogGroups":
        resource = arn(asked, "logs", "log-group:*")
    elif asked.operation in ("GetQueryResults", "StartQuery"):
        groups = asked.params.get("logGroupNames") or _groups_of_query(asked)
        return [
            Needed(
                f"logs:{asked.operation}", arn(asked, "logs", f"log-group:{one}:*"), asked.account
            )
            for one in groups
        ]
    elif name is None:
        raise Unsupported(f"what logs:{asked.operation} needs")
    else:
        within = f":log-stream:{stream}" if stream else ":*"
        resource = arn(asked, "logs", f"log-group:{name}{within}")
    return [Needed(f"logs:{asked.operation}", resource, asked.account)]


def _groups_of_query(asked: Asked) -> list[str]:
    """The log groups that a query was started over; any, where there is no such query."""
    queries = logs_backends[asked.account][asked.region].queries
    query = queries.get(asked.params["queryId"])
    return ["*"] if query is None else query.log_group_names


def web_acls(asked: Asked) -> list[Needed]:
    """What a call of WAF needs."""
    if asked.operation == "ListWebACLs":
        resource = "*"
    elif asked.operation == "GetLoggingConfiguration":
        resource = asked.params["ResourceArn"]
    else:
        raise Unsupported(f"what wafv2:{asked.operation} needs")
    return [Needed(f"wafv2:{asked.operation}", resource, asked.account)]


def looking_only(prefix: str) -> Any:
    """A service of which only what looks at everything, and so takes "*", is known here."""

    def needs(asked: Asked) -> list[Needed]:
        if not asked.operation.startswith(("Describe", "List")):
            raise Unsupported(f"what {prefix}:{asked.operation} needs")
        return [Needed(f"{prefix}:{asked.operation}", "*", asked.account)]

    return needs
