"""Reads in a member account what bears a role, and which services an identity used.

AWS: IAM API Reference, "GenerateServiceLastAccessedDetails", "ListInstanceProfilesForRole"; Lambda
API Reference, "ListFunctions".
"""

from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from typing import Any

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws
from responder.domain.errors import Broken
from responder.domain.use import Service

MEMBER_PERMISSIONS = frozenset(
    {
        "ec2:DescribeIamInstanceProfileAssociations",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:GetServiceLastAccessedDetails",
        "iam:ListInstanceProfilesForRole",
        "lambda:ListFunctions",
    }
)
MOST_FUNCTIONS = 1000
_MOST_PAGES = 5  # of a report, each of 100 services


def begin_report(clients: Clients, account: str, arn: str) -> str:
    """Have IAM make a report on which services an identity used; the job that makes it."""
    with asking_aws(f"having IAM report on {arn}"):
        answer = clients.iam(account).generate_service_last_accessed_details(Arn=arn)
    return answer["JobId"]


def services(clients: Clients, account: str, job: str) -> list[Service] | None:
    """The services that were used at all, the latest first; None while the report is being made."""
    found, more = list[Service](), ""
    for _ in range(_MOST_PAGES):
        given: dict[str, Any] = {"Marker": more} if more else {}
        with asking_aws("reading IAM's report"):
            page = clients.iam(account).get_service_last_accessed_details(JobId=job, **given)
        if page["JobStatus"] == "IN_PROGRESS":
            return None
        if page["JobStatus"] != "COMPLETED":
            raise Broken("IAM could not make its report")
        found += [
            Service(name=one["ServiceNamespace"], last_at=one["LastAuthenticated"].astimezone(UTC))
            for one in page["ServicesLastAccessed"]
            if one.get("LastAuthenticated") is not None
        ]
        more = page.get("Marker", "") if page.get("IsTruncated") else ""
        if not more:
            break
    return sorted(found, key=lambda one: (one.last_at, one.name), reverse=True)


def instances(clients: Clients, account: str, region: str, role: str) -> list[str]:
    """The instances of a region that bear a role by one of its profiles."""
    with asking_aws(f"listing the instance profiles of {role}"):
        pages = clients.iam(account).get_paginator("list_instance_profiles_for_role")
        profiles = {
            profile["Arn"]
            for page in pages.paginate(RoleName=role)
            for profile in page["InstanceProfiles"]
        }
    if not profiles:
        return []
    with asking_aws(f"listing instances of {account} in {region}"):
        found = clients.ec2(account, region).get_paginator(
            "describe_iam_instance_profile_associations"
        )
        states: list[Any] = [{"Name": "state", "Values": ["associating", "associated"]}]
        return [
            one["InstanceId"]
            for page in found.paginate(Filters=states)
            for one in page["IamInstanceProfileAssociations"]
            if one["IamInstanceProfile"]["Arn"] in profiles
        ]


def functions(clients: Clients, account: str, region: str, role: str) -> tuple[list[str], bool]:
    """The functions of a region that run as a role; and whether there were too many to look at."""
    with asking_aws(f"listing functions of {account} in {region}"):
        looked = list(islice(_functions(clients, account, region), MOST_FUNCTIONS + 1))
    # A role's path is in the function's ARN of it, and in no finding's.
    ours = [name for name, arn in looked[:MOST_FUNCTIONS] if arn.rpartition("/")[2] == role]
    return ours, len(looked) > MOST_FUNCTIONS


def _functions(clients: Clients, account: str, region: str) -> Iterator[tuple[str, str]]:
    for page in clients.lambda_(account, region).get_paginator("list_functions").paginate():
        for one in page["Functions"]:
            yield one["FunctionName"], one.get("Role", "")
