"""The shop's account with a user, its keys and a role, and the steps that contain them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import moto.iam.models
import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import iam_backends

from localcloud.fakes import simulation
from responder import actions
from responder.aws.approvals import Approvals
from responder.aws.clients import Clients, MemberRole
from responder.aws.correlations import Correlations
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.decision import Mode
from responder.domain.incident import TimelineEvent
from responder.domain.ladder import CUT_ROLE_SESSIONS, DEACTIVATE_KEY, DENY_USER
from responder.domain.order import Order, Plan, Receipt
from responder.domain.principal import Principal
from responder.domain.protection import ProtectList
from responder.steps.contain import ContainAnswer, ContainRequest, contain
from responder.steps.leave import LeaveAnswer, LeaveRequest, leave
from responder.steps.release import ReleaseAnswer, ReleaseRequest, release
from responder.steps.verify import VerifyAnswer, VerifyRequest, verify
from tests.builders import (
    INCIDENT_ID,
    NOON,
    REGION,
    SHOP,
    a_finding,
    a_session,
    a_user,
    an_incident,
    an_order,
)
from tests.consoles import Topic, a_snoozable
from tests.vaults import Life

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
MANAGED = (DENY_ALL, READ_ONLY)
USER, ROLE = "orders-export", "web-tier-role"
ALEX = "arn:aws:sts::444455556666:assumed-role/on-call/alex"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def a_small_member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut is cut in the shop's account, which the credentials tell, or not found.

    It knows the AWS managed policies that these tests are about: all of them take a second a test.
    """
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    monkeypatch.setattr(moto.iam.models, "aws_managed_policies_data", _few_policies())


@cache
def _few_policies() -> str:
    known = json.loads(aws_managed_policies_data)
    return json.dumps({arn.rpartition("/")[2]: known[arn.rpartition("/")[2]] for arn in MANAGED})


class Member(Clients):
    """IAM of the shop's account. `through` may put something in between."""

    def __init__(self, through: Callable[[Any], Any] = lambda client: client) -> None:
        super().__init__(REGION, MemberRole("breach-responder-contain", "an-external-id"))
        self._through = through

    def iam(self, account: str) -> Any:
        iam = super().iam(account)
        simulating(iam)
        return self._through(iam)

    def living(self, life: Life) -> "Member":
        """The same clients, which may die: opening new ones for each life takes long."""
        mortal = Member(life.of)
        mortal._member = self._member
        return mortal


def simulating(iam: Any) -> None:
    """Serve what the pretend IAM does not have, as the local engine does: by evaluating."""

    def answer(params: dict[str, Any], model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        # As the SDK puts it on the wire: flat, and numbered.
        given = params["body"]
        names = [given[name] for name in sorted(given) if name.startswith("ActionNames.")]
        entries = [
            {
                "ContextKeyName": given[f"ContextEntries.member.{n}.ContextKeyName"],
                "ContextKeyType": given[f"ContextEntries.member.{n}.ContextKeyType"],
                "ContextKeyValues": [given[f"ContextEntries.member.{n}.ContextKeyValues.member.1"]],
            }
            for n in range(1, 9)
            if f"ContextEntries.member.{n}.ContextKeyName" in given
        ]
        found = simulation.simulated(given["PolicySourceArn"], names, entries)
        return SimpleNamespace(status_code=200, headers={}), found

    iam.meta.events.register(
        "before-call.iam.SimulatePrincipalPolicy", answer, unique_id="simulated"
    )


class Shop:
    """What stands in the shop's account."""

    def __init__(self, path: str = "/", member: Member | None = None) -> None:
        self.iam: Any = (member or Member()).iam(SHOP)
        self.name = USER
        self.user_id = self.iam.create_user(UserName=USER, Path=path)["User"]["UserId"]
        self.key_id = self._new_key()
        self.other_key_id = self._new_key()
        self.iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=POLICY)
        self.iam.attach_user_policy(UserName=USER, PolicyArn=READ_ONLY)
        made = self.iam.create_role(RoleName=ROLE, Path=path, AssumeRolePolicyDocument=TRUST)
        self.role_id = made["Role"]["RoleId"]
        self.iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=POLICY)

    @property
    def user(self) -> Principal:
        return a_user(USER, self.key_id)

    @property
    def session(self) -> Principal:
        session = a_session(ROLE)
        unique = f"{self.role_id}:{session.session_name}"
        return session.model_copy(update={"principal_id": unique})

    def rename_user(self, name: str) -> None:
        """As IAM does it: the id, the policies and the keys stay, and the keys name their owner."""
        self.iam.update_user(UserName=self.name, NewUserName=name)
        for key in iam_backends[SHOP]["aws"].users[name].access_keys:
            key.user_name = name  # which the pretend IAM forgets
        self.name = name

    def remake_user(self) -> None:
        """Delete the user with all that hangs on it, and make another of the same name."""
        standing = self.standing()
        for key in standing["keys"]:
            self.iam.delete_access_key(UserName=self.name, AccessKeyId=key)
        for arn in standing["attached"]:
            self.iam.detach_user_policy(UserName=self.name, PolicyArn=arn)
        for policy in standing["inline"]:
            self.iam.delete_user_policy(UserName=self.name, PolicyName=policy)
        self.iam.delete_user(UserName=self.name)
        self.iam.create_user(UserName=self.name)

    def remake_role(self) -> None:
        """Delete the role, and make another of the same name."""
        for policy in self.standing()["role"]:
            self.iam.delete_role_policy(RoleName=ROLE, PolicyName=policy)
        self.iam.delete_role(RoleName=ROLE)
        self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)

    def standing(self) -> dict[str, Any]:
        """All that containment could touch."""
        iam, user = self.iam, self.name
        keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        attached = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
        return {
            "keys": {key["AccessKeyId"]: key["Status"] for key in keys},
            "attached": sorted(one["PolicyArn"] for one in attached),
            "inline": {
                name: iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
                for name in iam.list_user_policies(UserName=user)["PolicyNames"]
            },
            "role": {
                name: iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
            },
        }

    def _new_key(self) -> str:
        key: str = self.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
        return key


class World:
    """One incident with a plan, and the steps over it."""

    def __init__(self, ledger: Ledger, path: str = "/") -> None:
        self.ledger, self.member, self.topic = ledger, Member(), Topic()
        self.shop = Shop(path, self.member)
        self.protect = ProtectList()
        self.mode: Mode = "respond"
        self.stopped = False
        Incidents(ledger).create(an_incident(), a_finding())

    @property
    def receipts(self) -> Receipts:
        return Receipts(self.ledger)

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.ledger)

    def order(self, action_id: str = DENY_USER, **given: Any) -> Order:
        """An order about the shop's user or role."""
        shop = self.shop
        principal = shop.session if action_id == CUT_ROLE_SESSIONS else shop.user
        return an_order(action_id, **({"principal": principal} | given))

    def planned(self, *orders: Order) -> Plan:
        """The plan of the first generation."""
        plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=orders)
        assert Incidents(self.ledger).save_plan(plan)
        return plan

    def ordered(self, action_id: str = DENY_USER, **given: Any) -> Order:
        """An order, in its plan."""
        order = self.order(action_id, **given)
        self.planned(order)
        return order

    def answered(self, plan: Plan, order: Order, status: ApprovalStatus, **given: Any) -> Approval:
        """A request for approval as it stands after `status`."""
        plain: dict[str, Any] = {
            "approval_id": "apr-00000000000000000000000000000000",
            "incident_id": INCIDENT_ID,
            "order_id": order.order_id,
            "plan_hash": plan.hash,
            "status": status,
            "requested_at": NOON,
            "expires_at": NOON + timedelta(minutes=30),
        }
        if status in (ApprovalStatus.APPROVED, ApprovalStatus.DENIED):
            plain |= {"decided_by": ALEX, "decided_at": NOON + timedelta(minutes=5)}
        return self.approvals.create(Approval(**(plain | given)), "a-task-token")

    def receipt(self, order: Order) -> Receipt:
        found = self.receipts.get(INCIDENT_ID, order.order_id)
        assert found is not None
        return found

    def told(self) -> list[TimelineEvent]:
        return Timeline(self.ledger).events(INCIDENT_ID)

    def contain(
        self,
        order: Order,
        at: datetime = NOON,
        *,
        now: datetime | None = None,
        clients: Clients | None = None,
    ) -> ContainAnswer:
        """In a state that was entered `at`, by an attempt that is made `now`."""
        return self._contain(order, at, now or at, self.ledger, clients or self.member)

    def _contain(
        self, order: Order, at: datetime, now: datetime, ledger: Ledger, clients: Clients
    ) -> ContainAnswer:
        return contain(
            ContainRequest(incident_id=order.incident_id, order_id=order.order_id, now=at),
            actions=actions.BY_ID,
            clients=clients,
            incidents=Incidents(ledger),
            approvals=Approvals(ledger),
            receipts=Receipts(ledger),
            timeline=Timeline(ledger),
            protect=self.protect,
            mode=self.mode,
            stopped=self.stopped,
            now=now,
        )

    def verify(
        self,
        order: Order,
        at: datetime,
        *,
        life: Life | None = None,
        contained_too: bool = False,
    ) -> VerifyAnswer:
        ledger, clients = self._living(life)
        asked = {"incident_id": INCIDENT_ID, "order_id": order.order_id, "now": at}
        return verify(
            VerifyRequest.model_validate(asked | {"contained_too": contained_too}),
            actions=actions.BY_ID,
            simulated=actions.SIMULATED,
            clients=clients,
            receipts=Receipts(ledger),
            timeline=Timeline(ledger),
        )

    def leave(self, order: Order, item: Any = None, *, life: Life | None = None) -> LeaveAnswer:
        ledger, _ = self._living(life)
        topic: Any = self.topic if life is None else life.of(self.topic)
        return leave(
            LeaveRequest(
                incident_id=INCIDENT_ID, order_id=order.order_id, item=item, now=after(seconds=20)
            ),
            incidents=Incidents(ledger),
            approvals=Approvals(ledger),
            receipts=Receipts(ledger),
            pager=a_snoozable(ledger, topic, topic),
            timeline=Timeline(ledger),
            titles={action.ID: action.TITLE for action in actions.ACTIONS},
        )

    def release(
        self,
        order: Order,
        *,
        by: str = ALEX,
        life: Life | None = None,
        others: Clients | None = None,
        **said: bool,
    ) -> ReleaseAnswer:
        """By somebody who says that the key never was out, unless told otherwise."""
        ledger, clients = self._living(life)
        asked = {"incident_id": order.incident_id, "order_id": order.order_id, "by": by}
        plain = {"reason": "It was our export", "key_was_never_out": True}
        return release(
            ReleaseRequest.model_validate(asked | plain | said),
            actions=actions.BY_ID,
            clients=others or clients,
            receipts=Receipts(ledger),
            correlations=Correlations(ledger),
            timeline=Timeline(ledger),
            now=after(hours=1),
        )

    def contain_in(self, life: Life, order: Order, at: datetime = NOON) -> ContainAnswer:
        """The same, by a function that may be killed."""
        ledger, clients = self._living(life)
        return self._contain(order, at, at, ledger, clients)

    def _living(self, life: Life | None) -> tuple[Ledger, Clients]:
        if life is None:
            return self.ledger, self.member
        mortal = replace(self.ledger, client=life.of(self.ledger.client))
        return mortal, self.member.living(life)


def after(**span: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(**span)


ACTION_IDS = (DENY_USER, DEACTIVATE_KEY, CUT_ROLE_SESSIONS)
