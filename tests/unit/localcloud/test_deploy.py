"""A template is deployed whole, in order, or refused with the name of what is wrong."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Resource
from localcloud.stack import NotApplied, TemplateError, Unsupported
from tests.builders import HOME, SHOP
from tests.unit.localcloud.deploying import Deployer


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    # Set, it would put every call into one account.
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    with mock_aws():
        yield Deployer(tmp_path)


def test_an_unknown_type_fails_by_name(deployed: Deployer) -> None:
    with pytest.raises(Unsupported, match="AWS::Lex::Bot, the type of Parrot"):
        deployed("Resources: {Parrot: {Type: AWS::Lex::Bot}}")


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ("{Colour: red}", "AWS::S3::Bucket.Colour in Vault"),
        (
            "{ObjectLockEnabled: true, ObjectLockConfiguration: {Rule: {Forever: true}}}",
            "AWS::S3::Bucket.ObjectLockConfiguration.Rule.Forever in Vault",
        ),
        (
            "{LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: 1, Never: 1}]}}",
            r"AWS::S3::Bucket.LifecycleConfiguration.Rules\[0\].Never in Vault",
        ),
    ],
)
def test_an_unknown_property_fails_by_name_however_deep(
    deployed: Deployer, properties: str, named: str
) -> None:
    with pytest.raises(Unsupported, match=named):
        deployed(f"Resources: {{Vault: {{Type: AWS::S3::Bucket, Properties: {properties}}}}}")


def test_a_key_that_the_api_does_not_know_fails_by_name(deployed: Deployer) -> None:
    with pytest.raises(Unsupported, match=r"FindingsLate.*Colour"):
        deployed(
            """
            Resources:
              FindingsLate:
                Type: AWS::CloudWatch::Alarm
                Properties:
                  Dimensions: [{Name: Queue, Value: q, Colour: red}]
                  ComparisonOperator: GreaterThanThreshold
                  EvaluationPeriods: 1
            """
        )


def test_an_unknown_attribute_of_a_resource_fails_by_name(deployed: Deployer) -> None:
    with pytest.raises(Unsupported, match="UpdatePolicy of Topic"):
        deployed("Resources: {Topic: {Type: AWS::SNS::Topic, UpdatePolicy: {}}}")


def test_an_unknown_section_fails_by_name(deployed: Deployer) -> None:
    with pytest.raises(Unsupported, match="Rules"):
        deployed("{Rules: {}, Resources: {Topic: {Type: AWS::SNS::Topic}}}")


def test_what_the_pretend_aws_does_not_keep_fails_by_name(deployed: Deployer) -> None:
    resource = Resource("Vault", "AWS::S3::Bucket", Properties({}, "AWS::S3::Bucket", "Vault"))
    resource.stands("Lock", {"Days": 1}, {"Days": 1, "Mode": "more than asked"})
    with pytest.raises(NotApplied, match=r"Bucket\.Lock in Vault: asked .* found None"):
        resource.stands("Lock", {"Days": 1}, None)


def test_what_aws_refuses_names_the_resource(deployed: Deployer) -> None:
    with pytest.raises(TemplateError, match=r"Queue \(AWS::SQS::Queue\) was refused"):
        deployed(
            """
            Resources:
              Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: "not a name!"}}
            """
        )


def test_resources_are_made_after_what_they_need(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Alarm:
            Type: AWS::CloudWatch::Alarm
            Properties:
              ComparisonOperator: GreaterThanThreshold
              EvaluationPeriods: 1
              MetricName: Depth
              Namespace: AWS/SQS
              Period: 60
              Statistic: Maximum
              Threshold: 1
              Dimensions: [{Name: QueueName, Value: !GetAtt Queue.QueueName}]
              AlarmActions: [!Sub "${Topic}"]
          Queue:
            Type: AWS::SQS::Queue
            DependsOn: Topic
            Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
          Topic: {Type: AWS::SNS::Topic}
          Dead: {Type: AWS::SQS::Queue}
        """
    )
    order = list(stack.resources)
    assert order.index("Topic") < order.index("Queue") < order.index("Alarm")
    assert order.index("Dead") < order.index("Queue")
    (alarm,) = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["AlarmActions"] == [stack.resources["Topic"]]


def test_a_circle_is_refused_and_shown(deployed: Deployer) -> None:
    with pytest.raises(TemplateError, match=r"circular: .*A.*B"):
        deployed(
            """
            Resources:
              A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}
              B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref A}}
            """
        )


WITH_CONDITIONS = """
    Parameters: {Email: {Type: String, Default: ""}}
    Conditions: {HasEmail: !Not [!Equals [!Ref Email, ""]]}
    Resources:
      Topic: {Type: AWS::SNS::Topic}
      ByEmail:
        Type: AWS::SNS::Subscription
        Condition: HasEmail
        Properties: {TopicArn: !Ref Topic, Protocol: email, Endpoint: !Ref Email}
    Outputs:
      Subscription: {Condition: HasEmail, Value: !Ref ByEmail}
      Topic: {Value: !Ref Topic}
"""


def test_a_false_condition_leaves_out_resource_and_output(deployed: Deployer) -> None:
    stack = deployed(WITH_CONDITIONS)
    assert set(stack.resources) == {"Topic"}
    assert set(stack.outputs) == {"Topic"}
    assert deployed.client("sns").list_subscriptions()["Subscriptions"] == []


def test_a_true_condition_brings_them_in(deployed: Deployer) -> None:
    stack = deployed(WITH_CONDITIONS, parameters={"Email": "oncall@example.com"})
    assert stack.outputs["Subscription"] == stack.resources["ByEmail"]
    (listener,) = deployed.client("sns").list_subscriptions()["Subscriptions"]
    assert listener["Endpoint"] == "oncall@example.com"


@pytest.mark.parametrize(
    ("rule", "value", "problem"),
    [
        ("{Type: String}", None, "needs a value"),
        ("{Type: String, MinLength: 4}", "abc", "is shorter than 4"),
        ("{Type: String, MaxLength: 2}", "abc", "is longer than 2"),
        ("{Type: String, AllowedValues: [monitor, respond]}", "destroy", "is not one of"),
        ("{Type: String, AllowedPattern: '[0-9]{12}'}", "1234567890123", "does not match"),
        ("{Type: Number, MinValue: 1}", "0", "is below 1"),
        ("{Type: Number, MaxValue: 5}", "6", "is above 5"),
        ("{Type: Number}", "many", "is not a number"),
        ("{Type: CommaDelimitedList, AllowedPattern: 'arn:.*'}", "arn:a, b", "does not match"),
        ("{Type: String, Default: x, AllowedPattern: 'y'}", None, "does not match"),
    ],
)
def test_parameters_are_refused_as_cloudformation_refuses_them(
    deployed: Deployer, rule: str, value: str | None, problem: str
) -> None:
    template = f"{{Parameters: {{P: {rule}}}, Resources: {{T: {{Type: AWS::SNS::Topic}}}}}}"
    with pytest.raises(TemplateError, match=f"the parameter P {problem}"):
        deployed(template, parameters={} if value is None else {"P": value})
    assert deployed.client("sns").list_topics()["Topics"] == []


def test_parameters_that_the_template_does_not_have_are_refused(deployed: Deployer) -> None:
    with pytest.raises(TemplateError, match="no parameter Mood"):
        deployed("Resources: {T: {Type: AWS::SNS::Topic}}", parameters={"Mood": "good"})


def test_a_parameter_type_that_asks_aws_is_refused_by_name(deployed: Deployer) -> None:
    with pytest.raises(Unsupported, match="AWS::EC2::VPC::Id"):
        deployed(
            "{Parameters: {P: {Type: AWS::EC2::VPC::Id}}, Resources: {T: {Type: AWS::SNS::Topic}}}",
            parameters={"P": "vpc-1"},
        )


ONE_TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def test_two_stacks_of_one_template_stand_side_by_side(deployed: Deployer) -> None:
    first = deployed(ONE_TOPIC, stack_name="first")
    second = deployed(ONE_TOPIC, stack_name="second")
    topics = {topic["TopicArn"] for topic in deployed.client("sns").list_topics()["Topics"]}
    assert topics == {first.resources["Topic"], second.resources["Topic"]}


def test_the_same_stack_twice_is_refused(deployed: Deployer) -> None:
    deployed(ONE_TOPIC)
    with pytest.raises(TemplateError, match="a-stack stands already"):
        deployed(ONE_TOPIC)


def test_a_stack_lands_in_its_account_and_nowhere_else(deployed: Deployer) -> None:
    deployed(ONE_TOPIC, account=SHOP)
    (topic,) = deployed.client("sns", SHOP).list_topics()["Topics"]
    assert f":{SHOP}:" in topic["TopicArn"]
    assert deployed.client("sns", HOME).list_topics()["Topics"] == []


def test_an_environment_that_pins_the_account_is_noticed(
    deployed: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "MOTO_ACCOUNT_ID", HOME)
    with pytest.raises(RuntimeError, match=f"keys of account {SHOP} act in {HOME}"):
        deployed(ONE_TOPIC, account=SHOP)


def test_an_export_reaches_the_next_stack_of_the_same_account(deployed: Deployer) -> None:
    deployed(
        """
        Resources: {Topic: {Type: AWS::SNS::Topic}}
        Outputs: {Name: {Value: !GetAtt Topic.TopicName, Export: {Name: pager}}}
        """,
        stack_name="first",
    )
    importing = (
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue pager}}}"
    )
    second = deployed(importing, stack_name="second")
    found = deployed.client("sns").get_topic_attributes(TopicArn=second.resources["T"])
    assert found["Attributes"]["DisplayName"].startswith("first-Topic-")
    with pytest.raises(TemplateError, match="exports pager"):
        deployed(importing, account=SHOP)


def test_a_generated_name_fits_and_keeps_stack_and_logical_id(deployed: Deployer) -> None:
    template = """
        Resources:
          {name}:
            Type: AWS::IAM::Role
            Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}
    """
    short = deployed(template.format(name="ContainFunctionRole"), stack_name="breach-responder")
    name = short.resources["ContainFunctionRole"]
    assert name.startswith("breach-responder-ContainFunctionRole-")
    long_id = "R" * 80
    long = deployed(template.format(name=long_id), stack_name="s" * 100)
    assert len(long.resources[long_id]) <= 64


def test_what_has_no_effect_here_is_set_aside_with_its_reason(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Key:
            Type: AWS::KMS::Key
            Properties: {PendingWindowInDays: 30}
        """
    )
    assert list(stack.set_aside) == ["AWS::KMS::Key.PendingWindowInDays in Key"]
