"""`make scan`: parliament over every policy as IAM gets it, but those of trust.

It knows which resources and which condition keys each action takes. Fails on what it finds and
nobody accepted below, and on an exception that excepts nothing any more.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import HOME, SHOP
from tests.template.roles import FORWARDER, KEPT, MEMBER, RESPONDER, VAULT, written

_AT_MOST_SECONDS = 120.0
# Not by its command: that names the wrong file where a finding has no place of its own.
_ASK = """
import json, sys
from parliament import analyze_policy_string
for name, document in json.load(sys.stdin):
    for one in analyze_policy_string(json.dumps(document)).findings:
        print(json.dumps([name, one.issue, json.dumps(one.detail)]))
"""
_DEPLOYED = ((RESPONDER, HOME), (MEMBER, SHOP), (FORWARDER, SHOP), (KEPT, VAULT))


@dataclass(frozen=True, order=True)
class Finding:
    """What parliament says of one policy. Trust and deployment put in what it is about."""

    policy: str  # logical id of what holds it
    issue: str
    detail: str


@dataclass(frozen=True)
class Accepted:
    """Findings that stand, and why."""

    policy: str
    issue: str
    detail: str  # a part of it; empty for any
    because: str

    def excepts(self, finding: Finding) -> bool:
        """Whether this is one."""
        is_here = (finding.policy, finding.issue) == (self.policy, self.issue)
        return is_here and self.detail in finding.detail


_THIS_KEY = "In a key's own policy, a star is that key (KMS guide, Key policies)."
_TWO = "The action asks about two kinds of thing, and each has a statement of its own."
_POLICY = "A bucket is closed by writing its policy; the template says what that allows besides."
_ESCALATION = "RESOURCE_POLICY_PRIVILEGE_ESCALATION"
_SAM = "SAM writes this policy. It has no variables, which is all that a version would change."
_NEWER = "Newer than parliament; cfn-lint's copy of the Service Authorization Reference has it."
ACCEPTED = (
    Accepted("Key", "RESOURCE_STAR", "", _THIS_KEY),
    Accepted("EvidenceKey", "RESOURCE_STAR", "", _THIS_KEY),
    Accepted("SigningKey", "RESOURCE_STAR", "", _THIS_KEY),
    Accepted(
        "Key",
        "UNKNOWN_CONDITION_FOR_ACTION",
        "kms:EncryptionContext:aws:logs:arn for action kms:DescribeKey",
        "The statement is the one of the CloudWatch Logs guide, Encrypt log data using KMS.",
    ),
    Accepted(
        "Key",
        "MISMATCHED_TYPE",
        "ArnLike requires a value of type Arn but given String",
        "The same guide compares the ARN in the encryption context in this way.",
    ),
    Accepted("MirrorFunctionRole", "NO_VERSION", "", _SAM),
    Accepted("HearFunctionRole", "NO_VERSION", "", _SAM),
    Accepted("TallyFunctionWeeklyRole", "NO_VERSION", "", _SAM),
    Accepted("HoldFunctionHourlyRole", "NO_VERSION", "", _SAM),
    Accepted("RehashFunctionHourlyRole", "NO_VERSION", "", _SAM),
    Accepted("SweepFunctionHourlyRole", "NO_VERSION", "", _SAM),
    Accepted(
        "BreachAnalysisRole",
        "RESOURCE_MISMATCH",
        "states:DescribeExecution",
        "The Service Authorization Reference has executions of both kinds; parliament knows one.",
    ),
    Accepted(
        "SweepFunctionRole",
        "RESOURCE_MISMATCH",
        "states:ListExecutions",
        "It takes the ARN of a state machine or of a map run; that of a machine is given.",
    ),
    Accepted(
        "BoardFunctionRole",
        "RESOURCE_MISMATCH",
        "states:ListExecutions",
        "It takes the ARN of a state machine or of a map run; that of a machine is given.",
    ),
    Accepted(
        "CloseFunctionRole",
        "RESOURCE_MISMATCH",
        "states:ListExecutions",
        "It takes the ARN of a state machine or of a map run; that of a machine is given.",
    ),
    Accepted("PreserveDatabases", "RESOURCE_MISMATCH", "rds:CreateDB", _TWO),
    Accepted("PreserveMemory", "RESOURCE_MISMATCH", "ssm:SendCommand", _TWO),
    Accepted("PreserveVolumes", "RESOURCE_MISMATCH", "ec2:CreateSnapshots", _TWO),
    Accepted("ContainInstances", "RESOURCE_MISMATCH", "ec2:CreateSecurityGroup", _TWO),
    Accepted("ContainInstances", "RESOURCE_MISMATCH", "ec2:AuthorizeSecurityGroup", _TWO),
    Accepted("ContainInstances", "RESOURCE_MISMATCH", "ec2:CreateNetworkAcl", _TWO),
    Accepted("ContainStores", _ESCALATION, "s3:PutBucketPolicy", _POLICY),
    Accepted(
        "ContainStores",
        _ESCALATION,
        "s3:PutLifecycleConfiguration",
        "Rules that expire objects are suspended, and put back as they were by a release.",
    ),
    Accepted(
        "CollectRole",
        "INVALID_ARN",
        "Account expected",
        "The policies of AWS itself, which have `aws` in the place of an account.",
    ),
    Accepted(
        "CollectAccount",
        "RESOURCE_MISMATCH",
        "iam:GenerateServiceLastAccessedDetails",
        "It takes users, roles, groups or policies; only users and roles are asked about.",
    ),
    Accepted("CollectDetections", "UNKNOWN_ACTION", "DescribeSecurityHubV2", _NEWER),
    Accepted("CollectStores", "UNKNOWN_ACTION", "kms:GetKeyLastUsage", _NEWER),
    Accepted(
        "EvidenceBucketPolicy",
        "MISMATCHED_TYPE_BUT_USABLE",
        "StringNotEquals",
        "A whole ARN, and no pattern: nothing but the very key of the vault will do.",
    ),
)


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy, with the logical id of what holds it."""
    for path, account in _DEPLOYED:
        for name, one in written(path, account, VAULT).items():
            yield from ((name, each["PolicyDocument"]) for each in one.get("Policies", []))
            yield from ((name, one[key]) for key in ("PolicyDocument", "KeyPolicy") if key in one)


def findings(python: Path, given: Iterable[tuple[str, dict[str, Any]]]) -> set[Finding]:
    """What parliament says of them, run by the Python that has it."""
    ran = subprocess.run(
        [python, "-c", _ASK],
        input=json.dumps(list(given)),
        capture_output=True,
        text=True,
        check=False,
        timeout=_AT_MOST_SECONDS,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"parliament gave no report: {ran.stderr[-2000:]}")
    return {Finding(*json.loads(line)) for line in ran.stdout.splitlines()}


def differences(found: Iterable[Finding], accepted: Iterable[Accepted]) -> list[str]:
    """One line for each finding that nobody accepted, and each exception that excepts nothing."""
    found, accepted = sorted(found), list(accepted)
    return [
        *(
            f"{one.policy}: {one.issue} {one.detail}"
            for one in found
            if not any(each.excepts(one) for each in accepted)
        ),
        *(
            f"nothing is excepted by {each.policy}: {each.issue} {each.detail}"
            for each in accepted
            if not any(each.excepts(one) for one in found)
        ),
    ]


def main(python: str) -> int:
    """0 if what is found is what is accepted, 1 if not."""
    given = list(policies())
    found = findings(Path(python), given)
    wrong = differences(found, ACCEPTED)
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(
        f"parliament: {len(given)} policies, {len(found)} findings, {len(wrong)} wrong\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
