"""The shop's account in the local engine, and the shipped actions run as the role that cuts."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from responder import actions
from responder.aws.clients import Clients
from responder.domain.decision import Decision, decide
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus, Target
from responder.domain.policy import Policy, Rule, Then
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList, own_roles
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, SHOP, a_finding
from tests.workflow.ladder_table import Row

STACKS = Path(__file__).parents[2] / "stacks"
AT_ONCE = Policy(rules=(Rule(then=Then.AUTOMATIC, things=Then.AUTOMATIC),))
READS = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
WORKS = "works"
type Keys = dict[str, str]


class Through(Clients):
    """The responder's clients, with a session of the member role that it really has."""

    def __init__(self, iam: Any) -> None:
        super().__init__(REGION)
        self._iam = iam

    def iam(self, account: str) -> Any:
        assert account == SHOP
        return self._iam


class Full:
    """IAM of an identity that holds as many policies as it may. The engine knows no such quota."""

    def __init__(self, iam: Any) -> None:
        self._iam = iam

    def __getattr__(self, name: str) -> Any:
        if name in ("attach_user_policy", "attach_role_policy"):

            def refuse(**_: Any) -> Any:
                raise ClientError(
                    {"Error": {"Code": "LimitExceeded", "Message": "Cannot exceed quota"}}, name
                )

            return refuse
        return getattr(self._iam, name)


class Account:
    """What stands in the account, who holds which credential, and what is cut of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.iam = cloud.client("iam", account=SHOP)
        member = cloud.deploy(
            STACKS / "member-role.yaml",
            stack_name="member-role",
            parameters={"ResponderAccount": HOME, "ExternalId": "an-external-id-of-16"},
            account=SHOP,
        )
        self.role_that_cuts = member.outputs["ContainRoleArn"]
        self.contains: Any = cloud.role(
            "iam", role_arn=self.role_that_cuts, session_name="breach-responder"
        )
        self.clients: Clients = Through(self.contains)
        self.rows: list[Row] = []

    # ---- Who there is

    def user(self, name: str, **given: Any) -> tuple[Principal, Keys]:
        """A user that may list buckets, with a key."""
        user = self.iam.create_user(UserName=name, **given)["User"]
        self.iam.put_user_policy(UserName=name, PolicyName="work", PolicyDocument=policy(READS))
        keys = self.iam.create_access_key(UserName=name)["AccessKey"]
        principal = Principal(
            kind=PrincipalKind.IAM_USER,
            account=SHOP,
            arn=f"arn:aws:iam::{SHOP}:user/{name}",
            name=name,
            access_key_id=keys["AccessKeyId"],
            principal_id=user["UserId"],
        )
        return principal, keys

    def role(self, name: str, *more: dict[str, Any]) -> str:
        """A role that the account may assume, and that may list buckets. Its ARN."""
        trusts = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": SHOP}}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trusts))
        self.iam.put_role_policy(
            RoleName=name, PolicyName="work", PolicyDocument=policy(READS, *more)
        )
        arn: str = made["Role"]["Arn"]
        return arn

    def session(self, role: str, session: str, keys: Keys | None = None) -> tuple[Principal, Keys]:
        """A session of a role, made with these keys, or by the account itself."""
        arn = f"arn:aws:iam::{SHOP}:role/{role}"
        sts = self.client("sts", keys) if keys else self.cloud.client("sts", account=SHOP)
        made = sts.assume_role(RoleArn=arn, RoleSessionName=session)
        principal = Principal(
            kind=PrincipalKind.ASSUMED_ROLE,
            account=SHOP,
            arn=arn,
            name=role,
            access_key_id=made["Credentials"]["AccessKeyId"],
            session_name=session,
            principal_id=made["AssumedRoleUser"]["AssumedRoleId"],
        )
        return principal, made["Credentials"]

    def client(self, service: str, keys: Keys) -> Any:
        return self.cloud.keys(
            service,
            access_key_id=keys["AccessKeyId"],
            secret=keys["SecretAccessKey"],
            token=keys.get("SessionToken"),
        )

    def reads(self, keys: Keys) -> str:
        """What comes of listing the buckets: `works`, or the code of the refusal."""
        return answer(self.client("s3", keys).list_buckets)

    # ---- What is done about it

    def decided(
        self, *principals: Principal, protect: Sequence[str] = (), **given: Any
    ) -> Decision:
        return decide(
            a_finding(principals=principals, **given),
            AT_ONCE,
            ProtectList(patterns=tuple(protect), own=own_roles()),
            "respond",
        )

    def cut(self, targets: Sequence[Target], clients: Clients | None = None) -> tuple[Receipt, ...]:
        """Observe, cut twice and verify, as the role that cuts."""
        clients, receipts = clients or self.clients, list[Receipt]()
        for target in targets:
            action = actions.BY_ID[target.action_id]
            order = Order(
                **target.model_dump(include={"action_id", "resource", "principal", "thing"}),
                order_id=Order.make_id(INCIDENT_ID, *target.about),
                incident_id=INCIDENT_ID,
                account=SHOP,
                region=REGION,
                mode=OrderMode.AUTOMATIC,
                held=False,
                reason="A finding says that its credentials are in other hands.",
            )
            before = action.observe(order, clients)
            receipt = Receipt(
                order=order.model_copy(update={"act_at": self.cloud.now()}),
                status=ReceiptStatus.OBSERVED,
                before=before,
                observed_at=self.cloud.now(),
            )
            for _ in range(2):
                action.apply(receipt, clients)
            receipt = receipt.model_copy(
                update={"status": ReceiptStatus.APPLIED, "applied_at": self.cloud.now()}
            )
            assert action.verify(receipt, clients), action.ID
            receipts.append(receipt)
        return tuple(receipts)

    def undo(self, receipts: Sequence[Receipt]) -> None:
        """The last cut first, and each twice."""
        for receipt in reversed(receipts):
            action = actions.BY_ID[receipt.order.action_id]
            assert action.release(receipt, self.clients), action.ID
            action.release(receipt, self.clients)

    # ---- What stands

    def standing(self, principal: Principal) -> str:
        """Everything that IAM shows of an identity, as text."""
        name, iam = principal.name, self.iam
        if principal.kind is PrincipalKind.IAM_USER:
            shown = [
                iam.get_user(UserName=name)["User"],
                iam.list_access_keys(UserName=name)["AccessKeyMetadata"],
                iam.list_attached_user_policies(UserName=name)["AttachedPolicies"],
                iam.list_service_specific_credentials(UserName=name)["ServiceSpecificCredentials"],
                *(
                    iam.get_user_policy(UserName=name, PolicyName=one)["PolicyDocument"]
                    for one in iam.list_user_policies(UserName=name)["PolicyNames"]
                ),
            ]
        else:
            role = iam.get_role(RoleName=name)["Role"]
            role.pop("RoleLastUsed")  # what was done with it, and not what it is
            shown = [
                role,
                iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
                *(
                    iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
                    for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
                ),
            ]
        return json.dumps(shown, default=str)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def answer(call: Callable[[], Any]) -> str:
    """What comes of a call: `works`, or the code of the refusal."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return WORKS


def about(action_id: str, principal: Principal) -> Target:
    """A rung that no finding asks for first."""
    return Target(action_id=action_id, resource=principal.arn or "", principal=principal)


def cloud() -> Cloud:
    return Cloud(region=REGION, starts_at=NOON)
