"""What each operation needs of IAM, listed by hand: one function for each service.

An operation that is not listed cannot be judged, so a call of it by anybody but the operator is
refused by name. Add it to its service's table, with the action and resource that the Service
Authorization Reference gives.
"""

from collections.abc import Mapping
from typing import Final

from localcloud.authorizing import (
    cases,
    clusters,
    databases,
    detectors,
    ec2,
    functions,
    identities,
    kms,
    organizations,
    s3,
    scaling,
    services,
    systems_manager,
    tasks,
)
from localcloud.authorizing.needed import Needed, Table

SERVICES: Final[Mapping[str, Table]] = {
    "autoscaling": scaling.autoscaling,
    "cloudformation": services.looking_only("cloudformation"),
    "cloudtrail": services.cloudtrail,
    "config": detectors.config,
    "dynamodb": services.dynamodb,
    "dynamodbstreams": services.dynamodb_streams,
    "ec2": ec2.needs,
    "ecs": tasks.ecs,
    "eks": clusters.eks,
    "elb": scaling.balancing,
    "elbv2": scaling.balancing,
    "events": services.looking_only("events"),
    "guardduty": detectors.guardduty,
    "iam": identities.iam,
    "kms": kms.needs,
    "lambda": functions.lambda_,
    "logs": services.logs,
    "organizations": organizations.needs,
    "rds": databases.rds,
    "route53resolver": services.looking_only("route53resolver"),
    "s3": s3.needs,
    "s3control": s3.of_account,
    "security-ir": cases.needs,
    "securityhub": detectors.securityhub,
    "sns": services.sns,
    "sqs": services.sqs,
    "ssm": systems_manager.ssm,
    "ssm-contacts": systems_manager.contacts,
    "ssm-incidents": systems_manager.incidents,
    "stepfunctions": services.states,
    "sts": identities.sts,
    "wafv2": services.web_acls,
}

__all__ = ["SERVICES", "Needed", "Table"]
