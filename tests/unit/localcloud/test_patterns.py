"""The pattern language of EventBridge, case by case, as its guide has it."""

from typing import Any

import pytest

from localcloud import patterns
from localcloud.stack import TemplateError, Unsupported

EVENT: dict[str, Any] = {
    "source": "aws.guardduty",
    "detail-type": "GuardDuty Finding",
    "resources": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
    "detail": {
        "type": "Exfiltration:S3/AnomalousBehavior",
        "severity": 8.1,
        "count": 3,
        "archived": False,
        "title": None,
        "empty": "",
        "ip": "198.51.100.7",
        "file": "dir/report.PNG",
        "a.b": "dotted",
        "nothing": [],
        "findings": [
            {"Id": "1", "Workflow": {"Status": "NEW"}, "Types": ["x", "y"]},
            {"Id": "2", "Workflow": {"Status": "SUPPRESSED"}, "Types": ["z"]},
        ],
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"type": ["Exfiltration:S3/AnomalousBehavior"]}, True),
        ({"type": ["other", "Exfiltration:S3/AnomalousBehavior"]}, True),
        ({"type": ["exfiltration:s3/anomalousbehavior"]}, False),
        ({"missing": ["x"]}, False),
        # Numbers, booleans and null are what they are.
        ({"count": [3]}, True),
        ({"count": ["3"]}, False),
        ({"count": [3.0]}, False),
        ({"archived": [False]}, True),
        ({"archived": [0]}, False),
        ({"count": [True]}, False),
        ({"title": [None]}, True),
        ({"missing": [None]}, False),
        ({"empty": [""]}, True),
        # Text.
        ({"type": [{"prefix": "Exfiltration:"}]}, True),
        ({"type": [{"prefix": "exfiltration:"}]}, False),
        ({"type": [{"prefix": {"equals-ignore-case": "exfiltration:"}}]}, True),
        ({"file": [{"suffix": ".png"}]}, False),
        ({"file": [{"suffix": {"equals-ignore-case": ".png"}}]}, True),
        ({"count": [{"prefix": "3"}]}, False),
        ({"file": [{"equals-ignore-case": "DIR/REPORT.png"}]}, True),
        ({"file": [{"wildcard": "dir/*.PNG"}]}, True),
        ({"file": [{"wildcard": "*/report.*"}]}, True),
        ({"file": [{"wildcard": "dir/*.JPG"}]}, False),
        ({"file": [{"wildcard": "dir/\\*.PNG"}]}, False),
        ({"file": [{"wildcard": "dir/report?PNG"}]}, False),
        # Anything but.
        ({"type": [{"anything-but": "x"}]}, True),
        ({"type": [{"anything-but": ["x", "Exfiltration:S3/AnomalousBehavior"]}]}, False),
        ({"count": [{"anything-but": [1, 2]}]}, True),
        ({"count": [{"anything-but": 3}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"type": [{"anything-but": {"prefix": "Exfiltration:"}}]}, False),
        ({"type": [{"anything-but": {"prefix": ["Recon:", "Stealth:"]}}]}, True),
        ({"file": [{"anything-but": {"suffix": ".PNG"}}]}, False),
        ({"file": [{"anything-but": {"equals-ignore-case": ["DIR/REPORT.PNG"]}}]}, False),
        ({"file": [{"anything-but": {"wildcard": "dir/*"}}]}, False),
        # Numbers.
        ({"severity": [{"numeric": [">=", 7]}]}, True),
        ({"severity": [{"numeric": [">", 0, "<=", 8]}]}, False),
        ({"severity": [{"numeric": ["=", 8.1]}]}, True),
        ({"type": [{"numeric": [">", 0]}]}, False),
        ({"archived": [{"numeric": ["=", 0]}]}, False),
        # Addresses.
        ({"ip": [{"cidr": "198.51.100.0/24"}]}, True),
        ({"ip": [{"cidr": "203.0.113.0/24"}]}, False),
        ({"ip": [{"cidr": "2001:db8::/32"}]}, False),
        ({"type": [{"cidr": "0.0.0.0/0"}]}, False),
        # Existence is of values, not of what holds them.
        ({"type": [{"exists": True}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"title": [{"exists": True}]}, True),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
        ({"nothing": [{"exists": True}]}, False),
        # A key with a dot is one key.
        ({"a.b": ["dotted"]}, True),
        ({"a": {"b": ["dotted"]}}, False),
        # Arrays of objects: one element has it all.
        ({"findings": {"Id": ["2"]}}, True),
        ({"findings": {"Id": ["1"], "Workflow": {"Status": ["NEW"]}}}, True),
        ({"findings": {"Id": ["1"], "Workflow": {"Status": ["SUPPRESSED"]}}}, False),
        ({"findings": {"Types": ["y"]}}, True),
        ({"findings": {"Types": ["w"]}}, False),
        # Or.
        ({"$or": [{"count": [9]}, {"severity": [{"numeric": [">", 8]}]}]}, True),
        ({"$or": [{"count": [9]}, {"archived": [True]}]}, False),
        ({"archived": [True], "$or": [{"count": [3]}, {"count": [4]}]}, False),
    ],
)
def test_a_pattern_matches_what_eventbridge_matches(detail: Any, expected: bool) -> None:
    pattern = {"source": ["aws.guardduty"], "detail": detail}
    patterns.check(pattern, "the pattern")
    assert patterns.matches(pattern, EVENT) is expected


def test_one_of_several_values_of_the_event_is_enough() -> None:
    assert patterns.matches({"resources": ["arn:aws:s3:::b"]}, EVENT)
    assert patterns.matches({"resources": [{"prefix": "arn:aws:s3:"}]}, EVENT)
    assert not patterns.matches({"resources": ["arn:aws:s3:::c"]}, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": []},
        {"source": "aws.guardduty"},
        {"source": [["aws.guardduty"]]},
        {"source": [{"prefix": 3}]},
        {"source": [{"numeric": [">"]}]},
        {"source": [{"numeric": ["~", 3]}]},
        {"source": [{"exists": "true"}]},
        {"source": [{"cidr": "here"}]},
        {"source": [{"anything-but": []}]},
        {"source": [{"anything-but": [True]}]},
        {"source": [{"wildcard": "a**b"}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
        {"$or": [{"source": ["a"]}]},
        {"detail": {"findings": {}}},
    ],
)
def test_what_eventbridge_refuses_is_refused(pattern: Any) -> None:
    with pytest.raises(TemplateError):
        patterns.check(pattern, "the pattern")


@pytest.mark.parametrize(
    "rule", [{"regex": "a.*"}, {"anything-but": {"cidr": "10.0.0.0/8"}}, {"prefix": {"like": "a"}}]
)
def test_an_operator_that_is_not_known_here_is_refused_by_name(rule: Any) -> None:
    with pytest.raises(Unsupported):
        patterns.check({"source": [rule]}, "the pattern")
