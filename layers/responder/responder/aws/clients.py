"""Clients for our own account, and for a member account through its narrow role."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import Session

from responder.aws.downloads import fetch
from responder.aws.models import a_session
from responder.domain.api_call import ApiCall, changes
from responder.domain.errors import Broken, Refused
from responder.domain.next_steps import NO_ACCOUNT_DENY

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.client import AutoScalingClient
    from mypy_boto3_cloudtrail.client import CloudTrailClient
    from mypy_boto3_config.client import ConfigServiceClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_eks.client import EKSClient
    from mypy_boto3_elb.client import ElasticLoadBalancingClient
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_guardduty.client import GuardDutyClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_organizations.client import OrganizationsClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_route53resolver.client import Route53ResolverClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3control.client import S3ControlClient
    from mypy_boto3_security_ir.client import SecurityIncidentResponseClient
    from mypy_boto3_securityhub.client import SecurityHubClient
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_ssm_contacts.client import SSMContactsClient
    from mypy_boto3_ssm_incidents.client import SSMIncidentsClient
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_wafv2.client import WAFV2Client

# Three attempts of 13 seconds are under every function's time-out: a call that hangs becomes an
# error that the state machine tries again.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    # The vault takes nothing whose SHA-256 is not part of the signature; over TLS the SDK would
    # leave it out of an upload (botocore.config, "payload_signing_enabled").
    s3={"payload_signing_enabled": True},
)
PERMISSIONS = frozenset({"sts:AssumeRole"})  # for other accounts only


@dataclass(frozen=True)
class MemberRole:
    """The role we assume in each account we look at or act in.

    `reader` names our role that reads evidence there, which a cut has to let in. Empty: none.
    """

    name: str
    external_id: str
    partition: str = "aws"
    reader: str = ""

    def arn(self, account: str) -> str:
        """Its ARN in one account."""
        return f"arn:{self.partition}:iam::{account}:role/{self.name}"

    def arns_let_in(self, account: str) -> list[str]:
        """Of the roles of ours that a cut must not shut out: this one, and the one that reads."""
        names = dict.fromkeys(name for name in (self.name, self.reader) if name)
        return [f"arn:{self.partition}:iam::{account}:role/{name}" for name in names]


@dataclass(frozen=True)
class AccountDeny:
    """The policy of `stacks/account-deny.yaml`, which denies a whole account, and the role that
    attaches it and takes it off.
    """

    policy_arn: str
    role_arn: str
    external_id: str

    @property
    def account(self) -> str:
        """The organization's management account, which no service control policy binds."""
        return self.policy_arn.split(":")[4]


@dataclass
class Clients:
    """Opens each client once. A member account is entered by its role, also our own account."""

    region: str
    member_role: MemberRole | None = None
    account_deny: AccountDeny | None = None
    download: Callable[..., bytes] = fetch
    _changes: list[ApiCall] = field(default_factory=list)
    _session: Session = field(default_factory=a_session)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _home: dict[tuple[str, str], Any] = field(default_factory=dict)
    _member: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def through(self, role: MemberRole, deny: AccountDeny | None = None) -> "Clients":
        """Clients that also act in member accounts, and share what is open in our own."""
        return Clients(self.region, role, deny, _session=self._session, _home=self._home)

    @overload
    def home(self, service: Literal["dynamodb"], region: str | None = None) -> "DynamoDBClient": ...
    @overload
    def home(self, service: Literal["kms"], region: str | None = None) -> "KMSClient": ...
    @overload
    def home(self, service: Literal["lambda"], region: str | None = None) -> "LambdaClient": ...
    @overload
    def home(self, service: Literal["s3"], region: str | None = None) -> "S3Client": ...
    @overload
    def home(
        self, service: Literal["security-ir"], region: str | None = None
    ) -> "SecurityIncidentResponseClient": ...
    @overload
    def home(self, service: Literal["sns"], region: str | None = None) -> "SNSClient": ...
    @overload
    def home(self, service: Literal["sqs"], region: str | None = None) -> "SQSClient": ...
    @overload
    def home(self, service: Literal["ssm"], region: str | None = None) -> "SSMClient": ...
    @overload
    def home(
        self, service: Literal["ssm-contacts"], region: str | None = None
    ) -> "SSMContactsClient": ...
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
            self._home[at] = self._session.create_client(service, region_name=at[1], config=_CONFIG)
        return self._home[at]

    def iam(self, account: str) -> "IAMClient":
        """IAM of a member account, through the member role."""
        client: IAMClient = self._in_member("iam", account, self.region)
        return client

    def cloudtrail(self, account: str, region: str) -> "CloudTrailClient":
        """CloudTrail of a member account and region, through the member role."""
        client: CloudTrailClient = self._in_member("cloudtrail", account, region)
        return client

    def config(self, account: str, region: str) -> "ConfigServiceClient":
        """Config of a member account and region, through the member role."""
        client: ConfigServiceClient = self._in_member("config", account, region)
        return client

    def ec2(self, account: str, region: str) -> "EC2Client":
        """EC2 of a member account and region, through the member role."""
        client: EC2Client = self._in_member("ec2", account, region)
        return client

    def ecs(self, account: str, region: str) -> "ECSClient":
        """ECS of a member account and region, through the member role."""
        client: ECSClient = self._in_member("ecs", account, region)
        return client

    def eks(self, account: str, region: str) -> "EKSClient":
        """EKS of a member account and region, through the member role."""
        client: EKSClient = self._in_member("eks", account, region)
        return client

    def guardduty(self, account: str, region: str) -> "GuardDutyClient":
        """GuardDuty of a member account and region, through the member role."""
        client: GuardDutyClient = self._in_member("guardduty", account, region)
        return client

    def kms(self, account: str, region: str) -> "KMSClient":
        """KMS of a member account and region, through the member role."""
        client: KMSClient = self._in_member("kms", account, region)
        return client

    def lambda_(self, account: str, region: str) -> "LambdaClient":
        """Lambda of a member account and region, through the member role."""
        client: LambdaClient = self._in_member("lambda", account, region)
        return client

    def logs(self, account: str, region: str) -> "CloudWatchLogsClient":
        """CloudWatch Logs of a member account and region, through the member role."""
        client: CloudWatchLogsClient = self._in_member("logs", account, region)
        return client

    def resolver(self, account: str, region: str) -> "Route53ResolverClient":
        """Route 53 Resolver of a member account and region, through the member role."""
        client: Route53ResolverClient = self._in_member("route53resolver", account, region)
        return client

    def waf(self, account: str, region: str) -> "WAFV2Client":
        """WAF of a member account and region, through the member role."""
        client: WAFV2Client = self._in_member("wafv2", account, region)
        return client

    def rds(self, account: str, region: str) -> "RDSClient":
        """RDS of a member account and region, through the member role."""
        client: RDSClient = self._in_member("rds", account, region)
        return client

    def s3(self, account: str, region: str) -> "S3Client":
        """S3 of a member account and region, through the member role."""
        client: S3Client = self._in_member("s3", account, region)
        return client

    def ssm(self, account: str, region: str) -> "SSMClient":
        """Systems Manager of a member account and region, through the member role."""
        client: SSMClient = self._in_member("ssm", account, region)
        return client

    def s3control(self, account: str, region: str) -> "S3ControlClient":
        """S3's settings of a member account as a whole, through the member role."""
        client: S3ControlClient = self._in_member("s3control", account, region)
        return client

    def securityhub(self, account: str, region: str) -> "SecurityHubClient":
        """Security Hub of a member account and region, through the member role."""
        client: SecurityHubClient = self._in_member("securityhub", account, region)
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

    def organizations(self) -> tuple["OrganizationsClient", str]:
        """Organizations by the role that denies accounts, and the ARN of the policy it may attach.

        Raises `Refused` where none was prepared.
        """
        deny = self.account_deny
        if deny is None:
            raise Refused(NO_ACCOUNT_DENY)
        at = ("organizations", deny.account, self.region)
        if at not in self._member:
            client = self._assumed(deny.role_arn, deny.external_id).create_client(
                "organizations", region_name=self.region, config=_CONFIG
            )
            self._member[at] = self._noted(client, deny.account)
        return self._member[at], deny.policy_arn

    def changes(self) -> tuple[ApiCall, ...]:
        """What was called in member accounts that can change something, since last asked."""
        made, self._changes = tuple(self._changes), []
        return made

    def _in_member(self, service: str, account: str, region: str) -> Any:
        if self.member_role is None:
            raise TypeError("these clients were made without a member role")
        at = (service, account, region)
        if at not in self._member:
            role = self.member_role
            session = self._assumed(role.arn(account), role.external_id)
            client = session.create_client(service, region_name=region, config=_CONFIG)
            self._member[at] = self._noted(client, account)
        return self._member[at]

    def _noted(self, client: Any, account: str) -> Any:
        """The client, each of whose changes is noted with what AWS answered, or that it did not.

        The SDK tries a call again that got no answer. All its tries without one are noted as one.
        """
        region, service = client.meta.region_name, client.meta.service_model.service_name
        lost: list[str] = []  # of the call under way: why each try without an answer had none

        def tried(exception: Exception | None, **_: Any) -> None:
            if exception is not None:
                lost.append(type(exception).__name__)

        def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
            miss(f"after-call.{model.name}")  # of a try before: also that may have been carried out
            if changes(model.name):
                self._changes.append(_call(account, region, model, parsed))

        def miss(event_name: str, **_: Any) -> None:
            operation = event_name.rpartition(".")[2]
            if lost and changes(operation):
                self._changes.append(
                    ApiCall(
                        account=account,
                        region=region,
                        service=service,
                        operation=operation,
                        at=None,
                        request_id="",
                        status=0,
                        error=lost[-1],
                    )
                )
            lost.clear()

        client.meta.events.register("response-received", tried)
        client.meta.events.register("after-call", note)
        client.meta.events.register("after-call-error", miss)
        return client

    def _assumed(self, role_arn: str, external_id: str) -> Session:
        """A session whose credentials botocore renews: a warm function never holds dead ones."""
        if role_arn not in self._sessions:
            source = self._session.get_credentials()
            if source is None:
                raise Broken(f"no credentials to assume {role_arn} with")
            fetcher = AssumeRoleCredentialFetcher(
                self._session.create_client,  # what botocore's own profile loader passes
                source,
                role_arn,
                extra_args={
                    "RoleSessionName": "breach-responder",
                    "ExternalId": external_id,
                    # The most that one role gets through another. Of 900 seconds, botocore would
                    # renew the credentials at every call: it does so 15 minutes before their end.
                    "DurationSeconds": 3600,
                },
            )
            session = a_session()
            # botocore has no public setter for credentials that renew themselves.
            session._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
                method="assume-role", refresh_using=fetcher.fetch_credentials
            )
            session.set_config_variable("region", self.region)
            self._sessions[role_arn] = session
        return self._sessions[role_arn]


def _call(account: str, region: str, model: Any, parsed: dict[str, Any]) -> ApiCall:
    told = parsed.get("ResponseMetadata", {})
    return ApiCall(
        account=account,
        region=region,
        service=model.service_model.service_name,
        operation=model.name,
        at=_instant(told.get("HTTPHeaders", {}).get("date")),
        request_id=str(told.get("RequestId", ""))[:128],
        status=int(told.get("HTTPStatusCode", 0)),
        error=parsed.get("Error", {}).get("Code"),
    )


def _instant(header: str | None) -> datetime | None:
    """The Date header of HTTP: RFC 9110, section 6.6.1."""
    if header is None:
        return None
    try:
        found = parsedate_to_datetime(header)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
