"""One function per resource type: it makes the resource, reads it back, and compares.

Listed by hand. A type that is not here cannot be deployed.
"""

from typing import Final

from localcloud.provisioners import (
    cloudwatch,
    dynamodb,
    events,
    iam,
    kms,
    lambda_functions,
    lambda_mappings,
    logs,
    organizations,
    s3,
    scheduler,
    sns,
    sqs,
    ssm,
    states,
)
from localcloud.provisioners.resource import Provisioner

PROVISIONERS: Final[dict[str, Provisioner]] = {
    "AWS::CloudWatch::Alarm": cloudwatch.alarm,
    "AWS::CloudWatch::Dashboard": cloudwatch.dashboard,
    "AWS::DynamoDB::Table": dynamodb.table,
    "AWS::Events::Archive": events.archive,
    "AWS::Events::EventBus": events.event_bus,
    "AWS::Events::EventBusPolicy": events.event_bus_policy,
    "AWS::Events::Rule": events.rule,
    "AWS::IAM::ManagedPolicy": iam.managed_policy,
    "AWS::IAM::Policy": iam.policy,
    "AWS::IAM::Role": iam.role,
    "AWS::KMS::Alias": kms.alias,
    "AWS::KMS::Key": kms.key,
    "AWS::Lambda::Alias": lambda_functions.alias,
    "AWS::Lambda::EventInvokeConfig": lambda_functions.event_invoke_config,
    "AWS::Lambda::EventSourceMapping": lambda_mappings.event_source_mapping,
    "AWS::Lambda::Function": lambda_functions.function,
    "AWS::Lambda::LayerVersion": lambda_functions.layer_version,
    "AWS::Lambda::Permission": lambda_functions.permission,
    "AWS::Lambda::Version": lambda_functions.version,
    "AWS::Logs::LogGroup": logs.log_group,
    "AWS::Logs::MetricFilter": logs.metric_filter,
    "AWS::Organizations::Policy": organizations.policy,
    "AWS::S3::Bucket": s3.bucket,
    "AWS::S3::BucketPolicy": s3.bucket_policy,
    "AWS::SNS::Subscription": sns.subscription,
    "AWS::SNS::Topic": sns.topic,
    "AWS::SNS::TopicPolicy": sns.topic_policy,
    "AWS::SQS::Queue": sqs.queue,
    "AWS::SQS::QueuePolicy": sqs.queue_policy,
    "AWS::SSM::Document": ssm.document,
    "AWS::SSM::Parameter": ssm.parameter,
    "AWS::Scheduler::Schedule": scheduler.schedule,
    "AWS::Scheduler::ScheduleGroup": scheduler.schedule_group,
    "AWS::StepFunctions::StateMachine": states.state_machine,
}
