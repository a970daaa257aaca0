"""What a stolen credential assumed and made, from the records of CloudTrail and nothing else."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from responder.domain.lineage import Lineage, Node, NodeKind, Verb, seed_of, with_siblings
from responder.domain.lineage_growth import MOST_GAPS, grow
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.trail_event import read_event
from tests.builders import HOME, NOON, REGION, SHOP, a_session, a_user
from tests.trails import (
    START,
    STOLEN,
    assumes,
    by_session,
    by_user,
    key,
    makes_a_key,
    makes_a_user,
    read,
    record,
)

SAML = f"arn:aws:iam::{SHOP}:saml-provider/corp"
OIDC = f"arn:aws:iam::{SHOP}:oidc-provider/idp.example.com"
ROOT = Principal(kind=PrincipalKind.ROOT, account=SHOP, arn=f"arn:aws:iam::{SHOP}:root")
STRANGER = {"type": "AWSAccount", "principalId": "AIDAEXAMPLEEXAMPLE77", "accountId": HOME}


def a_start(*principals: Principal) -> Lineage:
    seeds = [seed_of(one, SHOP) for one in principals or (a_user(),)]
    nodes = tuple(seed for seed in seeds if seed is not None)
    return Lineage(since=START - timedelta(hours=24), until=NOON, nodes=nodes)


def grown(*records: dict[str, Any], start: Lineage | None = None, **bounds: int) -> Lineage:
    return grow(start or a_start(), read(*records), **bounds)


def found(lineage: Lineage) -> list[tuple[NodeKind, str | None]]:
    return [(node.kind, node.name) for node in lineage.nodes if not node.seed]


def steps(lineage: Lineage) -> list[tuple[Verb, str]]:
    return [(edge.verb, edge.event_id) for edge in lineage.edges]


def test_a_chain_of_three_roles_is_followed_hop_by_hop() -> None:
    first = assumes(1, by_user(), "reader", "one-session", key(1))
    second = assumes(2, by_session("reader", "one-session", key(1)), "writer", "two", key(2))
    third = assumes(3, by_session("writer", "two", key(2)), "admin", "three", key(3))
    lineage = grown(first, second, third)
    assert found(lineage) == [
        (NodeKind.ROLE_SESSION, "reader"),
        (NodeKind.ROLE_SESSION, "writer"),
        (NodeKind.ROLE_SESSION, "admin"),
    ]
    assert [edge.event_id for edge in lineage.edges] == [
        "AssumeRole-1",
        "AssumeRole-2",
        "AssumeRole-3",
    ]
    assert [edge.source for edge in lineage.edges[1:]] == [
        edge.target for edge in lineage.edges[:2]
    ]
    last = lineage.nodes[-1]
    assert (last.session_name, last.principal_id) == ("three", "AROAEXAMPLEEXAMPLE00:three")
    assert lineage.roots(last.id) == {lineage.nodes[0].id}


def test_the_order_in_which_events_arrive_changes_nothing() -> None:
    records = [
        makes_a_key(1, by_user(), "backup", key(7, "AKIA")),
        assumes(1, by_user("backup", key(7, "AKIA")), "admin", "seven", key(8)),
        makes_a_user(1, by_session("admin", "seven", key(8)), "helper"),
    ]
    lineages = [grown(*order) for order in permutations(records)]
    assert all(one == lineages[0] for one in lineages)
    assert len(lineages[0].edges) == 3


def test_a_key_minted_for_another_user_acts_for_the_attacker_and_that_users_own_key_does_not() -> (
    None
):
    lineage = grown(
        makes_a_key(1, by_user(), "backup", key(7, "AKIA")),
        makes_a_user(2, by_user("backup", key(7, "AKIA")), "helper"),
        makes_a_user(3, by_user("backup", key(9, "AKIA")), "honest"),
    )
    assert found(lineage) == [(NodeKind.ACCESS_KEY, "backup"), (NodeKind.USER, "helper")]


def test_a_key_that_a_user_makes_for_itself_is_its_own() -> None:
    made = {"userName": "orders-export", "accessKeyId": key(7, "AKIA"), "status": "Active"}
    lineage = grown(record("CreateAccessKey", 1, by_user(), None, {"accessKey": made}))
    [key_node] = [node for node in lineage.nodes if not node.seed]
    assert (key_node.name, key_node.access_key_id) == ("orders-export", key(7, "AKIA"))


def test_everything_a_new_user_does_counts_whatever_key_it_has() -> None:
    lineage = grown(
        makes_a_user(1, by_user(), "helper"),
        makes_a_user(2, by_user("helper", key(9, "AKIA")), "second"),
    )
    assert found(lineage) == [(NodeKind.USER, "helper"), (NodeKind.USER, "second")]


def test_a_login_profile_signs_in_and_its_console_calls_count_and_its_old_key_does_not() -> None:
    asked = {"userName": "backup", "passwordResetRequired": False}
    lineage = grown(
        record("CreateLoginProfile", 1, by_user(), asked, {"loginProfile": {"userName": "backup"}}),
        makes_a_user(2, by_user("backup", key(4)), "helper"),
        makes_a_user(3, by_user("backup", key(9, "AKIA")), "honest"),
    )
    assert found(lineage) == [(NodeKind.LOGIN_PROFILE, "backup"), (NodeKind.USER, "helper")]


@pytest.mark.parametrize("error", ["AccessDenied", "EntityAlreadyExists"])
def test_a_call_that_failed_makes_nothing(error: str) -> None:
    refused = makes_a_user(1, by_user(), "helper") | {"errorCode": error}
    assert found(grown(refused)) == []


def test_what_others_do_does_not_count() -> None:
    lineage = grown(
        makes_a_user(1, by_user("honest", key(9, "AKIA")), "new-colleague"),
        makes_a_user(2, by_user("orders-export", key(8, "AKIA")), "by-the-users-other-key"),
    )
    assert found(lineage) == []


def test_nothing_counts_that_a_thing_did_before_it_was_made() -> None:
    lineage = grown(
        makes_a_user(1, by_user("helper", key(9, "AKIA")), "before"),
        makes_a_user(2, by_user(), "helper"),
    )
    assert found(lineage) == [(NodeKind.USER, "helper")]


@pytest.mark.parametrize(
    "name",
    ["x; rm -rf /", "$(id)", "a b", "../../etc", "<script>", "x'", "a\u202eb", "", "y" * 65],
)
def test_a_name_that_iam_would_not_take_gets_nowhere(name: str) -> None:
    lineage = grown(makes_a_user(1, by_user(), name))
    assert found(lineage) == []
    if name:
        [gap] = lineage.gaps
        assert "CreateUser-1" in gap
        assert name not in gap


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "{" * 50,
        "[" * 100_000,
        json.dumps(makes_a_user(1, by_user(), "x") | {"eventID": "a\nb"}),
        json.dumps(makes_a_user(1, by_user(), "x") | {"recipientAccountId": "1"}),
        json.dumps(makes_a_user(1, by_user(), "x") | {"eventTime": "yesterday"}),
        json.dumps(makes_a_user(1, by_user(), "x") | {"awsRegion": "us west"}),
    ],
)
def test_what_is_no_record_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_event(text)


def test_a_record_with_an_identity_of_the_wrong_shape_matches_nobody() -> None:
    identities: list[Any] = [None, [], "root", {"accessKeyId": [STOLEN]}, {"arn": {"a": 1}}]
    for identity in identities:
        strange = makes_a_user(1, by_user(), "x") | {"userIdentity": identity}
        assert found(grown(strange)) == []


def test_sessions_that_assume_each_other_in_a_circle_end() -> None:
    lineage = grown(
        assumes(1, by_user(), "ping", "one", key(1)),
        assumes(2, by_session("ping", "one", key(1)), "pong", "two", key(2)),
        assumes(3, by_session("pong", "two", key(2)), "ping", "one", key(1)),
        assumes(4, by_session("ping", "one", key(1)), "ping", "one", key(1)),
    )
    assert found(lineage) == [(NodeKind.ROLE_SESSION, "ping"), (NodeKind.ROLE_SESSION, "pong")]
    assert steps(lineage) == [
        (Verb.ASSUMED, "AssumeRole-1"),
        (Verb.ASSUMED, "AssumeRole-2"),
        (Verb.ASSUMED, "AssumeRole-3"),
    ]
    assert lineage.roots(lineage.nodes[1].id) == {lineage.nodes[0].id}


def test_a_graph_without_end_is_cut_and_says_so() -> None:
    many = [makes_a_user(n / 60, by_user(), f"user-{n}") for n in range(40)]
    lineage = grown(*many, most_nodes=10)
    assert len(lineage.nodes) == 10
    assert any("more than 10 things" in gap for gap in lineage.gaps)
    again = [
        record("UpdateAssumeRolePolicy", n / 60, by_user(), {"roleName": "web"}) for n in range(9)
    ]
    lineage = grown(*again, most_edges=5)
    assert len(lineage.edges) == 5
    assert any("more than 5 steps" in gap for gap in lineage.gaps)


def test_gaps_are_counted_out_too() -> None:
    many = [makes_a_user(n / 60, by_user(), "a b") for n in range(MOST_GAPS + 40)]
    assert len(grown(*many).gaps) == MOST_GAPS + 1


def test_another_account_that_comes_in_through_an_edited_trust_is_followed() -> None:
    edit = record("UpdateAssumeRolePolicy", 1, by_user(), {"roleName": "deploy"})
    honest = assumes(2, by_user("honest", key(9, "AKIA")), "deploy", "colleague", key(1))
    stranger = assumes(3, STRANGER, "deploy", "stranger", key(2))
    then = makes_a_user(4, by_session("deploy", "stranger", key(2)), "helper")
    lineage = grown(edit, honest, stranger, then)
    assert found(lineage) == [
        (NodeKind.TRUST_EDIT, "deploy"),
        (NodeKind.ROLE_SESSION, "deploy"),
        (NodeKind.USER, "helper"),
    ]
    assert lineage.nodes[2].session_name == "stranger"


def test_another_account_that_came_in_before_the_edit_does_not_count() -> None:
    stranger = assumes(1, STRANGER, "deploy", "partner", key(2))
    edit = record("UpdateAssumeRolePolicy", 2, by_user(), {"roleName": "deploy"})
    assert found(grown(stranger, edit)) == [(NodeKind.TRUST_EDIT, "deploy")]


def test_people_of_a_provider_that_was_made_are_followed_into_their_roles() -> None:
    saml = record("CreateSAMLProvider", 1, by_user(), {"name": "corp"}, {"sAMLProviderArn": SAML})
    oidc = record(
        "CreateOpenIDConnectProvider",
        1,
        by_user(),
        {"url": "x"},
        {"openIDConnectProviderArn": OIDC},
    )
    person = {"type": "SAMLUser", "principalId": "x=:mallory", "userName": "mallory"}
    token = {"type": "WebIdentityUser", "identityProvider": OIDC, "userName": "mallory"}
    lineage = grown(
        saml,
        oidc,
        assumes(
            2, person, "ops", "mallory", key(1), name="AssumeRoleWithSAML",
            request={"principalArn": SAML},
        ),
        assumes(3, token, "ops", "mallory", key(2), name="AssumeRoleWithWebIdentity"),
    )  # fmt: skip
    sessions = [node for node in lineage.nodes if node.kind is NodeKind.ROLE_SESSION]
    assert [node.access_key_id for node in sessions] == [key(1), key(2)]
    assert {lineage.into(one.id)[0].source.partition("|")[0] for one in sessions} == {
        "SAML provider",
        "OIDC provider",
    }


def test_every_session_of_a_role_that_was_made_counts_even_if_its_beginning_was_not_read() -> None:
    role = {"roleName": "backdoor", "arn": f"arn:aws:iam::{SHOP}:role/backdoor", "roleId": "AROAX"}
    lineage = grown(
        record("CreateRole", 1, by_user(), {"roleName": "backdoor"}, {"role": role}),
        makes_a_user(2, by_session("backdoor", "unseen", key(5)), "helper"),
    )
    assert found(lineage) == [
        (NodeKind.ROLE, "backdoor"),
        (NodeKind.ROLE_SESSION, "backdoor"),
        (NodeKind.USER, "helper"),
    ]


def test_a_source_identity_that_the_attacker_chose_tells_its_sessions() -> None:
    chosen = assumes(1, by_user(), "ops", "one", key(1), source="mallory")
    later = makes_a_user(2, by_session("admin", "two", key(2), source="mallory"), "helper")
    assert (NodeKind.USER, "helper") in found(grown(chosen, later))


def test_a_source_identity_that_a_session_already_had_does_not() -> None:
    inherited = assumes(
        1, by_session("web", "honest", key(3), source="alice"), "ops", "x1", key(1), source="alice"
    )
    start = a_start(a_session("web", "honest").model_copy(update={"access_key_id": key(3)}))
    later = makes_a_user(2, by_session("admin", "two", key(2), source="alice"), "helper")
    lineage = grown(inherited, later, start=start)
    assert found(lineage) == [(NodeKind.ROLE_SESSION, "ops")]


def test_sessions_of_a_user_carry_the_name_of_whoever_asked() -> None:
    token = {"credentials": {"accessKeyId": key(1)}}
    federated = {
        "credentials": {"accessKeyId": key(2)},
        "federatedUser": {"arn": f"arn:aws:sts::{SHOP}:federated-user/shadow"},
    }
    lineage = grown(
        record("GetSessionToken", 1, by_user(), None, token, service="sts"),
        record("GetFederationToken", 2, by_user(), {"name": "shadow"}, federated, service="sts"),
        makes_a_user(3, by_user("orders-export", key(1)), "helper"),
    )
    assert found(lineage) == [
        (NodeKind.USER_SESSION, "orders-export"),
        (NodeKind.FEDERATED_SESSION, "orders-export"),
        (NodeKind.USER, "helper"),
    ]


@pytest.mark.parametrize(
    ("service", "name", "request_parameters", "response", "kind", "told"),
    [
        ("lambda", "CreateFunctionUrlConfig", {"functionName": "pay"}, {},
         NodeKind.FUNCTION_URL, "pay"),
        ("lambda", "CreateFunctionUrlConfig20211031", {"functionName": "pay"}, {},
         NodeKind.FUNCTION_URL, "pay"),
        ("lambda", "AddPermission20150331v2", {"functionName": "pay", "statementId": "s1"}, {},
         NodeKind.FUNCTION_GRANT, "pay"),
        ("events", "PutRule", {"name": "nightly"}, {}, NodeKind.EVENT_RULE, "nightly"),
        ("events", "PutTargets", {"rule": "nightly", "targets": []}, {},
         NodeKind.EVENT_RULE, "nightly"),
        ("rolesanywhere", "CreateTrustAnchor", {"name": "x"}, {"trustAnchor": {"trustAnchorArn":
         f"arn:aws:rolesanywhere:{REGION}:{SHOP}:trust-anchor/0-1"}}, NodeKind.TRUST_ANCHOR, None),
        ("iam", "AttachUserPolicy", {"userName": "bob", "policyArn":
         "arn:aws:iam::aws:policy/AdministratorAccess"}, None, NodeKind.POLICY_ATTACHMENT, "bob"),
        ("iam", "CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{SHOP}:policy/shop"},
         {"policyVersion": {"versionId": "v9"}}, NodeKind.POLICY_VERSION, None),
        ("iam", "UpdateLoginProfile", {"userName": "bob"}, None, NodeKind.LOGIN_PROFILE, "bob"),
        ("iam", "UpdateAccessKey", {"userName": "bob", "accessKeyId": key(6, "AKIA"), "status":
         "Active"}, None, NodeKind.ACCESS_KEY, "bob"),
        ("ec2", "RunInstances", {},
         {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}},
         NodeKind.INSTANCE, "i-0123456789abcdef0"),
        ("s3", "PutBucketPolicy", {"bucketName": "orders"}, None, NodeKind.BUCKET_POLICY, "orders"),
    ],
)  # fmt: skip
def test_a_way_back_in_is_in_the_graph(
    service: str,
    name: str,
    request_parameters: dict[str, Any],
    response: dict[str, Any] | None,
    kind: NodeKind,
    told: str | None,
) -> None:
    call = record(name, 1, by_user(), request_parameters, response, service=service)
    lineage = grown(call)
    [node] = [node for node in lineage.nodes if not node.seed]
    assert (node.kind, node.name) == (kind, told)
    [edge] = lineage.edges
    assert (edge.event_id, edge.target) == (call["eventID"], node.id)


def test_switching_a_key_off_is_no_way_in() -> None:
    asked = {"userName": "bob", "accessKeyId": key(6, "AKIA"), "status": "Inactive"}
    assert found(grown(record("UpdateAccessKey", 1, by_user(), asked))) == []


def test_a_lineage_that_was_stored_grows_on_when_its_events_are_no_longer_told() -> None:
    first = grown(assumes(1, by_user(), "ops", "one", key(1)))
    later = grown(makes_a_user(2, by_session("ops", "one", key(1)), "helper"), start=first)
    assert found(later) == [(NodeKind.ROLE_SESSION, "ops"), (NodeKind.USER, "helper")]
    assert len(later.edges) == 2


def test_the_same_events_again_add_nothing() -> None:
    records = (assumes(1, by_user(), "ops", "one", key(1)), makes_a_user(2, by_user(), "helper"))
    once = grown(*records)
    assert grown(*records, start=once) == once


def test_another_key_of_a_user_is_a_sibling_until_an_event_says_that_it_was_made() -> None:
    start = with_siblings(a_start(), SHOP, "orders-export", [STOLEN, key(7, "AKIA")])
    assert [node.access_key_id for node in start.nodes if node.sibling] == [key(7, "AKIA")]
    used = makes_a_user(2, by_user("orders-export", key(7, "AKIA")), "honest")
    assert (NodeKind.USER, "honest") not in found(grown(used, start=start))
    minted = makes_a_key(1, by_user(), "orders-export", key(7, "AKIA"))
    lineage = grown(minted, used, start=start)
    assert not any(node.sibling for node in lineage.nodes)
    assert (NodeKind.USER, "honest") in found(lineage)


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        (a_user(), NodeKind.ACCESS_KEY),
        (a_user(access_key_id=key(1)), NodeKind.USER_SESSION),
        (a_user().model_copy(update={"access_key_id": None}), NodeKind.USER),
        (a_session(), NodeKind.ROLE_SESSION),
        (a_session().model_copy(update={"access_key_id": None}), NodeKind.ROLE_SESSION),
        (
            a_session().model_copy(update={"access_key_id": None, "session_name": None}),
            None,
        ),
        (ROOT, NodeKind.ROOT_SESSION),
        (Principal(kind=PrincipalKind.AWS_SERVICE, name="ec2.amazonaws.com"), None),
        (Principal(kind=PrincipalKind.UNKNOWN, access_key_id=STOLEN), None),
    ],
)
def test_a_lineage_begins_where_calls_can_be_told_apart(
    principal: Principal, kind: NodeKind | None
) -> None:
    seed = seed_of(principal, SHOP)
    assert (seed.kind if seed else None) == kind


def test_a_session_without_a_key_is_told_by_its_name() -> None:
    start = a_start(a_session("web", "batch").model_copy(update={"access_key_id": None}))
    lineage = grown(makes_a_user(1, by_session("web", "batch", key(5)), "helper"), start=start)
    assert found(lineage) == [(NodeKind.USER, "helper")]
    assert isinstance(lineage.nodes[0], Node)


def test_root_without_a_key_is_followed_by_what_it_is() -> None:
    identity = {"type": "Root", "arn": f"arn:aws:iam::{SHOP}:root", "accountId": SHOP}
    by_root = identity | {"principalId": SHOP, "accessKeyId": key(5)}
    lineage = grown(makes_a_user(1, by_root, "helper"), start=a_start(ROOT))
    assert found(lineage) == [(NodeKind.USER, "helper")]
