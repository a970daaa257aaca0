"""Calls that change something are told on the bus, and a bus takes from whom its policy lets in."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

IAM_REGION = "us-east-1"
QUEUE = """
    Queue: {Type: AWS::SQS::Queue}
    LetIn:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [!Ref Queue]
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: events.amazonaws.com}
              Action: sqs:SendMessage
              Resource: !GetAtt Queue.Arn
    Rule:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: {source: [aws.iam]}
        Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
"""
BUS_POLICY = f"""
    Bus:
      Type: AWS::Events::EventBusPolicy
      Properties:
        StatementId: forwarders
        Statement:
          Effect: Allow
          Principal: {{AWS: "{SHOP}"}}
          Action: events:PutEvents
          Resource: !Sub arn:aws:events:${{AWS::Region}}:${{AWS::AccountId}}:event-bus/default
"""
FORWARDER = f"""
    Rule:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: {{source: [aws.iam]}}
        Targets:
          - Id: responder
            Arn: arn:aws:events:{REGION}:{HOME}:event-bus/default
            RoleArn: !GetAtt Role.Arn
    Role:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {{Service: events.amazonaws.com}}
              Action: sts:AssumeRole
        Policies:
          - PolicyName: deliver
            PolicyDocument:
              Version: "2012-10-17"
              Statement: [{{Effect: Allow, Action: events:PutEvents, Resource: "*"}}]
"""


def forward(written: Written, *, policy: str) -> str:
    """A forwarder in the shop's account, and the URL of the queue at its other end."""
    stack = written.deploy(QUEUE + policy)
    path = written.folder / "forwarder.yaml"
    path.write_text("Transform: AWS::Serverless-2016-10-31\nResources:\n" + FORWARDER)
    written.cloud.deploy(
        path, stack_name="forwarder", parameters={}, account=SHOP, region=IAM_REGION
    )
    return stack.resources["Queue"]


def told(written: Written, url: str) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in written.messages(url)]


def test_a_call_of_iam_in_another_account_comes_to_the_bus_that_lets_it_in(
    written: Written,
) -> None:
    url = forward(written, policy=BUS_POLICY)
    iam = written.client("iam", SHOP)
    iam.create_user(UserName="mallory")
    iam.get_user(UserName="mallory")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="mallory")
    written.cloud.advance(timedelta(seconds=50))
    assert told(written, url) == []
    written.cloud.advance(timedelta(seconds=20))
    [event] = told(written, url)
    assert (event["account"], event["region"], event["detail-type"]) == (
        SHOP,
        IAM_REGION,
        "AWS API Call via CloudTrail",
    )
    detail = event["detail"]
    assert (detail["eventName"], detail["requestParameters"]["userName"]) == (
        "CreateUser",
        "mallory",
    )


def test_a_bus_without_a_policy_takes_nothing_from_another_account(written: Written) -> None:
    url = forward(written, policy="")
    written.client("iam", SHOP).create_user(UserName="mallory")
    written.cloud.advance(timedelta(minutes=2))
    assert told(written, url) == []
    [failure] = written.cloud.failures
    assert f"takes nothing from {SHOP}" in failure.problem
