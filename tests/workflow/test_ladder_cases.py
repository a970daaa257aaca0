"""Every kind of principal: the cut, the credential refused, what goes on working, and the undo.

`pytest -s` prints the table. Everything in it was seen in that run.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from responder.domain.decision import Disposition
from responder.domain.errors import Refused
from responder.domain.ladder import (
    CLOSE_ROLE_TRUST,
    CUT_CONSOLE_SIGN_IN,
    CUT_ROLE_SESSIONS,
    DEACTIVATE_CREDENTIALS,
    DEACTIVATE_KEY,
    DENY_ROLE,
)
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import HOME, SHOP
from tests.workflow.ladder_account import (
    WORKS,
    Account,
    Full,
    Keys,
    Through,
    about,
    answer,
    cloud,
    policy,
)
from tests.workflow.ladder_table import SAME, Row, show

DENIED = "AccessDenied"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with cloud() as running:
        stage = Account(running)
        yield stage
    show(stage.rows, seen="The credential")


# ---- Users


def user_key(account: Account) -> Row:
    thief, keys = account.user("user-key")
    _, others = account.user("somebody-else")
    return _cut(account, thief, keys, others, code="InvalidAccessKeyId")


def user_with_a_boundary(account: Account) -> Row:
    thief, keys = account.user("bounded")
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    account.iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=read_only)
    return _cut(account, thief, keys, code="InvalidAccessKeyId")


def user_at_the_policy_quota(account: Account) -> Row:
    thief, keys = account.user("full")
    row = _cut(
        account, thief, keys, clients=Through(Full(account.contains)), code="InvalidAccessKeyId"
    )
    return replace(row, cut=f"{row.cut} (inline: attaching is answered LimitExceeded)")


def user_session_token(account: Account) -> Row:
    user, keys = account.user("with-session")
    session = user.model_copy(update={"access_key_id": "ASIAEXAMPLEEXAMPLE00"})
    row = _cut(account, session, keys, code=DENIED)
    return replace(row, seen=f"{row.seen} (the user's key: the engine makes no sessions of users)")


def federation_token(account: Account) -> Row:
    arn = f"arn:aws:sts::{SHOP}:federated-user/partner"
    kind = PrincipalKind.FEDERATED_USER
    return _refused(account, Principal(kind=kind, account=SHOP, arn=arn, name="partner"))


def other_key_of_the_user(account: Account) -> Row:
    user, keys = account.user("two-keys")
    other = account.iam.create_access_key(UserName="two-keys")["AccessKey"]
    before = account.standing(user)
    receipts = account.cut([about(DEACTIVATE_KEY, user)])
    seen = account.reads(keys), account.reads(other)
    assert seen == ("InvalidAccessKeyId", WORKS)
    account.undo(receipts)
    assert (account.standing(user), account.reads(keys)) == (before, WORKS)
    return Row("", DEACTIVATE_KEY, seen[0], f"the other key: {seen[1]}", SAME)


def bedrock_api_key(account: Account) -> Row:
    user, keys = account.user("prompts")
    made = account.iam.create_service_specific_credential(
        UserName="prompts", ServiceName="bedrock.amazonaws.com"
    )["ServiceSpecificCredential"]
    before = account.standing(user)
    receipts = account.cut([about(DEACTIVATE_CREDENTIALS, user)])
    [found] = account.iam.list_service_specific_credentials(UserName="prompts")[
        "ServiceSpecificCredentials"
    ]
    works = account.reads(keys)
    assert (found["Status"], works) == ("Inactive", WORKS)
    account.undo(receipts)
    assert account.standing(user) == before
    told = f"{found['Status']} ({made['ServiceName']}; no such call here)"
    return Row("", DEACTIVATE_CREDENTIALS, told, f"the access key: {works}", SAME)


def console_password(account: Account) -> Row:
    user, keys = account.user("console")
    account.iam.create_login_profile(UserName="console", Password="Correct-Horse-7")
    account.cloud.advance(timedelta(seconds=5))  # IAM tells whole seconds
    before = account.standing(user)
    receipts = account.cut([about(CUT_CONSOLE_SIGN_IN, user)])
    works = account.reads(keys)
    assert works == WORKS
    account.undo(receipts)
    assert account.standing(user) == before
    told = "replaced by one nobody knows (no sign-in here)"
    return Row("", CUT_CONSOLE_SIGN_IN, told, f"the key: {works}", "all but the password")


def deleted_principal(account: Account) -> Row:
    user, keys = account.user("gone")
    account.iam.delete_user_policy(UserName="gone", PolicyName="work")
    account.iam.delete_access_key(UserName="gone", AccessKeyId=keys["AccessKeyId"])
    account.iam.delete_user(UserName="gone")
    with pytest.raises(Refused, match="does not exist any more") as refusal:
        account.cut(account.decided(user).proposals)
    return Row("", f"left to a person: {str(refusal.value)[:90]}…", account.reads(keys))


# ---- Roles


def role_session(account: Account) -> Row:
    account.role("web")
    thief, keys = account.session("web", "exports")
    _, honest = account.session("web", "web-1")
    return _cut(account, thief, keys, honest, code=DENIED)


def attacker_that_takes_the_role_again(account: Account) -> Row:
    """Rung by rung: each shows why the next is there."""
    account.role("ops")
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    _, thief = account.user("insider")
    account.iam.put_user_policy(
        UserName="insider", PolicyName="take", PolicyDocument=policy(assume)
    )
    first, keys = account.session("ops", "one", thief)
    before = account.standing(first)
    receipts = account.cut(account.decided(first).proposals)
    _, again = account.session("ops", "two", thief)
    assert (account.reads(keys), account.reads(again)) == (DENIED, WORKS)
    receipts += account.cut([about(CLOSE_ROLE_TRUST, first), about(CUT_ROLE_SESSIONS, first)])
    taken = answer(lambda: account.session("ops", "three", thief))
    seen = account.reads(keys), account.reads(again), taken
    assert seen == (DENIED, DENIED, DENIED)
    account.undo(receipts)
    assert account.standing(first) == before
    rungs = ", then ".join(receipt.order.action_id for receipt in receipts)
    return Row("", rungs, f"sessions: {seen[0]}; taking it again: {taken}", "", SAME)


def three_hop_chain(account: Account) -> Row:
    hop = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    for name in ("hop-a", "hop-b", "hop-c"):
        account.role(name, hop)
    first, a = account.session("hop-a", "export")
    second, b = account.session("hop-b", "export", a)
    third, c = account.session("hop-c", "export", b)
    _, honest = account.session("hop-c", "batch")
    chain = (first, second, third)
    before = [account.standing(one) for one in chain]
    receipts = account.cut([p for one in chain for p in account.decided(one).proposals])
    seen = [account.reads(keys) for keys in (a, b, c)]
    works = account.reads(honest)
    assert (seen, works) == ([DENIED] * 3, WORKS)
    account.undo(receipts)
    assert [account.standing(one) for one in chain] == before
    cut = f"{receipts[0].order.action_id} on each of {len(receipts)} hops"
    return Row("", cut, f"each: {seen[-1]}", f"another session of the last: {works}", SAME)


def instance_credentials_outside(account: Account) -> Row:
    account.role("web-tier")
    thief, keys = account.session("web-tier", "i-0abc1234def567890")
    _, other = account.session("web-tier", "i-0fed9876cba543210")
    before = account.standing(thief)
    receipts = account.cut(
        account.decided(
            thief, type="UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"
        ).proposals
    )
    _, rotated = account.session("web-tier", "i-0abc1234def567890")
    seen, works = (account.reads(keys), account.reads(rotated)), account.reads(other)
    assert (seen, works) == ((DENIED, DENIED), WORKS)
    account.undo(receipts)
    assert account.standing(thief) == before
    told = f"{seen[0]}, after its rotation too: {seen[1]}"
    return Row("", receipts[0].order.action_id, told, f"another instance: {works}", SAME)


def instance_profile(account: Account) -> Row:
    account.role("batch-tier")
    thief, keys = account.session("batch-tier", "i-0abc1234def567890")
    role = thief.model_copy(update={"kind": PrincipalKind.ROLE, "session_name": None})
    before = account.standing(role)
    receipts = account.cut(account.decided(role).proposals)
    seen = account.reads(keys)
    account.cloud.advance(receipts[0].order.answer_within)
    _, fresh = account.session("batch-tier", "i-0abc1234def567890")
    works = account.reads(fresh)
    assert (seen, works) == (DENIED, WORKS)
    account.undo(receipts)
    assert account.standing(role) == before
    return Row("", receipts[0].order.action_id, seen, f"a later session: {works}", SAME)


def role_with_20_policies(account: Account) -> Row:
    account.role("crowded")
    thief, keys = account.session("crowded", "first")
    before = account.standing(thief)
    receipts = account.cut([about(DENY_ROLE, thief)], Through(Full(account.contains)))
    _, fresh = account.session("crowded", "second")
    seen = account.reads(keys), account.reads(fresh)
    assert seen == (DENIED, DENIED)
    account.undo(receipts)
    assert account.standing(thief) == before
    told = f"{DENY_ROLE} (inline: attaching is answered LimitExceeded)"
    return Row("", told, f"{seen[0]}, a new session too", "", SAME)


# ---- Never tried and failed


def identity_center(account: Account) -> Row:
    name = "AWSReservedSSO_Admin_0123456789abcdef"
    arn = f"arn:aws:sts::{SHOP}:assumed-role/{name}/sam@example.com"
    kind = PrincipalKind.IDENTITY_CENTER
    person = Principal(kind=kind, account=SHOP, arn=arn, name=name, session_name="sam@example.com")
    return _refused(account, person)


def root(account: Account) -> Row:
    arn = f"arn:aws:iam::{SHOP}:root"
    return _refused(account, Principal(kind=PrincipalKind.ROOT, account=SHOP, arn=arn))


def service_linked_role(account: Account) -> Row:
    name = "AWSServiceRoleForAutoScaling"
    arn = f"arn:aws:iam::{SHOP}:role/{name}"
    kind = PrincipalKind.SERVICE_LINKED_ROLE
    return _refused(account, Principal(kind=kind, account=SHOP, arn=arn, name=name))


def another_account(account: Account) -> Row:
    arn = "arn:aws:iam::999988887777:root"
    kind = PrincipalKind.AWS_ACCOUNT
    return _refused(account, Principal(kind=kind, account="999988887777", arn=arn))


def aws_service(account: Account) -> Row:
    return _refused(account, Principal(kind=PrincipalKind.AWS_SERVICE, name="ec2.amazonaws.com"))


def kubernetes_user(account: Account) -> Row:
    return _refused(account, Principal(kind=PrincipalKind.KUBERNETES_USER, name="system:admin"))


def break_glass(account: Account) -> Row:
    user, keys = account.user("break-glass-1")
    row = _refused(account, user, protect=f"arn:aws:iam::{SHOP}:user/break-glass-*")
    return replace(row, seen=account.reads(keys))


def the_responder_itself(account: Account) -> Row:
    name = "breach-responder-contain"
    arn = f"arn:aws:iam::{SHOP}:role/{name}"
    kind = PrincipalKind.ASSUMED_ROLE
    return _refused(account, Principal(kind=kind, account=SHOP, arn=arn, name=name))


def the_responders_function(account: Account) -> Row:
    name = "breach-responder-ContainFunctionRole-0A1B2C3D"
    arn = f"arn:aws:iam::{HOME}:role/{name}"
    kind = PrincipalKind.ASSUMED_ROLE
    return _refused(account, Principal(kind=kind, account=HOME, arn=arn, name=name))


def sample_finding(account: Account) -> Row:
    user, keys = account.user("sampled")
    decision = account.decided(user, sample=True)
    assert (decision.disposition, decision.proposals) == (Disposition.RECORD, ())
    return Row("", f"recorded: {decision.reason}", account.reads(keys))


CASES: tuple[Callable[[Account], Row], ...] = (
    user_key,
    user_with_a_boundary,
    user_at_the_policy_quota,
    user_session_token,
    federation_token,
    other_key_of_the_user,
    bedrock_api_key,
    console_password,
    deleted_principal,
    role_session,
    attacker_that_takes_the_role_again,
    three_hop_chain,
    instance_credentials_outside,
    instance_profile,
    role_with_20_policies,
    identity_center,
    root,
    service_linked_role,
    another_account,
    aws_service,
    kubernetes_user,
    break_glass,
    the_responder_itself,
    the_responders_function,
    sample_finding,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_case_of_the_table(account: Account, case: Callable[[Account], Row]) -> None:
    row = case(account)
    account.rows.append(replace(row, case=case.__name__.replace("_", " ")))


def _cut(
    account: Account,
    thief: Principal,
    keys: Keys,
    others: Keys | None = None,
    *,
    code: str,
    clients: Through | None = None,
) -> Row:
    """What a finding leads to, carried out and undone."""
    before, worked = account.standing(thief), account.reads(keys)
    receipts = account.cut(account.decided(thief).proposals, clients)
    seen = account.reads(keys)
    works = "" if others is None else account.reads(others)
    assert (worked, seen, works or WORKS) == (WORKS, code, WORKS)
    account.undo(receipts)
    assert (account.standing(thief), account.reads(keys)) == (before, WORKS)
    cut = ", ".join(receipt.order.action_id for receipt in receipts)
    return Row("", cut, f"worked, then {seen}", works and f"another's: {works}", SAME)


def _refused(account: Account, principal: Principal, *, protect: str | None = None) -> Row:
    """Nothing is ordered about it, and a person is told what to do."""
    decision = account.decided(principal, protect=[protect] if protect else [])
    [refusal] = decision.refusals
    assert decision.proposals == ()
    assert len(refusal.next_step) > 30
    return Row("", f"refused: {refusal.reason} Next: {refusal.next_step[:110]}…", "left alone")
