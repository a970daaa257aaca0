"""What a lineage leads to: the smallest cut there is, a question, or a step for a person."""

from typing import Any

import pytest

from responder.domain.decision import Mode
from responder.domain.finding import Finding, Severity
from responder.domain.ladder import (
    CLOSE_ROLE_TRUST,
    CUT_CONSOLE_SIGN_IN,
    CUT_USER_SESSIONS,
    DEACTIVATE_KEY,
    DENY_ROLE_SESSION,
    DENY_USER,
)
from responder.domain.lineage import Lineage, NodeKind, seed_of, with_siblings
from responder.domain.lineage_decision import LineageDecision, decide_lineage, wanted_of
from responder.domain.lineage_growth import grow
from responder.domain.lineage_next_steps import _STEPS
from responder.domain.order import OrderMode, Silence
from responder.domain.policy import DEFAULT_POLICY, Policy, Rule, Then
from responder.domain.protection import ProtectList, own_roles
from tests.builders import HOME, NOON, SHOP, a_finding, a_session, a_user
from tests.trails import (
    START,
    assumes,
    by_session,
    by_user,
    key,
    makes_a_key,
    makes_a_user,
    read,
    record,
)

STOLEN_KEY = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"


def automatic(**given: Any) -> Policy:
    return Policy(rules=(Rule(then=Then.AUTOMATIC, **given),))


def a_lineage(*records: dict[str, Any], findings: tuple[Finding, ...] = ()) -> Lineage:
    principals = [p for one in findings or (a_finding(),) for p in one.principals]
    seeds = [seed for one in principals if (seed := seed_of(one, SHOP)) is not None]
    return grow(Lineage(since=START, until=NOON, nodes=tuple(seeds)), read(*records))


def decided(
    *records: dict[str, Any],
    policy: Policy | None = None,
    findings: tuple[Finding, ...] = (),
    protect: tuple[str, ...] = (),
    mode: Mode = "respond",
    ours: tuple[str, ...] = (SHOP,),
    lineage: Lineage | None = None,
) -> LineageDecision:
    findings = findings or (a_finding(),)
    return decide_lineage(
        lineage or a_lineage(*records, findings=findings),
        findings,
        policy or automatic(),
        ProtectList(patterns=protect, own=own_roles()),
        mode,
        ours=ours,
    )


def says(decision: LineageDecision) -> list[tuple[str, str, OrderMode]]:
    return [(one.action_id, one.resource, one.mode) for one in decision.proposals]


def profile(user: str, name: str = "CreateLoginProfile") -> dict[str, Any]:
    return record(name, 1, by_user(), {"userName": user}, {"loginProfile": {"userName": user}})


@pytest.mark.parametrize(
    ("call", "action_id", "resource"),
    [
        (makes_a_key(1, by_user(), "backup", key(7, "AKIA")), DEACTIVATE_KEY, "user/backup"),
        (makes_a_user(1, by_user(), "helper"), DENY_USER, "user/helper"),
        (profile("backup"), CUT_CONSOLE_SIGN_IN, "user/backup"),
    ],
)
def test_what_the_stolen_credential_made_goes_as_the_findings_rule_says(
    call: dict[str, Any], action_id: str, resource: str
) -> None:
    arn = f"arn:aws:iam::{SHOP}:{resource}"
    assert says(decided(call)) == [(action_id, arn, OrderMode.AUTOMATIC)]
    asking = Policy(rules=(Rule(then=Then.APPROVAL),))
    assert says(decided(call, policy=asking)) == [(action_id, arn, OrderMode.APPROVAL)]
    left = decided(call, policy=Policy(rules=(Rule(then=Then.ESCALATE),)))
    assert says(left) == []
    [refusal] = left.refusals
    assert refusal.resource == arn


@pytest.mark.parametrize(
    ("call", "action_id", "resource"),
    [
        (
            assumes(1, by_user(), "ops", "one", key(1)),
            DENY_ROLE_SESSION,
            f"arn:aws:iam::{SHOP}:role/ops",
        ),
        (
            record("UpdateAssumeRolePolicy", 1, by_user(), {"roleName": "deploy"}),
            CLOSE_ROLE_TRUST,
            f"arn:aws:iam::{SHOP}:role/deploy",
        ),
        (
            profile("backup", "UpdateLoginProfile"),
            CUT_CONSOLE_SIGN_IN,
            f"arn:aws:iam::{SHOP}:user/backup",
        ),
    ],
)
def test_what_it_assumed_or_changed_is_asked_about_whatever_the_rule(
    call: dict[str, Any], action_id: str, resource: str
) -> None:
    [proposal] = decided(call, policy=automatic(on_silence=Silence.PROCEED)).proposals
    assert (proposal.action_id, proposal.resource) == (action_id, resource)
    assert proposal.mode is OrderMode.APPROVAL
    assert proposal.on_silence is Silence.ESCALATE


def test_what_was_made_long_before_the_detector_saw_anything_is_asked_about() -> None:
    at_work = decided(makes_a_user(-90, by_user(), "colleague"))
    assert [one.mode for one in at_work.proposals] == [OrderMode.APPROVAL]
    just_before = decided(makes_a_user(-30, by_user(), "helper"))
    assert [one.mode for one in just_before.proposals] == [OrderMode.AUTOMATIC]


def test_what_comes_after_a_change_may_be_the_owners_work_and_is_asked_about() -> None:
    reset = profile("backup", "UpdateLoginProfile")
    after = makes_a_user(2, by_user("backup", key(4)), "colleague")
    of_the_user = decided(reset, after).proposals[-1]
    assert (of_the_user.action_id, of_the_user.mode) == (DENY_USER, OrderMode.APPROVAL)
    new = makes_a_user(2, by_user("backup", key(4)), "helper")
    assert decided(profile("backup"), new).proposals[-1].mode is OrderMode.AUTOMATIC


def test_who_has_a_source_identity_that_the_attacker_chose_may_be_honest_and_is_asked_about() -> (
    None
):
    """Else a thief who calls himself alice has the responder cut what Alice makes."""
    chosen = assumes(1, by_user(), "ops", "one", key(1), source="alice")
    made = makes_a_user(2, by_session("admin", "two", key(2), source="alice"), "helper")
    asked = [one for one in decided(chosen, made).proposals if one.action_id == DENY_USER]
    assert [one.mode for one in asked] == [OrderMode.APPROVAL]


def test_a_proposal_names_the_event_that_proves_it_and_when_it_was() -> None:
    call = makes_a_user(1, by_user(), "helper")
    [proved] = decided(call).proved
    assert call["eventID"] in proved.proposal.reason
    assert "CreateUser" in proved.proposal.reason
    assert proved.at == read(call)[0].at


def test_an_order_about_a_key_holds_its_user_and_one_about_a_session_its_userid() -> None:
    lineage = a_lineage(
        makes_a_key(1, by_user(), "backup", key(7, "AKIA")),
        assumes(2, by_user(), "ops", "one", key(1)),
    )
    proposals = decided(lineage=lineage).proposals
    of_the_key, of_the_session = (p.principal for p in proposals if p.principal is not None)
    assert (of_the_key.name, of_the_key.access_key_id) == ("backup", key(7, "AKIA"))
    assert (of_the_session.name, of_the_session.session_name, of_the_session.principal_id) == (
        "ops",
        "one",
        "AROAEXAMPLEEXAMPLE00:one",
    )


def test_two_sessions_of_one_role_are_two_orders_and_one_session_twice_is_one() -> None:
    decision = decided(
        assumes(1, by_user(), "ops", "one", key(1)),
        assumes(2, by_user(), "ops", "two", key(2)),
        assumes(3, by_user(), "ops", "two", key(3)),
    )
    assert len(wanted_of(decision.proposals)) == 2


def test_other_keys_of_a_user_are_asked_about() -> None:
    lineage = with_siblings(a_lineage(), SHOP, "orders-export", [key(8, "AKIA")])
    [proposal] = decided(lineage=lineage).proposals
    assert (proposal.action_id, proposal.mode) == (DEACTIVATE_KEY, OrderMode.APPROVAL)
    assert proposal.about[2] == key(8, "AKIA")


def test_what_a_finding_names_itself_is_not_proposed_again() -> None:
    assert decided().proposals == ()
    again = assumes(1, by_user(), "web", "x1", key(1))
    named = a_finding(principals=(a_user(), a_session().model_copy(update={"name": "web"})))
    assert len(decided(again, findings=(named,)).proposals) == 1


@pytest.mark.parametrize(
    ("ends", "asked"),
    [
        ("Nov 23, 2026, 11:59:59 AM", 0),
        ("Nov 23, 2026 11:59:59 AM", 0),
        ("Nov 23, 2026, 11:59:59\u202fAM", 0),
        ("Nov 23, 2026, 12:00:01 PM", 1),
        ("Nov 22, 2026, 11:59:59 AM", 1),  # before it began: not believed
        ("soon", 1),
        (None, 1),
        (7, 1),
    ],
)
def test_a_session_that_is_over_is_not_asked_about_and_what_it_made_is(
    ends: object, asked: int
) -> None:
    begins = assumes(1, by_user(), "ops", "one", key(1))
    begins["responseElements"]["credentials"]["expiration"] = ends
    then = makes_a_user(2, by_session("ops", "one", key(1)), "helper")
    decision = decided(begins, then)
    assert [one.action_id for one in decision.proposals][-1] == DENY_USER
    assert len(decision.proposals) == 1 + asked


def test_monitor_mode_holds_every_order() -> None:
    [proposal] = decided(makes_a_user(1, by_user(), "helper"), mode="monitor").proposals
    assert proposal.held


@pytest.mark.parametrize("pattern", ["helper", f"arn:aws:iam::{SHOP}:user/*"])
def test_the_protect_list_holds_for_what_was_made_too(pattern: str) -> None:
    decision = decided(makes_a_user(1, by_user(), "helper"), protect=(pattern,))
    assert decision.proposals == ()
    [refusal] = decision.refusals
    assert "protect list" in refusal.reason
    assert "CreateUser-1" in refusal.reason


@pytest.mark.parametrize(
    "role", ["breach-responder-contain", "AWSReservedSSO_Admin_0123", "AWSServiceRoleForSupport"]
)
def test_our_own_roles_and_those_of_aws_are_never_cut(role: str) -> None:
    decision = decided(assumes(1, by_user(), role, "one", key(1)))
    assert decision.proposals == ()
    assert len(decision.refusals) == 1


def test_a_role_of_another_account_is_ours_only_if_we_were_let_in() -> None:
    call = assumes(1, by_user(), "ops", "one", key(1), account=HOME)
    left = decided(call)
    assert left.proposals == ()
    assert HOME in left.refusals[0].reason
    [proposal] = decided(call, ours=(SHOP, HOME)).proposals
    assert proposal.principal is not None
    assert proposal.principal.account == HOME


def test_sessions_of_a_user_die_with_the_deny_of_that_user_and_are_not_asked_about_twice() -> None:
    token = {"credentials": {"accessKeyId": key(1)}}
    call = record("GetSessionToken", 1, by_user(), None, token, service="sts")
    assert decided(call) == LineageDecision()
    minted = makes_a_key(0, by_user(), "backup", key(7, "AKIA"))
    of_backup = record(
        "GetSessionToken", 1, by_user("backup", key(7, "AKIA")), None, token, service="sts"
    )
    assert (CUT_USER_SESSIONS, f"arn:aws:iam::{SHOP}:user/backup", OrderMode.APPROVAL) in says(
        decided(minted, of_backup)
    )


def test_the_strongest_rule_of_the_findings_that_lead_there_decides() -> None:
    stolen = a_finding(key="a", type=STOLEN_KEY, severity=Severity.CRITICAL)
    conduct = a_finding(key="b", type="CredentialAccess:EC2/UnsecuredCredentials")
    elsewhere = a_finding(key="c", principals=(a_user("other", key(3, "AKIA")),))
    call = makes_a_user(1, by_user(), "helper")
    lineage = a_lineage(call, findings=(stolen, conduct, elsewhere))
    both = decided(lineage=lineage, findings=(conduct, stolen), policy=DEFAULT_POLICY)
    assert [one.mode for one in both.proposals] == [OrderMode.AUTOMATIC]
    alone = decided(lineage=lineage, findings=(conduct,), policy=DEFAULT_POLICY)
    assert [one.mode for one in alone.proposals] == [OrderMode.APPROVAL]
    other = stolen.model_copy(update={"principals": elsewhere.principals})
    mixed = decided(lineage=lineage, findings=(conduct, other), policy=DEFAULT_POLICY)
    assert [one.mode for one in mixed.proposals] == [OrderMode.APPROVAL]


@pytest.mark.parametrize("given", [{"sample": True}, {"archived": True}, {"known_type": False}])
def test_a_finding_that_is_not_acted_upon_lends_no_rule(given: dict[str, Any]) -> None:
    decision = decided(makes_a_user(1, by_user(), "helper"), findings=(a_finding(**given),))
    assert decision.proposals == ()
    assert len(decision.refusals) == 1


def test_what_a_person_must_undo_has_the_exact_command_and_the_proof() -> None:
    url = record(
        "CreateFunctionUrlConfig", 1, by_user(), {"functionName": "pay"}, {}, service="lambda"
    )
    [refusal] = decided(url).refusals
    assert "aws lambda delete-function-url-config --function-name pay" in refusal.next_step
    assert "us-west-2" in refusal.next_step
    assert SHOP in refusal.next_step
    assert url["eventID"] in refusal.reason


def test_every_kind_of_thing_has_a_next_step_that_can_be_written_out() -> None:
    assert set(_STEPS) == set(NodeKind)
    for text in _STEPS.values():
        shown = text.format(name="n", arn="a", detail="d", key="k")
        assert "{" not in shown


def test_the_same_lineage_is_decided_the_same_way_twice() -> None:
    lineage = a_lineage(
        makes_a_user(1, by_user(), "helper"),
        assumes(2, by_user(), "ops", "one", key(1)),
        makes_a_key(3, by_session("ops", "one", key(1)), "backup", key(7, "AKIA")),
    )
    assert decided(lineage=lineage) == decided(lineage=lineage)
