"""Users and roles as an account really holds them: full, half empty, odd, and contained before."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from moto.iam.models import iam_backends

from responder.actions import iam_tag_quarantined
from responder.aws.trust_policies import trust_text
from responder.domain.ladder import DEACTIVATE_KEY
from tests.builders import REGION, SHOP, a_session, a_user, an_order
from tests.containing import DENY_ALL, POLICY, READ_ONLY, ROLE, USER
from tests.instances import Wire
from tests.unit.actions.states import ODD, Reached, State, some, typed
from tests.unit.actions.test_iam_close_role_trust import (
    ALLOW_ACCOUNT,
    ALLOW_GITHUB,
    ALLOW_LAMBDA,
    ALLOW_MACHINES,
    ALLOW_STAFF,
)
from tests.unit.actions.test_iam_deactivate_credentials import certificate
from tests.unit.actions.test_no_room import Account as Quotas
from tests.unit.actions.test_no_room import Crowded
from tests.unit.localcloud.judging import a_world

PATHS = ("/", "/shop/", "/shop/exports/nightly/")
EARLIER = "ord-0123456789abcdef0123"  # another order of ours, of an incident before
SESSIONS = ("i-0abc1234def567890", "orders", "alex@example.com", "a+b=c,d.e-f_g", "x" * 64)
_INLINE_DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
_STATEMENTS: tuple[dict[str, Any], ...] = (
    ALLOW_ACCOUNT,
    ALLOW_GITHUB,
    ALLOW_STAFF,
    ALLOW_MACHINES,
    {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{SHOP}:root", "AROAEXAMPLEDELETED00"]},
        "Action": ["sts:AssumeRole"],
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    },
    {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Sid": "Anybody"},
    {
        "Sid": "Both",
        "Effect": "Allow",
        "Principal": {"Service": ["ec2.amazonaws.com"], "AWS": "222233334444"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    },
)
_ALONGSIDE: tuple[dict[str, Any], ...] = (
    ALLOW_LAMBDA,
    {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": f"arn:aws:iam::{SHOP}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringNotEquals": {"sts:ExternalId": ["1", "été"]}},
    },
    {
        "Sid": "BreachResponder0123456789abcdef0123",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
    },
)


@dataclass
class Identity:
    """A user or a role, and what is full of it."""

    iam: Any
    rng: Random
    kind: str
    name: str
    path: str
    key_id: str | None = None
    unique_id: str = ""
    attached: list[str] = field(default_factory=list)
    full: set[str] = field(default_factory=set)
    boundary: str | None = None

    def call(self, verb: str, rest: str, **given: Any) -> Any:
        """`put` and `policy` of a role are `put_role_policy`."""
        named = {f"{self.kind.title()}Name": self.name}
        return getattr(self.iam, f"{verb}_{self.kind}_{rest}")(**named, **given)

    def policies(self) -> None:
        """Up to ten attached, AWSDenyAll among them or not, and up to three inline ones."""
        self.attached = [self._managed(n) for n in range(self.rng.choice((0, 1, 4, 9, 10)))]
        if self.attached and self.rng.random() < 0.4:
            self.attached[self.rng.randrange(len(self.attached))] = DENY_ALL
        for arn in self.attached:
            self.call("attach", "policy", PolicyArn=arn)
        names = ["own", "a=b,c@d", f"BreachResponder-{EARLIER}"]
        for name in some(self.rng, 0, 3, names):
            says = _INLINE_DENY if name.startswith("Breach") else json.loads(POLICY)["Statement"]
            document = {"Version": "2012-10-17", "Statement": says, "Id": self.rng.choice(ODD)}
            given = {"PolicyName": name, "PolicyDocument": typed(self.rng, document)}
            self.call("put", "policy", **given)
        if len(self.attached) >= 10:
            self.full.add(f"attach_{self.kind}_policy")
        if self.rng.random() < 0.25:
            self.full.add(f"put_{self.kind}_policy")

    def tags(self) -> None:
        for key in some(self.rng, 0, 3, ("team", "Cost Center", "a:b/c")):
            self.tag(key, self.rng.choice(("", "orders", "été", "a=b+c")))

    def tag(self, key: str, value: str) -> None:
        tags = [{"Key": key, "Value": value}]
        named = {f"{self.kind.title()}Name": self.name}
        getattr(self.iam, f"tag_{self.kind}")(**named, Tags=tags)

    def shown(self) -> dict[str, Any]:
        """All that IAM shows of it, policies as they were written, and the password it hides."""
        held = iam_backends[SHOP]["aws"]
        shown = {
            "Identity": getattr(self.iam, f"get_{self.kind}")(
                **{f"{self.kind.title()}Name": self.name}
            )[self.kind.title()],
            "Tags": self.call("list", "tags")["Tags"],
            "Attached": getattr(self.iam, f"list_attached_{self.kind}_policies")(
                **{f"{self.kind.title()}Name": self.name}
            )["AttachedPolicies"],
        }
        if self.kind == "role":
            role = held.get_role(self.name)
            return shown | {"Inline": dict(role.policies), "Trust": trust_text(self.iam, self.name)}
        user, named = held.users[self.name], {"UserName": self.name}
        return shown | {
            "Inline": dict(user.policies),
            "Keys": self.iam.list_access_keys(**named)["AccessKeyMetadata"],
            "Ssh": self.iam.list_ssh_public_keys(**named)["SSHPublicKeys"],
            "Signing": self.iam.list_signing_certificates(**named)["Certificates"],
            "Groups": self.iam.list_groups_for_user(**named)["Groups"],
            "Profile": self.iam.get_login_profile(**named)["LoginProfile"]
            if user.password
            else None,
            "Password": user.password,
        }

    def _managed(self, number: int) -> str:
        if number == 0:
            return READ_ONLY
        named = {"PolicyName": f"{self.name[-9:]}-{number}", "Path": self.path}
        made: str = self.iam.create_policy(**named, PolicyDocument=POLICY)["Policy"]["Arn"]
        return made


def a_generated_user(iam: Any, rng: Random) -> Identity:
    """With anything a user may have."""
    name = rng.choice((USER, "a+b=c,d.e@f-g", "x" * 64))
    user = Identity(iam, rng, "user", name, rng.choice(PATHS))
    user.unique_id = iam.create_user(UserName=name, Path=user.path)["User"]["UserId"]
    for n in range(rng.randint(0, 2)):
        key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        user.key_id = user.key_id if n and rng.random() < 0.5 else key
        if rng.random() < 0.4:
            iam.update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    for group in some(rng, 0, 2, ("shop", "exports")):
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=name)
    for n in range(rng.randint(0, 2)):
        made = iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=f"ssh-rsa AAAA{n}")
        if rng.random() < 0.4:
            given = {"SSHPublicKeyId": made["SSHPublicKey"]["SSHPublicKeyId"]}
            iam.update_ssh_public_key(UserName=name, Status="Inactive", **given)
    for _ in range(rng.randint(0, 2)):
        made = iam.upload_signing_certificate(UserName=name, CertificateBody=certificate())
        if rng.random() < 0.4:
            given = {"CertificateId": made["Certificate"]["CertificateId"]}
            iam.update_signing_certificate(UserName=name, Status="Inactive", **given)
    if rng.random() < 0.6:
        iam.create_login_profile(UserName=name, Password="Not-a-secret-1")
        held = iam_backends[SHOP]["aws"].users[name]
        held.password_reset_required = rng.random() < 0.5
    user.policies()
    user.tags()
    user.boundary = rng.choice((None, None, DENY_ALL, READ_ONLY))
    return user


def a_generated_role(iam: Any, rng: Random, trust: str | None = None) -> Identity:
    """With anything a role may have."""
    name = rng.choice((ROLE, "a+b=c,d.e@f-g", "x" * 64))
    role = Identity(iam, rng, "role", name, rng.choice(PATHS))
    role.unique_id = iam.create_role(
        RoleName=name,
        Path=role.path,
        AssumeRolePolicyDocument=trust or _trust(rng),
        Description=rng.choice(("", "Web tier", "<b>")),
        MaxSessionDuration=rng.choice((3600, 43200)),
    )["Role"]["RoleId"]
    role.policies()
    role.tags()
    role.boundary = rng.choice((None, None, DENY_ALL, READ_ONLY))
    if role.boundary is not None:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=role.boundary)
    return role


def user(account: Wire, rng: Random, action_id: str) -> State:
    """An order about a user."""
    made = a_generated_user(account.iam(SHOP), rng)
    return _state(account, made, action_id)


def user_with_key(account: Wire, rng: Random, action_id: str) -> State:
    """An order about a key, which may be gone or off."""
    made = a_generated_user(account.iam(SHOP), rng)
    made.key_id = made.key_id or "AKIAEXAMPLEEXAMPLE00"
    return _state(account, made, DEACTIVATE_KEY)


def role(account: Wire, rng: Random, action_id: str) -> State:
    """An order about a role, or a session of it."""
    return _state(account, a_generated_role(account.iam(SHOP), rng), action_id)


def tagged(account: Wire, rng: Random, action_id: str) -> State:
    """A user or a role that may carry our tag already, in any case, for anybody's order."""
    make = rng.choice((a_generated_user, a_generated_role))
    made = make(account.iam(SHOP), rng)
    value = rng.choice((None, "", EARLIER, f"{EARLIER} ord-{'f' * 20}", "by  hand ", "x" * 240))
    key = rng.choice((iam_tag_quarantined.KEY, "Breach-Responder-Quarantine"))
    if value is not None:
        made.tag(key, value)
    state = _state(account, made, action_id)
    has_no_room = value is not None and len(value) > 200
    state.refuses = "apply" if has_no_room else None
    return state


def trusted(account: Wire, rng: Random, action_id: str) -> State:
    """A role whose trust lets anybody or only services in."""
    is_for_services = rng.random() < 0.15
    allows = [ALLOW_LAMBDA] if is_for_services else some(rng, 1, 4, _STATEMENTS)
    others = [one for one in some(rng, 0, 2, _ALONGSIDE) if not is_for_services]
    made = a_generated_role(account.iam(SHOP), rng, _trust(rng, [*allows, *others]))
    state = _state(account, made, action_id)
    state.refuses = "observe" if is_for_services else None
    return state


def _trust(rng: Random, statements: list[dict[str, Any]] | None = None) -> str:
    chosen: list[Any] = statements or some(rng, 1, 3, _STATEMENTS)
    rng.shuffle(chosen)
    odd = rng.choice(("Café", "カフェ", 'a"b\\c', ""))
    if odd and "Sid" not in chosen[0]:
        chosen[0] = chosen[0] | {"Sid": odd}
    is_one = len(chosen) == 1 and rng.random() < 0.5
    return typed(rng, {"Version": "2012-10-17", "Statement": chosen[0] if is_one else chosen})


def _state(account: Wire, made: Identity, action_id: str) -> State:
    quotas = Quotas(full=set(made.full), boundaries={DENY_ALL, READ_ONLY})
    if made.kind == "user":
        quotas.boundary = made.boundary
    clients = Reached(account, lambda _, client: Crowded(client, quotas))
    made.iam = clients.iam(SHOP)
    if made.kind == "user":
        # A finding of the console names no key.
        principal = a_user(made.name).model_copy(update={"access_key_id": made.key_id})
    else:
        session = made.rng.choice(SESSIONS)
        unique = {"principal_id": f"{made.unique_id}:{session}"}
        principal = a_session(made.name, session).model_copy(update=unique)
    act_at = datetime.now(UTC) + timedelta(hours=1)
    state = State(an_order(action_id, principal=principal, act_at=act_at), clients, made.shown)
    puts_inline = action_id.startswith(("iam.deny", "iam.cut")) and "console" not in action_id
    is_crowded = f"put_{made.kind}_policy" in made.full
    if action_id in ("iam.deny_user", "iam.deny_role"):
        attaches = DENY_ALL not in made.attached and len(made.attached) < 10
        bounds = made.boundary != DENY_ALL
        state.refuses = "apply" if is_crowded and not attaches and not bounds else None
    elif puts_inline and is_crowded:
        state.refuses = "apply"
    return state


@contextmanager
def credentials(rng: Random) -> Iterator[State]:
    """A user with keys of single services too, which a cloud of our own serves."""
    with a_world() as world:
        iam = world.operator("iam", SHOP)
        account = Wire()
        account._member["iam", SHOP, REGION] = iam
        made = a_generated_user(iam, rng)
        for service in some(rng, 0, 3, ("codecommit", "cassandra", "bedrock")):
            given = {"UserName": made.name, "ServiceName": f"{service}.amazonaws.com"}
            one = iam.create_service_specific_credential(**given)["ServiceSpecificCredential"]
            if rng.random() < 0.4:
                iam.update_service_specific_credential(
                    UserName=made.name,
                    ServiceSpecificCredentialId=one["ServiceSpecificCredentialId"],
                    Status="Inactive",
                )
        state = _state(account, made, "iam.deactivate_credentials")
        shown = made.shown

        def all_shown() -> dict[str, Any]:
            listed = iam.list_service_specific_credentials(UserName=made.name)
            return shown() | {"Services": listed["ServiceSpecificCredentials"]}

        state.shown = all_shown
        yield state
