"""What must survive a mistake, an attacker or the stack, and what must not fail in silence."""

from typing import Any

import pytest

from tests.template.templates import (
    ROOT,
    TEMPLATES,
    as_list,
    machine,
    resources,
    states,
    template,
)

VAULT = "stacks/evidence-vault.yaml"
POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
KEPT = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
}


def denied(policy: dict[str, Any]) -> dict[str, set[str]]:
    """Sid to actions, for each statement of a resource policy that denies."""
    return {
        statement["Sid"]: set(as_list(statement.get("Action", [])))
        for statement in policy["Statement"]
        if statement.get("Effect") == "Deny"
    }


@pytest.mark.parametrize("path", ["template.yaml", VAULT])
def test_what_holds_data_outlives_its_stack(path: str) -> None:
    held = {n: r for n, r in template(path)["Resources"].items() if r["Type"] in KEPT}
    assert held
    for name, resource in held.items():
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name


def test_evidence_is_locked_versioned_private_and_encrypted() -> None:
    bucket = resources("AWS::S3::Bucket", VAULT)["EvidenceBucket"]
    assert bucket["ObjectLockEnabled"] is True
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": {"Ref": "LockMode"}, "Days": {"Ref": "RetentionDays"}}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    lifecycle = bucket["LifecycleConfiguration"]["Rules"]
    assert not [
        r for r in lifecycle if {"ExpirationInDays", "NoncurrentVersionExpiration"} & set(r)
    ]


def test_the_lock_is_one_that_nobody_can_shorten_unless_it_was_asked_for() -> None:
    parameters = template(VAULT)["Parameters"]
    assert parameters["LockMode"]["Default"] == "COMPLIANCE"
    assert parameters["RetentionDays"]["Default"] >= 7 * 365


def test_nobody_but_the_custodian_removes_shortens_or_reopens_evidence() -> None:
    policy = resources("AWS::S3::BucketPolicy", VAULT)["EvidenceBucketPolicy"]["PolicyDocument"]
    refused = denied(policy)
    assert {
        "s3:BypassGovernanceRetention",
        "s3:DeleteBucketPolicy",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketPolicy",
        "s3:PutBucketVersioning",
        "s3:PutLifecycleConfiguration",
        "s3:PutObjectRetention",
    } <= refused["OnlyTheCustodianRemovesShortensOrReconfigures"]
    assert {"OnlyOverTls", "OnlyUnderNewNames", "OnlyEncryptedWithTheEvidenceKey"} <= set(refused)


def test_the_responder_can_put_evidence_and_do_nothing_else_with_it() -> None:
    policy = resources("AWS::S3::BucketPolicy", VAULT)["EvidenceBucketPolicy"]["PolicyDocument"]
    only = next(s for s in policy["Statement"] if s.get("Sid") == "ResponderOnlyPuts")
    assert only["Effect"] == "Deny"
    assert set(only["NotAction"]) == {"s3:GetObjectTagging", "s3:PutObject"}


def test_the_key_that_signs_ends_only_by_the_custodian() -> None:
    for name in ("SigningKey", "EvidenceKey"):
        policy = resources("AWS::KMS::Key", VAULT)[name]["KeyPolicy"]
        ends = denied(policy)["OnlyTheCustodianEndsChangesOrGrantsTheKey"]
        assert {"kms:DisableKey", "kms:ScheduleKeyDeletion"} < ends


def test_the_table_can_be_restored_and_not_be_dropped() -> None:
    table = resources("AWS::DynamoDB::Table")["Table"]
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"


def test_nothing_in_the_table_ends_by_itself() -> None:
    """The register must hold a breach for years after its incident was closed."""
    assert "TimeToLiveSpecification" not in resources("AWS::DynamoDB::Table")["Table"]


def test_every_topic_and_queue_is_encrypted() -> None:
    topics, queues = resources("AWS::SNS::Topic"), resources("AWS::SQS::Queue")
    assert topics
    assert all(topic["KmsMasterKeyId"] == {"Ref": "Key"} for topic in topics.values())
    assert queues
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_resource_has_one_policy(path: str) -> None:
    """A second one replaces the first, in an order that nobody chooses."""
    named = [
        str(one)
        for kind, key in POLICIES.items()
        for properties in resources(kind, path).values()
        for one in as_list(properties[key])
    ]
    assert sorted(named) == sorted(set(named))


def test_every_rule_that_takes_findings_in_has_a_dead_letter_queue() -> None:
    dead = {"Arn": {"Fn::GetAtt": ["IntakeDeadLetterQueue", "Arn"]}}
    rules = resources("AWS::Events::Rule")
    assert rules
    for name, rule in rules.items():
        assert [target["DeadLetterConfig"] for target in rule["Targets"]] == [dead], name
    allowed = resources("AWS::SQS::QueuePolicy")["IntakeQueuePolicy"]["PolicyDocument"]["Statement"]
    sources = allowed[0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    plain = [one["Fn::If"][1] if "Fn::If" in one else one for one in sources]
    assert sorted(str(one) for one in plain) == sorted(
        str({"Fn::GetAtt": [name, "Arn"]}) for name in rules
    )


def test_a_message_is_hidden_for_six_times_as_long_as_intake_may_run() -> None:
    queue = resources("AWS::SQS::Queue")["IntakeQueue"]
    intake = resources("AWS::Serverless::Function")["IntakeFunction"]
    runs = intake.get("Timeout", template()["Globals"]["Function"]["Timeout"])
    assert queue["VisibilityTimeout"] >= 6 * runs


def test_what_the_streams_could_not_deliver_may_be_put_aside() -> None:
    """SAM lets the role send only where `Type` says what the destination is."""
    functions = resources("AWS::Serverless::Function").values()
    streams = [
        event["Properties"]
        for function in functions
        for event in function.get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]
    assert streams
    for stream in streams:
        assert stream["DestinationConfig"]["OnFailure"]["Type"] == "SQS"


def test_a_machine_a_sweep_or_a_finding_that_fails_pages() -> None:
    alarms = resources("AWS::CloudWatch::Alarm").values()
    assert all(alarm["AlarmActions"] == [{"Ref": "PagerTopic"}] for alarm in alarms)
    watched = {
        (alarm["MetricName"], str(alarm["Dimensions"][0]["Value"]))
        for alarm in alarms
        if alarm["Threshold"] == 1 and "Dimensions" in alarm
    }
    dead = {"Fn::GetAtt": ["IntakeDeadLetterQueue", "QueueName"]}
    machines = resources("AWS::Serverless::StateMachine")
    assert machines
    assert watched >= {
        ("ApproximateNumberOfMessagesVisible", str(dead)),
        ("Errors", str({"Ref": "SweepFunction"})),
        *(("ExecutionsFailed", str({"Ref": machine})) for machine in machines),
    }


def test_a_step_whose_failure_nothing_else_tells_of_has_an_alarm() -> None:
    """What leads to `Leave` pages there, and a task that catches nothing ends its execution."""
    inside = states(machine("incident-response")) | states(machine("page-escalation"))
    silent = {
        name
        for name, state in inside.items()
        if "FunctionArn" in str(state.get("Resource"))
        and [catch["Next"] for catch in state.get("Catch", [])][-1:] not in ([], ["Leave"])
    }
    assert {"Open", "Plan", "Leave", "Collect", "Seal", "Assess"} <= silent
    by_itself = {"Approve", "Hold", "Rehash"}  # a document or a schedule runs it, unwatched
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"].removesuffix("Function"): alarm
        for name, alarm in resources("AWS::CloudWatch::Alarm").items()
        if alarm["MetricName"] == "Errors" and name != "SweepFailed"
    }
    told = {"Weigh"}  # the question itself says that nobody could look
    assert set(watched) == silent - told | by_itself
    for name, alarm in watched.items():
        assert alarm["AlarmDescription"].startswith(f"{name} failed. Perhaps "), name
        assert (alarm["MetricName"], alarm["Statistic"]) == ("Errors", "Sum"), name
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1), name


def test_the_stack_cuts_nothing_unless_it_is_told_to() -> None:
    mode = template()["Parameters"]["Mode"]
    assert mode["Default"] == "monitor"
    assert mode["AllowedValues"] == ["monitor", "respond"]


def test_what_the_responder_asks_for_is_an_output_of_the_vault() -> None:
    """Each parameter that is another stack's output names it as that stack does."""
    outputs = set(template(VAULT)["Outputs"])
    asked = {
        name: parameter["Description"]
        for name, parameter in template()["Parameters"].items()
        if str(parameter.get("Description", "")).endswith("of stacks/evidence-vault.yaml.")
    }
    assert set(asked) == {"EvidenceBucket", "EvidenceKeyArn", "SigningKeyArn", "EvidenceAccount"}
    for said in asked.values():
        assert said.split()[1] in outputs


def test_both_templates_agree_on_the_names_of_the_roles() -> None:
    told, there = template()["Parameters"], template("stacks/member-role.yaml")["Parameters"]
    assert told["MemberContainRole"]["Default"] == there["ContainRoleName"]["Default"]
    assert told["MemberCollectRole"]["Default"] == there["CollectRoleName"]["Default"]
    assert told["MemberPreserveRole"]["Default"] == there["PreserveRoleName"]["Default"]
    assert told["KeepRole"]["Default"] == there["KeepRoleName"]["Default"]
    keeping = template("stacks/evidence-copies.yaml")["Parameters"]
    for name in ("KeepRoleName", "PreserveRoleName", "ExternalId", "ResponderStackName"):
        assert keeping[name] == there[name]
    assert told["MemoryDocument"]["AllowedPattern"] == there["MemoryDocument"]["AllowedPattern"]
    stack = there["ResponderStackName"]["Default"]
    assert f'stack_name = "{stack}"' in (ROOT / "samconfig.toml").read_text()
    for name, parameter in template(VAULT)["Parameters"].items():
        if name.endswith("RolePattern"):
            assert str(parameter["Default"]).startswith(f"{stack}-"), name


def test_what_the_custodian_alone_may_do_to_the_keys_is_heard_of_when_it_is_tried() -> None:
    heard = resources("AWS::Events::Rule", VAULT)["KeyTouchedRule"]["EventPattern"]["detail"]
    for name in ("SigningKey", "EvidenceKey"):
        policy = resources("AWS::KMS::Key", VAULT)[name]["KeyPolicy"]
        refused = denied(policy)["OnlyTheCustodianEndsChangesOrGrantsTheKey"]
        assert {one.partition(":")[2] for one in refused} <= set(heard["eventName"])
        assert {"Fn::GetAtt": [name, "Arn"]} in heard["resources"]["ARN"]


def test_a_changed_setting_of_either_bucket_is_heard_of() -> None:
    rules = resources("AWS::Events::Rule", VAULT)
    heard = rules["BucketTouchedRule"]["EventPattern"]["detail"]
    assert heard["requestParameters"]["bucketName"] == [
        {"Ref": "EvidenceBucket"},
        {"Ref": "AccessLogBucket"},
    ]
    # The names of CloudTrail (S3 User Guide, "Amazon S3 CloudTrail events"), beside those of IAM.
    assert {
        "DeleteBucketPublicAccessBlock",
        "DeleteBucketReplication",
        "PutBucketAcl",
        "PutBucketLifecycle",
        "PutBucketObjectLockConfiguration",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketReplication",
        "PutBucketVersioning",
    } <= set(heard["eventName"])
    account = rules["AccountOpenedRule"]["EventPattern"]["detail"]["eventName"]
    assert {"CreateAccessPoint", "PutAccountPublicAccessBlock"} <= set(account)


def test_a_copy_elsewhere_is_made_only_where_it_is_asked_for_and_hides_nothing() -> None:
    wanted, copies, nothing = resources("AWS::S3::Bucket", VAULT)["EvidenceBucket"][
        "ReplicationConfiguration"
    ]["Fn::If"]
    assert (wanted, nothing) == ("HasReplica", {"Ref": "AWS::NoValue"})
    assert template(VAULT)["Parameters"]["ReplicaBucketArn"]["Default"] == ""
    [rule] = copies["Rules"]
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"] == {"Status": "Enabled"}
    assert rule["Filter"] == {"Prefix": ""}
