"""Rights that no scenario uses, and why they stand all the same.

A right that nothing here defends must be used, and a defence that defends nothing must go.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.proof.privileges import Use, gaps


@dataclass(frozen=True)
class Defence:
    """Rights of one role, and why they are there although no scenario uses them."""

    role: str
    right: str  # a pattern
    because: str

    def of(self, role: str, right: str) -> bool:
        """Whether it defends this one."""
        return role == self.role and fnmatchcase(right, self.right)


_NO_PLAN = "Granted with a response plan only, which no account has that is new to that service."
_NO_CHAT = "Granted where there is a chat: tests/replay/test_drill.py, in an old account."
_NO_CASE = "Granted where cases are opened: tests/workflow/test_sinks_accounts.py."
_HEARD = "When somebody takes an incident over in a console: tests/workflow/test_sinks.py."
_RETRY = "When a name is taken already, by a second delivery: tests/unit/aws/test_vault.py."
_CONSOLE = "When a person runs the document, not the command: tests/workflow/test_by_hand.py."
_OPENED = "When somebody opened our network ACL: tests/workflow/test_ladder_instances.py."
_OFF = "When a key that was switched off is released: tests/workflow/test_ladder_stores.py."
_NO_POLICY = "When a bucket had no policy before: tests/workflow/test_ladder_stores.py."
_QUOTA = "When a policy cannot be attached: tests/unit/actions/test_member_role_suffices.py."
_OF_NONE = "No finding of a scenario names one: tests/unit/collectors/test_{}.py."
_HELD = "Counsel asks for a hold, and no scenario does: tests/workflow/test_evidence_kept.py."
_READ = "A person asks to read evidence: tests/workflow/test_evidence_kept.py."
_ANSWERED = "A person answers a page by name: tests/workflow/test_escalation.py."
_SHOWN = "Somebody looks at the dashboard, and no scenario does: tests/workflow/test_board.py."
_LADDER = "Steps of the ladder above the first: tests/workflow/test_ladder_cases.py."
_VOID = "When an answer does not count, or comes too late: tests/unit/steps/test_approve.py."
_GIVEN_UP = "When a cut fails for a reason that nobody chose: tests/unit/steps/test_leave.py."
_NO_TRAIL = "No scenario has the bucket of a trail: tests/workflow/test_breach_analysis.py."
_TO_PAGE = ("sns:Publish", "ssm:GetParameter")  # who is on call
UNUSED = (
    Defence("OpenFunctionRole", "ssm-incidents:*", _NO_PLAN),
    Defence("OpenFunctionRole", "ssm-contacts:StartEngagement", _NO_PLAN),
    Defence("MirrorFunctionRole", "ssm-incidents:*", _NO_PLAN),
    Defence("EscalateFunctionRole", "ssm-incidents:*", _NO_PLAN),
    Defence("EscalateFunctionRole", "ssm-contacts:*", _NO_PLAN),
    Defence("AcknowledgeFunctionRole", "*", _ANSWERED),
    Defence("CloseFunctionRole", "ssm:GetAutomationExecution", _CONSOLE),
    Defence("ScanFunctionRole", "*", _NO_TRAIL),
    *(
        Defence("ScopeFunctionRole", right, _NO_TRAIL)
        for right in ("dynamodb:[GQ]*", "kms:GenerateDataKey", "s3:*", "ssm:GetParameter")
    ),
    Defence("TallyFunctionRole", "*", "Once a week: tests/unit/steps/test_tally.py."),
    Defence("HearFunctionRole", "*", _HEARD),
    Defence("MirrorFunctionRole", "sns:Publish", _NO_CHAT),
    Defence("OpenFunctionRole", "security-ir:*", _NO_CASE),
    Defence("MirrorFunctionRole", "security-ir:*", _NO_CASE),
    Defence(
        "SilenceFunctionRole", "*", "When somebody asks for quiet: tests/workflow/test_quiet.py."
    ),
    Defence(
        "IntakeFunctionRole",
        "lambda:InvokeFunction",
        "When a finding comes to an incident that is quiet: tests/workflow/test_quiet.py.",
    ),
    Defence(
        "AskFunctionRole",
        "iam:PassRole",
        "The emulator asks for it inside StartAutomationExecution, and records that call only.",
    ),
    Defence(
        "AskFunctionRole",
        "ssm:StopAutomationExecution",
        "When a question cannot be recorded, or is too old: tests/unit/steps/test_ask.py.",
    ),
    Defence(
        "AskFunctionRole",
        "states:SendTask*",
        "When an answer came before a retry of the question: tests/unit/steps/test_ask.py.",
    ),
    *(Defence("ApproveFunctionRole", right, _VOID) for right in _TO_PAGE),
    *(
        Defence(
            "ApproveFunctionRole",
            right,
            "When people are asked again: tests/workflow/test_approval_attacks.py.",
        )
        for right in ("iam:PassRole", "ssm:St*AutomationExecution")
    ),
    Defence(
        "ExpireFunctionRole",
        "dynamodb:Query",
        "When an answer stands in the console that was not handed in: it is settled.",
    ),
    *(Defence("LeaveFunctionRole", right, _GIVEN_UP) for right in _TO_PAGE),
    Defence("ReleaseFunctionRole", "ssm:GetAutomationExecution", _CONSOLE),
    Defence("CutFunctionRole", "ssm:GetAutomationExecution", _CONSOLE),
    Defence("CollectFunctionRole", "s3:GetObjectTagging", _RETRY),
    Defence("SealFunctionRole", "s3:GetObjectTagging", _RETRY),
    Defence("ReportFunctionRole", "s3:GetObjectTagging", _RETRY),
    *(Defence("HoldFunctionRole", right, _HELD) for right in ("dynamodb:[GP]*Item", "s3:*")),
    Defence("DiscloseFunctionRole", "*", _READ),
    Defence("BoardFunctionRole", "*", _SHOWN),
    Defence(
        "RehashFunctionRole",
        "s3:ListBucket",
        "When a version is missing, to tell that from a refusal: tests/unit/steps/test_rehash.py.",
    ),
    Defence(
        "RehashFunctionRole",
        "sns:Publish",
        "When something in the vault is not as recorded: tests/unit/steps/test_rehash.py.",
    ),
    *(
        Defence(
            "RehashFunctionRole",
            right,
            "A week after something was kept: tests/workflow/test_evidence_kept.py.",
        )
        for right in ("dynamodb:[GP]*Item", "s3:GetObjectVersion")
    ),
    Defence(
        "ContainRole",
        "ec2:RevokeSecurityGroupIngress",
        "When somebody opened our group: tests/unit/actions/test_ec2_actions.py.",
    ),
    Defence("ContainRole", "ec2:DeleteNetworkAclEntry", _OPENED),
    Defence("ContainRole", "kms:DisableKey", _OFF),
    Defence("ContainRole", "s3:DeleteBucketPolicy", _NO_POLICY),
    Defence("ContainRole", "iam:*PermissionsBoundary", _QUOTA),
    Defence("ContainRole", "iam:*LoginProfile", _LADDER),
    Defence("ContainRole", "iam:*SSHPublicKey*", _LADDER),
    Defence("ContainRole", "iam:*ServiceSpecificCredential*", _LADDER),
    Defence("ContainRole", "iam:*SigningCertificate*", _LADDER),
    Defence(
        "ContainRole",
        "iam:UpdateAssumeRolePolicy",
        "When the way back into a role is closed: tests/unit/actions/test_member_role_suffices.py.",
    ),
    Defence(
        "ContainRole",
        "iam:DetachRolePolicy",
        "When a denied role is released: tests/unit/actions/test_member_role_suffices.py.",
    ),
    Defence(
        "ContainRole",
        "iam:*[Tt]ag*",
        "Where the guard policy stands: tests/unit/actions/test_iam_tag_quarantined.py.",
    ),
    *(
        Defence(
            "CollectRole",
            right,
            "When a trail logs the account: tests/unit/collectors/test_cloudtrail_log_files.py.",
        )
        for right in ("cloudtrail:Get*", "cloudtrail:ListPublicKeys")
    ),
    *(
        Defence(
            "CollectRole",
            right,
            "When LogBuckets names where it delivers: the same tests.",
        )
        for right in ("kms:Decrypt", "s3:GetObject*", "s3:ListBucket*")
    ),
    *(
        Defence(
            "CollectRole",
            right,
            "When logs are kept in groups: tests/unit/collectors/test_logs_network.py.",
        )
        for right in ("logs:*", "wafv2:GetLoggingConfiguration")
    ),
    Defence(
        "CollectRole",
        "iam:*Group*",
        "When the user is in a group: tests/unit/collectors/test_iam_principal.py.",
    ),
    *(
        Defence(
            role,
            right,
            "Where a document takes memory: tests/unit/collectors/test_ec2_memory.py.",
        )
        for role, right in (
            ("CollectRole", "ssm:DescribeDocument"),
            ("CollectRole", "ssm:[GL]*"),
            ("PreserveRole", "ssm:SendCommand"),
        )
    ),
    Defence(
        "CollectRole",
        "lambda:GetLayerVersion",
        "When the function has layers: tests/unit/collectors/test_lambda_function.py.",
    ),
    Defence("CollectRole", "kms:*", _OF_NONE.format("kms_key")),
    Defence("CollectRole", "ecs:*", _OF_NONE.format("ecs_task")),
    Defence("CollectRole", "eks:*", _OF_NONE.format("eks_cluster")),
    Defence(
        "CollectRole",
        "securityhub:GetFinding*",
        "Where Security Hub is on: tests/unit/collectors/test_securityhub_history.py.",
    ),
    *(
        Defence(
            "CollectRole",
            right,
            "Where a recorder runs: tests/unit/collectors/test_config_timeline.py.",
        )
        for right in ("config:GetResourceConfigHistory", "config:ListDiscoveredResources")
    ),
)
# What the tests' sample of the scenarios does not use, and the first scenario that does.
ELSEWHERE = (
    Defence("ApproveFunctionRole", "states:SendTaskFailure", "denied"),
    Defence("LeaveFunctionRole", "dynamodb:*", "denied"),
    Defence("ExpireFunctionRole", "*", "silence"),
    Defence("EscalateFunctionRole", "sns:Publish", "silence"),
    Defence("ReleaseFunctionRole", "*", "release"),
    Defence("ContainRole", "iam:De*Policy", "release"),
    Defence("WatchFunctionRole", "*", "touch"),
    Defence("ContainRole", "iam:*UserPolicy", "touch"),
    *(
        Defence("CollectRole", right, "things")
        for right in ("ec2:*", "iam:GetInstanceProfile", "ssm:DescribeInstanceInformation")
    ),
    *(
        Defence(role, right, "things")
        for role, right in (
            ("CollectRole", "rds:DescribeDB[ILPS]*"),
            ("PreserveRole", "ec2:*"),
            ("PreserveRole", "kms:*"),
            ("KeepRole", "*"),
            ("PreserveRole", "rds:*Tags*"),
            ("PreserveRole", "rds:CreateDBSnapshot"),
        )
    ),
    *(
        Defence("ContainRole", right, "things")
        for right in (
            "autoscaling:[DU]*",
            "autoscaling:EnterStandby",
            "ec2:*SecurityGroup*",
            "ec2:CreateTags",
            "ec2:*Instance*",
            "ec2:*NetworkInterface*",
            "elasticloadbalancing:De*",
            "lambda:*Function*",
            "lambda:*EventSourceMapping*",
            "rds:*DB[IS]*",
            "s3:*LifecycleConfiguration",
            "s3:GetReplicationConfiguration",
        )
    ),
    *(
        Defence("ContainRole", right, "things-back")
        for right in (
            "autoscaling:ExitStandby",
            "elasticloadbalancing:Register*",
            "lambda:DeleteFunctionConcurrency",
        )
    ),
    Defence("CollectRole", "lambda:*", "things"),
    Defence("CollectRole", "ec2:DescribeInstances", "things"),
    *(
        Defence("ContainRole", right, "wider")
        for right in (
            "ec2:*Image*",
            "ec2:*NetworkAcl*",
            "ec2:*Snapshot*",
            "ec2:ModifyInstanceMetadataOptions",
            "ecs:*",
            "iam:PassRole",
            "rds:*Cluster*",
            "s3:*BucketPolicy",
            "s3:*BucketPublicAccessBlock",
            "s3:PutReplicationConfiguration",
        )
    ),
    *(
        Defence("ContainRole", right, "wider-by-hand")
        for right in ("ec2:*IamInstanceProfile*", "iam:GetInstanceProfile", "kms:*")
    ),
    *(Defence(role, "rds:*Cluster*", "wider") for role in ("CollectRole", "PreserveRole")),
    Defence("CutFunctionRole", "*", "by-hand"),
    Defence("CloseFunctionRole", "*", "closed"),
    Defence("ContainRole", "iam:*RolePolic*", "by-hand"),
    Defence("RecordFunctionRole", "*", "facts"),
    Defence("SweepFunctionRole", "*", "facts"),
    Defence("RegisterFunctionRole", "*", "facts"),
    Defence("HoldFunctionRole", "*", "facts"),
    Defence("RehashFunctionRole", "*", "facts"),
)


def unexplained(uses: Iterable[Use], scenarios: Collection[str]) -> list[str]:
    """One line for each gap between rights and use that has no defence, and each idle defence."""
    found = gaps(uses)
    unused = [(gap.role, right) for gap in found for right in gap.never_used]
    elsewhere = [one for one in ELSEWHERE if one.because not in scenarios]
    return [
        *(f"{gap.role} tries {right}, and may not" for gap in found for right in gap.not_allowed),
        *(
            f"{role} may {right}, and never does"
            for role, right in unused
            if not any(one.of(role, right) for one in (*UNUSED, *elsewhere))
        ),
        *(
            f"{one.role} has no unused right {one.right}, so its defence can go"
            for one in (*UNUSED, *elsewhere)
            if not any(one.of(role, right) for role, right in unused)
        ),
    ]
