"""Every operator, with a key that is there, that is absent, and that has many values."""

import json
from typing import Any

import pytest

from localcloud.iam_conditions import Context, hold
from localcloud.iam_policy import matches, matches_arn, parse
from localcloud.stack import Unsupported

CONTEXT = Context(
    {
        "aws:username": ("alice",),
        "aws:principalarn": ("arn:aws:iam::444455556666:role/web-tier-role",),
        "aws:tokenissuetime": ("2026-11-23T12:00:00+00:00",),
        "aws:currenttime": ("2026-11-23T12:30:00+00:00",),
        "aws:securetransport": ("true",),
        "aws:sourceip": ("198.51.100.23",),
        "aws:tagkeys": ("team", "cost"),
        "aws:principaltag/team": ("orders",),
        "s3:max-keys": ("100",),
    }
)


def met(condition: dict[str, Any], version: str = "2012-10-17") -> bool:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    [read] = parse("p", json.dumps({"Version": version, "Statement": statement}))
    return hold(read, CONTEXT)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"),
    [
        ("StringEquals", "aws:username", "alice", True),
        ("StringEquals", "aws:username", "Alice", False),
        ("StringEquals", "AWS:UserName", ["bob", "alice"], True),
        ("StringEquals", "aws:username", "ali*", False),
        ("StringNotEquals", "aws:username", "bob", True),
        ("StringNotEquals", "aws:username", ["bob", "alice"], False),
        ("StringEqualsIgnoreCase", "aws:username", "ALICE", True),
        ("StringNotEqualsIgnoreCase", "aws:username", "ALICE", False),
        ("StringLike", "aws:username", "al?c*", True),
        ("StringNotLike", "aws:username", "b*", True),
        ("StringEquals", "aws:PrincipalTag/team", "orders", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/web-*", True),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/web-tier-role", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*", False),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/web-*", False),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/other", True),
        ("DateLessThan", "aws:TokenIssueTime", "2026-11-23T12:00:30Z", True),
        ("DateLessThan", "aws:TokenIssueTime", "2026-11-23T12:00:00Z", False),
        ("DateLessThanEquals", "aws:TokenIssueTime", "2026-11-23T12:00:00Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-23T12:29:59Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "1795429800", True),
        ("DateNotEquals", "aws:CurrentTime", "2026-11-23T12:30:00Z", False),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", False, False),
        ("IpAddress", "aws:SourceIp", "198.51.100.0/24", True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"], False),
        ("NotIpAddress", "aws:SourceIp", "198.51.100.0/24", False),
        ("NumericEquals", "s3:max-keys", "100", True),
        ("NumericLessThan", "s3:max-keys", 100, False),
        ("NumericLessThanEquals", "s3:max-keys", 100, True),
        ("NumericGreaterThan", "s3:max-keys", "99.5", True),
        ("NumericNotEquals", "s3:max-keys", "100", False),
        ("Null", "aws:username", "false", True),
        ("Null", "aws:username", "true", False),
        ("Null", "aws:SourceVpce", "true", True),
        ("Null", "s3:object-lock-mode", "false", False),
    ],
)
def test_each_operator(operator: str, key: str, wanted: Any, expected: bool) -> None:
    assert met({operator: {key: wanted}}) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
    ],
)
def test_a_key_that_is_absent(operator: str, expected: bool) -> None:
    assert met({operator: {"aws:SourceVpce": "vpce-1"}}) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("ForAllValues:StringEquals", ["team", "cost", "more"], True),
        ("ForAllValues:StringEquals", ["team"], False),
        ("ForAnyValue:StringEquals", ["team"], True),
        ("ForAnyValue:StringEquals", ["other"], False),
        ("ForAnyValue:StringNotEquals", ["team"], True),
        ("ForAllValues:StringNotEquals", ["team"], False),
        ("ForAllValues:StringNotLike", ["z*"], True),
    ],
)
def test_a_key_with_many_values(operator: str, wanted: list[str], expected: bool) -> None:
    assert met({operator: {"aws:TagKeys": wanted}}) is expected


def test_every_operator_and_every_key_must_hold() -> None:
    right, wrong = {"aws:username": "alice"}, {"aws:PrincipalTag/team": "stock"}
    assert met({"StringEquals": right, "StringNotEquals": wrong})
    assert not met({"StringEquals": right | wrong})


def test_variables_stand_for_their_text_and_nothing_more() -> None:
    assert met({"StringLike": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}})
    assert met({"StringEquals": {"aws:username": "${aws:username}"}})
    assert not met({"StringEquals": {"aws:username": "${aws:SourceVpce}"}})
    assert met({"StringEquals": {"aws:username": "${aws:SourceVpce, 'alice'}"}})
    # Variables came with the version of 2012.
    assert not met({"StringEquals": {"aws:username": "${aws:username}"}}, version="2008-10-17")


@pytest.mark.parametrize(
    "condition",
    [
        {"StringMatches": {"aws:username": "alice"}},
        {"ForSomeValues:StringEquals": {"aws:username": "alice"}},
        {"NumericNotLessThan": {"s3:max-keys": "1"}},
        {"StringEquals": {"ec2:Vpc": "vpc-1"}},
        {"StringEquals": {"aws:username": "${ec2:Vpc}"}},
    ],
)
def test_what_is_not_known_is_refused_by_name(condition: Any) -> None:
    with pytest.raises(Unsupported, match="the condition"):
        met(condition)


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::B/*", "arn:aws:s3:::b/k", False),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::1:user/a:role/x", False),
        ("arn:aws:iam::1:role/?", "arn:aws:iam::1:role/ab", False),
        ("arn:aws:logs:*:*:log-group:/a:*", "arn:aws:logs:r:1:log-group:/a:log-stream:x", True),
    ],
)
def test_a_star_stays_in_its_part_of_an_arn(pattern: str, arn: str, expected: bool) -> None:
    assert matches_arn(pattern, arn) is expected


def test_brackets_and_dots_are_letters() -> None:
    assert matches("a.[b]*", "a.[b]c")
    assert not matches("a.b", "axb")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "allow", "Action": "*", "Resource": "*"},
        {"Effect": "Allow", "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": "*"}},
        {"Effect": "Allow", "Action": "*", "Ressource": "*"},
    ],
)
def test_a_statement_that_cannot_be_read_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        parse("p", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
