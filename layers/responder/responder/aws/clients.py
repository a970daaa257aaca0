"""Clients for our own account, and for a member account through its narrow role."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import get_session

from responder.domain.errors import Broken

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.client import AutoScalingClient
    from mypy_boto3_cloudtrail.client import CloudTrailClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_elb.client import ElasticLoadBalancingClient
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_ssm_incidents.client import SSMIncidentsClient
    from mypy_boto3_stepfunctions.client import SFNClient

# Three attempts of 13 seconds are under every function's time-out: a call that hangs becomes an
# error that the state machine tries again.
_CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)
PERMISSIONS = frozenset({"sts:AssumeRole"})  # for `member` only


@dataclass(frozen=True)
class MemberRole:
    """The role we assume in each account we look at or act in."""

    name: str
    external_id: str
    partition: str = "aws"

    def arn(self, account: str) -> str:
        """Its ARN in one account."""
        return f"arn:{self.partition}:iam::{account}:role/{self.name}"


@dataclass
class Clients:
    """Opens each client once. `member` goes through the member role, also for our own account."""

    region: str
    member_role: MemberRole | None = None
    _session: boto3.Session = field(default_factory=boto3.Session)
    _sessions: dict[str, boto3.Session] = field(default_factory=dict)
    _home: dict[tuple[str, str], Any] = field(default_factory=dict)
    _member: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @overload
    def home(self, service: Literal["dynamodb"], region: str | None = None) -> "DynamoDBClient": ...
    @overload
    def home(self, service: Literal["kms"], region: str | None = None) -> "KMSClient": ...
    @overload
    def home(self, service: Literal["s3"], region: str | None = None) -> "S3Client": ...
    @overload
    def home(self, service: Literal["sns"], region: str | None = None) -> "SNSClient": ...
    @overload
    def home(self, service: Literal["ssm"], region: str | None = None) -> "SSMClient": ...
    @overload
    def home(
        self, service: Literal["ssm-incidents"], region: str | None = None
    ) -> "SSMIncidentsClient": ...
    @overload
    def home(self, service: Literal["stepfunctions"], region: str | None = None) -> "SFNClient": ...
    def home(self, service: str, region: str | None = None) -> Any:
        """A client with the function's own role."""
        at = (service, region or self.region)
        if at not in self._home:
            self._home[at] = self._session.client(  # type: ignore[call-overload]
                service, region_name=at[1], config=_CONFIG
            )
        return self._home[at]

    def iam(self, account: str) -> "IAMClient":
        """IAM of a member account, through the member role."""
        client: IAMClient = self._in_member("iam", account, self.region)
        return client

    def cloudtrail(self, account: str, region: str) -> "CloudTrailClient":
        """CloudTrail of a member account and region, through the member role."""
        client: CloudTrailClient = self._in_member("cloudtrail", account, region)
        return client

    def ec2(self, account: str, region: str) -> "EC2Client":
        """EC2 of a member account and region, through the member role."""
        client: EC2Client = self._in_member("ec2", account, region)
        return client

    def kms(self, account: str, region: str) -> "KMSClient":
        """KMS of a member account and region, through the member role."""
        client: KMSClient = self._in_member("kms", account, region)
        return client

    def lambda_(self, account: str, region: str) -> "LambdaClient":
        """Lambda of a member account and region, through the member role."""
        client: LambdaClient = self._in_member("lambda", account, region)
        return client

    def rds(self, account: str, region: str) -> "RDSClient":
        """RDS of a member account and region, through the member role."""
        client: RDSClient = self._in_member("rds", account, region)
        return client

    def s3(self, account: str, region: str) -> "S3Client":
        """S3 of a member account and region, through the member role."""
        client: S3Client = self._in_member("s3", account, region)
        return client

    def autoscaling(self, account: str, region: str) -> "AutoScalingClient":
        """Auto Scaling of a member account and region, through the member role."""
        client: AutoScalingClient = self._in_member("autoscaling", account, region)
        return client

    def elb(self, account: str, region: str) -> "ElasticLoadBalancingClient":
        """Classic load balancers of a member account and region, through the member role."""
        client: ElasticLoadBalancingClient = self._in_member("elb", account, region)
        return client

    def elbv2(self, account: str, region: str) -> "ElasticLoadBalancingv2Client":
        """Target groups of a member account and region, through the member role."""
        client: ElasticLoadBalancingv2Client = self._in_member("elbv2", account, region)
        return client

    def _in_member(self, service: str, account: str, region: str) -> Any:
        at = (service, account, region)
        if at not in self._member:
            self._member[at] = self._member_session(account).client(  # type: ignore[call-overload]
                service, region_name=region, config=_CONFIG
            )
        return self._member[at]

    def _member_session(self, account: str) -> boto3.Session:
        """A session whose credentials botocore renews: a warm function never holds dead ones."""
        if self.member_role is None:
            raise TypeError("these clients were made without a member role")
        if account not in self._sessions:
            source = self._session.get_credentials()
            if source is None:
                raise Broken("no credentials to assume the member role with")
            fetcher = AssumeRoleCredentialFetcher(
                self._session._session.create_client,  # what botocore's own profile loader passes
                source,
                self.member_role.arn(account),
                extra_args={
                    "RoleSessionName": "breach-responder",
                    "ExternalId": self.member_role.external_id,
                    # The most that one role gets through another. Of 900 seconds, botocore would
                    # renew the credentials at every call: it does so 15 minutes before their end.
                    "DurationSeconds": 3600,
                },
            )
            inner = get_session()
            # botocore has no public setter for credentials that renew themselves.
            inner._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
                method="assume-role", refresh_using=fetcher.fetch_credentials
            )
            self._sessions[account] = boto3.Session(botocore_session=inner, region_name=self.region)
        return self._sessions[account]
