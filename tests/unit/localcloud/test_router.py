"""Events reach the targets of the rules they match, or a dead-letter queue, and nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest

from localcloud import inputs
from localcloud.stack import Rule, Target, TemplateError, Unsupported
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

FINDING = {
    "source": "aws.guardduty",
    "detail-type": "GuardDuty Finding",
    "detail": {"id": "f-1", "severity": 8},
}
QUEUE = """
    Queue: {Type: AWS::SQS::Queue}
    Dead: {Type: AWS::SQS::Queue}
    Rule:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: {source: [aws.guardduty], detail: {severity: [{numeric: [">=", 7]}]}}
        Targets: [{Id: queue, Arn: !GetAtt Queue.Arn, DeadLetterConfig: {Arn: !GetAtt Dead.Arn}}]
"""
LET_IN = """
    LetIn:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [!Ref Queue, !Ref Dead]
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: events.amazonaws.com}
              Action: sqs:SendMessage
              Resource: "*"
              Condition: {ArnEquals: {aws:SourceArn: !GetAtt Rule.Arn}}
"""
A_RULE = Rule("r", HOME, REGION, {}, "ENABLED", (), "arn:aws:events:us-west-2:1:rule/r")


def bodies(written: Written, url: str) -> list[Any]:
    return [json.loads(message["Body"]) for message in written.messages(url)]


def test_an_event_arrives_whole_when_the_cloud_is_let_work(written: Written) -> None:
    stack = written.deploy(QUEUE + LET_IN)
    written.cloud.deliver(FINDING, account=HOME)
    assert bodies(written, stack.resources["Queue"]) == []
    written.cloud.settle()
    (event,) = bodies(written, stack.resources["Queue"])
    assert event["detail"] == FINDING["detail"]
    assert (event["account"], event["region"], event["version"]) == (HOME, REGION, "0")
    assert event["time"] == "2026-11-23T11:00:00Z"
    assert event["id"]


def test_what_an_event_says_of_itself_is_kept(written: Written) -> None:
    stack = written.deploy(QUEUE + LET_IN)
    told = {**FINDING, "id": "mine", "time": "2026-11-22T00:00:00Z", "account": SHOP}
    written.cloud.deliver(told, account=HOME)
    written.cloud.settle()
    (event,) = bodies(written, stack.resources["Queue"])
    assert {name: event[name] for name in told} == told


@pytest.mark.parametrize(
    ("event", "account"),
    [
        ({**FINDING, "source": "aws.macie"}, HOME),
        ({**FINDING, "detail": {"severity": 2}}, HOME),
        (FINDING, SHOP),
    ],
)
def test_what_does_not_match_or_is_elsewhere_does_not_arrive(
    written: Written, event: dict[str, Any], account: str
) -> None:
    stack = written.deploy(QUEUE + LET_IN)
    written.cloud.deliver(event, account=account)
    written.cloud.settle()
    assert bodies(written, stack.resources["Queue"]) == []
    assert written.cloud.failures == []


def test_a_rule_that_is_off_delivers_nothing(written: Written) -> None:
    stack = written.deploy(
        QUEUE.replace("EventPattern", "State: DISABLED\n        EventPattern") + LET_IN
    )
    written.cloud.deliver(FINDING, account=HOME)
    written.cloud.settle()
    assert bodies(written, stack.resources["Queue"]) == []


def test_a_queue_whose_policy_forgets_the_rule_gets_nothing(written: Written) -> None:
    stack = written.deploy(QUEUE)
    written.cloud.deliver(FINDING, account=HOME)
    written.cloud.settle()
    assert bodies(written, stack.resources["Queue"]) == []
    problems = [failed.problem for failed in written.cloud.failures]
    assert len(problems) == 2  # the queue, then the dead-letter queue
    assert all("AccessDenied" in problem for problem in problems)


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue_with_the_reason(
    written: Written,
) -> None:
    stack = written.deploy(QUEUE + LET_IN)
    written.client("sqs").delete_queue(QueueUrl=stack.resources["Queue"])
    written.cloud.deliver(FINDING, account=HOME)
    written.cloud.settle()
    (dead,) = written.messages(stack.resources["Dead"])
    told = {name: each["StringValue"] for name, each in dead["MessageAttributes"].items()}
    assert json.loads(dead["Body"])["detail"] == FINDING["detail"]
    assert told["ERROR_CODE"] == "NO_RESOURCE"
    assert told["RULE_ARN"] == written.cloud.registry.rules[0].arn
    assert told["RETRY_ATTEMPTS"] == "0"


def test_put_events_goes_the_same_way_and_is_delivered_once(written: Written) -> None:
    stack = written.deploy(QUEUE.replace("aws.guardduty", "shop") + LET_IN)
    detail = json.dumps({"severity": 9})
    answer = written.client("events").put_events(
        Entries=[{"Source": "shop", "DetailType": "Order", "Detail": detail}]
    )
    written.cloud.settle()
    (event,) = bodies(written, stack.resources["Queue"])
    assert event["id"] == answer["Entries"][0]["EventId"]
    assert (event["account"], event["detail"]) == (HOME, {"severity": 9})


def test_put_events_may_not_speak_for_a_service_of_aws(written: Written) -> None:
    stack = written.deploy(QUEUE + LET_IN)
    answer = written.client("events").put_events(
        Entries=[
            {"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": "{}"},
            {"Source": "shop", "DetailType": "Order", "Detail": "{}"},
        ]
    )
    refused, taken = answer["Entries"]
    assert refused["ErrorCode"] == "NotAuthorizedForSourceException"
    assert taken["EventId"]
    written.cloud.settle()
    assert bodies(written, stack.resources["Queue"]) == []


def test_a_function_as_target_is_invoked_asynchronously_and_retried(written: Written) -> None:
    written.function("look", "def handler(event, context): raise ValueError(event['detail']['id'])")
    written.deploy(
        """
        Look:
          Type: AWS::Serverless::Function
          Properties:
            CodeUri: functions/look
            Events:
              Found:
                Type: EventBridgeRule
                Properties: {Pattern: {source: [aws.guardduty]}}
        """
    )
    written.cloud.deliver(FINDING, account=HOME)
    written.cloud.advance(timedelta(minutes=5))
    assert [one.message for one in written.ran("Look")] == ["f-1"] * 3
    assert written.ran("Look")[0].event_source.startswith("rule/")


def test_an_archive_keeps_what_matches_and_replays_it_marked(written: Written) -> None:
    stack = written.deploy(
        QUEUE
        + LET_IN
        + """
    Kept:
      Type: AWS::Events::Archive
      Properties:
        SourceArn: !Sub arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default
        EventPattern: {source: [aws.guardduty]}
        RetentionDays: 30
    """
    )
    written.cloud.deliver(FINDING, account=HOME)
    written.cloud.deliver({**FINDING, "source": "aws.macie"}, account=HOME)
    written.cloud.settle()
    events, name = written.client("events"), stack.resources["Kept"]
    kept = events.describe_archive(ArchiveName=name)
    assert kept["EventCount"] == 1
    events.start_replay(
        ReplayName="again",
        EventSourceArn=kept["ArchiveArn"],
        EventStartTime=written.cloud.now() - timedelta(hours=1),
        EventEndTime=written.cloud.now() + timedelta(hours=1),
        Destination={"Arn": kept["EventSourceArn"]},
    )
    written.cloud.settle()
    first, replayed = bodies(written, stack.resources["Queue"])
    assert "replay-name" not in first
    assert (replayed["replay-name"], replayed["detail"]) == ("again", FINDING["detail"])


def test_a_rule_that_no_template_made_is_refused_by_name(written: Written) -> None:
    events = written.client("events")
    events.put_rule(Name="by-hand", EventPattern='{"source": ["shop"]}')
    with pytest.raises(Unsupported, match="by-hand"):
        events.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])


def test_an_event_without_a_source_is_a_mistake_of_the_caller(written: Written) -> None:
    with pytest.raises(ValueError, match="source"):
        written.cloud.deliver({"detail-type": "x", "detail": {}}, account=HOME)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"input": '{"a": 1}'}, {"a": 1}),
        ({"input_path": "$.detail"}, {"id": 'a"b', "list": [{"x": 5}]}),
        ({"input_path": "$.detail.list[0].x"}, 5),
        ({"input_path": "$['detail']['id']"}, 'a"b'),
        ({"input_path": "$.detail.missing"}, None),
    ],
)
def test_a_target_is_given_what_it_asks_for(target: dict[str, Any], expected: Any) -> None:
    event = {"time": "t", "detail": {"id": 'a"b', "list": [{"x": 5}]}}
    given = inputs.of(Target(id="t", arn="arn", **target), event, A_RULE)
    assert json.loads(given) == expected


def test_a_transformer_puts_values_into_a_template() -> None:
    transformer = {
        "InputPathsMap": {"id": "$.detail.id", "list": "$.detail.list", "no": "$.detail.no"},
        "InputTemplate": '{"id": <id>, "text": "<id> seen", "list": <list>, "no": <no>, '
        '"rule": <aws.events.rule-name>, "other": "<other>"}',
    }
    event = {"time": "t", "detail": {"id": "f-1", "list": [1, 2]}}
    target = Target(id="t", arn="arn", input_transformer=transformer)
    assert json.loads(inputs.of(target, event, A_RULE)) == {
        "id": "f-1",
        "text": "f-1 seen",
        "list": [1, 2],
        "no": None,
        "rule": "r",
        "other": "<other>",
    }


def test_a_path_that_is_not_known_here_is_refused() -> None:
    with pytest.raises(Unsupported):
        inputs.part({"a": [1]}, "$.a[*]")
    with pytest.raises(TemplateError):
        inputs.part({"a": [1]}, "detail.a")
