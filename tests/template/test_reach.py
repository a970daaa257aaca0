"""Who may do what, by role: each power is held by those who are named here, and by nobody else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders import HOME, REGION, SHOP
from tests.template.roles import (
    EXTERNAL_ID,
    KEPT,
    MEMBER,
    MEMORY_DOCUMENT,
    RESPONDER,
    VAULT,
    Thing,
    everybody,
    may,
    one_of,
    who_may,
    written,
)
from tests.template.templates import functions

VAULTS = [VAULT, HOME]  # an account of its own, or the responder's
WRITERS = {"Collect", "Seal", "Report", "Scope"}
HOLDING = {"s3:GetObjectLegalHold", "s3:PutObjectLegalHold"}
REHASHING = {"kms:Decrypt", "s3:GetObjectVersion"}
POWERS = {
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
    "s3:RestoreObject",
}
TABLE = Thing(f"arn:aws:dynamodb:{REGION}:{HOME}:table/Table", HOME)
RESPONSE = "stateMachine:breach-responder-incident-response"
CONTAINS = "ContainRole of the shop"
PRESERVES = "PreserveRole of the shop"
DOCUMENT = "automation-definition/breach-responder-"
STOP = "breach-responder/stop"


def function(verb: str) -> str:
    return f"function:breach-responder-{verb}Function"


def _of_home(service: str, rest: str) -> Thing:
    return Thing(f"arn:aws:{service}:{REGION}:{HOME}:{rest}", HOME)


def member(role: str, **told: str) -> Thing:
    """A member role of the shop, as somebody asks for a session of it."""
    of_shop = written(MEMBER, SHOP, VAULT)[role]
    trust, name = of_shop["AssumeRolePolicyDocument"], of_shop["RoleName"]
    return Thing(f"arn:aws:iam::{SHOP}:role/{name}", SHOP, trust, decides=True, told=told)


def evidence(vault: str, **told: str) -> Thing:
    policy = written(KEPT, vault, vault)["EvidenceBucketPolicy"]["PolicyDocument"]
    return Thing("arn:aws:s3:::EvidenceBucket/inc-20261123-0a1b2c3d4e/x", vault, policy, told=told)


def bucket(name: str, vault: str, *, of: str = "") -> Thing:
    policy = written(KEPT, vault, vault)[f"{name}Policy"]["PolicyDocument"]
    return Thing(f"arn:aws:s3:::{name}{of}", vault, policy)


def key(name: str, path: str, account: str) -> Thing:
    policy = written(path, account, account)[name]["KeyPolicy"]
    return Thing(f"arn:aws:kms:{REGION}:{account}:key/{name}", account, policy, decides=True)


def test_everybody_is_asked() -> None:
    asked = set(everybody(VAULT))
    assert asked >= {verb.capitalize() for verb in functions()}
    machines = {"IncidentResponse", "HoldOrder", "DeadlineTracker", "PageEscalation"}
    machines |= {"BreachAnalysis"}
    assert asked >= machines | {"Approval", "Console", "DeliverRole", "ContainRole of the vault"}


@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("ContainRole", {"Contain", "Verify", "Release"}),
        ("CollectRole", {"Collect", "Trace", "Weigh"}),
        ("PreserveRole", {"Collect"}),
    ],
)
def test_who_enters_a_member_account(role: str, who: set[str]) -> None:
    assert who_may("sts:AssumeRole", member(role, **{"sts:externalid": EXTERNAL_ID}), VAULT) == who
    assert who_may("sts:AssumeRole", member(role), VAULT) == set()


@pytest.mark.parametrize(
    ("action", "thing", "who"),
    [
        ("ssm:SendCommand", f"ssm:{REGION}:{SHOP}:document/{MEMORY_DOCUMENT}", {PRESERVES}),
        ("ssm:SendCommand", f"ssm:{REGION}:{SHOP}:document/another", set()),
        ("ssm:SendCommand", f"ssm:{REGION}::document/AWS-RunShellScript", set()),
        ("ssm:StartSession", f"ec2:{REGION}:{SHOP}:instance/i-0123456789abcdef0", set()),
    ],
)
def test_who_runs_what_on_an_instance(action: str, thing: str, who: set[str]) -> None:
    assert who_may(action, Thing(f"arn:aws:{thing}", SHOP), VAULT) == who


SNAPSHOT = f"arn:aws:ec2:{REGION}::snapshot/snap-0123456789abcdef0"
OURS = "breach-responder"


@pytest.mark.parametrize(
    ("action", "told", "who"),
    [
        ("ec2:CreateSnapshots", {f"aws:requesttag/{OURS}": "evidence"}, {PRESERVES}),
        ("ec2:CreateSnapshots", {f"aws:requesttag/{OURS}": "quarantine"}, set()),
        ("ec2:CreateSnapshots", {}, set()),
        ("ec2:CreateTags", {"ec2:createaction": "CreateSnapshots"}, {PRESERVES}),
        ("ec2:CreateTags", {f"aws:requesttag/{OURS}": "evidence"}, set()),
        ("ec2:LockSnapshot", {f"aws:resourcetag/{OURS}": "evidence"}, {PRESERVES}),
        ("ec2:LockSnapshot", {}, set()),
        *(
            (f"ec2:{verb}Snapshot", {f"aws:resourcetag/{OURS}": "evidence"}, set())
            for verb in ("Delete", "Unlock")
        ),
        ("ec2:DeleteTags", {f"aws:resourcetag/{OURS}": "evidence"}, set()),
        ("ec2:ModifySnapshotTier", {f"aws:resourcetag/{OURS}": "evidence"}, set()),
    ],
)
def test_who_makes_and_locks_snapshots_and_that_nobody_ends_them(
    action: str, told: dict[str, str], who: set[str]
) -> None:
    tags = ("aws:resourcetag/", "ec2:resourcetag/", "ec2:createaction")
    assert who_may(action, Thing(SNAPSHOT, SHOP, told=told, knows=tags), VAULT) == who


@pytest.mark.parametrize(
    ("action", "name", "tag", "who"),
    [
        ("rds:CreateDBSnapshot", "snapshot:breach-responder-inc-a", "evidence", {PRESERVES}),
        ("rds:CreateDBSnapshot", "snapshot:breach-responder-inc-a", "other", set()),
        ("rds:CreateDBSnapshot", "snapshot:nightly", "evidence", set()),
        ("rds:AddTagsToResource", "snapshot:breach-responder-inc-a", "evidence", {PRESERVES}),
        ("rds:AddTagsToResource", "snapshot:nightly", "evidence", set()),
        ("rds:AddTagsToResource", "db:any", "evidence", set()),
        ("rds:DeleteDBSnapshot", "snapshot:breach-responder-inc-a", "evidence", set()),
        ("rds:ModifyDBSnapshotAttribute", "snapshot:breach-responder-inc-a", "evidence", set()),
        ("rds:DeleteDBClusterSnapshot", "cluster-snapshot:breach-responder-inc-a", "", set()),
    ],
)
def test_who_copies_a_database(action: str, name: str, tag: str, who: set[str]) -> None:
    told = {f"aws:requesttag/{OURS}": tag}
    thing = Thing(f"arn:aws:rds:{REGION}:{SHOP}:{name}", SHOP, told=told)
    assert who_may(action, thing, VAULT) - {CONTAINS} == who
    assert (CONTAINS in who_may(action, thing, VAULT)) is (
        action == "rds:CreateDBSnapshot" and "breach-responder-" in name
    )


def test_nobody_enters_by_another_role_even_where_it_trusts_them_all() -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"}],
    }
    admin = Thing(f"arn:aws:iam::{SHOP}:role/admin", SHOP, trust, decides=True)
    assert who_may("sts:AssumeRole", admin, VAULT) == set()


@pytest.mark.parametrize("vault", VAULTS)
def test_evidence_is_put_by_its_writers_and_read_by_who_only_hashes_it(vault: str) -> None:
    encrypted = {
        "s3:if-none-match": "*",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": key("EvidenceKey", KEPT, vault).arn,
    }
    assert who_may("s3:PutObject", evidence(vault, **encrypted), vault) == WRITERS
    assert who_may("kms:GenerateDataKey", key("EvidenceKey", KEPT, vault), vault) == WRITERS
    assert who_may("kms:Sign", key("SigningKey", KEPT, vault), vault) == {"Seal"}
    assert who_may("s3:GetObject", evidence(vault), vault) == set()
    for action in ("s3:GetObject", "s3:GetObjectVersion"):
        assert who_may(action, bucket("AccessLogBucket", vault, of="/evidence/x"), vault) == set()
    assert who_may("s3:GetObjectVersion", evidence(vault), vault) == {"Rehash"}
    assert who_may("s3:ListBucket", bucket("EvidenceBucket", vault), vault) == {"Rehash"}
    assert who_may("kms:Decrypt", key("EvidenceKey", KEPT, vault), vault) == {"Rehash"}


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(("verb", "may_do"), [("Hold", HOLDING), ("Rehash", REHASHING)])
def test_what_holds_or_hashes_could_do_no_more_were_it_given_every_right(
    verb: str, may_do: set[str], vault: str
) -> None:
    """The vault says so, whatever the role's own policies come to say."""
    name = everybody(vault)[verb].arn.rpartition("/")[2]
    somebody = one_of(HOME, name)
    told = {
        "s3:if-none-match": "*",
        "s3:object-lock-legal-hold": "ON",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": key("EvidenceKey", KEPT, vault).arn,
    }
    things = {"s3": evidence(vault, **told), "kms": key("EvidenceKey", KEPT, vault)}
    tried = HOLDING | REHASHING | POWERS
    assert {one for one in tried if may(somebody, one, things[one.partition(":")[0]])} == may_do


def test_logs_are_read_by_the_role_that_reads_and_only_where_they_are_named() -> None:
    archive, other = "arn:aws:s3:::log-archive", "arn:aws:s3:::another"
    for action, end in (("s3:ListBucket", ""), ("s3:GetObject", "/AWSLogs/x")):
        # Of its own account: whoever else owns the bucket has to let the role in as well.
        assert who_may(action, Thing(archive + end, SHOP), VAULT) == {"CollectRole of the shop"}
        assert who_may(action, Thing(other + end, SHOP), VAULT) == set()
    named = f"arn:aws:logs:{REGION}:{SHOP}:log-group:audit:*"
    assert who_may("logs:StartQuery", Thing(named, SHOP), VAULT) == {"CollectRole of the shop"}
    other = f"arn:aws:logs:{REGION}:{SHOP}:log-group:another:*"
    assert who_may("logs:StartQuery", Thing(other, SHOP), VAULT) == set()


def test_keys_of_logs_are_used_through_s3_only() -> None:
    log_key = f"arn:aws:kms:{REGION}:{HOME}:key/log-archive"
    by_s3 = Thing(log_key, HOME, told={"kms:viaservice": f"s3.{REGION}.amazonaws.com"})
    assert who_may("kms:Decrypt", by_s3, VAULT) == {"CollectRole of the home"}
    assert who_may("kms:Decrypt", Thing(log_key, HOME), VAULT) == set()


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    "action",
    [
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:PutObjectAcl",
        "s3:PutObjectRetention",
    ],
)
def test_nobody_deletes_or_shortens_evidence(action: str, vault: str) -> None:
    assert who_may(action, evidence(vault), vault) == set()


@pytest.mark.parametrize("vault", VAULTS)
def test_one_function_sets_a_legal_hold_and_nobody_lifts_one(vault: str) -> None:
    """Counsel lifts it, by a role of their own. A call that does not say ON is one that lifts."""
    set_on, set_off = (
        evidence(vault, **{"s3:object-lock-legal-hold": word}) for word in ("ON", "OFF")
    )
    assert who_may("s3:PutObjectLegalHold", set_on, vault) == {"Hold"}
    assert who_may("s3:PutObjectLegalHold", set_off, vault) == set()
    assert who_may("s3:PutObjectLegalHold", evidence(vault), vault) == set()
    assert who_may("s3:GetObjectLegalHold", evidence(vault), vault) == {"Hold"}


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    ("person", "holds", "lifts"),
    [("counsel", True, True), ("custodian", True, False), ("administrator", False, False)],
)
def test_only_counsel_lifts_a_hold_whatever_else_a_person_may(
    person: str, holds: bool, lifts: bool, vault: str
) -> None:
    somebody = one_of(vault, person)
    for word, may_it in (("ON", holds), ("OFF", lifts)):
        thing = evidence(vault, **{"s3:object-lock-legal-hold": word})
        assert may(somebody, "s3:PutObjectLegalHold", thing) == may_it, word


def test_where_nobody_is_named_as_counsel_nobody_lifts_a_hold() -> None:
    policy = written(KEPT, VAULT, VAULT, CounselArns="")["EvidenceBucketPolicy"]["PolicyDocument"]
    for person in ("counsel", "custodian", "administrator"):
        for word, may_it in (("ON", person == "custodian"), ("OFF", False)):
            thing = replace(evidence(VAULT, **{"s3:object-lock-legal-hold": word}), policy=policy)
            assert may(one_of(VAULT, person), "s3:PutObjectLegalHold", thing) == may_it


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("name", ["EvidenceBucket", "AccessLogBucket"])
@pytest.mark.parametrize(
    "action",
    [
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    ],
)
def test_nobody_changes_the_vault(action: str, name: str, vault: str) -> None:
    """Not the role that cuts either, which may do some of this to every other bucket."""
    assert who_may(action, bucket(name, vault), vault) == set()


def keys() -> Iterator[Thing]:
    for vault in VAULTS:
        yield key("EvidenceKey", KEPT, vault)
        yield key("SigningKey", KEPT, vault)
    yield key("Key", RESPONDER, HOME)


@pytest.mark.parametrize("thing", list(keys()), ids=lambda thing: thing.arn.partition("kms:")[2])
@pytest.mark.parametrize(
    "action",
    [
        "kms:CreateGrant",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:RevokeGrant",
        "kms:ScheduleKeyDeletion",
    ],
)
def test_nobody_ends_a_key_or_gives_it_away(action: str, thing: Thing) -> None:
    vault = thing.owner if "Evidence" in thing.arn or "Signing" in thing.arn else VAULT
    assert who_may(action, thing, vault) == set()


@pytest.mark.parametrize("parameter", ["PolicyParameter", "ProtectParameter", STOP])
@pytest.mark.parametrize(
    "action", ["ssm:PutParameter", "ssm:DeleteParameter", "ssm:LabelParameterVersion"]
)
def test_nobody_changes_the_protect_list_the_policy_or_the_kill_switch(
    action: str, parameter: str
) -> None:
    assert who_may(action, _of_home("ssm", f"parameter/{parameter}"), VAULT) == set()


@pytest.mark.parametrize(
    ("parameter", "who"),
    [
        ("ProtectParameter", {"Intake", "Plan", "Contain", "Cut", "Trace"}),
        ("PolicyParameter", {"Intake", "Open", "Plan", "Trace", "Board", "Scope"}),
        (STOP, {"Contain", "Board"}),
        ("another", set()),
    ],
)
def test_who_reads_what_may_be_cut(parameter: str, who: set[str]) -> None:
    assert who_may("ssm:GetParameter", _of_home("ssm", f"parameter/{parameter}"), VAULT) == who


@pytest.mark.parametrize(
    "action",
    [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:DeleteTable",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
    ],
)
def test_nobody_deletes_from_the_record(action: str) -> None:
    assert who_may(action, TABLE, VAULT) == set()


def test_only_what_counts_over_every_incident_reads_the_whole_record() -> None:
    assert who_may("dynamodb:Scan", TABLE, VAULT) == {"Register", "Tally"}


def test_every_function_that_does_not_just_read_and_nobody_else_writes_the_record() -> None:
    verbs = {verb.capitalize() for verb in functions()} - {"Board", "Register", "Scan", "Survey"}
    assert who_may("dynamodb:PutItem", TABLE, VAULT) == verbs


@pytest.mark.parametrize(
    ("action", "thing", "who"),
    [
        # A cut is made and looked at by the machines, undone and asked for by people's documents.
        ("lambda:InvokeFunction", function("Contain"), ["IncidentResponse", "HoldOrder"]),
        ("lambda:InvokeFunction", function("Release"), ["Console"]),
        ("lambda:InvokeFunction", function("Cut"), ["Console"]),
        ("lambda:InvokeFunction", function("Acknowledge"), ["Console"]),
        ("lambda:InvokeFunction", function("Close"), ["Console"]),
        ("lambda:InvokeFunction", function("Report"), ["IncidentResponse", "Close"]),
        ("lambda:InvokeFunction", function("Escalate"), ["PageEscalation"]),
        ("lambda:InvokeFunction", function("Approve"), ["Approval"]),
        ("lambda:InvokeFunction", function("Record"), []),
        ("states:StartExecution", RESPONSE, ["Intake", "Cut", "Trace"]),
        ("states:StartExecution", "stateMachine:HoldOrder", ["Watch"]),
        ("states:StartExecution", "stateMachine:DeadlineTracker", ["IncidentResponse", "Sweep"]),
        ("states:StartExecution", "stateMachine:PageEscalation", ["IncidentResponse"]),
        ("states:SendTaskSuccess", RESPONSE, ["Ask", "Approve"]),
        ("ssm:StartAutomationExecution", f"{DOCUMENT}approve-containment:1", ["Ask", "Approve"]),
        ("ssm:StartAutomationExecution", f"{DOCUMENT}cut:1", []),
        ("ssm:SendAutomationSignal", "automation-execution/any", []),
        ("sns:Publish", "Automation-breach-responder-approvals", ["Approval"]),
        ("sns:Publish", "EscalationTopic", ["Tick", "Sweep", "Escalate"]),
        ("sns:Publish", "another", []),
    ],
)
def test_who_sets_what_in_motion(action: str, thing: str, who: list[str]) -> None:
    service = action.partition(":")[0]
    assert who_may(action, _of_home(service, thing), VAULT) == set(who)


@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("cloudformation:UpdateStack", "stack/breach-responder/1"),
        ("cloudtrail:StopLogging", "trail/any"),
        ("cloudwatch:DeleteAlarms", "alarm:ResponseFailed"),
        ("cloudwatch:DisableAlarmActions", "alarm:ResponseFailed"),
        ("events:DisableRule", "rule/GuardDutyRule"),
        ("events:PutTargets", "rule/GuardDutyRule"),
        ("guardduty:DeleteDetector", "detector/any"),
        ("lambda:PutFunctionConcurrency", function("Contain")),
        ("lambda:PutFunctionConcurrency", "function:customWidget-breach-responder-board"),
        ("lambda:UpdateFunctionCode", function("Contain")),
        ("lambda:UpdateFunctionConfiguration", function("Contain")),
        ("logs:DeleteLogGroup", "log-group:Logs"),
        ("logs:GetLogEvents", "log-group:Logs:log-stream:any"),
        ("sns:DeleteTopic", "PagerTopic"),
        ("sns:SetTopicAttributes", "PagerTopic"),
        ("sns:DeleteTopic", "QuietTopic"),
        ("sqs:DeleteQueue", "IntakeQueue"),
        ("sqs:PurgeQueue", "IntakeQueue"),
        ("ssm:UpdateDocument", "document/breach-responder-approve-containment"),
        ("states:StopExecution", "execution:IncidentResponse:any"),
        ("states:UpdateStateMachine", RESPONSE),
    ],
)
def test_nobody_blinds_silences_or_rewrites_the_responder(action: str, thing: str) -> None:
    assert who_may(action, _of_home(action.partition(":")[0], thing), VAULT) == set()


@pytest.mark.parametrize(
    "action",
    [
        "organizations:DeletePolicy",
        "organizations:DetachPolicy",
        "organizations:DisablePolicyType",
        "organizations:UpdatePolicy",
    ],
)
def test_nobody_disables_the_guard(action: str) -> None:
    guard = Thing(f"arn:aws:organizations::{HOME}:policy/o-a/service_control_policy/p-a", HOME)
    assert who_may(action, guard, VAULT) == set()


@pytest.mark.parametrize("account", [SHOP, HOME])
@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("iam:AddUserToGroup", "group/admins"),
        ("iam:CreateAccessKey", "user/any"),
        ("iam:CreateLoginProfile", "user/any"),
        ("iam:CreatePolicyVersion", "policy/any"),
        ("iam:CreateRole", "role/any"),
        ("iam:CreateUser", "user/any"),
        ("iam:DeleteRole", "role/any"),
        ("iam:DeleteUser", "user/any"),
    ],
)
def test_nobody_makes_or_deletes_an_identity(action: str, thing: str, account: str) -> None:
    assert who_may(action, Thing(f"arn:aws:iam::{account}:{thing}", account), VAULT) == set()


# Each could make a role ours in another's hands, with the words that the contain role may use.
CHANGES = [
    "iam:AttachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
]
TOLD = {
    "iam:policyarn": "arn:aws:iam::aws:policy/AWSDenyAll",
    "aws:tagkeys": "breach-responder-quarantine",
}


@pytest.mark.parametrize("action", CHANGES)
def test_nobody_changes_a_role_of_the_responder(action: str) -> None:
    for name, one in everybody(VAULT).items():
        if name != "DeliverRole":  # it stands in a member account, and can neither cut nor look
            assert who_may(action, Thing(one.arn, one.account, told=TOLD), VAULT) == set(), name


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("action", CHANGES)
def test_nobody_changes_the_custodian_of_the_vault(action: str, vault: str) -> None:
    custodian = Thing(f"arn:aws:iam::{vault}:role/custodian", vault, told=TOLD)
    assert who_may(action, custodian, vault) == set()


@pytest.mark.parametrize("action", CHANGES)
def test_the_role_that_cuts_may_cut_every_other_role_of_its_account(action: str) -> None:
    other = Thing(f"arn:aws:iam::{VAULT}:role/any", VAULT, told=TOLD)
    assert who_may(action, other, VAULT) == {"ContainRole of the vault"}


def test_a_role_is_handed_to_systems_manager_by_the_functions_that_ask_only() -> None:
    told = {"iam:passedtoservice": "ssm.amazonaws.com"}
    for name, one in everybody(VAULT).items():
        who = who_may("iam:PassRole", Thing(one.arn, one.account, told=told), VAULT)
        assert who == ({"Approve", "Ask"} if name == "Approval" else set()), name
