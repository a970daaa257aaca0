"""Nothing is cut that was not named, of a known type, ours to cut, and unprotected."""

from typing import Any

import pytest

from responder.domain.decision import Decision, Disposition, decide, merged
from responder.domain.finding import Finding, Resource, Severity
from responder.domain.order import OrderMode
from responder.domain.policy import DEFAULT_POLICY, Policy, Rule, Then
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList, own_roles
from tests.builders import SHOP, a_finding, a_session, a_user

OWN = ProtectList(own=own_roles())

TASK = Resource(
    kind="ECSTask",
    id="arn:aws:ecs:us-west-2:111122223333:task/shop/0123456789abcdef0123456789abcdef",
)
INSTANCE = Resource(kind="Instance", id="arn:aws:ec2:us-west-2:111122223333:instance/i-0a")


def decided(finding: Finding | None = None, /, **given: Any) -> Decision:
    about = finding or a_finding(**given)
    return decide(about, DEFAULT_POLICY, OWN, "respond")


def orders(decision: Decision) -> list[tuple[str, str]]:
    return [(proposal.action_id, proposal.mode.value) for proposal in decision.proposals]


def test_a_stolen_key_is_denied_and_then_deactivated_at_once() -> None:
    decision = decided()
    assert decision.disposition is Disposition.CONTAIN
    assert orders(decision) == [
        ("iam.deny_user", "automatic"),
        ("iam.deactivate_key", "automatic"),
    ]
    assert {proposal.resource for proposal in decision.proposals} == {a_user().arn}
    assert decision.refusals == ()


def test_a_temporary_key_of_a_user_dies_by_the_deny() -> None:
    assert orders(decided(principals=(a_user(access_key_id="ASIAEXAMPLEEXAMPLE00"),))) == [
        ("iam.deny_user", "automatic")
    ]


def test_one_session_of_a_role_is_cut_and_asked_about_unless_it_is_critical() -> None:
    high = decided(principals=(a_session(),))
    assert orders(high) == [("iam.deny_role_session", "approval")]
    assert "every other session of the role goes on" in high.proposals[0].reason
    assert "a person is asked first" in high.proposals[0].reason
    critical = decided(principals=(a_session(),), severity=Severity.CRITICAL)
    assert orders(critical) == [("iam.deny_role_session", "automatic")]


def test_where_no_session_is_named_all_sessions_are_cut() -> None:
    unnamed = a_session().model_copy(update={"session_name": None})
    decision = decided(principals=(unnamed,))
    assert orders(decision) == [("iam.cut_role_sessions", "approval")]
    assert "honest workload" in decision.proposals[0].reason


def test_under_a_guard_policy_the_tag_is_the_first_write_and_never_on_a_role_that_serves() -> None:
    guarded = Policy(guarded=True)
    user = decide(a_finding(), guarded, OWN, "respond")
    assert orders(user)[0] == ("iam.tag_quarantined", "automatic")
    assert len(orders(user)) == 3
    session = decide(a_finding(principals=(a_session(),)), guarded, OWN, "respond")
    assert orders(session) == [("iam.deny_role_session", "approval")]


def test_monitor_mode_proposes_the_same_and_holds_it() -> None:
    monitor = decide(a_finding(), DEFAULT_POLICY, OWN, "monitor")
    assert orders(monitor) == orders(decided())
    assert all(proposal.held for proposal in monitor.proposals)
    assert not any(proposal.held for proposal in decided().proposals)


@pytest.mark.parametrize("mark", ["sample", "archived", "replayed", "own_write_back"])
def test_what_is_no_news_is_recorded_and_never_contained(mark: str) -> None:
    finding = a_finding(**{mark: True}, severity=Severity.CRITICAL)
    decision = decided(finding)
    assert decision.disposition is Disposition.RECORD
    assert decision.proposals == ()
    assert decision.refusals == ()
    in_a_drill = decide(finding, DEFAULT_POLICY, OWN, "respond", drill=True)
    assert (in_a_drill.disposition is Disposition.CONTAIN) is (mark == "sample")


def test_an_unknown_type_goes_to_a_person_whatever_its_severity() -> None:
    for severity in Severity:
        decision = decided(type="New:Thing/Odd", known_type=False, severity=severity)
        assert decision.disposition is Disposition.ESCALATE
        assert decision.proposals == ()
        assert decision.refusals


def test_a_shops_rule_cannot_make_us_contain_on_an_unknown_type() -> None:
    eager = Policy(rules=(Rule(then=Then.AUTOMATIC),))
    finding = a_finding(type="New:Thing/Odd", known_type=False)
    assert decide(finding, eager, OWN, "respond").proposals == ()


def test_a_minor_finding_is_recorded_unless_a_person_sent_it() -> None:
    minor = a_finding(severity=Severity.LOW)
    assert decided(minor).disposition is Disposition.RECORD
    asked = minor.model_copy(update={"requested_action": "Respond"})
    decision = decided(asked)
    assert decision.disposition is Disposition.ESCALATE
    assert decision.proposals == ()


REFUSED = {
    PrincipalKind.ROOT: "assume-root --target-principal 111122223333",
    PrincipalKind.IDENTITY_CENTER: "active sessions",
    PrincipalKind.SERVICE_LINKED_ROLE: "CloudTrail",
    PrincipalKind.FEDERATED_USER: "GetFederationToken",
    PrincipalKind.AWS_SERVICE: "sharedEventID",
    PrincipalKind.AWS_ACCOUNT: "resource control policy",
    PrincipalKind.KUBERNETES_USER: "delete-access-entry",
    PrincipalKind.DATABASE_USER: "rotate-secret",
    PrincipalKind.UNKNOWN: "AttributeValue=ASIAEXAMPLEEXAMPLE00",
}


def one_of(kind: PrincipalKind) -> Principal:
    return Principal(
        kind=kind,
        account=SHOP,
        arn=f"arn:aws:iam::{SHOP}:x/{kind.value}",
        name=kind.value,
        access_key_id="ASIAEXAMPLEEXAMPLE00",
    )


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_each_kind_we_cannot_contain_is_refused_with_the_next_step(kind: PrincipalKind) -> None:
    decision = decided(principals=(one_of(kind),), severity=Severity.CRITICAL)
    assert decision.disposition is Disposition.ESCALATE
    [refusal] = decision.refusals
    assert REFUSED[kind] in refusal.next_step
    assert refusal.reason
    assert refusal.resource == one_of(kind).arn


def test_each_kind_of_principal_is_either_contained_or_refused() -> None:
    contained = {PrincipalKind.IAM_USER, PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE}
    assert set(PrincipalKind) == contained | set(REFUSED)


def test_a_protected_principal_is_refused_by_the_pattern_that_protects_it() -> None:
    protect = ProtectList(patterns=("arn:aws:iam::*:user/orders-*",))
    decision = decide(a_finding(), DEFAULT_POLICY, protect, "respond")
    assert decision.disposition is Disposition.ESCALATE
    [refusal] = decision.refusals
    assert "arn:aws:iam::*:user/orders-*" in refusal.reason
    assert "attach-user-policy --user-name orders-export" in refusal.next_step


def test_the_responder_never_contains_itself() -> None:
    finding = a_finding(
        principals=(a_session("breach-responder-contain"),), severity=Severity.CRITICAL
    )
    assert decided(finding).proposals == ()


def test_one_refused_principal_does_not_save_the_others() -> None:
    decision = decided(principals=(one_of(PrincipalKind.ROOT), a_user()))
    assert decision.disposition is Disposition.CONTAIN
    assert len(decision.proposals) == 2
    assert len(decision.refusals) == 1


def test_an_instance_is_protected_at_once_and_people_are_asked_about_the_rest() -> None:
    decision = decided(
        type="CryptoCurrency:EC2/BitcoinTool.B", principals=(a_session(),), resources=(INSTANCE,)
    )
    assert decision.disposition is Disposition.CONTAIN
    assert orders(decision) == [
        ("ec2.protect_instance", "automatic"),
        ("ec2.leave_service", "approval"),
        ("ec2.quarantine_instance", "approval"),
    ]
    assert all(one.thing == INSTANCE and one.principal is None for one in decision.proposals)
    assert [refusal.resource for refusal in decision.refusals] == [a_session().arn]


def test_a_task_is_protected_at_once_and_people_are_asked_about_the_rest() -> None:
    cluster = Resource(kind="ECSCluster", id="arn:aws:ecs:us-west-2:111122223333:cluster/shop")
    decision = decided(type="Execution:ECS/MaliciousFile", principals=(), resources=(cluster, TASK))
    assert orders(decision) == [
        ("ecs.protect_task", "automatic"),
        ("ecs.leave_targets", "approval"),
    ]
    assert all(one.thing == TASK and one.principal is None for one in decision.proposals)
    [refusal] = decision.refusals
    assert refusal.resource == cluster.id
    assert "aws ecs list-tasks" in refusal.next_step


def test_a_thing_that_no_action_contains_goes_to_a_person_with_what_to_do_about_it() -> None:
    cluster = Resource(kind="ECSCluster", id="arn:aws:ecs:us-west-2:111122223333:cluster/shop")
    decision = decided(type="Execution:ECS/MaliciousFile", principals=(), resources=(cluster,))
    assert decision.disposition is Disposition.ESCALATE
    [refusal] = decision.refusals
    assert "Cut the task that the finding names" in refusal.next_step


def test_a_protected_task_is_left_to_a_person_with_its_role_and_its_end() -> None:
    protect = ProtectList(patterns=("arn:aws:ecs:*:*:task/shop/*",))
    finding = a_finding(type="Execution:ECS/MaliciousFile", principals=(), resources=(TASK,))
    [refusal] = decide(finding, DEFAULT_POLICY, protect, "respond").refusals
    assert "iam.deny_role_session" in refusal.next_step
    assert "stop the task last" in refusal.next_step


def test_a_protected_thing_is_left_to_a_person() -> None:
    protect = ProtectList(patterns=("arn:aws:ec2:*:*:instance/i-0*",))
    finding = a_finding(
        type="CryptoCurrency:EC2/BitcoinTool.B", principals=(), resources=(INSTANCE,)
    )
    decision = decide(finding, DEFAULT_POLICY, protect, "respond")
    assert orders(decision) == []
    [refusal] = decision.refusals
    assert "on the protect list" in refusal.reason
    assert "AWSSupport-ContainEC2Instance" in refusal.next_step


def test_a_bucket_that_a_thief_read_keeps_serving_the_shop() -> None:
    bucket = Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports")
    decision = decided(resources=(bucket,))
    assert {action for action, _ in orders(decision)} == {"iam.deny_user", "iam.deactivate_key"}
    destroyed = decided(type="Impact:S3/DataDestruction", resources=(bucket,))
    assert ("s3.hold_deletes", "automatic") in orders(destroyed)
    assert ("iam.deny_user", "approval") in orders(destroyed)


def test_an_instance_that_gives_out_credentials_is_left_to_a_person_besides_the_cut() -> None:
    decision = decided(
        type="UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        principals=(a_session(),),
        resources=(INSTANCE,),
    )
    assert orders(decision) == [("iam.deny_role_session", "approval")]
    assert [refusal.resource for refusal in decision.refusals] == [INSTANCE.id]


def test_a_shop_may_leave_one_action_to_a_person() -> None:
    shop = Policy(rules=(Rule(then=Then.AUTOMATIC, actions={"iam.deactivate_key": Then.ESCALATE}),))
    decision = decide(a_finding(), shop, OWN, "respond")
    assert orders(decision) == [("iam.deny_user", "automatic")]


def test_proposals_about_the_same_thing_are_one_and_the_automatic_one_counts() -> None:
    asked = decided(severity=Severity.MEDIUM).proposals
    at_once = decided().proposals
    other_key = decided(principals=(a_user(access_key_id="AKIAEXAMPLEEXAMPLE99"),)).proposals
    found = merged([*asked, *at_once, *other_key])
    assert [p.about[::2] for p in found] == [
        ("iam.deny_user", None),
        ("iam.deactivate_key", "AKIAEXAMPLEEXAMPLE00"),
        ("iam.deactivate_key", "AKIAEXAMPLEEXAMPLE99"),
    ]
    assert {p.mode for p in found} == {OrderMode.AUTOMATIC}


def test_hostile_names_are_shown_on_one_line_and_cut() -> None:
    user = Principal(kind=PrincipalKind.KUBERNETES_USER, account=SHOP, name="a\nb\u202e" * 200)
    [refusal] = decided(principals=(user,)).refusals
    assert "\n" not in refusal.resource
    assert "\u202e" not in refusal.resource
    assert len(refusal.resource) < 200


@pytest.mark.parametrize(
    "arn",
    [
        "arn:",
        "arn:aws:s3:::shop\nERROR forged line",
        "arn:aws:s3:::shop\u202e",
        "arn:aws:iam::111122223333:role/shop",
        "arn:aws-mallory:s3:::shop",
    ],
)
def test_no_order_is_given_about_what_is_no_arn_of_its_kind(arn: str) -> None:
    thing = Resource(kind="S3Bucket", id=arn, name="shop", account=SHOP, region="us-west-2")
    finding = a_finding(type="Impact:S3/DataDestruction", principals=(), resources=(thing,))
    decision = decide(finding, DEFAULT_POLICY, ProtectList(), "respond")
    assert decision.proposals == ()
    assert len(decision.refusals) == 1
