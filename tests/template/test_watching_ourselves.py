"""What would make the responder blind, deaf or slow in silence is told to people."""

import json
from typing import Any

import pytest

from localcloud.intrinsics import Known, Scope, resolve
from localcloud.patterns import check, matches
from responder.aws.breaker import Breaker
from responder.aws.ledger import Ledger
from tests.builders import HOME, NOON, REGION, an_order
from tests.template.templates import resources, template

_STACK = "breach-responder"
_AT = f"{REGION}:{HOME}"
_KNOWN = {
    **{
        name: f"arn:aws:sns:{_AT}:{_STACK}-{name}-1"
        for name in ("PagerTopic", "QuietTopic", "EscalationTopic", "ApprovalTopic")
    },
    **{
        name: f"https://sqs.{REGION}.amazonaws.com/{HOME}/{_STACK}-{name}-1"
        for name in ("IntakeQueue", "TouchQueue", "IntakeDeadLetterQueue")
    },
    **{
        name: f"arn:aws:states:{_AT}:stateMachine:{name}-1"
        for name in ("DeadlineTracker", "HoldOrder", "PageEscalation")
    },
}
_MOST_CHARACTERS = 2048  # EventBridge quotas, "Event pattern size"


def pattern(rule: str) -> dict[str, Any]:
    scope = Scope(
        parameters={
            "AWS::StackName": _STACK,
            "AWS::StackId": f"arn:aws:cloudformation:{_AT}:stack/{_STACK}/1",
        },
        declared=frozenset(_KNOWN),
        conditions={},
    )
    for name, ref in _KNOWN.items():
        scope.known[name] = Known("a part", ref, {})
    node = resolve(resources("AWS::Events::Rule")[rule]["EventPattern"], scope)
    found: dict[str, Any] = json.loads(json.dumps(node))
    check(found, rule)
    return found


def call(source: str, name: str, given: dict[str, Any], by: str = "203.0.113.9") -> dict[str, Any]:
    detail = {
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "sourceIPAddress": by,
        "requestParameters": given,
    }
    return {
        "source": f"aws.{source}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": detail,
    }


CHANGES = [
    ("events", "DisableRule", {"name": f"{_STACK}-GuardDutyRule-1"}),
    ("events", "RemoveTargets", {"rule": f"{_STACK}-GuardDutyRule-1", "ids": ["intake"]}),
    ("events", "PutRule", {"name": f"{_STACK}-TouchRule-1"}),
    ("sns", "DeleteTopic", {"topicArn": _KNOWN["PagerTopic"]}),
    ("sns", "Unsubscribe", {"subscriptionArn": f"{_KNOWN['PagerTopic']}:0a1b"}),
    ("sqs", "PurgeQueue", {"queueUrl": _KNOWN["IntakeQueue"]}),
    ("sqs", "SetQueueAttributes", {"queueUrl": _KNOWN["IntakeQueue"]}),
    ("lambda", "UpdateFunctionCode20150331v2", {"functionName": f"{_STACK}-ContainFunction-1"}),
    (
        "lambda",
        "PutFunctionConcurrency20171031",
        {"functionName": f"arn:aws:lambda:{_AT}:function:{_STACK}-OpenFunction-1"},
    ),
    ("lambda", "DeleteFunction20150331", {"functionName": f"{_STACK}-IntakeFunction-1"}),
    ("monitoring", "DeleteAlarms", {"alarmNames": ["other", f"{_STACK}-OpenFailed-1"]}),
    ("monitoring", "DisableAlarmActions", {"alarmNames": [f"{_STACK}-OpenFailed-1"]}),
    ("monitoring", "PutMetricAlarm", {"alarmName": f"{_STACK}-OpenFailed-1"}),
    ("states", "DeleteStateMachine", {"stateMachineArn": _KNOWN["HoldOrder"]}),
    (
        "states",
        "UpdateStateMachine",
        {"stateMachineArn": f"arn:aws:states:{_AT}:stateMachine:{_STACK}-incident-response"},
    ),
    ("scheduler", "DeleteSchedule", {"name": f"{_STACK}-SweepFunctionHourly-1"}),
]


@pytest.mark.parametrize(("source", "name", "given"), CHANGES)
def test_a_part_that_somebody_changes_pages_and_one_that_is_deployed_is_told(
    source: str, name: str, given: dict[str, Any]
) -> None:
    by_hand, deployed = pattern("PartChangedRule"), pattern("PartDeployedRule")
    assert matches(by_hand, call(source, name, given))
    assert not matches(deployed, call(source, name, given))
    of_stack = call(source, name, given, "cloudformation.amazonaws.com")
    assert matches(deployed, of_stack)
    assert not matches(by_hand, of_stack)


@pytest.mark.parametrize(("source", "name", "given"), CHANGES)
def test_what_is_not_ours_is_none_of_our_business(
    source: str, name: str, given: dict[str, Any]
) -> None:
    def elsewhere(value: Any) -> Any:
        if isinstance(value, list):
            return [elsewhere(one) for one in value]
        return value.replace(_STACK, "shop").replace("HoldOrder", "Shop")

    theirs = {key: elsewhere(value) for key, value in given.items()}
    assert not matches(pattern("PartChangedRule"), call(source, name, theirs))


@pytest.mark.parametrize(
    "name", ["UpdateStack", "DeleteStack", "ExecuteChangeSet", "RollbackStack"]
)
def test_a_deployment_pages(name: str) -> None:
    rule = pattern("StackChangedRule")
    assert matches(rule, call("cloudformation", name, {"stackName": _STACK}))
    assert not matches(rule, call("cloudformation", name, {"stackName": "shop"}))


def test_a_change_set_that_names_no_stack_may_be_ours_and_pages() -> None:
    named = {"changeSetName": f"arn:aws:cloudformation:{_AT}:changeSet/x/1"}
    rule = pattern("StackChangedRule")
    assert matches(rule, call("cloudformation", "ExecuteChangeSet", named))
    assert not matches(rule, call("cloudformation", "ExecuteChangeSet", named | {"stackName": "s"}))
    assert not matches(rule, call("cloudformation", "DescribeStacks", {}))


def test_a_role_of_ours_that_is_touched_pages_and_one_that_is_deployed_is_told() -> None:
    role, deployment = f"{_STACK}-ContainFunctionRole-1", "cloudformation.amazonaws.com"
    for name in ("AttachRolePolicy", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy"):
        by_hand = call("iam", name, {"roleName": role})
        assert matches(pattern("OwnRoleChangedRule"), by_hand)
        assert not matches(pattern("PartDeployedRule"), by_hand)
        deployed = call("iam", name, {"roleName": role}, deployment)
        assert not matches(pattern("OwnRoleChangedRule"), deployed)
        assert matches(pattern("PartDeployedRule"), deployed)
        theirs = call("iam", name, {"roleName": "shop"})
        assert not matches(pattern("OwnRoleChangedRule"), theirs)


@pytest.mark.parametrize("name", ["PartChangedRule", "PartDeployedRule"])
def test_a_pattern_is_short_enough_for_eventbridge(name: str) -> None:
    written = json.dumps(pattern(name), separators=(",", ":"))
    assert len(written) <= _MOST_CHARACTERS


def test_each_of_these_rules_may_publish_to_its_topic() -> None:
    for topic, policy in (("PagerTopic", "PagerTopicPolicy"), ("QuietTopic", "QuietTopicPolicy")):
        document = resources("AWS::SNS::TopicPolicy")[policy]["PolicyDocument"]
        allowed = str(document["Statement"])
        for name, rule in resources("AWS::Events::Rule").items():
            if rule["Targets"][0]["Arn"] == {"Ref": topic}:
                assert str({"Fn::GetAtt": [name, "Arn"]}) in allowed, name


@pytest.mark.parametrize(
    ("name", "queue"), [("FindingsWait", "IntakeQueue"), ("TouchesWait", "TouchQueue")]
)
def test_what_waits_in_a_queue_pages(name: str, queue: str) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[name]
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}
    assert alarm["Threshold"] <= 900


def test_functions_that_lambda_does_not_run_page() -> None:
    alarm = resources("AWS::CloudWatch::Alarm")["Throttled"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Throttles")
    assert "Dimensions" not in alarm


def test_a_day_without_the_canary_pages_and_there_is_no_alarm_without_one() -> None:
    whole = template()["Resources"]
    for name in ("Canary", "CanaryRole", "NoFindingArrives"):
        assert whole[name]["Condition"] == "SendsCanary"
    alarm = whole["NoFindingArrives"]["Properties"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
    target = whole["Canary"]["Properties"]["Target"]
    assert "createSampleFindings" in str(target["Arn"])
    assert "12 hours" in whole["Canary"]["Properties"]["ScheduleExpression"]


def test_cuts_that_wait_because_there_were_too_many_page(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the very metric that the breaker tells: its namespace, its name and its dimensions."""
    told = template()["Globals"]["Function"]["Environment"]["Variables"]
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", told["POWERTOOLS_SERVICE_NAME"])
    assert Breaker(ledger, _STACK).beyond([an_order()], 0, now=NOON)
    line = json.loads(capsys.readouterr().out)
    [metric] = line["_aws"]["CloudWatchMetrics"]
    alarm = resources("AWS::CloudWatch::Alarm")["BreakerOpen"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (
        metric["Namespace"],
        metric["Metrics"][0]["Name"],
    )
    [dimensions] = metric["Dimensions"]
    watched = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert {name: line[name] for name in dimensions} == watched | {"stack": _STACK}
    assert watched["stack"] == {"Ref": "AWS::StackName"}
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 1)
    assert line[alarm["MetricName"]] == [1.0]
