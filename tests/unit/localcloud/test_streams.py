"""Lambda reads a table's stream: in order, filtered, and past a poison record in the end."""

import json
from datetime import timedelta
from typing import Any

from tests.builders import REGION
from tests.unit.localcloud.clouds import STARTS_AT, Written, written

__all__ = ["written"]

MIRROR = """
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            name = record["dynamodb"]["Keys"]["pk"]["S"]
            print(record["eventName"], name)
            if "poison" in name:
                raise ValueError(name)
"""
STACK = """
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
        KeySchema: [{AttributeName: pk, KeyType: HASH}]
        StreamSpecification: {StreamViewType: KEYS_ONLY}
    Dead: {Type: AWS::SQS::Queue}
    Mirror:
      Type: AWS::Serverless::Function
      Properties:
        CodeUri: functions/mirror
        Events:
          Items:
            Type: DynamoDB
            Properties:
              Stream: !GetAtt Table.StreamArn
              StartingPosition: TRIM_HORIZON
              BatchSize: 4
              MaximumRetryAttempts: 2
              DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
"""
BISECT = STACK.replace(
    "BatchSize: 4", "BatchSize: 4\n              BisectBatchOnFunctionError: true"
)


def put(written: Written, stack: Any, *names: str) -> None:
    for name in names:
        written.client("dynamodb").put_item(
            TableName=stack.resources["Table"], Item={"pk": {"S": name}, "at": {"N": "1"}}
        )


def seen(written: Written) -> list[list[str]]:
    return [one.log.split()[1::2] for one in written.ran("Mirror")]


def test_records_come_in_order_in_batches(written: Written) -> None:
    written.function("mirror", MIRROR)
    stack = written.deploy(STACK)
    put(written, stack, "a", "b", "c", "d", "e")
    assert written.ran("Mirror") == []
    written.cloud.settle()
    assert seen(written) == [["a", "b", "c", "d"], ["e"]]
    put(written, stack, "f")
    written.cloud.settle()
    assert seen(written)[2:] == [["f"]]
    assert written.ran("Mirror")[0].event_source.startswith("stream/")


def test_a_record_looks_as_lambda_passes_it_on(written: Written) -> None:
    written.function("mirror", "import json\ndef handler(e, c): print(json.dumps(e))")
    stack = written.deploy(STACK)
    put(written, stack, "a")
    written.cloud.settle()
    (record,) = json.loads(written.ran("Mirror")[0].log)["Records"]
    assert record["eventSourceARN"] == written.cloud.registry.mappings[0].source_arn
    assert (record["awsRegion"], record["eventName"]) == (REGION, "INSERT")
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "a"}}
    assert "NewImage" not in record["dynamodb"]
    assert record["dynamodb"]["ApproximateCreationDateTime"] == STARTS_AT.timestamp()


def test_only_what_the_filter_asks_for_is_passed_on(written: Written) -> None:
    written.function("mirror", MIRROR)
    pattern = json.dumps(
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "t"}]}}}}
    )
    stack = written.deploy(
        STACK.replace(
            "BatchSize: 4",
            f"BatchSize: 4\n              FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}",
        )
    )
    put(written, stack, "t1", "x", "t1", "t2")
    written.client("dynamodb").update_item(
        TableName=stack.resources["Table"],
        Key={"pk": {"S": "t1"}},
        UpdateExpression="SET #at = :at",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":at": {"N": "2"}},
    )
    written.cloud.settle()
    assert [one.log.split() for one in written.ran("Mirror")] == [["INSERT", "t1", "INSERT", "t2"]]


def test_a_failing_batch_is_retried_then_given_up_and_what_follows_goes_on(
    written: Written,
) -> None:
    written.function("mirror", MIRROR)
    stack = written.deploy(STACK)
    put(written, stack, "a", "poison", "b", "c", "d")
    written.cloud.settle()
    assert seen(written) == [["a", "poison"]]
    written.cloud.advance(timedelta(minutes=1))
    assert seen(written) == [["a", "poison"]] * 3 + [["d"]]
    waits = [(one.at - STARTS_AT).total_seconds() for one in written.ran("Mirror")]
    assert waits == [0, 1, 3, 3]
    (told,) = written.messages(stack.resources["Dead"])
    record = json.loads(told["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["DDBStreamBatchInfo"]["batchSize"] == 4
    assert "poison" not in told["Body"]
    (failed,) = written.cloud.failures
    assert failed.problem == "RetryAttemptsExhausted"


def test_a_failing_batch_is_split_until_only_the_poison_is_given_up(written: Written) -> None:
    written.function("mirror", MIRROR)
    stack = written.deploy(BISECT)
    put(written, stack, "a", "poison", "b", "c")
    written.cloud.advance(timedelta(minutes=1))
    taken = [
        one
        for one, ran in zip(seen(written), written.ran("Mirror"), strict=True)
        if ran.error is None
    ]
    assert taken == [["a"], ["b", "c"]]
    (told,) = written.messages(stack.resources["Dead"])
    assert json.loads(told["Body"])["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_reported_failure_keeps_what_stood_before_it(written: Written) -> None:
    written.function(
        "mirror",
        """
        tries = []

        def handler(event, context):
            numbers = {r["dynamodb"]["Keys"]["pk"]["S"]: r["dynamodb"]["SequenceNumber"]
                       for r in event["Records"]}
            print("".join(f"x {name} " for name in numbers))
            tries.append(1)
            if "c" in numbers and len(tries) < 3:
                return {"batchItemFailures": [{"itemIdentifier": numbers["c"]}]}
            return {"batchItemFailures": []}
        """,
    )
    reported = "BatchSize: 4\n              FunctionResponseTypes: [ReportBatchItemFailures]"
    stack = written.deploy(STACK.replace("BatchSize: 4", reported))
    put(written, stack, "a", "b", "c", "d", "e")
    written.cloud.advance(timedelta(minutes=1))
    assert seen(written) == [["a", "b", "c", "d"], ["c", "d"], ["c", "d"], ["e"]]
    assert written.messages(stack.resources["Dead"]) == []


def test_records_that_grow_too_old_are_given_up_without_a_run(written: Written) -> None:
    written.function("mirror", MIRROR)
    aged = STACK.replace("MaximumRetryAttempts: 2", "MaximumRecordAgeInSeconds: 60")
    stack = written.deploy(aged)
    put(written, stack, "poison")
    written.cloud.advance(timedelta(minutes=10))
    assert 3 < len(written.ran("Mirror")) < 10
    (told,) = written.messages(stack.resources["Dead"])
    assert json.loads(told["Body"])["requestContext"]["condition"] == "RecordAgeExceeded"


def test_what_was_written_before_the_mapping_is_read_from_the_horizon_only(
    written: Written,
) -> None:
    written.function("mirror", MIRROR)
    table, _, mirror = STACK.partition("    Dead:")
    stack = written.deploy(table)
    put(written, stack, "early")
    arn = written.client("dynamodb").describe_table(TableName=stack.resources["Table"])["Table"][
        "LatestStreamArn"
    ]
    rest = "    Dead:" + mirror.replace("!GetAtt Table.StreamArn", arn)
    written.deploy(rest, stack_name="horizon")
    written.deploy(rest.replace("TRIM_HORIZON", "LATEST"), stack_name="latest")
    written.cloud.settle()
    put(written, stack, "late")
    written.cloud.settle()
    by_name = {
        one.stack_name: [
            ran.log.split()[1::2]
            for ran in written.cloud.invocations
            if ran.function_name == one.name
        ]
        for one in written.cloud.registry.functions
    }
    assert by_name == {"horizon": [["early"], ["late"]], "latest": [["late"]]}


def test_lambda_reads_with_the_rights_of_the_functions_role(written: Written) -> None:
    written.function("mirror", MIRROR)
    stack = written.deploy(STACK)
    put(written, stack, "a")
    written.cloud.settle()
    read = [call for call in written.cloud.calls if call.operation == "GetRecords"]
    assert read
    assert all(f"/{stack.resources['MirrorRole']}/" in call.caller.arn for call in read)
