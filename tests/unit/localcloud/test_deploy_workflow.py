"""Functions, machines, rules, mappings and schedules: what stands, and what is put on record."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from localcloud.stack import TemplateError, Unsupported
from tests.unit.localcloud.deploying import Deployer


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    config: DefaultConfig = {
        "iam": {"load_aws_managed_policies": True},
        "stepfunctions": {"execute_state_machine": True},
    }
    with mock_aws(config=config):
        deployer = Deployer(tmp_path)
        (tmp_path / "functions" / "look").mkdir(parents=True)
        (tmp_path / "layers" / "ours").mkdir(parents=True)
        yield deployer


LOOK = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function: {Runtime: python3.13, Handler: app.handler, Layers: [!Ref Ours], Timeout: 60}
    Resources:
      Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 360}}
      Dead: {Type: AWS::SQS::Queue}
      Ours:
        Type: AWS::Serverless::LayerVersion
        Properties: {ContentUri: layers/ours, CompatibleRuntimes: [python3.13]}
      Look:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: functions/look
          Environment: {Variables: {QUEUE: !Ref Queue, STRICT: true}}
          Policies:
            - SQSSendMessagePolicy: {QueueName: !GetAtt Dead.QueueName}
          DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
          EventInvokeConfig:
            MaximumRetryAttempts: 1
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
          Events:
            Messages:
              Type: SQS
              Properties:
                Queue: !GetAtt Queue.Arn
                BatchSize: 5
                FunctionResponseTypes: [ReportBatchItemFailures]
                FilterCriteria: {Filters: [{Pattern: '{"body": {"kind": ["a"]}}'}]}
            Found:
              Type: EventBridgeRule
              Properties:
                Pattern: {source: [aws.guardduty]}
                RetryPolicy: {MaximumRetryAttempts: 3}
            Hourly:
              Type: ScheduleV2
              Properties: {ScheduleExpression: rate(1 hour)}
"""


def test_a_function_becomes_role_function_and_permission(deployed: Deployer) -> None:
    stack = deployed(LOOK)
    client, name = deployed.client("lambda"), stack.resources["Look"]
    found = client.get_function_configuration(FunctionName=name)
    role = deployed.client("iam").get_role(RoleName=stack.resources["LookRole"])["Role"]
    assert found["Role"] == role["Arn"]
    assert found["Environment"]["Variables"] == {
        "QUEUE": stack.resources["Queue"],
        "STRICT": "true",
    }
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    (rule,) = deployed.registry.rules
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == rule.arn


def test_a_policy_template_of_sam_is_given_a_version(deployed: Deployer) -> None:
    stack = deployed(LOOK)
    iam, role = deployed.client("iam"), stack.resources["LookRole"]
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    assert documents
    assert {document["Version"] for document in documents} == {"2012-10-17"}


def test_a_function_is_on_record_with_its_folders(deployed: Deployer) -> None:
    stack = deployed(LOOK)
    function = deployed.registry.function("Look")
    assert function.name == stack.resources["Look"]
    assert function.code_dir == deployed.folder / "functions" / "look"
    assert function.layer_dirs == [deployed.folder / "layers" / "ours"]
    assert function.handler == "app.handler"
    assert function.timeout_s == 60
    dead = deployed.client("sqs").get_queue_attributes(
        QueueUrl=stack.resources["Dead"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    assert function.dead_letter_arn == dead
    assert function.event_invoke is not None
    assert function.event_invoke.maximum_retry_attempts == 1
    assert function.event_invoke.on_failure_arn == dead
    assert deployed.registry.function(f"{function.arn}:live") is function


def test_a_mapping_is_on_record_with_all_that_it_says(deployed: Deployer) -> None:
    stack = deployed(LOOK)
    (mapping,) = deployed.registry.mappings
    assert mapping.function_name == stack.resources["Look"]
    assert mapping.source_arn.endswith(stack.resources["Queue"].rpartition("/")[2])
    assert mapping.batch_size == 5
    assert mapping.report_batch_item_failures
    assert mapping.enabled
    assert mapping.filters == ({"body": {"kind": ["a"]}},)


def test_rule_and_schedule_are_on_record_with_their_targets(deployed: Deployer) -> None:
    deployed(LOOK)
    arn = deployed.registry.function("Look").arn
    (rule,) = deployed.registry.rules
    assert rule.pattern == {"source": ["aws.guardduty"]}
    assert [target.arn for target in rule.targets] == [arn]
    assert rule.targets[0].retry_policy == {"MaximumRetryAttempts": 3}
    (schedule,) = deployed.registry.schedules
    assert (schedule.expression, schedule.target_arn) == ("rate(1 hour)", arn)


def test_a_queue_that_shows_messages_again_too_early_is_refused(deployed: Deployer) -> None:
    with pytest.raises(TemplateError, match=r"hides a message for 30 s, .* may run 60 s"):
        deployed(LOOK.replace("VisibilityTimeout: 360", "VisibilityTimeout: 30"))


def test_a_published_alias_stands(deployed: Deployer) -> None:
    code = "CodeUri: functions/look"
    stack = deployed(LOOK.replace(code, f"{code}\n          AutoPublishAlias: live"))
    found = deployed.client("lambda").get_alias(FunctionName=stack.resources["Look"], Name="live")
    assert found["FunctionVersion"] == "1"


MACHINE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Logs: {Type: AWS::Logs::LogGroup}
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - Effect: Allow
                Principal: {Service: states.amazonaws.com}
                Action: [sts:AssumeRole]
          Policies:
            - PolicyName: deliver
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  Effect: Allow
                  Action:
                    - logs:CreateLogDelivery
                    - logs:DeleteLogDelivery
                    - logs:DescribeLogGroups
                    - logs:DescribeResourcePolicies
                    - logs:GetLogDelivery
                    - logs:ListLogDeliveries
                    - logs:PutResourcePolicy
                    - logs:UpdateLogDelivery
                  Resource: "*"
      Machine:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: machine.asl.yaml
          DefinitionSubstitutions: {Answer: yes-it-ran}
          Role: !GetAtt Role.Arn
          Tracing: {Enabled: true}
          Logging:
            Level: ERROR
            IncludeExecutionData: false
            Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Logs.Arn}}]
    Outputs: {Logs: {Value: !GetAtt Logs.Arn}}
"""
ASL = """
    StartAt: Say
    States:
      Say: {Type: Pass, Result: {answer: "${Answer}"}, End: true}
"""


def test_a_machine_is_the_file_with_its_substitutions_and_runs(deployed: Deployer) -> None:
    deployed.write("machine.asl.yaml", ASL)
    stack = deployed(MACHINE)
    states, arn = deployed.client("stepfunctions"), stack.resources["Machine"]
    found = states.describe_state_machine(stateMachineArn=arn)
    assert json.loads(found["definition"])["States"]["Say"]["Result"] == {"answer": "yes-it-ran"}
    (destination,) = found["loggingConfiguration"]["destinations"]
    assert destination["cloudWatchLogsLogGroup"]["logGroupArn"] == stack.outputs["Logs"]
    assert found["tracingConfiguration"] == {"enabled": True}
    started = states.start_execution(stateMachineArn=arn, name="once", input="{}")
    for _ in range(500):
        execution = states.describe_execution(executionArn=started["executionArn"])
        if execution["status"] != "RUNNING":
            break
        sleep(0.01)
    assert json.loads(execution["output"]) == {"answer": "yes-it-ran"}


def test_a_machine_that_logs_needs_a_role_that_can_set_the_delivery_up(deployed: Deployer) -> None:
    deployed.write("machine.asl.yaml", ASL)
    without = MACHINE.replace("- logs:PutResourcePolicy", "- logs:PutDestinationPolicy")
    with pytest.raises(TemplateError, match=r"not authorized .* it lacks logs:PutResourcePolicy$"):
        deployed(without)
    silent = without.replace("Level: ERROR", 'Level: "OFF"')
    assert deployed(silent, stack_name="silent").resources["Machine"]


@pytest.mark.parametrize(
    ("definition", "error", "named"),
    [
        (ASL.replace("Pass, ", "Pass, Comment: '${AWS::Partition}', "), TemplateError, "Partition"),
        (ASL.replace("${Answer}", "other"), Unsupported, "does not use Answer"),
        ("States: {Comment: '${Answer}'}", TemplateError, "is no state machine"),
    ],
)
def test_a_machine_whose_placeholders_do_not_fit_is_refused(
    deployed: Deployer, definition: str, error: type[Exception], named: str
) -> None:
    deployed.write("machine.asl.yaml", definition)
    with pytest.raises(error, match=named):
        deployed(MACHINE)


def test_a_document_is_kept_and_on_record_and_must_be_one(deployed: Deployer) -> None:
    template = """
        Resources:
          Document:
            Type: AWS::SSM::Document
            Properties:
              DocumentType: Automation
              DocumentFormat: YAML
              UpdateMethod: NewVersion
              Content: {content}
    """
    content = "{schemaVersion: '0.3', mainSteps: [{name: ask, action: aws:approve}]}"
    stack = deployed(template.replace("{content}", content))
    (document,) = deployed.registry.documents
    assert document.name == stack.resources["Document"]
    assert document.document_type == "Automation"
    assert document.content["mainSteps"] == [{"name": "ask", "action": "aws:approve"}]
    with pytest.raises(TemplateError, match="Content in Document has no schemaVersion"):
        deployed(template.replace("{content}", "{}"), stack_name="other")


def test_rule_archive_parameter_filter_and_dashboard_stand(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Bus: {Type: AWS::Events::EventBus, Properties: {Name: forwarded}}
          Dead: {Type: AWS::SQS::Queue}
          Rule:
            Type: AWS::Events::Rule
            Properties:
              State: DISABLED
              EventPattern: {source: [aws.guardduty]}
              Targets:
                - Id: dead
                  Arn: !GetAtt Dead.Arn
                  InputTransformer:
                    InputPathsMap: {id: $.id}
                    InputTemplate: '{"id": <id>}'
          Archive:
            Type: AWS::Events::Archive
            Properties:
              SourceArn: !Sub arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default
              EventPattern: {source: [aws.guardduty]}
              RetentionDays: 400
          Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: default}}
          Logs: {Type: AWS::Logs::LogGroup}
          Errors:
            Type: AWS::Logs::MetricFilter
            Properties:
              LogGroupName: !Ref Logs
              FilterPattern: ERROR
              MetricTransformations:
                - {MetricName: Errors, MetricNamespace: Ours, MetricValue: "1"}
          Board:
            Type: AWS::CloudWatch::Dashboard
            Properties: {DashboardBody: '{"widgets": []}'}
        """
    )
    (rule,) = deployed.registry.rules
    assert rule.state == "DISABLED"
    assert rule.targets[0].input_transformer == {
        "InputPathsMap": {"id": "$.id"},
        "InputTemplate": '{"id": <id>}',
    }
    (archive,) = deployed.registry.archives
    assert archive.retention_days == 400
    value = deployed.client("ssm").get_parameter(Name=stack.resources["Setting"])["Parameter"]
    assert value["Value"] == "default"
    filters = deployed.client("logs").describe_metric_filters()["metricFilters"]
    assert [each["filterName"] for each in filters] == [stack.resources["Errors"]]
