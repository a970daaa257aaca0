"""The state of each principal is kept as it stood before containment, whoever came first."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.aws.clients import Clients, MemberRole
from responder.collectors import iam_principal
from responder.collectors.collector import Collected, Scene
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from responder.domain.order import Before, Receipt, ReceiptStatus
from responder.domain.principal import Principal, PrincipalKind
from tests import collecting
from tests.builders import NOON, REGION, SHOP, a_finding, a_session, a_user, an_order
from tests.collecting import at_once

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


class Member(Clients):
    """IAM of the shop's account. The pretend IAM lacks one call, which is answered here."""

    def __init__(self) -> None:
        super().__init__(REGION, MemberRole("breach-responder-collect", "an-external-id"))

    def iam(self, account: str) -> Any:
        client: Any = super().iam(account)
        operation = "before-call.iam.ListServiceSpecificCredentials"
        client.meta.events.register(operation, self._credentials, unique_id="credentials")
        return client

    def _credentials(self, **given: Any) -> Any:
        held = [{"UserName": "orders-export", "ServiceName": "codecommit.amazonaws.com"}]
        answer = {"ServiceSpecificCredentials": held, "ResponseMetadata": {"HTTPStatusCode": 200}}
        return SimpleNamespace(status_code=200, headers={}), answer


def clients() -> Clients:
    return Member()


@pytest.fixture(autouse=True)
def _accounts_by_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is read is read in the shop's account, or not found."""
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)


@pytest.fixture
def user(aws: None) -> Principal:
    """A user with everything an attacker can use or leave behind."""
    iam = clients().iam(SHOP)
    iam.create_user(UserName="orders-export", Tags=[{"Key": "team", "Value": "orders"}])
    key = iam.create_access_key(UserName="orders-export")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(
        UserName="orders-export", PolicyName="read", PolicyDocument=json.dumps(POLICY)
    )
    own = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="orders-export", PolicyArn=own)
    iam.create_group(GroupName="exports")
    iam.put_group_policy(
        GroupName="exports", PolicyName="of-group", PolicyDocument=json.dumps(POLICY)
    )
    iam.add_user_to_group(GroupName="exports", UserName="orders-export")
    iam.create_login_profile(UserName="orders-export", Password="Not-a-secret-1")
    return a_user(access_key_id=key)


def a_scene(
    *findings: Finding,
    receipts: Callable[[], Sequence[Receipt]] = list,
    with_clients: Clients | None = None,
    instants: Iterator[datetime] | None = None,
) -> Scene:
    instants = instants or collecting.ticking()
    return collecting.a_scene(
        with_clients or clients(), *findings, receipts=receipts, read_at=lambda: next(instants)
    )


def reads(collected: Collected) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(collected.content.body)["live"]["reads"]
    return found


def test_a_users_state_is_whole_with_the_text_of_each_policy(user: Principal) -> None:
    [item] = at_once(iam_principal, a_scene(a_finding(principals=(user,))))
    state = reads(item)
    assert state["user"]["value"]["Tags"] == [{"Key": "team", "Value": "orders"}]
    assert [key["AccessKeyId"] for key in state["access keys"]["value"]] == [user.access_key_id]
    assert f"last use of {user.access_key_id}" in state
    assert state["inline policy read"]["value"] == POLICY
    own = f"policy arn:aws:iam::{SHOP}:policy/own"
    assert state[own]["value"]["DefaultVersionId"] == "v1"
    assert state[f"version v1 of {own}"]["value"]["Document"] == POLICY
    assert [group["GroupName"] for group in state["groups"]["value"]] == ["exports"]
    assert state["inline policy of-group of group exports"]["value"] == POLICY
    assert state["login profile"]["value"]["UserName"] == "orders-export"
    assert state["MFA devices"]["value"] == []
    assert len(state["service-specific credentials"]["value"]) == 1
    assert all("read_at" in value for value in state.values())


def test_a_roles_state_holds_its_trust_boundary_and_policies(aws: None) -> None:
    iam = clients().iam(SHOP)
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(POLICY))
    iam.create_role(
        RoleName="web-tier-role",
        AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=boundary["Policy"]["Arn"],
    )
    iam.put_role_policy(
        RoleName="web-tier-role", PolicyName="read", PolicyDocument=json.dumps(POLICY)
    )
    iam.attach_role_policy(
        RoleName="web-tier-role", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    [item] = at_once(iam_principal, a_scene(a_finding(principals=(a_session(),))))
    state = reads(item)
    assert state["role"]["value"]["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert "PermissionsBoundary" in state["role"]["value"]
    assert state["inline policy read"]["value"] == POLICY
    assert "policy arn:aws:iam::aws:policy/ReadOnlyAccess" in state
    assert state["instance profiles"]["value"] == []


def test_what_containment_found_before_it_acted_is_kept_with_which_read_came_first(
    user: Principal,
) -> None:
    before = Before(state={"keys": {"AKIA": "Active"}})
    at = NOON + timedelta(hours=1)

    def an_hour_of(status: ReceiptStatus, applied_at: datetime | None) -> Receipt:
        order = an_order(principal=user)
        return Receipt(order=order, status=status, before=before, applied_at=applied_at)

    sides = {}
    for name, applied_at in (
        ("later", at),
        ("earlier", NOON - timedelta(seconds=1)),
        ("meanwhile", NOON + timedelta(seconds=1)),
        ("unknown", None),
    ):
        receipt = an_hour_of(ReceiptStatus.APPLIED, applied_at)
        scene = a_scene(a_finding(principals=(user,)), receipts=[receipt].copy)
        [item] = at_once(iam_principal, scene)
        [kept] = json.loads(item.content.body)["before_containment"]
        assert kept["before"] == before.state
        sides[name] = kept["live_state_was_read"].split(":")[0]
    assert sides == {
        "later": "before the order",
        "earlier": "after the order began",
        "meanwhile": "while the order began",
        "unknown": "unclear",
    }


def test_receipts_are_read_after_the_live_state(user: Principal) -> None:
    """A receipt is written before its change. None after the live read means it changed nothing."""
    receipts_read: list[str] = []
    iam = clients().iam(SHOP)

    def contain_now() -> list[Receipt]:
        receipts_read.append("now")
        iam.delete_user_policy(UserName="orders-export", PolicyName="read")
        return []

    scene = a_scene(a_finding(principals=(user,)), receipts=contain_now)
    [item] = at_once(iam_principal, scene)
    assert receipts_read == ["now"]
    assert reads(item)["inline policy read"]["value"] == POLICY


def test_receipts_of_other_principals_are_left_out(user: Principal) -> None:
    other = Receipt(order=an_order(principal=a_session()), status=ReceiptStatus.APPLIED)
    scene = a_scene(a_finding(principals=(user,)), receipts=lambda: [other])
    [item] = at_once(iam_principal, scene)
    assert json.loads(item.content.body)["before_containment"] == []


class _Failing(Member):
    """IAM that refuses some operations."""

    def __init__(self, code: str, *operations: str) -> None:
        super().__init__()
        self._code, self._operations = code, operations

    def iam(self, account: str) -> Any:
        client: Any = super().iam(account)

        def refuse(model: Any, **given: Any) -> None:
            if not self._operations or model.name in self._operations:
                raise ClientError({"Error": {"Code": self._code}}, model.name)

        client.meta.events.register_first("before-call.iam.*", refuse, unique_id="refuse")
        return client


def test_what_is_never_read_is_a_limit_and_no_gap_of_an_item_that_is_whole(
    user: Principal,
) -> None:
    [item] = at_once(iam_principal, a_scene(a_finding(principals=(user,))))
    assert item.gaps == ()
    assert any("SSH public keys" in limit for limit in iam_principal.LIMITS)


def test_a_read_that_fails_is_a_named_gap_and_the_others_go_on(user: Principal) -> None:
    broken = _Failing("AccessDenied", "ListMFADevices", "GetUserPolicy")
    scene = a_scene(a_finding(principals=(user,)), with_clients=broken)
    [item] = at_once(iam_principal, scene)
    said = [gap.split(" could not be read")[0] for gap in item.gaps if "could not" in gap]
    assert said == ["MFA devices", "inline policy read"]
    assert "failed" in reads(item)["MFA devices"]
    assert reads(item)["login profile"]["value"]["UserName"] == "orders-export"


@pytest.mark.parametrize(("code", "error"), [("AccessDenied", Broken), ("Throttling", Unavailable)])
def test_when_nothing_can_be_read_the_collector_fails(
    user: Principal, code: str, error: type[Exception]
) -> None:
    scene = a_scene(a_finding(principals=(user,)), with_clients=_Failing(code))
    with pytest.raises(error):
        list(iam_principal.collect(scene))


def test_one_identity_that_cannot_be_read_does_not_keep_the_others_from_being_kept(
    user: Principal,
) -> None:
    unreadable = a_session()
    of_roles = ("GetRole", "ListRolePolicies", "ListAttachedRolePolicies")
    broken = _Failing("AccessDenied", *of_roles, "ListInstanceProfilesForRole")
    scene = a_scene(a_finding(principals=(unreadable, user)), with_clients=broken)
    found = iam_principal.collect(scene)
    one = next(found)
    assert isinstance(one, Collected)
    assert reads(one)["user"]["value"]["UserName"] == "orders-export"
    with pytest.raises(Broken):
        next(found)


def test_a_role_of_an_account_out_of_reach_is_a_gap(aws: None) -> None:
    theirs = a_session().model_copy(update={"account": "999988887777"})
    scene = a_scene(a_finding(principals=(theirs,)), with_clients=_Failing("AccessDenied"))
    [item] = at_once(iam_principal, scene)
    assert sum("could not be read" in gap for gap in item.gaps) == 4


def test_a_deleted_user_is_recorded_as_absent_not_as_a_failure(aws: None) -> None:
    [item] = at_once(iam_principal, a_scene(a_finding(principals=(a_user("gone"),))))
    assert reads(item)["user"]["value"] is None
    assert not any("could not" in gap for gap in item.gaps)


def test_a_principal_iam_does_not_hold_is_kept_with_a_gap_that_says_so(aws: None) -> None:
    root = Principal(kind=PrincipalKind.ROOT, account=SHOP, arn=f"arn:aws:iam::{SHOP}:root")
    [item] = at_once(iam_principal, a_scene(a_finding(principals=(root,))))
    assert json.loads(item.content.body)["identity"] == root.arn
    assert "no identity of its own" in item.gaps[0]


def test_no_principal_at_all_is_kept_as_that(aws: None) -> None:
    [item] = at_once(iam_principal, a_scene(a_finding(principals=())))
    assert item.gaps == ("no finding names a principal",)


def test_two_keys_of_one_user_are_one_item_and_names_stay_the_same(user: Principal) -> None:
    second = user.model_copy(update={"access_key_id": "AKIAEXAMPLEEXAMPLE99"})
    findings = (a_finding(principals=(user, second)), a_finding(principals=(user,)))
    [item] = at_once(iam_principal, a_scene(*findings))
    [again] = at_once(iam_principal, a_scene(*reversed(findings)))
    assert item.name == again.name
    assert len(json.loads(item.content.body)["named"]) == 2


def test_two_names_made_to_look_alike_are_two_items(aws: None) -> None:
    """Both become the same in a key, and the first eight digits of their hashes are alike too."""
    one, other = "x+=@_,__+x", "x==+@,_@=x"
    scene = a_scene(a_finding(principals=(a_user(one), a_user(other))))
    names = [each.name for each in iam_principal.collect(scene)]
    assert len(set(names)) == 2
