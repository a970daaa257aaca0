"""Functions run from the source tree, each as if it had a process of its own."""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.stack import Unsupported
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.clouds import STARTS_AT, Written, written

__all__ = ["written"]

LISTED = """
Listed: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/listed}}
Look:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: functions/look, Layers: [!Ref Listed]}
"""
LOOK = "Look: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/look}}\n"


def test_a_handler_gets_the_event_and_returns_its_answer(written: Written) -> None:
    written.function("look", "def handler(event, context): return {'seen': event['a']}")
    written.deploy(LOOK)
    answer = written.invoke("Look", {"a": [1, "zwei"]})
    assert answer["Payload"] == {"seen": [1, "zwei"]}
    assert "FunctionError" not in answer
    (ran,) = written.cloud.invocations
    assert (ran.logical_id, ran.error, ran.cold) == ("Look", None, True)
    assert ran.at == written.cloud.now()


def test_an_error_keeps_the_name_of_its_class_that_a_machine_matches(written: Written) -> None:
    written.function(
        "look",
        """
        class Unavailable(Exception):
            pass

        def handler(event, context):
            raise Unavailable("DynamoDB did not answer")
        """,
    )
    written.deploy(LOOK)
    answer = written.invoke("Look")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Unavailable"
    assert answer["Payload"]["errorMessage"] == "DynamoDB did not answer"
    assert any("in handler" in line for line in answer["Payload"]["stackTrace"])


@pytest.mark.parametrize("where", ["first", "later", "shared"])
def test_a_package_that_no_layer_lists_is_not_there(written: Written, where: str) -> None:
    """The environment of the tests has it; a function in Lambda would not."""
    code = {
        "first": "import pydantic\ndef handler(event, context): return pydantic.__name__",
        "later": "def handler(event, context):\n    import pydantic\n    return pydantic.__name__",
        "shared": "from shop import pydantic\ndef handler(e, context): return pydantic.__name__",
    }[where]
    written.function("look", code)
    written.file("layers/shop/shop/__init__.py", "import boto3, json\nimport pydantic")
    written.file("layers/listed/requirements.txt", "Pydantic[email]==2.0 \\\n  --hash=sha256:00")
    template = """
        Shop: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/shop}}
        Listed: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/listed}}
        Look:
          Type: AWS::Serverless::Function
          Properties: {CodeUri: functions/look, Layers: [!Ref Shop, !Ref Listed]}
    """
    written.deploy(template, stack_name="listed")
    assert written.invoke("Look")["Payload"] == "pydantic"
    written.deploy(template.replace(", !Ref Listed", ""), stack_name="lacking", account=SHOP)
    name = written.cloud.registry.function("Look", account=SHOP).name
    answer = written.client("lambda", SHOP).invoke(FunctionName=name)
    error = json.loads(answer["Payload"].read())
    assert "No module named 'pydantic'" in error["errorMessage"]
    kind = "ModuleNotFoundError" if where == "later" else "Runtime.ImportModuleError"
    assert error["errorType"] == kind


def test_the_sdk_and_the_standard_library_are_there_without_a_layer(written: Written) -> None:
    written.function(
        "look",
        """
        import boto3, botocore.config, dateutil.parser, urllib3, zoneinfo

        def handler(event, context):
            from xml.etree import ElementTree
            return [boto3.__name__, ElementTree.__name__]
        """,
    )
    written.deploy(LOOK)
    assert written.invoke("Look")["Payload"] == ["boto3", "xml.etree.ElementTree"]


def test_state_of_a_module_lasts_and_is_not_shared_between_functions(written: Written) -> None:
    written.file(
        "layers/shop/shop/counter.py",
        """
        from functools import cache
        count = 0

        @cache
        def first_asked_by(): return __import__("os").environ["AWS_LAMBDA_FUNCTION_NAME"]
        """,
    )
    written.file("layers/shop/shop/__init__.py", "")
    code = """
        from shop import counter

        def handler(event, context):
            counter.count += 1
            return [counter.count, counter.first_asked_by() == context.function_name]
    """
    written.function("look", code)
    written.function("listen", code)
    written.deploy(
        """
        Shop: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/shop}}
        Look:
          Type: AWS::Serverless::Function
          Properties: {CodeUri: functions/look, Layers: [!Ref Shop]}
        Listen:
          Type: AWS::Serverless::Function
          Properties: {CodeUri: functions/listen, Layers: [!Ref Shop]}
        """
    )
    assert written.invoke("Look")["Payload"] == [1, True]
    assert written.invoke("Look")["Payload"] == [2, True]
    assert written.invoke("Listen")["Payload"] == [1, True]
    assert [one.cold for one in written.cloud.invocations] == [True, False, True]
    assert not [name for name in sys.modules if name in ("app", "shop", "shop.counter")]


def test_a_package_without_state_is_imported_once_for_functions_of_the_same_layers(
    tmp_path: Path,
) -> None:
    with Cloud(region=REGION, starts_at=STARTS_AT, stateless=("shop.pure",)) as cloud:
        written = Written(cloud, tmp_path)
        counting = "import itertools\nnumbers = itertools.count(1)\n"
        for name, text in (
            ("__init__", ""),
            ("pure/__init__", ""),
            ("pure/numbers", counting),
            ("pure_too", counting),
        ):
            for layer in ("shop", "other"):
                written.file(f"layers/{layer}/shop/{name}.py", text)
        code = """
            from shop import pure_too
            from shop.pure import numbers

            def handler(event, context):
                return [next(numbers.numbers), next(pure_too.numbers)]
        """
        for name in ("look", "listen", "alone"):
            written.function(name, code)
        written.deploy(
            """
            Shop: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/shop}}
            Other: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/other}}
            Look:
              Type: AWS::Serverless::Function
              Properties: {CodeUri: functions/look, Layers: [!Ref Shop]}
            Listen:
              Type: AWS::Serverless::Function
              Properties: {CodeUri: functions/listen, Layers: [!Ref Shop]}
            Alone:
              Type: AWS::Serverless::Function
              Properties: {CodeUri: functions/alone, Layers: [!Ref Other]}
            """
        )
        told = [written.invoke(name)["Payload"] for name in ("Look", "Listen", "Alone")]
    assert told == [[1, 1], [2, 1], [1, 1]]
    assert not [name for name in sys.modules if name.partition(".")[0] == "shop"]


def test_a_function_sees_its_own_environment_and_nothing_of_this_process(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    written.function(
        "look",
        """
        import os

        def handler(event, context):
            os.environ["LEFT_BEHIND"] = "1"
            return dict(os.environ)
        """,
    )
    written.deploy(
        """
        Look:
          Type: AWS::Serverless::Function
          Properties: {CodeUri: functions/look, Environment: {Variables: {TABLE_NAME: orders}}}
        """
    )
    before = dict(os.environ)
    seen = written.invoke("Look")["Payload"]
    assert dict(os.environ) == before
    assert seen["TABLE_NAME"] == "orders"
    assert seen["AWS_REGION"] == REGION
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == written.cloud.registry.function("Look").name
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "SECRET_OF_THE_SHELL" not in seen
    assert "HOME" not in seen


def test_a_function_acts_with_its_own_role_and_no_right_beyond_it(written: Written) -> None:
    written.function(
        "look",
        """
        import boto3

        def handler(event, context):
            who = boto3.client("sts").get_caller_identity()["Arn"]
            boto3.client("sqs").list_queues()
            return who
        """,
    )
    stack = written.deploy(LOOK)
    answer = written.invoke("Look")["Payload"]
    assert "AccessDenied" in answer["errorMessage"]
    (who, refused) = [call for call in written.cloud.calls if call.caller.kind == "function"]
    assert (who.operation, who.error) == ("GetCallerIdentity", None)
    assert f"/{stack.resources['LookRole']}/" in who.caller.arn
    assert (refused.operation, refused.error) == ("ListQueues", "AccessDenied")
    assert refused.function == written.cloud.registry.function("Look").arn


def test_a_function_that_invokes_another_gets_its_own_world_back(written: Written) -> None:
    written.function(
        "look",
        """
        import json, os, boto3

        def handler(event, context):
            answer = boto3.client("lambda").invoke(FunctionName=os.environ["OTHER"])
            inner = json.loads(answer["Payload"].read())
            print("outer speaks")
            return [inner, os.environ["AWS_LAMBDA_FUNCTION_NAME"], __name__]
        """,
    )
    written.function(
        "listen",
        """
        import os

        def handler(event, context):
            print("inner speaks")
            return os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        """,
    )
    written.deploy(
        """
        Look:
          Type: AWS::Serverless::Function
          Properties:
            CodeUri: functions/look
            Environment: {Variables: {OTHER: !Ref Listen}}
            Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Listen}}]
        Listen: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/listen}}
        """
    )
    names = {one: written.cloud.registry.function(one).name for one in ("Look", "Listen")}
    assert written.invoke("Look")["Payload"] == [names["Listen"], names["Look"], "app"]
    inner, outer = written.cloud.invocations
    assert (inner.logical_id, inner.event_source) == ("Listen", f"function/{names['Look']}")
    assert (outer.logical_id, outer.event_source) == ("Look", "lambda:Invoke")
    assert (inner.log.strip(), outer.log.strip()) == ("inner speaks", "outer speaks")


def test_what_a_handler_prints_is_kept_and_not_shown(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    written.function(
        "look",
        """
        from aws_lambda_powertools import Logger
        logger = Logger(service="looking")

        def handler(event, context):
            logger.info("seen", extra={"incident_id": event["id"]})
        """,
    )
    written.file("layers/listed/requirements.txt", "aws-lambda-powertools==3.37.0")
    written.deploy(LISTED)
    for number in (1, 2):
        written.invoke("Look", {"id": number})
    logged = [json.loads(one.log)["incident_id"] for one in written.cloud.invocations]
    assert logged == [1, 2]
    assert "looking" not in "".join(capsys.readouterr())


def test_the_log_of_one_invocation_is_bounded(written: Written) -> None:
    written.function("look", "def handler(event, context): print('x' * 100_000 + 'end')")
    written.deploy(LOOK)
    written.invoke("Look")
    log = written.cloud.invocations[0].log
    assert len(log) < 20_000
    assert log.endswith("end\n")


def test_an_answer_that_is_no_json_is_an_error_of_the_runtime(written: Written) -> None:
    written.function("look", "def handler(event, context): return {1, 2}")
    written.deploy(LOOK)
    assert written.invoke("Look")["Payload"]["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import no_such_module\ndef handler(e, c): pass", "Runtime.ImportModuleError"),
        ("def handler(e, c) pass", "Runtime.UserCodeSyntaxError"),
        ("def other(e, c): pass", "Runtime.HandlerNotFound"),
        ("import sys\ndef handler(e, c): sys.exit(3)", "Runtime.ExitError"),
        ("raise KeyError('TABLE_NAME')", "KeyError"),
    ],
)
def test_a_function_that_cannot_start_fails_as_lambda_says_it(
    written: Written, code: str, kind: str
) -> None:
    written.function("look", code)
    written.deploy(LOOK)
    assert written.invoke("Look")["Payload"]["errorType"] == kind
    assert written.invoke("Look")["Payload"]["errorType"] == kind


def test_payloads_are_limited_both_ways(written: Written) -> None:
    written.function("look", "def handler(event, context): return 'x' * event['size']")
    written.deploy(LOOK)
    large = written.invoke("Look", {"size": 7_000_000})["Payload"]
    assert large["errorType"] == "Function.ResponseSizeTooLarge"
    with pytest.raises(ClientError) as error:
        written.invoke("Look", {"size": 1, "more": "x" * 6_300_000})
    assert error.value.response["Error"]["Code"] == "RequestTooLargeException"
    with pytest.raises(ClientError) as error:
        written.invoke("Look", {"size": 1, "more": "x" * 1_100_000}, InvocationType="Event")
    assert error.value.response["Error"]["Code"] == "RequestTooLargeException"


def test_the_context_is_the_functions_own(written: Written) -> None:
    written.function(
        "look",
        """
        def handler(event, context):
            return [context.invoked_function_arn, context.memory_limit_in_mb,
                    context.get_remaining_time_in_millis(), bool(context.aws_request_id)]
        """,
    )
    written.deploy(LOOK)
    arn = written.cloud.registry.function("Look").arn
    assert written.invoke("Look")["Payload"] == [arn, "128", 30_000, True]


def test_an_asynchronous_invocation_is_retried_after_one_and_two_minutes(
    written: Written,
) -> None:
    written.function("look", "def handler(event, context): raise ValueError('no')")
    stack = written.deploy(
        """
        Dead: {Type: AWS::SQS::Queue}
        Look:
          Type: AWS::Serverless::Function
          Properties:
            CodeUri: functions/look
            DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
        """
    )
    begins_at = written.cloud.now()
    answer = written.invoke("Look", {"id": 7}, InvocationType="Event")
    assert (answer["StatusCode"], written.ran("Look")) == (202, [])
    written.cloud.settle()
    assert len(written.ran("Look")) == 1
    written.cloud.advance(timedelta(minutes=10))
    waits = [one.at - begins_at for one in written.ran("Look")]
    assert waits == [timedelta(0), timedelta(minutes=1), timedelta(minutes=3)]
    (dead,) = written.messages(stack.resources["Dead"])
    assert json.loads(dead["Body"]) == {"id": 7}
    assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_an_asynchronous_failure_goes_to_its_destination_with_the_whole_story(
    written: Written,
) -> None:
    written.function("look", "def handler(event, context): raise ValueError('no')")
    stack = written.deploy(
        """
        Failed: {Type: AWS::SQS::Queue}
        Look:
          Type: AWS::Serverless::Function
          Properties:
            CodeUri: functions/look
            EventInvokeConfig:
              MaximumRetryAttempts: 0
              DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
        """
    )
    written.invoke("Look", {"id": 7}, InvocationType="Event")
    written.cloud.advance(timedelta(minutes=10))
    assert len(written.ran("Look")) == 1
    (told,) = written.messages(stack.resources["Failed"])
    record = json.loads(told["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"id": 7}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_dead_letter_queue_the_role_may_not_send_to_is_a_failure_one_can_see(
    written: Written,
) -> None:
    written.function("look", "def handler(event, context): raise ValueError('no')")
    stack = written.deploy(
        """
        Dead: {Type: AWS::SQS::Queue}
        Role:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Principal: {Service: lambda.amazonaws.com}
                  Action: sts:AssumeRole
        Look:
          Type: AWS::Serverless::Function
          Properties:
            CodeUri: functions/look
            Role: !GetAtt Role.Arn
            DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
        """
    )
    written.invoke("Look", {}, InvocationType="Event")
    written.cloud.advance(timedelta(minutes=10))
    assert written.messages(stack.resources["Dead"]) == []
    (failed,) = written.cloud.failures
    assert "AccessDenied" in failed.problem


def test_motos_own_delivery_to_a_function_is_refused_by_name(written: Written) -> None:
    written.function("look", "def handler(event, context): return 1")
    stack = written.deploy(LOOK + "Topic: {Type: AWS::SNS::Topic}\n")
    sns = written.client("sns")
    sns.subscribe(
        TopicArn=stack.resources["Topic"],
        Protocol="lambda",
        Endpoint=written.cloud.registry.function("Look").arn,
    )
    with pytest.raises(Unsupported, match="moto's own delivery"):
        sns.publish(TopicArn=stack.resources["Topic"], Message="x")


def test_a_gap_that_a_handler_swallows_is_raised_all_the_same(written: Written) -> None:
    written.function(
        "look",
        """
        import boto3

        def handler(event, context):
            try:
                boto3.client("ssm").get_calendar_state(CalendarNames=["a"])
            except Exception:
                return "all fine"
        """,
    )
    written.deploy(LOOK)
    written.invoke("Look")
    with pytest.raises(Unsupported, match="GetCalendarState"):
        written.cloud.settle()


def test_functions_of_two_accounts_act_each_in_its_own(written: Written) -> None:
    written.function(
        "look",
        """
        import boto3
        def handler(event, context): return boto3.client("sts").get_caller_identity()["Account"]
        """,
    )
    written.deploy(LOOK)
    written.deploy(LOOK, stack_name="another", account="111122223333")
    answers = {
        function.account: json.loads(
            written.client("lambda", function.account)
            .invoke(FunctionName=function.name)["Payload"]
            .read()
        )
        for function in written.cloud.registry.functions
    }
    assert answers == {HOME: HOME, "111122223333": "111122223333"}


def test_a_handler_that_sleeps_takes_virtual_time_and_no_real_one(written: Written) -> None:
    written.function(
        "look",
        """
        import time

        def handler(event, context):
            time.sleep(event["seconds"])
            return context.get_remaining_time_in_millis()
        """,
    )
    written.deploy(LOOK)
    began_at = written.cloud.now()
    assert written.invoke("Look", {"seconds": 20})["Payload"] == 10_000
    assert written.cloud.now() - began_at == timedelta(seconds=20)


def test_a_handler_that_sleeps_too_long_is_ended_at_its_time_out(written: Written) -> None:
    written.function(
        "look",
        """
        import time

        def handler(event, context):
            try:
                time.sleep(31)
            except Exception:
                return "went on"
        """,
    )
    written.deploy(LOOK)
    began_at = written.cloud.now()
    answer = written.invoke("Look")["Payload"]
    assert answer["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 30.00 seconds" in answer["errorMessage"]
    assert written.cloud.now() - began_at == timedelta(seconds=30)
    assert time.sleep.__name__ == "sleep"
