"""The first rule that fits decides: the shop's, then ours; and ours covers every finding."""

import itertools

import pytest

from responder.domain.finding import Severity
from responder.domain.finding_types import FAMILIES, MEANINGS, Meaning
from responder.domain.ladder import (
    ACTION_IDS,
    CUT_ROLE_SESSIONS,
    DENY_USER,
    PROTECT_INSTANCE,
    PROTECT_TASK,
)
from responder.domain.policy import DEFAULT_POLICY, Policy, Rule, Then
from tests.builders import a_finding

CREDENTIAL = "UnauthorizedAccess:IAMUser/MaliciousIPCaller"
CONDUCT = "Policy:S3/BucketPublicAccessGranted"
RESOURCE = "Backdoor:EC2/Spambot"


@pytest.mark.parametrize(
    ("type_", "severity", "user", "role"),
    [
        (CREDENTIAL, "critical", "automatic", "automatic"),
        (CREDENTIAL, "high", "automatic", "approval"),
        (CREDENTIAL, "medium", "approval", "approval"),
        (CREDENTIAL, "low", "record", "record"),
        (CONDUCT, "critical", "approval", "approval"),
        (CONDUCT, "medium", "approval", "approval"),
        (CONDUCT, "low", "record", "record"),
        (RESOURCE, "critical", "escalate", "escalate"),
        (RESOURCE, "informational", "record", "record"),
        ("Policy:IAMUser/RootCredentialUsage", "low", "escalate", "escalate"),
        ("Stealth:IAMUser/CloudTrailLoggingDisabled", "low", "escalate", "escalate"),
    ],
)
def test_the_packaged_policy(type_: str, severity: str, user: str, role: str) -> None:
    rule = DEFAULT_POLICY.rule_for(a_finding(type=type_, severity=Severity(severity)))
    assert (rule.of(DENY_USER), rule.of(CUT_ROLE_SESSIONS)) == (user, role)


def test_nothing_below_high_is_ever_automatic_by_default() -> None:
    for type_, severity in itertools.product(MEANINGS, Severity):
        rule = DEFAULT_POLICY.rule_for(a_finding(type=type_, severity=severity))
        cuts = {one for one in ACTION_IDS if one.startswith("iam.")}
        automatic = Then.AUTOMATIC in {rule.of(action_id) for action_id in cuts}
        things = {one for one in set(ACTION_IDS) - cuts if rule.of_thing(one) is Then.AUTOMATIC}
        assert not (automatic or things) or severity.rank >= Severity.HIGH.rank
        assert not automatic or MEANINGS[type_] is Meaning.CREDENTIAL
        # Nothing goes down with these; the other holds a bucket that is being emptied.
        assert things <= {PROTECT_INSTANCE, PROTECT_TASK} or type_ == "Impact:S3/DataDestruction"


def test_a_shops_rules_come_before_ours() -> None:
    shop = Policy(rules=(Rule(types=("UnauthorizedAccess:*",), then=Then.RECORD),))
    assert shop.rule_for(a_finding(type=CREDENTIAL)).then is Then.RECORD
    other = a_finding(type="Exfiltration:S3/AnomalousBehavior")
    assert shop.rule_for(other) == DEFAULT_POLICY.rule_for(other)


def test_only_the_star_is_special_in_a_type() -> None:
    rule = Rule(types=("Backdoor:EC2/C&CActivity.?", "[A-Z]*"), then=Then.RECORD)
    assert not rule.fits(a_finding(type="Backdoor:EC2/C&CActivity.B"))


def test_each_type_stands_in_one_family() -> None:
    listed = [
        f"{where}/{name}"
        for family in FAMILIES
        for where, names in family.types.items()
        for name in names.split()
    ]
    assert len(listed) == len(set(listed)) == len(MEANINGS)
