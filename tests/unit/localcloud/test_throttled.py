"""A function that has no concurrency reserved for it runs for nobody."""

import pytest
from botocore.exceptions import ClientError

from localcloud.stack import Unsupported
from tests.builders import HOME
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

LOOK = "Look: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/look}}\n"


def test_it_is_throttled_until_it_has_some_again(written: Written) -> None:
    written.function("look", "def handler(event, context): return 'seen'")
    name = written.deploy(LOOK).resources["Look"]
    functions = written.client("lambda", HOME)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as refusal:
        written.invoke("Look")
    assert refusal.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert written.ran("Look") == []
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert written.invoke("Look")["Payload"] == "seen"


def test_what_becomes_of_its_events_is_not_guessed(written: Written) -> None:
    """Lambda sends them on without a retry, or keeps them for hours, as they came."""
    written.function("look", "def handler(event, context): return 'seen'")
    name = written.deploy(LOOK).resources["Look"]
    written.client("lambda", HOME).put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=0
    )
    written.invoke("Look", InvocationType="Event")
    with pytest.raises(Unsupported, match="throttled"):
        written.cloud.settle()
