"""A role that does not let its service in is refused when it is deployed, as AWS refuses it."""

import pytest

from localcloud.stack import TemplateError
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

ROLE = """
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {{Service: {service}}}
          Action: sts:AssumeRole
          Condition: {{StringEquals: {{aws:SourceAccount: "{account}"}}}}
"""
FUNCTION = """
Look:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: functions/look, Role: !GetAtt Role.Arn}
"""
MACHINE = """
Machine:
  Type: AWS::StepFunctions::StateMachine
  Properties:
    RoleArn: !GetAtt Role.Arn
    Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}
"""
RULE = """
Queue: {Type: AWS::SQS::Queue}
Rule:
  Type: AWS::Events::Rule
  Properties:
    EventPattern: {source: [aws.guardduty]}
    Targets: [{Id: queue, Arn: !GetAtt Queue.Arn, RoleArn: !GetAtt Role.Arn}]
"""
SCHEDULE = """
Queue: {Type: AWS::SQS::Queue}
Schedule:
  Type: AWS::Scheduler::Schedule
  Properties:
    ScheduleExpression: rate(1 hour)
    FlexibleTimeWindow: {Mode: "OFF"}
    Target: {Arn: !GetAtt Queue.Arn, RoleArn: !GetAtt Role.Arn}
"""
HERE, ELSEWHERE = "444455556666", "111122223333"


@pytest.mark.parametrize(
    ("resource", "service"),
    [
        (FUNCTION, "lambda.amazonaws.com"),
        (MACHINE, "states.amazonaws.com"),
        (RULE, "events.amazonaws.com"),
        (SCHEDULE, "scheduler.amazonaws.com"),
    ],
)
def test_a_role_is_of_use_only_to_the_service_that_it_trusts_and_for_its_account(
    written: Written, resource: str, service: str
) -> None:
    written.function("look", "def handler(event, context): return 1")
    for trusted, account in (("ec2.amazonaws.com", HERE), (service, ELSEWHERE)):
        with pytest.raises(TemplateError, match=f"{service} cannot assume its role"):
            written.deploy(
                ROLE.format(service=trusted, account=account) + resource,
                stack_name=f"no-{trusted.split('.')[0]}-{account}",
            )
    written.deploy(ROLE.format(service=service, account=HERE) + resource, stack_name="yes")
